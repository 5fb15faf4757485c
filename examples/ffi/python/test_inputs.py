#!/usr/bin/env python3
"""Tests of what people hand in: arrays of every kind go in as they are, or are refused by one exception that says why."""
import sys
import unittest

import numpy as np

import deepid
from deepid import arrays

NET = "input 3; dense out=4; relu; dense out=3"
RANDOM = np.random.default_rng(1)
X = RANDOM.standard_normal((30, 3)).astype(np.float32)
Y = np.arange(30) % 3

try:
    import pandas
except ImportError as error:
    pandas, no_pandas = None, str(error)
try:
    import torch
except ImportError as error:
    torch, no_torch = None, str(error)


class OfOneKind(unittest.TestCase):
    def setUp(self):
        self.net = deepid.Net(NET, seed=1)

    def same(self, x, what, y=Y, want=X):
        """Net, data and trainer take x as they take the plain array."""
        self.assertTrue(np.array_equal(self.net(x), self.net(want)), what)
        self.assertTrue(np.array_equal(deepid.Dataset.from_arrays(x, y).x, want.astype(np.float64)), what)
        step = [deepid.Trainer(self.net.clone(), one, labels, batch=8).step() for one, labels in ((x, y), (want, Y))]
        self.assertEqual(step[0], step[1], what)

    def refused(self, x, words, y=Y, errors=(TypeError, ValueError, deepid.Error)):
        for call in (lambda: deepid.Dataset.from_arrays(x, y), lambda: deepid.Trainer(self.net, x, y)):
            with self.assertRaisesRegex(errors, words, msg=(x, y)):
                call()


class Numpy(OfOneKind):
    def test_however_it_lies(self):
        wide = np.zeros((30, 7), np.float32)
        wide[:, ::3] = X
        packed = np.zeros(30, dtype=[("pad", "u1"), ("value", "f4", 3)])
        packed["value"] = X
        shifted = np.frombuffer(b"\0" + X.tobytes(), np.uint8)[1:].view(np.float32).reshape(30, 3)
        for what, x in (("columns first", np.asfortranarray(X)), ("steps", wide[:, ::3]),
                        ("backwards", X[::-1][::-1]), ("packed", packed["value"]),
                        ("not aligned", shifted), ("read only", np.frombuffer(X.tobytes(), np.float32).reshape(30, 3)),
                        ("big endian", X.astype(">f4")), ("lists", X.tolist()), ("objects", X.astype(object)),
                        ("memory", memoryview(X)), ("long double", X.astype(np.longdouble)), ("nothing masked", np.ma.array(X))):
            self.same(x, what)
        self.same(np.broadcast_to(np.float32(1), (30, 3)), "steps of 0", want=np.ones((30, 3), np.float32))

    def test_what_is_no_samples_is_refused(self):
        for x, words in ((X[:, 0], "rank is 1"), (X[:0], r"\[0, 3\]"), (X[:, :0], "0"), (5, r"\[\]"),
                         ("abc", "expected numbers"),
                         (None, "no numbers"), ({"a": 1}, "no numbers"), ([[1, 2], [3]], "x: "), (X * 1j, "complex"),
                         ([["a"] * 3] * 30, "expected numbers"),
                         (np.ma.masked_greater(X, 0), "masked"), (np.zeros((30, 3), "M8[s]"), "datetime"),
                         (np.array([["1"] * 3] * 30, object), "str"),
                         (np.zeros((30,) + (1,) * 9), "rank"), (np.zeros(30, dtype=[("a", "f4")]), "expected numbers"),
                         (np.broadcast_to(np.float32(0), (10**13, 3)), "as many rows")):
            self.refused(x, words)
        with self.assertRaisesRegex(deepid.Error, r"x is \[30, 4\], expected \[n, 3\]"):
            self.net(np.zeros((30, 4)))
        with self.assertRaisesRegex(deepid.Error, r"x is \[3\], expected \[n, 3\]"):
            self.net(X[0])
        with self.assertRaisesRegex(deepid.Error, "channels come last"):
            deepid.Net("input 8x8x3; flatten; dense out=2")(np.zeros((2, 3, 8, 8)))

    def test_values_that_are_none_are_named(self):
        for bad in (np.nan, np.inf, 1e300):
            x = X.astype(np.float64)
            x[4, 1] = bad
            with self.assertRaisesRegex(deepid.Error, "feature 1 of row 4"):
                deepid.Trainer(deepid.Net(NET), x, Y, batch=0).fit(1)
            with self.assertRaisesRegex(deepid.Error, "feature 1 of row 4"):
                deepid.study(NET, NET.replace("relu;", "relu; dense out=4; relu;"), x, Y, progress=False)

    def test_labels(self):
        for what, y in (("list", Y.tolist()), ("column", Y[:, None]), ("from 1", Y + 1), ("below 0", Y - 9),
                        ("texts", np.array(list("abc") * 10)),
                        ("large", Y * 10**18), ("uint64", Y.astype(np.uint64) + 2**63), ("objects", Y.astype(object)), ("int8", Y.astype(np.int8))):
            self.same(X, what, y)
        for y, words in ((Y[:5], r"y is \[5\]"), ([], "as many rows"), (5, r"y is \[\]"), (None, "y|label"),
                         (np.eye(3, dtype=int)[Y], "argmax"), (Y * 1j, "complex"),
                         ([(1, 2)] * 30, r"\[30, 2\]"), ([object()] * 30, "object"),
                         ([1, None, 2] * 10, "row 1 has no label"), (np.ma.masked_equal(Y, 0), "masked"),
                         ([10**30, 0, 1] * 10, "object")):
            self.refused(X, words, y)
        for y in (Y.astype(np.float64), np.where(Y == 0, np.nan, Y)):
            with self.assertRaisesRegex(TypeError, "astype"):
                deepid.Trainer(self.net, X, y)
        with self.assertRaisesRegex(deepid.Error, "astype"):
            deepid.study(NET, NET.replace("relu;", "relu; dense out=4; relu;"), X, Y.astype(float), progress=False)
        with self.assertRaisesRegex(deepid.Error, "4 different labels"):
            deepid.Trainer(self.net, X, np.arange(30) % 4)
        with self.assertRaisesRegex(deepid.Error, "classes"):
            deepid.inspect(self.net, X, ["a", "b"] * 15, "gradient_norm")  # which two of the three?
        deepid.inspect(self.net, X, ["a", "b"] * 15, "gradient_norm", classes=["a", "b", "c"])

    def test_numbers_that_c_would_cut_are_refused(self):
        for call in (lambda: deepid.Net(NET, seed=-1), lambda: deepid.Net(NET, seed=2**64),
                     lambda: deepid.Net(NET, seed=1.5),
                     lambda: deepid.Dataset.open("spirals", seed="one"), lambda: deepid.Context(threads=2.5),
                     lambda: deepid.Net(NET, "int8"),
                     lambda: deepid.Trainer(self.net, X, Y, batch=2**70),
                     lambda: deepid.Trainer(self.net, X, Y).fit(-1),
                     lambda: deepid.Trainer(self.net, X, Y).fit(2.0), lambda: deepid.Trainer("net", X, Y),
                     lambda: deepid.Net(None),
                     lambda: deepid.study(None, NET, X, Y), lambda: deepid.study(NET, NET, X, Y, valid=5),
                     lambda: deepid.Net.load(5.5),
                     lambda: deepid.study(NET, NET, X)):
            with self.assertRaises((TypeError, ValueError)):
                call()


@unittest.skipIf(pandas is None, f"no pandas: {'' if pandas else no_pandas}")
class Pandas(OfOneKind):
    def test_tables_go_in(self):
        frame = pandas.DataFrame(X, columns=list("abc"))
        for y in (pandas.Series(Y), pandas.Series(Y).map({0: "a", 1: "b", 2: "c"}), pandas.Series(Y, dtype="Int64"),
                  pandas.DataFrame({"y": Y}),
                  pandas.Series(pandas.Categorical(list("abc") * 10))):
            self.same(frame, y.dtypes, y)
        mixed = pandas.DataFrame({"a": range(30), "b": [True, False] * 15,
                                  "c": pandas.array([1, 2] * 15, dtype="Int64")})
        self.assertEqual(deepid.Dataset.from_arrays(mixed, Y).x[3].tolist(), [3, 0, 2])

    def test_what_lacks_or_is_a_text_is_named(self):
        self.refused(pandas.DataFrame({"a": range(30), "b": ["u"] * 30}), "'u'")
        self.refused(pandas.DataFrame({"a": pandas.array([1, None] * 15, dtype="Int64"), "b": 1.5}), "NA|nan")
        self.refused(X, "row 1 has no label", pandas.Series(["a", None, "b"] * 10))


@unittest.skipIf(torch is None, f"no torch: {'' if torch else no_torch}")
class Torch(OfOneKind):
    def test_tensors_go_in(self):
        x = torch.tensor(X)
        for what, one in (("with a gradient", torch.tensor(X, requires_grad=True)),
                          ("turned", x.t().contiguous().t()), ("parameter", torch.nn.Parameter(x))):
            self.same(one, what, torch.tensor(Y))
        for small in (torch.bfloat16, torch.float16):
            self.same(x.to(small), small, want=x.to(small).float().numpy())
        self.refused(x.to_sparse(), "to_dense")
        self.refused(torch.zeros(30, 3, device="meta"), "meta")

    def test_a_tensor_shares_the_nets_memory_as_long_as_it_lives(self):
        context = deepid.Context(threads=1)
        empty = context.memory
        net = deepid.Net(NET, seed=1, context=context)
        tensor = torch.from_dlpack(net.parameters["dense1.weight"])
        deepid.Trainer(net, X, Y, batch=8).fit(2)
        self.assertTrue(np.array_equal(tensor.numpy(), net.parameters["dense1.weight"]))  # it has moved along
        want = tensor.clone()
        net.close()
        del net
        self.assertGreater(context.memory, empty)
        self.assertTrue(torch.equal(tensor, want))
        del tensor
        self.assertEqual(context.memory, empty)

    def test_training_is_pytorchs(self):
        net = deepid.Net(NET, "float64", seed=1)
        module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3)).double()
        with torch.no_grad():
            for one, value in zip(module.parameters(), net.parameters.values()):
                one.copy_(torch.from_dlpack(value))
        optimizer = torch.optim.AdamW(module.parameters(), lr=0.01, weight_decay=0)
        trainer = deepid.Trainer(net, X.astype(np.float64), Y, optimizer="adamw weight_decay=0", learning_rate=0.01,
                                 batch=0, clip=0.5)
        for _ in range(30):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(module(torch.tensor(X).double()), torch.tensor(Y))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(module.parameters(), 0.5)
            optimizer.step()
            self.assertAlmostEqual(trainer.step(), loss.item(), places=6)  # PyTorch clips by norm + 1e-6
        for one, value in zip(module.parameters(), net.parameters.values()):
            np.testing.assert_allclose(value, one.detach().numpy(), atol=1e-5)


class Foreign:
    """Something of another library that speaks DLPack alone."""

    def __init__(self, array, device=1):
        self.array, self.device = array, device

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return (self.device, 0)


class DLPack(OfOneKind):
    def test_it_goes_in_without_a_copy(self):
        array = X.copy()
        self.same(Foreign(array), "foreign", Foreign(Y))
        data = deepid.Dataset.from_arrays(Foreign(array), Y)
        array[3, 1] = 7
        self.assertEqual(data.x[3, 1], 7)
        del array
        self.assertEqual(data.x[3, 1], 7)
        self.refused(Foreign(X, device=2), "another device")

    def test_views_go_out_without_a_copy(self):
        view = deepid.Net(NET, seed=1).parameters["dense1.weight"]
        self.assertEqual(view.__dlpack_device__(), (1, 0))
        self.assertTrue(np.shares_memory(view, np.from_dlpack(view)))
        self.assertTrue(np.shares_memory(view, arrays.numbers_of(Foreign(view), "view")))


if __name__ == "__main__":
    for name, missing in (("pandas", pandas is None), ("torch", torch is None)):
        if missing:
            print(f"skipped, the parts with {name}: it is not there", file=sys.stderr)
    unittest.main()
