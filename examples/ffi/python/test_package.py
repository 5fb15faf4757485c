#!/usr/bin/env python3
"""Tests of the package deepid. run.sh calls them with the library of a build; `python3 -I test_package.py` tests what pip installed."""
import copy
import gc
import importlib.util
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

import numpy as np

import deepid
from deepid import _library

HERE = Path(__file__).resolve().parent
HEADERS = HERE / "../../../include/deepid"
SHALLOW = "input 2; dense out=16; relu; dense out=2"
DEEP = "input 2; dense out=16; relu; 8 * plain { dense out=16; relu }; dense out=2"
QUICK = {"seeds": 6, "steps": 40, "arms": "S,D,D_res", "tuning_seeds": 0, "probe_seeds": 0, "progress": False}


def spirals(seed=77):
    data = deepid.Dataset.open("spirals n=128 noise=0.06", seed)
    return data.x.astype(np.float32), data.labels


class Scratch(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="deepid.")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)


class TheLibrary(unittest.TestCase):
    def test_signatures_are_those_of_the_headers(self):
        if not HEADERS.exists():
            self.skipTest("the headers are not beside the package")
        letters = {"int32_t": "i", "int64_t": "q", "uint64_t": "Q", "double": "d", "void": "v", "": ""}

        def letter(words):
            words = re.sub(r"\bconst\b", "", words).strip()
            if "*" in words:
                return "s" if re.match(r"char \*(?!.*\*)", words) else "p"
            kind = words.split()[0] if words else ""
            return "p" if kind.endswith("_fn") else letters[kind]

        declared = {}
        for header in HEADERS.glob("*.h"):
            text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
            for result, name, arguments in re.findall(r"DEEPID_API\s+([^;(]*?)(deepid_\w+)\(([^;]*)\);", text):
                taken = "".join(letter(one) for one in arguments.split(",")) if arguments.strip() != "void" else ""
                declared[name] = f"{letter(result)}:{taken}"
        for name, signature in _library.SIGNATURES.items():
            self.assertEqual(signature, declared[name], name)

    def test_version_is_that_of_the_package(self):
        text = (HERE / "pyproject.toml").read_text()
        self.assertEqual(deepid.__version__, re.search(r'^version = "(.*)"', text, re.M).group(1))
        self.assertIn(deepid.__version__, deepid.build_info())

    def test_the_guide_names_the_packages_that_a_build_needs(self):
        guide, need = (HERE / "../../.." / name for name in ("docs/python.md", "examples/need.sh"))
        if not need.exists():
            self.skipTest("the repository is not around the package")
        packages = re.search(r'^library_packages="(.*)"', need.read_text(), re.M).group(1)
        named = re.search(r"apt-get install (.*)", guide.read_text()).group(1)
        self.assertEqual(named, f"python3-venv {packages}")

    def test_types_are_strict(self):
        if importlib.util.find_spec("mypy") is None:
            self.skipTest("no mypy")
        done = subprocess.run([sys.executable, "-m", "mypy", "--cache-dir", os.devnull, "deepid"], cwd=HERE, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_every_public_name_has_a_docstring(self):
        for name in deepid.__all__:
            one = getattr(deepid, name)
            self.assertTrue(one.__doc__, name)
            if isinstance(one, type):
                for method, body in vars(one).items():
                    if not method.startswith("_") and (callable(body) or isinstance(body, (property, classmethod))):
                        self.assertTrue(getattr(one, method).__doc__, f"{name}.{method}")


class Handles(Scratch):
    def test_errors_have_status_name_and_sentence(self):
        with self.assertRaises(deepid.Error) as caught:
            deepid.Net("input 2; dence out=3")
        self.assertEqual((caught.exception.status, caught.exception.name), (8, "DEEPID_ERR_SPEC"))
        self.assertIn("dence", str(caught.exception))
        again = copy.copy(caught.exception)
        self.assertEqual((again.status, str(again)), (8, str(caught.exception)))
        for bad in ("input 2\0; dense out=3", ):
            with self.assertRaises(ValueError):
                deepid.Net(bad)
        with self.assertRaises(TypeError):
            deepid.Net(b"input 2")

    def test_memory_goes_with_the_last_user(self):
        context = deepid.Context(threads=1)
        empty = context.memory
        net = deepid.Net(SHALLOW, seed=1, context=context)
        weight = net.parameters["dense1.weight"]
        weight[0, 0] = 7
        self.assertEqual(net.parameters["dense1.weight"][0, 0], 7)  # the same memory
        net.close()
        del net
        gc.collect()
        self.assertGreater(context.memory, empty)
        self.assertEqual(weight[0, 0], 7)  # the view keeps it
        del weight
        gc.collect()
        self.assertEqual(context.memory, empty)
        with deepid.Net(SHALLOW, context=context) as net:
            self.assertGreater(context.memory, empty)
        self.assertEqual(context.memory, empty)
        with self.assertRaisesRegex(deepid.Error, "closed"):
            net(np.zeros((1, 2)))

    def test_a_closed_context_lives_for_its_objects(self):
        with deepid.Context(threads=1) as context:
            net = deepid.Net(SHALLOW, seed=1, context=context)
        weight = net.parameters["dense1.weight"].copy()
        self.assertTrue(np.array_equal(weight, net.parameters["dense1.weight"]))
        with self.assertRaisesRegex(deepid.Error, "closed"):
            net(np.zeros((1, 2)))

    def test_handles_are_not_copied_behind_their_back(self):
        net = deepid.Net(SHALLOW, seed=1)
        other = copy.deepcopy(net)
        other.parameters["dense1.weight"][:] = 0
        self.assertTrue(net.parameters["dense1.weight"].any())
        with self.assertRaises(TypeError):
            copy.deepcopy(net.owner)

    def test_a_child_process_makes_its_own_context(self):
        deepid.Net(SHALLOW, seed=1)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if deepid.Net(SHALLOW, seed=1)(np.zeros((1, 2))).shape == (1, 2) else 2
            finally:
                os._exit(code)
        self.assertEqual(os.waitpid(child, 0)[1], 0)

    def test_threads_share_a_context_by_turns(self):
        net = deepid.Net("input 2; dense out=256; relu; dense out=256; relu; dense out=2", seed=1)  # long enough to meet
        x, wrong = spirals()[0], []
        want = net(x)

        def work():
            for _ in range(40):
                try:
                    if not np.array_equal(net(x), want):
                        wrong.append("other numbers")
                except deepid.Error as error:
                    wrong.append(str(error))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        self.assertEqual(wrong, [])


class Nets(Scratch):
    def test_forward_is_the_formula(self):
        net = deepid.Net("input 3; dense out=4; relu; dense out=2", "float64", seed=5)
        p = net.parameters
        for value in p.values():
            value[...] = np.random.default_rng(2).standard_normal(value.shape)
        x = np.random.default_rng(3).standard_normal((2500, 3))  # more than run at once
        want = np.maximum(x @ p["dense1.weight"].T + p["dense1.bias"], 0) @ p["dense2.weight"].T + p["dense2.bias"]
        np.testing.assert_allclose(net(x), want, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(net(x[::-2]), want[::-2], rtol=1e-12, atol=1e-12)
        with self.assertRaises(deepid.Error):
            net(x[:, :2])
        with self.assertRaises(deepid.Error):
            net(x[:0])
        with self.assertRaises(TypeError):
            net(np.array([["a", "b", "c"]]))

    def test_files_keep_every_bit(self):
        net = deepid.Net("input 8x8x1; conv2d out=4 kernel=3; batchnorm; relu; global_avgpool; dense out=2", seed=3)
        x = np.random.default_rng(1).standard_normal((5, 8, 8, 1)).astype(np.float32)
        net.train()(x)  # moves the running statistics
        net.eval()
        net.save(self.folder / "net.safetensors")
        self.assertTrue(np.array_equal(deepid.Net.load(self.folder / "net.safetensors")(x), net(x)))
        self.assertEqual(deepid.Net.load(self.folder / "net.safetensors", "float64").dtype, np.float64)
        arrays = deepid.read_safetensors(self.folder / "net.safetensors")
        for name, value in net.parameters.items():
            self.assertTrue(np.array_equal(arrays[name], value), name)
        with self.assertRaisesRegex(deepid.Error, "nowhere"):
            deepid.Net.load(self.folder / "nowhere")
        try:
            net.save_onnx(self.folder / "net.onnx")
        except deepid.Error as error:
            self.assertEqual(error.name, "DEEPID_ERR_UNSUPPORTED")
            self.skipTest(str(error))
        np.testing.assert_allclose(deepid.Net.load_onnx(self.folder / "net.onnx")(x), net(x), rtol=1e-6, atol=1e-6)

    def test_summary_and_clone(self):
        net = deepid.Net(SHALLOW, seed=1)
        rows = net.summary()
        self.assertEqual(rows["layer"].tolist(), ["dense1", "relu", "dense2", "total"])
        self.assertEqual(rows["parameters"][-1], 2 * 16 + 16 + 16 * 2 + 2)
        self.assertEqual((net.input_shape, net.output_shape), ((2,), (2,)))
        self.assertEqual(net.clone("float64").dtype, np.float64)


class Data(unittest.TestCase):
    def test_labels_of_any_kind_become_classes(self):
        x = np.arange(12.0).reshape(6, 2)
        for y, classes, numbers in ((np.array([1, 3, 2, 1, 2, 3]), [1, 2, 3], [0, 2, 1, 0, 1, 2]),
                                    (np.array(["b", "a", "a", "b", "a", "b"]), ["a", "b"], [1, 0, 0, 1, 0, 1]),
                                    (np.array([[-1], [1], [1], [1], [-1], [1]]), [-1, 1], [0, 1, 1, 1, 0, 1]),
                                    ([True, False] * 3, [False, True], [1, 0] * 3)):
            data = deepid.Dataset.from_arrays(x, y)
            self.assertEqual((data.classes, data.labels.tolist()), (classes, numbers))
        data = deepid.Dataset.from_arrays(x, np.array([1, 3, 2, 1, 2, 3]), x[:2], [3, 3])
        self.assertEqual(data.valid.labels.tolist(), [2, 2])  # numbered as in training
        with self.assertRaisesRegex(deepid.Error, "row 1 has the label 4"):
            deepid.Dataset.from_arrays(x, np.array([1, 3, 2, 1, 2, 3]), x[:2], [3, 4])
        targets = deepid.Dataset.from_arrays(x, np.linspace(0, 1, 6))
        self.assertEqual((targets.labels, targets.classes), (None, []))

    def test_arrays_are_read_where_they_lie(self):
        base = np.arange(60, dtype=np.int16).reshape(6, 10)
        for x in (base, base[::-1, ::3], base.T[:6, :6], np.asfortranarray(base), base.astype(">i2"), base.astype(np.float16),
                  base > 7, base.astype(np.uint32)):
            self.assertTrue(np.array_equal(deepid.Dataset.from_arrays(x, [0, 1] * 3).x, x.astype(np.float64)), x.dtype)
        data = deepid.Dataset.from_arrays(base, [0, 1] * 3)
        base[2, 3] = -5
        self.assertEqual(data.x[2, 3], -5)

    def test_channels_first_is_noticed_and_turned(self):
        x = np.random.default_rng(1).standard_normal((4, 3, 8, 8))
        with self.assertRaisesRegex(deepid.Error, "channels seem to come first"):
            deepid.Dataset.from_arrays(x, [0, 1, 0, 1])
        data = deepid.Dataset.from_arrays(x, [0, 1, 0, 1], layout="nchw")
        self.assertEqual(data.shape, (8, 8, 3))
        self.assertTrue(np.array_equal(data.x, x.transpose(0, 2, 3, 1)))
        self.assertEqual(deepid.Dataset.from_arrays(x, [0, 1, 0, 1], layout="nhwc").shape, (3, 8, 8))

    def test_normalize_measures_the_training_part(self):
        random = np.random.default_rng(4)
        x, xv = 3 + 2 * random.standard_normal((50, 2)), random.standard_normal((20, 2))
        data = deepid.Dataset.from_arrays(x, [0, 1] * 25, xv, [0, 1] * 10).normalize("feature")
        np.testing.assert_allclose(data.x, (x - x.mean(0)) / x.std(0), atol=1e-6)
        np.testing.assert_allclose(data.valid.x, (xv - x.mean(0)) / x.std(0), atol=1e-6)

    def test_bad_data_are_refused(self):
        for x, y in ((np.zeros((3, 2)), [0, 1]), (np.zeros(3), [0, 1, 0]), (np.zeros((3, 2)), np.zeros((3, 2), int))):
            with self.assertRaises(deepid.Error):
                deepid.Dataset.from_arrays(x, y)
        with self.assertRaises(TypeError):
            deepid.Dataset.from_arrays(np.array([["a"], ["b"]]), [0, 1])
        with self.assertRaisesRegex(deepid.Error, "nowhere"):
            deepid.Dataset.open("csv:nowhere.csv")


class Probes(unittest.TestCase):
    def test_gradient_norm_has_a_row_a_layer(self):
        x, y = spirals()
        columns = deepid.inspect(deepid.Net(SHALLOW, seed=1), x, y, "gradient_norm samples=64")
        self.assertEqual(columns["layer"].tolist(), ["dense1", "relu", "dense2"])
        self.assertTrue((columns["activation"] > 0).all())
        one = deepid.inspect(deepid.Net(SHALLOW, seed=1), x[y == 1], y[y == 1], "gradient_norm")  # a class that lacks: no shift
        self.assertEqual(len(one["layer"]), 3)
        with self.assertRaisesRegex(deepid.Error, "gradient_norm"):
            deepid.inspect(deepid.Net(SHALLOW, seed=1), x, y, "gradient_nor")

    def test_formats_have_a_row_a_format_and_layer(self):
        x, y = spirals()
        columns = deepid.inspect(deepid.Net(SHALLOW, seed=1), x, y, 'formats storage="f32; bf16 rounding=stochastic"')
        layers = ["dense1", "dense2", "net"]
        self.assertEqual(columns["layer"].tolist(), [f"{storage}:{layer}" for storage in ("f32", "bf16 rounding=stochastic") for layer in layers])
        self.assertEqual(columns["format"].tolist(), [0] * 3 + [1] * 3)
        self.assertTrue((columns["relative"][3:] > 100 * columns["relative"][:3]).all())


class Studies(Scratch):
    def test_a_study_answers(self):
        x, y = spirals()
        heard = []
        out = self.folder / "study"
        result = deepid.study(SHALLOW, deepid.Net(DEEP), x, y, valid=(x[:50], y[:50]), out=out, **{**QUICK, "progress": heard.append})
        self.assertEqual((heard[-1].done, heard[-1].share), (heard[-1].tasks, 1))
        self.assertTrue(result.answer)
        self.assertIn(result.answer.split()[0], result.text)
        findings = {one.hypothesis: one for one in result.verdict}
        self.assertLessEqual({"bug", "solver", "capacity"}, set(findings))
        self.assertIn(findings["solver"].status, "confirmed contributes minor refuted undecided not_applicable".split())
        self.assertTrue(all(one.sentence and one.question for one in findings.values()))
        rows = result.table if isinstance(result.table, list) else result.table.to_dict("records")
        self.assertEqual(sorted((row["arm"], row["seed"]) for row in rows if row["arm"] in "SD"),
                         [(arm, seed) for arm in "DS" for seed in range(1, 7)])
        loss = {(row["arm"], row["seed"]): row["train_loss"] for row in rows}
        logits = result.net("S", 2)(x).astype(float)
        crossed = np.log(np.exp(logits).sum(1)) - logits[np.arange(len(y)), y]
        self.assertAlmostEqual(crossed.mean(), loss["S", 2], places=5)  # the table's numbers are the net's
        html = result._repr_html_()
        self.assertIn("solver", html)
        self.assertEqual(html.count("<tr"), 1 + len(findings))
        with mock.patch.object(deepid.Result, "answer", "<b>1 < 2 & 'so'</b>"):
            self.assertIn("<p>&lt;b&gt;1 &lt; 2 &amp; &#x27;so&#x27;&lt;/b&gt;</p>", result._repr_html_())
        result.report(self.folder / "again.html")
        self.assertEqual((self.folder / "again.html").read_bytes(), (out / "report.html").read_bytes())
        self.assertTrue((out / "verdict.json").exists() and (out / "results.csv").exists())
        result.close()
        with self.assertRaisesRegex(deepid.Error, "closed"):
            result.answer

    def test_table_without_pandas_is_a_list_of_dicts(self):
        x, y = spirals()
        result = deepid.study(SHALLOW, DEEP, x, y, **QUICK)
        with mock.patch.dict(sys.modules, {"pandas": None}):
            rows = result.table
        self.assertIsInstance(rows, list)
        self.assertEqual(set(type(rows[0][name]) for name in ("seed", "depth")), {int})

    def interrupted(self, out, disturb):
        """A study that disturb ends with KeyboardInterrupt, and then goes on; the same without a stop."""
        x, y = spirals()
        long = {**QUICK, "steps": 3000}
        before = threading.active_count()
        with self.assertRaises(KeyboardInterrupt):
            deepid.study(SHALLOW, DEEP, x, y, out=out, **{**long, "progress": disturb})
        self.assertEqual(threading.active_count(), before)
        first = []
        result = deepid.study(SHALLOW, DEEP, x, y, out=out, **{**long, "progress": first.append})
        whole = deepid.study(SHALLOW, DEEP, x, y, **long)
        self.assertEqual([one.sentence for one in result.verdict], [one.sentence for one in whole.verdict])
        return first

    def test_control_c_stops_and_the_folder_goes_on(self):
        # where the tests run in the background of a shell, SIGINT comes ignored
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)

        def press(now):
            if now.done >= 2:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(1)  # the signal arrives here
        first = self.interrupted(self.folder / "study", press)
        self.assertGreaterEqual(first[0].done, 2)  # what was done is kept
        self.assertLess(first[0].done, first[0].tasks)  # and it stopped

    def test_an_error_of_progress_comes_out(self):
        x, y = spirals()
        with self.assertRaises(ZeroDivisionError):
            deepid.study(SHALLOW, DEEP, x, y, **{**QUICK, "steps": 100000, "progress": lambda now: 1 / 0})

    def test_settings_are_those_of_the_library(self):
        x, y = spirals()
        with self.assertRaisesRegex(deepid.Error, "learning_rat"):
            deepid.study(SHALLOW, DEEP, x, y, learning_rat=0.1)
        with self.assertRaisesRegex(deepid.Error, "deep"):
            deepid.study(DEEP, SHALLOW, x, y)
        result = deepid.study(SHALLOW, DEEP, x, y, **{**QUICK, "arms": ["S", "D"], "seeds": 3}, learning_rate=0.1, optimizer="adam")
        rows = result.table if isinstance(result.table, list) else result.table.to_dict("records")
        self.assertEqual({row["rate"] for row in rows if row["arm"] == "S"}, {0.1})

    def test_the_lines_of_the_guide_run(self):
        guide = HERE / "../../../docs/python.md"
        if not guide.exists():
            self.skipTest("the repository is not around the package")
        lines = [line[4:] for line in guide.read_text().splitlines() if line.startswith("    ")]
        program = "\n".join(line for line in lines if not re.match("pip|apt-get", line) and "torch" not in line)
        x, y = spirals()
        names = {"deepid": deepid, "x": x[:96], "y": y[:96], "xv": x[96:], "yv": y[96:], "new": x[:3], "shallow": SHALLOW, "deep": DEEP}
        back = os.getcwd()
        os.chdir(self.folder)
        try:
            exec(compile(program.replace("seeds=10", "seeds=3, steps=20, progress=False"), guide.name, "exec"), names)
        except deepid.Error as error:
            if error.name != "DEEPID_ERR_UNSUPPORTED":
                raise
            self.skipTest(str(error))  # a library without ONNX
        finally:
            os.chdir(back)
        self.assertEqual((names["trainer"].epoch, names["z"].shape), (20, (96, 2)))

    def test_the_cells_of_the_notebook_run(self):
        cells = re.split(r"^# %%.*$", (HERE / "notebook.py").read_text(), flags=re.M)
        names, said, back = {}, [], os.getcwd()
        names["print"] = lambda *what: said.extend(what)
        os.chdir(self.folder)
        try:
            for cell in cells:
                exec(compile(cell, "notebook.py", "exec"), names)
            self.assertTrue(Path("report.html").exists())
        finally:
            os.chdir(back)
        self.assertEqual(len(cells), 6)
        self.assertLess(said[0].error, 0.3)
        self.assertLessEqual(set(said[1]), {"sum", "product"})
        self.assertIn("<table>", names["result"]._repr_html_())

    def test_the_quick_start_of_the_readme_runs(self):
        program = re.search(r"```python\n(.*?)```", (HERE / "README.md").read_text(), re.S).group(1)
        self.assertLessEqual(sum(1 for line in program.splitlines() if line.strip() and "import" not in line), 10)
        back = os.getcwd()
        os.chdir(self.folder)
        try:
            exec(compile(program, "README.md", "exec"), {"print": lambda answer: self.assertTrue(answer)})
            self.assertTrue(Path("study/report.html").exists())
        finally:
            os.chdir(back)


if __name__ == "__main__":
    unittest.main()
