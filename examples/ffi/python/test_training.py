#!/usr/bin/env python3
"""Tests of training from Python: trainers, checkpoints, Ctrl-C, progress, threads, other processes."""
import gc
import io
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
import types
import unittest
from pathlib import Path
from unittest import mock

import numpy as np

import deepid
from deepid import progress

NET = "input 2; dense out=16; relu; dense out=16; relu; dense out=2"


def spirals(seed=77):
    data = deepid.Dataset.open("spirals n=128 noise=0.06", seed)
    return data.x.astype(np.float32), data.labels


def weights(net):
    return np.concatenate([value.ravel() for value in net.parameters.values()])


def in_child(net, x):
    """For multiprocessing: a net that was pickled."""
    return net(x), deepid.Trainer(net, x, [0, 1] * (len(x) // 2)).step()


class Scratch(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="deepid.")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.x, self.y = spirals()

    def trainer(self, **settings):
        recipe = {"optimizer": "sgd momentum=0.9", "learning_rate": 0.05, "batch": 32, **settings}
        return deepid.Trainer(deepid.Net(NET, seed=1), self.x, self.y, **recipe)


class Training(Scratch):
    def test_a_step_is_the_formula(self):
        net = deepid.Net("input 2; dense out=3", "float64", seed=2)
        w, b = (net.parameters["dense." + name] for name in ("weight", "bias"))
        y = np.arange(len(self.x)) % 3
        p = np.exp(self.x @ w.T + b)
        p /= p.sum(1, keepdims=True)
        dz = (p - np.eye(3)[y]) / len(y)
        want = [w - 0.5 * dz.T @ self.x, b - 0.5 * dz.sum(0)]
        norm = np.sqrt(((dz.T @ self.x) ** 2).sum() + (dz.sum(0) ** 2).sum())
        trainer = deepid.Trainer(net, self.x.astype(np.float64), y, batch=0, learning_rate=0.5)
        loss = trainer.step()
        self.assertAlmostEqual(loss, -np.log(p[np.arange(len(y)), y]).mean(), places=12)
        np.testing.assert_allclose(w, want[0], rtol=1e-12, atol=1e-15)  # the views that were there before
        np.testing.assert_allclose(b, want[1], rtol=1e-12, atol=1e-15)
        history = trainer.history
        self.assertEqual((history["step"].tolist(), history["epoch"].tolist()), ([1], [1.0]))
        np.testing.assert_allclose([history["gradient_norm"][0], history["learning_rate"][0]], [norm, 0.5], rtol=1e-12)
        np.testing.assert_allclose(net.gradients["dense.weight"], dz.T @ self.x, rtol=1e-10, atol=1e-15)

    def test_backward_is_the_trainers_gradient(self):
        net = deepid.Net(NET, "float64", seed=1)
        other = net.clone()
        self.assertEqual(net.gradients, {})
        z = net.train()(self.x)
        p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        dx = net.backward((p - np.eye(2)[self.y]) / len(z))
        deepid.Trainer(other, self.x, self.y, batch=0).step()
        for name, gradient in other.gradients.items():
            np.testing.assert_allclose(net.gradients[name], gradient, rtol=1e-9, atol=1e-13)
        self.assertEqual(dx.shape, self.x.shape)
        with self.assertRaisesRegex(deepid.Error, r"dy is \[128, 3\], expected \[n, 2\]"):
            net.backward(np.zeros((128, 3)))
        with self.assertRaises(deepid.Error):
            deepid.Net(NET).backward(np.zeros((128, 2)))  # no forward before it

    def test_fit_is_step_after_step(self):
        a, b = self.trainer(), self.trainer()
        a.fit(11)
        losses = [b.step() for _ in range(11)]
        self.assertTrue(np.array_equal(weights(a.net), weights(b.net)))
        for name, column in a.history.items():
            self.assertTrue(np.array_equal(column, b.history[name]), name)
        self.assertEqual(losses, a.history["loss"].tolist())
        self.assertEqual((a.steps_done, a.epoch), (11, 11 / 4))

    def test_the_recipe_reaches_the_library(self):
        trainer = self.trainer(schedule="cosine warmup=2", clip=0.01, seed=5, keep_last=True, nonfinite="record")
        trainer.fit(20)
        rates = trainer.history["learning_rate"]
        self.assertTrue(rates[0] < rates[2] > rates[-1])
        self.assertEqual(trainer.learning_rate, 0)  # the schedule ends with the first fit
        before = weights(trainer.net).copy()
        trainer.set(schedule="constant", optimizer="sgd", learning_rate=1).step()
        self.assertLessEqual(np.linalg.norm(weights(trainer.net) - before), 0.0101)
        other = self.trainer(seed=6)
        self.assertNotEqual(other.step(), self.trainer(seed=7).step())
        for wrong, words in (({"optimizer": "sdg"}, "sgd"), ({"learning_rate": -1}, "rate"), ({"batch": 1000}, "128"),
                             ({"schedule": "cosin"}, "cosine"), ({"augmentation": "crop"}, "pictures"),
                             ({"loss": "huber"}, "labels"),
                             ({"nonfinite": "ignore"}, "record"), ({"clip": np.nan}, "clip"), ({"total_steps": 0}, "steps")):
            with self.assertRaisesRegex(deepid.Error, words, msg=wrong):
                self.trainer(**wrong)
        for wrong in ({"batch": 2.5}, {"optimizer": 3}, {"seed": "one"}, {"momentum": 0.9}, {"learning_rate": "fast"}):
            with self.assertRaises((TypeError, ValueError), msg=wrong):
                self.trainer(**wrong)

    def test_validation_is_looked_at_after_each_epoch(self):
        heard, seen = [], []
        trainer = self.trainer(valid=(self.x[:50], self.y[:50]))
        trainer.fit(epochs=3, progress=heard.append, callback=lambda one: seen.append(one.epoch))
        self.assertEqual((trainer.validation["epoch"].tolist(), seen), ([1, 2, 3], [1, 2, 3]))
        self.assertEqual(trainer.validation["step"].tolist(), [4, 8, 12])
        self.assertEqual((trainer.validation["loss"][-1], trainer.validation["error"][-1]), trainer.evaluate())
        self.assertEqual(trainer.evaluate(), trainer.evaluate(self.x[:50], self.y[:50]))
        self.assertEqual((heard[-1].done, heard[-1].tasks, heard[-1].share), (12, 12, 1))
        trainer.fit(epochs=5, callback=lambda one: np.bool_(one.epoch >= 5))
        self.assertEqual(trainer.epoch, 5)
        with self.assertRaises(TypeError):
            trainer.fit()
        with self.assertRaises(ZeroDivisionError):
            trainer.fit(epochs=1, callback=lambda one: 1 / 0)
        self.assertEqual(trainer.epoch, 6)

    def test_it_learns_and_predicts_in_the_words_of_the_labels(self):
        words = np.array(["inner", "outer"])[self.y]
        shifted = 100 + 20 * self.x
        trainer = deepid.Trainer(deepid.Net(NET), shifted, words, optimizer="adam", learning_rate=0.02,
                                 normalize="feature")
        trainer.fit(epochs=300)
        self.assertLess(trainer.evaluate().error, 0.2)
        told = trainer.predict(shifted)
        self.assertAlmostEqual((told != words).mean(), trainer.evaluate(shifted, words).error)
        self.assertEqual(trainer.predict(shifted[:1]).tolist(), told[:1].tolist())  # normalised by the training data
        self.assertAlmostEqual(trainer.evaluate(shifted[words == "outer"], ["outer"] * 64).error,
                               (told != words)[words == "outer"].mean())
        one = deepid.Trainer(deepid.Net("input 2; dense out=16; relu; dense out=1"), self.x, self.y,
                             optimizer="adam").fit(50)
        self.assertAlmostEqual((one.predict(self.x) != self.y).mean(), one.evaluate().error)
        target = self.x @ np.array([[1.0], [2.0]], np.float32)
        line = deepid.Trainer(deepid.Net("input 2; dense out=1"), self.x, target, batch=0).fit(2000)
        np.testing.assert_allclose(line.predict(self.x), target, atol=1e-3)
        self.assertTrue(np.isnan(line.evaluate().error))

    def test_l_bfgs_takes_its_steps_in_one_run(self):
        trainer = self.trainer(optimizer="lbfgs", valid=(self.x, self.y))
        trainer.fit(epochs=40)
        self.assertLess(trainer.evaluate().loss, 0.3)
        self.assertEqual(len(trainer.validation["step"]), 1)

    def test_a_start_may_look_at_data(self):
        net = deepid.Net("input 2; dense out=16; relu; dense out=16").init("lsuv", 1, self.x)
        z = net(self.x)
        self.assertAlmostEqual(z.var(), 1, delta=0.2)
        with self.assertRaises(deepid.Error):
            net.init("lsuv", 1)

    def test_series_are_series_everywhere(self):
        x = np.sin(np.arange(40 * 12 * 3)).reshape(40, 12, 3)
        y = np.arange(40) % 2
        net = deepid.Net("input 12x3; conv1d out=4 kernel=3; relu; global_avgpool; dense out=2", seed=1)
        net.init("lsuv", 1, x=x)
        trainer = deepid.Trainer(net, x, y, layout="nlc", normalize="channel")
        self.assertEqual(trainer.evaluate(x, y), trainer.evaluate(trainer.data))
        self.assertEqual(trainer.predict(x).shape, (40,))
        turned = deepid.Trainer(net, x.transpose(0, 2, 1), y, layout="ncl", normalize="channel")
        self.assertEqual(turned.evaluate(x.transpose(0, 2, 1), y), trainer.evaluate(trainer.data))

    def test_nonfinite_steps_stop_or_are_counted(self):
        x = self.x.copy()
        net = deepid.Net(NET)
        net.parameters["dense1.weight"][0, 0] = np.inf
        with self.assertRaisesRegex(deepid.Error, "step 1: .* not finite"):
            deepid.Trainer(net, x, self.y).fit(3)
        trainer = deepid.Trainer(net, x, self.y, nonfinite="record").fit(3)
        self.assertEqual((trainer.nonfinite_steps, trainer.steps_done), (3, 3))


class Checkpoints(Scratch):
    def test_training_goes_on_bit_for_bit(self):
        path = self.folder / "point.safetensors"
        whole, first, second = self.trainer(), self.trainer(), self.trainer(optimizer="adam", seed=9, batch=16)
        whole.set(total_steps=30).fit(30)
        first.set(total_steps=30).fit(13)
        first.save(path)
        second.load(path).fit(17)
        self.assertTrue(np.array_equal(weights(whole.net), weights(second.net)))
        self.assertEqual(second.history["step"].tolist(), list(range(14, 31)))
        first.fit(7)
        first.load(path)  # back, with its history
        self.assertEqual((first.steps_done, len(first.history["step"])), (13, 13))
        self.assertTrue(np.array_equal(deepid.Net.load(path)(self.x), first.net(self.x)))

    def test_a_checkpoint_says_the_loss(self):
        path, trainer, other = self.folder / "point", self.trainer(loss="cross_entropy smoothing=0.3"), self.trainer()
        trainer.fit(3).save(path)
        self.assertEqual(other.load(path).evaluate(), trainer.evaluate())
        self.assertNotEqual(trainer.evaluate(), trainer.net.evaluate(self.x, self.y))

    def test_a_damaged_file_changes_nothing(self):
        path, trainer = self.folder / "point.safetensors", self.trainer()
        trainer.fit(5)
        trainer.save(path)
        data = bytearray(path.read_bytes())
        data[-5] ^= 1
        path.write_bytes(data)
        trainer.fit(2)
        before = weights(trainer.net).copy()
        with self.assertRaises(deepid.Error) as caught:
            trainer.load(path)
        self.assertEqual(caught.exception.name, "DEEPID_ERR_FORMAT")
        self.assertTrue(np.array_equal(before, weights(trainer.net)))
        self.assertEqual((trainer.steps_done, len(trainer.history["step"])), (7, 7))


class Stopping(Scratch):
    def test_control_c_stops_after_a_step_and_training_goes_on(self):
        # where the tests run in the background of a shell, SIGINT comes ignored
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)

        def press(now):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)  # the signal arrives here
        trainer, threads = self.trainer(), threading.active_count()
        with self.assertRaises(KeyboardInterrupt):
            trainer.fit(10**9, progress=press)
        done = trainer.steps_done
        self.assertTrue(0 < done < 10**9)
        self.assertEqual(trainer.history["step"].tolist(), list(range(1, done + 1)))
        self.assertEqual(threading.active_count(), threads)
        trainer.fit(3)
        self.assertEqual(trainer.steps_done, done + 3)
        whole = self.trainer().fit(done + 3)
        self.assertTrue(np.array_equal(weights(whole.net), weights(trainer.net)))

    def test_stop_from_a_thread_ends_fit(self):
        trainer = self.trainer()
        fitting = threading.Thread(target=trainer.fit, args=(10**9,))
        fitting.start()
        while trainer.steps_done < 3:
            time.sleep(0.001)
        trainer.stop()
        fitting.join()
        done = trainer.steps_done
        self.assertEqual(trainer.fit(2).steps_done, done + 2)

    def test_two_fits_at_once_are_refused(self):
        def again(trainer):
            with self.assertRaisesRegex(deepid.Error, "another fit"):
                trainer.fit(1)
            return True
        self.assertEqual(self.trainer().fit(epochs=3, callback=again).fit(2).steps_done, 6)

    def test_another_thread_runs_while_the_library_works(self):
        net = deepid.Net("input 2; dense out=1024; relu; dense out=1024; relu; dense out=2",
                         context=deepid.Context(threads=1)).train()
        x, ticks, over = np.tile(self.x, (8, 1)), [], threading.Event()

        def tick():
            while not over.is_set():
                ticks.append(time.perf_counter())
                time.sleep(1e-4)
        ticker = threading.Thread(target=tick)
        ticker.start()
        calls = []
        for _ in range(20):  # of many milliseconds each; the middle of a call is inside of the library
            began = time.perf_counter()
            net(x)
            calls.append((began, time.perf_counter()))
        over.set()
        ticker.join()
        inside = [sum(first + (last - first) / 4 < one < last - (last - first) / 4 for one in ticks) for first,
                  last in calls]
        self.assertGreater(sum(one > 0 for one in inside), 5, inside)


class Telling(Scratch):
    class Screen(io.StringIO):
        def isatty(self):
            return True

    def told(self, screen, **options):
        with mock.patch.object(sys, "stderr", screen):
            self.trainer().fit(30, **options)
        return screen.getvalue()

    def test_a_terminal_shows_a_line_that_is_written_over(self):
        text = self.told(self.Screen())
        self.assertRegex(text, r"\r100 % 30/30.*loss")
        self.assertTrue(text.endswith(" \r"))
        self.assertNotIn("\n", text)

    def test_elsewhere_nothing_unless_asked(self):
        self.assertEqual(self.told(io.StringIO()), "")
        self.assertEqual(self.told(self.Screen(), progress=False), "")
        self.assertRegex(self.told(io.StringIO(), progress=True), r"100 % 30/30.*loss.*\n$")
        with mock.patch.object(sys, "stderr", None):  # pythonw
            self.trainer().fit(3)
        with self.assertRaisesRegex(TypeError, "progress"):
            self.trainer().fit(3, progress="bar")

    def test_a_notebook_updates_one_output(self):
        shown = []

        class Place:
            def update(self, what, raw):
                shown.append((what["text/plain"], raw))

        def display(what, raw, display_id):
            shown.append((what["text/plain"], raw))
            return Place()

        ipython = types.SimpleNamespace(get_ipython=lambda: types.SimpleNamespace(kernel=1),
                                        display=types.SimpleNamespace(display=display))
        with mock.patch.dict(sys.modules, {"IPython": ipython}):
            self.assertEqual(self.told(self.Screen()), "")
        self.assertRegex(shown[-2][0], "100 % 30/30")
        self.assertEqual(shown[-1], ("", True))

    def test_short_epochs_do_not_flood(self):
        heard = []
        began = time.monotonic()
        self.trainer(valid=(self.x, self.y)).fit(epochs=100, progress=heard.append)
        self.assertLessEqual(len(heard), 2 + (time.monotonic() - began) / 0.05)
        self.assertEqual(heard[-1].share, 1)

    def test_words_of_progress(self):
        now = progress.Progress(10, 3, 0.3, 2.0, 4.7, "epoch 1.0, loss 0.5")
        self.assertEqual(str(now), " 30 % 3/10, 5 s left  epoch 1.0, loss 0.5")
        self.assertEqual(str(progress.Progress(10, 0, 0, 0, float("nan"), "")), "  0 % 0/10")


class Lifetimes(Scratch):
    def test_a_trainer_keeps_what_it_needs(self):
        context = deepid.Context(threads=1)
        empty = context.memory
        net = deepid.Net(NET, context=context)
        trainer = deepid.Trainer(net, self.x.copy(), self.y.copy(), batch=32)
        del self.x, self.y
        trainer.data.close()
        net.close()
        del net
        gc.collect()
        trainer.fit(3)
        trainer.close()
        with self.assertRaisesRegex(deepid.Error, "Trainer is closed"):
            trainer.fit(3)
        del trainer
        gc.collect()
        self.assertEqual(context.memory, empty)

    def test_dlpack_shares_memory_and_keeps_it(self):
        context = deepid.Context(threads=1)
        empty = context.memory
        net = deepid.Net(NET, context=context)
        view = net.parameters["dense1.weight"]
        self.assertEqual(view.__dlpack_device__(), (1, 0))
        other = np.from_dlpack(view)
        self.assertTrue(np.shares_memory(view, other))
        want = view.copy()
        del net, view
        gc.collect()
        self.assertGreater(context.memory, empty)
        self.assertTrue(np.array_equal(other, want))
        del other
        gc.collect()
        self.assertEqual(context.memory, empty)


class Ranks(Scratch):
    TEXT = "input 2; dense out=16; batchnorm; relu; dropout p=0.2; dense out=2"

    def train(self, ranks, norm):
        """Weights of each rank, a thread; and the trainers."""
        meet, numbers = threading.Barrier(ranks, timeout=300), [None] * ranks

        def exchange_for(rank):
            def exchange(mine, how):
                numbers[rank] = mine.copy()
                meet.wait()
                mine[:] = np.sum(numbers, 0) if how == "sum" else np.max(numbers, 0)
                meet.wait()
            return exchange

        trainers = [deepid.Trainer(deepid.Net(self.TEXT, seed=3, context=deepid.Context(threads=1)), self.x, self.y, batch=48,
                                   keep_last=True, shards=8, batchnorm=norm).set_allreduce(exchange_for(rank), rank, ranks)
                    for rank in range(ranks)]
        threads = [threading.Thread(target=trainer.fit, args=(7,)) for trainer in trainers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [weights(trainer.net) for trainer in trainers], trainers

    def test_any_number_of_ranks_gives_the_same_bits(self):
        for norm in "shard", "batch":
            (one,), _ = self.train(1, norm)
            for ranks in 2, 3:
                for there in self.train(ranks, norm)[0]:
                    self.assertTrue(np.array_equal(one, there), f"{ranks} ranks, batch-norm over {norm}")

    def test_an_exception_in_an_exchange_is_quoted_and_nothing_is_lost(self):
        def broken(numbers, how):
            raise ConnectionError("the cable was pulled")

        _, (trainer,) = self.train(1, "shard")
        before = weights(trainer.net).copy()
        with self.assertRaisesRegex(deepid.Error, "step 8: .*ConnectionError: the cable was pulled; nothing was changed"):
            trainer.set_allreduce(broken).fit(3)
        self.assertTrue(np.array_equal(before, weights(trainer.net)))
        self.assertEqual(trainer.set_allreduce(None).fit(2).steps_done, 9)


class Processes(Scratch):
    def test_a_spawned_process_gets_a_net(self):
        net = deepid.Net("input 2; dense out=4; batchnorm; relu; dense out=2", seed=3)
        net.train()(self.x)
        net.eval()
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            z, _ = pool.apply(in_child, (net, self.x))
        self.assertTrue(np.array_equal(z, net(self.x)))

    def test_a_forked_process_is_told_and_destroys_nothing(self):
        net = deepid.Net(NET)
        trainer = deepid.Trainer(net, self.x, self.y, batch=32)
        trainer.step()
        before = weights(net).copy()
        net.context._lock.acquire()  # as another thread might
        child = os.fork()
        if child == 0:
            code = 1
            try:
                for call in (lambda: net(self.x), trainer.step, lambda: trainer.fit(1),
                             lambda: deepid.Net(NET, context=net.context)):
                    try:
                        call()
                        code = 2
                        break
                    except deepid.Error as error:
                        code = 0 if error.name == "DEEPID_ERR_FORKED" else 3
                del net, trainer
                gc.collect()
            finally:
                os._exit(code)
        status = os.waitpid(child, 0)[1]
        net.context._lock.release()
        self.assertEqual(status, 0)
        self.assertTrue(np.array_equal(before, weights(net)))
        trainer.step()


if __name__ == "__main__":
    unittest.main()
