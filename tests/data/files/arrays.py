"""Makes arrays.npz, which tests/data/test_npz.c reads: with numpy 1.24, python3 arrays.py."""
import numpy

x = numpy.arange(24, dtype="float32").reshape(6, 4) / 8
y = numpy.array([1, 2, 3, 1, 2, 3])
numpy.savez_compressed("arrays.npz", x=x, y=y, first=x[:, ::-1].astype("float64"), half=x.astype("float16"), real=y / 4)
