// The program of examples/02_own_arrays.c in Go by cgo: errors that are values, memory of C where C keeps a pointer; same
// numbers, same checksum.
package main

// #include <deepid/deepid.h>
// #include <stdlib.h>
import "C"

import (
	"errors"
	"fmt"
	"os"
	"unsafe"
)

const (
	samples = 64
	side    = 8
	classes = 2
	netText = "input 8x8x1; conv2d out=4 kernel=3 bias=0; batchnorm; relu;" +
		"2 * identity { conv2d out=4 kernel=3 bias=0; batchnorm; relu;" +
		"conv2d out=4 kernel=3 bias=0; batchnorm } after=relu; global_avgpool; dense out=2"
)

// A context and the first error of its calls: after one, the others are not made.
type session struct {
	ctx *C.deepid_ctx
	err error
}

func (s *session) do(call func() C.int32_t) {
	if s.err == nil && call() != C.DEEPID_OK {
		s.err = errors.New(C.GoString(C.deepid_ctx_error(s.ctx)))
	}
}

func (s *session) tensor(extents ...C.int64_t) (tensor *C.deepid_tensor) {
	s.do(func() C.int32_t {
		return C.deepid_tensor_create(s.ctx, C.DEEPID_F32, C.int32_t(len(extents)), &extents[0], &tensor)
	})
	return
}

// Pictures in memory of C: the data set looks into them after the call that wraps them.
func bars() (*C.uint8_t, [samples]C.int32_t) {
	memory := (*C.uint8_t)(C.calloc(samples*side*side, 1))
	pixels := unsafe.Slice(memory, samples*side*side)
	var labels [samples]C.int32_t
	for i := 0; i < samples; i++ {
		where := i / classes % side
		labels[i] = C.int32_t(i % classes)
		for k := 0; k < side; k++ {
			if labels[i] == 0 {
				pixels[i*side*side+where*side+k] = 255
			} else {
				pixels[i*side*side+k*side+where] = 255
			}
		}
	}
	return memory, labels
}

// FNV-1a over the bytes of the weights
func checksum(w []float32) uint32 {
	hash := uint32(2166136261)
	for _, b := range unsafe.Slice((*byte)(unsafe.Pointer(&w[0])), 4*len(w)) {
		hash = (hash ^ uint32(b)) * 16777619
	}
	return hash
}

func run() error {
	s := &session{}
	if C.deepid_ctx_create(&s.ctx) != C.DEEPID_OK {
		return errors.New("no context")
	}
	defer C.deepid_ctx_destroy(s.ctx)
	words := map[string]*C.char{}
	for _, word := range []string{netText, "global", "he mode=fan_out", "block2.conv2d1.weight", ""} {
		words[word] = C.CString(word)
		defer C.free(unsafe.Pointer(words[word]))
	}
	pixels, labels := bars()
	defer C.free(unsafe.Pointer(pixels))

	extents := [4]C.int64_t{samples, side, side, 1}
	strides := [4]C.int64_t{side * side, side, 1, 1}
	var data *C.deepid_dataset
	var net *C.deepid_net
	s.do(func() C.int32_t {
		return C.deepid_dataset_wrap(s.ctx, C.DEEPID_U8, unsafe.Pointer(pixels), 4, &extents[0], &strides[0], &labels[0], classes, &data)
	})
	defer func() { C.deepid_dataset_destroy(data) }()
	s.do(func() C.int32_t { return C.deepid_dataset_normalize(data, words["global"], data) })
	s.do(func() C.int32_t { return C.deepid_net_create(s.ctx, words[netText], C.DEEPID_F32, &net) })
	defer func() { C.deepid_net_destroy(net) }()
	s.do(func() C.int32_t { return C.deepid_net_init(net, words["he mode=fan_out"], 1) })
	s.do(func() C.int32_t { return C.deepid_net_prepare(net, samples, 1) })
	s.do(func() C.int32_t { return C.deepid_net_set_mode(net, C.DEEPID_TRAIN) })
	x, y, dy := s.tensor(extents[:]...), s.tensor(samples, classes), s.tensor(samples, classes)
	for _, tensor := range []*C.deepid_tensor{x, y, dy} {
		defer C.deepid_tensor_destroy(tensor)
	}
	s.do(func() C.int32_t { return C.deepid_dataset_copy(data, 0, samples, x) })

	for step := 0; step < 30 && s.err == nil; step++ {
		var loss C.double
		s.do(func() C.int32_t { return C.deepid_net_forward(net, x, y) })
		s.do(func() C.int32_t { return C.deepid_cross_entropy_forward(words[""], y, &labels[0], &loss) })
		s.do(func() C.int32_t { return C.deepid_cross_entropy_backward(words[""], y, &labels[0], dy) })
		s.do(func() C.int32_t { return C.deepid_net_zero_gradients(net) })
		s.do(func() C.int32_t { return C.deepid_net_backward(net, dy, nil) })
		if s.err != nil {
			break
		}
		w, dw := trained(net, C.deepid_net_trained_data(net)), trained(net, C.deepid_net_trained_gradient(net))
		for i := range w {
			w[i] -= float32(0.1 * dw[i]) // the conversion keeps the product from being fused
		}
		if step%10 == 0 || step == 29 {
			fmt.Printf("step %2d  loss %.6f\n", step, float64(loss))
		}
	}
	if s.err != nil {
		return s.err
	}
	kernel := (*float32)(C.deepid_net_parameter_data(net, words["block2.conv2d1.weight"]))
	fmt.Printf("block2.conv2d1.weight[0] = %.6f\nchecksum %08x\n", *kernel, checksum(trained(net, C.deepid_net_trained_data(net))))
	return nil
}

// All trained numbers as a slice over the net's memory.
func trained(net *C.deepid_net, numbers unsafe.Pointer) []float32 {
	return unsafe.Slice((*float32)(numbers), int(C.deepid_net_trained_count(net)))
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
