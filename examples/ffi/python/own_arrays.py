#!/usr/bin/env python3
"""The program of examples/02_own_arrays.c with nothing but ctypes and numpy: same numbers, same checksum.

usage: own_arrays.py [PATH/libdeepid.so]
"""
import ctypes
import sys
from ctypes import byref, c_char_p, c_double, c_float, c_int32, c_int64, c_uint64, c_void_p

import numpy as np

lib = ctypes.CDLL(sys.argv[1] if len(sys.argv) > 1 else "libdeepid.so")
F32, U8, TRAIN = 1, 3, 1


def declare(name, result, *arguments):
    """One line a function: without argtypes ctypes would cut pointers to 32 bits."""
    function = getattr(lib, name)
    function.restype, function.argtypes = result, arguments
    return function


P = c_void_p
declare("deepid_ctx_create", c_int32, P)
declare("deepid_ctx_destroy", None, P)
declare("deepid_ctx_error", c_char_p, P)
declare("deepid_dataset_wrap", c_int32, P, c_int32, P, c_int32, P, P, P, c_int64, P)
declare("deepid_dataset_normalize", c_int32, P, c_char_p, P)
declare("deepid_dataset_copy", c_int32, P, c_int64, c_int64, P)
declare("deepid_dataset_destroy", None, P)
declare("deepid_net_create", c_int32, P, c_char_p, c_int32, P)
declare("deepid_net_init", c_int32, P, c_char_p, c_uint64)
declare("deepid_net_set_mode", c_int32, P, c_int32)
declare("deepid_net_prepare", c_int32, P, c_int64, c_int32)
declare("deepid_net_forward", c_int32, P, P, P)
declare("deepid_net_backward", c_int32, P, P, P)
declare("deepid_net_zero_gradients", c_int32, P)
declare("deepid_net_trained_count", c_int64, P)
declare("deepid_net_trained_data", ctypes.POINTER(c_float), P)
declare("deepid_net_trained_gradient", ctypes.POINTER(c_float), P)
declare("deepid_net_parameter_data", ctypes.POINTER(c_float), P, c_char_p)
declare("deepid_net_destroy", None, P)
declare("deepid_tensor_wrap", c_int32, P, c_int32, c_int32, P, P, P)
declare("deepid_tensor_destroy", None, P)
declare("deepid_cross_entropy_forward", c_int32, c_char_p, P, P, P)
declare("deepid_cross_entropy_backward", c_int32, c_char_p, P, P, P)

ctx = c_void_p()


def check(status):
    if status != 0:
        raise RuntimeError(lib.deepid_ctx_error(ctx).decode())


def wrap(array):
    """A deepid tensor over the memory of a dense float32 array."""
    tensor = c_void_p()
    extents = (c_int64 * array.ndim)(*array.shape)
    check(lib.deepid_tensor_wrap(ctx, F32, array.ndim, extents, array.ctypes.data, byref(tensor)))
    return tensor


def bars(samples=64, side=8):
    pixels = np.zeros((samples, side, side, 1), np.uint8)
    labels = np.arange(samples, dtype=np.int32) % 2
    for i in range(samples):
        where = i // 2 % side
        if labels[i] == 0:
            pixels[i, where, :, 0] = 255
        else:
            pixels[i, :, where, 0] = 255
    return pixels, labels


check(lib.deepid_ctx_create(byref(ctx)))
pixels, labels = bars()
extents = (c_int64 * 4)(*pixels.shape)
strides = (c_int64 * 4)(*pixels.strides)  # bytes are elements for uint8
data = c_void_p()
check(lib.deepid_dataset_wrap(ctx, U8, pixels.ctypes.data, 4, extents, strides, labels.ctypes.data, 2, byref(data)))
check(lib.deepid_dataset_normalize(data, b"global", data))

net = c_void_p()
check(lib.deepid_net_create(ctx, b"input 8x8x1; conv2d out=4 kernel=3 bias=0; batchnorm; relu;"
                                 b"2 * identity { conv2d out=4 kernel=3 bias=0; batchnorm; relu; conv2d out=4 kernel=3 bias=0; batchnorm } after=relu;"
                                 b"global_avgpool; dense out=2", F32, byref(net)))
check(lib.deepid_net_init(net, b"he mode=fan_out", 1))
check(lib.deepid_net_prepare(net, len(pixels), 1))
check(lib.deepid_net_set_mode(net, TRAIN))

x = np.empty(pixels.shape, np.float32)
y = np.empty((len(pixels), 2), np.float32)
dy = np.empty_like(y)
tx, ty, tdy = wrap(x), wrap(y), wrap(dy)
check(lib.deepid_dataset_copy(data, 0, len(pixels), tx))

count = lib.deepid_net_trained_count(net)
w = np.ctypeslib.as_array(lib.deepid_net_trained_data(net), (count,))  # same memory
loss = c_double()
for step in range(30):
    check(lib.deepid_net_forward(net, tx, ty))
    check(lib.deepid_cross_entropy_forward(b"", ty, labels.ctypes.data, byref(loss)))
    check(lib.deepid_cross_entropy_backward(b"", ty, labels.ctypes.data, tdy))
    check(lib.deepid_net_zero_gradients(net))
    check(lib.deepid_net_backward(net, tdy, None))
    w -= np.float32(0.1) * np.ctypeslib.as_array(lib.deepid_net_trained_gradient(net), (count,))
    if step % 10 == 0 or step == 29:
        print(f"step {step:2d}  loss {loss.value:.6f}")

hash32 = 2166136261
for byte in w.tobytes():
    hash32 = (hash32 ^ byte) * 16777619 & 0xFFFFFFFF
print(f"block2.conv2d1.weight[0] = {lib.deepid_net_parameter_data(net, b'block2.conv2d1.weight')[0]:.6f}\nchecksum {hash32:08x}")

for tensor in (tdy, ty, tx):
    lib.deepid_tensor_destroy(tensor)
lib.deepid_net_destroy(net)
lib.deepid_dataset_destroy(data)
lib.deepid_ctx_destroy(ctx)
