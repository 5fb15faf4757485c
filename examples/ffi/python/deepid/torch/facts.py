"""What the verdict is told beside the runs, and which arms have no question here: from a look at the two nets, the
recipe and the labels."""
from __future__ import annotations

import copy
import hashlib
import math
from typing import TYPE_CHECKING, Any, Dict, List, Optional

import numpy as np
import torch
from torch import Tensor

from . import match, nets
from .arms import IMPOSSIBLE, NO_QUESTION, POSSIBLE, Arm
from .data import constant_loss, largest_class
from .errors import StudyError
from .maker import check_calls, check_depth, check_runs, made
from .measure import by_class
from .own import takes
from .plan import numbers_of_values
from .recipe import DTYPES, Recipe, autocast
from .starts import has_start, unreached
from .train import OF_THE_NET, changed

if TYPE_CHECKING:
    from .study import Study

#: Above so many samples a batch is not small for batch-norm: the verdict's.
SMALL_BATCH = 16
#: What the nets are looked at on.
SAMPLES = 16


class Look:
    """The two nets as they start at the first seed, on the CPU, and a few samples."""

    def __init__(self, study: "Study") -> None:
        self.study = study
        self.shallow, self.deep = made(study, "shallow", 1), made(study, "deep", 1)
        self.x: Optional[Tensor] = None
        if study.train_data is not None:
            x, _ = study.train_data.at(study.first_rows()[:SAMPLES], torch.device("cpu"), torch.float32)
            self.x = x
        for kind, net in (("shallow", self.shallow), ("deep", self.deep)):
            check_calls(study, kind, net)
            check_runs(kind, net, self.x)
        check_depth(study, self.shallow, self.deep, self.x)
        self.names = match.align(self.shallow, self.deep)
        self.draws = [self.x is not None and nets.draws(net, self.x) for net in (self.shallow, self.deep)]
        self.unreached = None if self.x is None else unreached(self.deep, self.x)

    def words(self) -> str:
        """What tells other nets from these: kinds and shapes."""
        text = "\n".join(f"{net}\n" + "\n".join(f"{k} {tuple(v.shape)}" for k, v in net.state_dict().items())
                         for net in (self.shallow, self.deep))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def seen(self) -> Dict[str, List[float]]:
        """Numbers of the nets and of samples that tell other ones, up to rounding."""
        out: Dict[str, List[float]] = {}
        for kind, net in (("shallow", self.shallow), ("deep", self.deep)):
            values = [p.detach().flatten().double() for p in net.parameters()]
            out[f"weights of the {kind} net at seed 1"] = numbers_of_values(torch.cat(values).numpy() if values else np.zeros(0))
            z = nets.outputs_of(net, self.x) if self.x is not None and self.study.training().repeats() else None
            if isinstance(z, Tensor):
                out[f"outputs of the {kind} net at seed 1"] = numbers_of_values(z.double().numpy())
        for data in (self.study.train_data, self.study.valid_data):
            if data is not None and (found := data.seen()):
                out[data.what] = found
        return out

    def why_not(self, recipe: Recipe) -> str:
        """Why the deep net does not run in a recipe's format: PyTorch's sentence, "" where it does."""
        if self.x is None:
            return ""
        x = self.x.to(DTYPES[recipe.dtype]) if self.x.is_floating_point() else self.x
        try:
            with torch.no_grad(), autocast(recipe, torch.device("cpu")):
                copy.deepcopy(self.deep).to(DTYPES[recipe.dtype]).eval()(x)
        except (RuntimeError, TypeError) as error:
            return str(error).splitlines()[0]
        return ""

    def dropout(self) -> List[bool]:
        """Of S, of D."""
        return [nets.has_dropout(net) or draws for net, draws in zip((self.shallow, self.deep), self.draws)]

    def noise(self) -> str:
        """What draws, where that is more than dropout which can be switched off."""
        if not any(self.draws):
            return ""
        modules = any(nets.has_dropout(net) for net in (self.shallow, self.deep))
        return "dropout and other random numbers in its forward" if modules else "random numbers in its forward"


def facts_of(study: "Study", look: Look) -> Dict[str, Any]:
    """evidence.json."""
    recipe, dropout = study.recipe, look.dropout()
    facts: Dict[str, Any] = {
        "subject": study.subject, "const_loss": _const_loss(study, look), "recipe_rate": recipe.lr, "updates": study.steps,
        "shallow_depth": study.shallow, "deep_depth": study.deep, "is_f64": recipe.dtype == "float64",
        "storage": recipe.amp, "loss_scale": "dynamic" if recipe.amp == "f16" and recipe.scale else None,
        "dropout_shallow": dropout[0], "dropout_deep": dropout[1], "noise": look.noise(),
        "decay": recipe.weight_decay > 0,
        "smoothing": recipe.smoothing > 0, "augmentation": recipe.augment is not None,
        "batchnorm": nets.has_batchnorm(look.deep), "other_layers": look.names is None,
    }
    if nets.starts_as_torch(look.deep):
        facts.update(init="pytorch", default_init=True)
    if study.train_data is not None:
        facts["batch"] = min(recipe.batch, len(study.train_data))
        facts.update(_of_labels(study))
    if look.x is not None:
        facts["shallow_narrowest"] = nets.narrowest(look.shallow, look.x)[0]
        facts["deep_narrowest"], facts["deep_narrowest_layer"] = nets.narrowest(look.deep, look.x)
    return {key: value for key, value in facts.items() if value is not None and value == value and value != ""}


def _check_labels(study: "Study", look: Look) -> None:
    """From 0 below the number of outputs, or -100, which cross_entropy leaves out."""
    assert study.train_data is not None and look.x is not None
    z, y = nets.outputs_of(look.shallow, look.x), study.train_data.labels()
    if not isinstance(z, Tensor):
        return
    classes = by_class(z, y[:len(z)])[0].shape[-1]
    for data in (study.train_data, study.valid_data):
        if data is None:
            continue
        y = data.labels()
        wrong = ((y < 0) & (y != -100) | (y >= classes)).nonzero()
        if len(wrong):
            place = wrong[0].tolist()
            raise StudyError(f"labels of the {data.what}: that of sample {', '.join(map(str, place))} is "
                             f"{int(y[tuple(place)])}, expected 0 to {classes - 1}, for the nets have {classes} outputs"
                             ", or -100 for none")


def _const_loss(study: "Study", look: Look) -> float:
    const = study.const_loss
    if study.recipe.loss == "cross_entropy" and study.train_data is not None:
        for data in (study.train_data, study.valid_data):
            if data is not None and (y := data.labels()).is_floating_point():
                raise StudyError(f"labels of the {data.what}: they are {str(y.dtype)[6:]}, expected whole numbers with "
                                 'cross_entropy, y.long(), or loss="mse" for targets')
        _check_labels(study, look)
    if const is None and study.train_data is not None:
        const = constant_loss(study.train_data.labels(), study.recipe.loss)
    if const is None or math.isnan(const):
        raise StudyError("Study: const_loss is not known of a loss that is a function, nor without data; expected "
                         "const_loss=, the training loss of the best constant predictor")
    return const


def _of_labels(study: "Study") -> Dict[str, Any]:
    """Shares of the largest classes; of targets the constant predictor's validation loss."""
    assert study.train_data is not None
    labels = study.train_data.labels()
    valid = None if study.valid_data is None else study.valid_data.labels()
    if study.recipe.loss == "mse":
        return {"targets": True, **({} if valid is None else {"valid_const_loss": constant_loss(valid, "mse")})}
    if study.recipe.loss != "cross_entropy":
        return {}
    return {"largest_class": largest_class(labels),
            **({} if valid is None else {"valid_largest_class": largest_class(valid)})}


# ---- which arms apply --------------------------------------------------------------------------------------

def leave_out(study: "Study", look: Look, arms: List[Arm]) -> None:
    """Arms that cannot be run, or have no question, with the reason."""
    for arm in arms:
        _no_net(study, look, arm)
        _no_question(study, look, arm)
        _no_way_to_train(study, arm)
        if arm.tunes and study.tuning == 0:
            arm.leave_out("learning rates were not tuned", POSSIBLE)


def _no_net(study: "Study", look: Look, arm: Arm) -> None:
    if arm.net == "skip" and not study.has_skip():
        arm.leave_out("make_net takes no skip", IMPOSSIBLE)
    if "dtype" in arm.change or "amp" in arm.change:
        refused = look.why_not(changed(study.recipe, arm.change, study.optimizers))
        if refused and not look.why_not(study.recipe):
            arm.leave_out(f"the deep net does not run in it: {refused}", IMPOSSIBLE)
    if arm.word == "D_free:dropout" and look.draws[1]:
        arm.leave_out("the deep net draws random numbers in its forward, and nothing is known that switches them off", IMPOSSIBLE)
    if "start" in arm.change and look.unreached:
        arm.leave_out(f"there is no such start for the deep net's {look.unreached}", IMPOSSIBLE)
    if arm.word not in ("W0", "WT"):
        return
    if look.names is None and study.embed is None:
        arm.leave_out("the shallow net's layers do not all stand in the deep one: "
                      + match.missing(look.shallow, look.deep), IMPOSSIBLE)
    if study.train_data is None:
        arm.leave_out("there are no data to compare outputs on", POSSIBLE)


def _no_question(study: "Study", look: Look, arm: Arm) -> None:
    recipe = study.recipe
    own = recipe.optimizer.split()[0] if isinstance(recipe.optimizer, str) else ""
    same = {"f32": (None,), "bf16": ("bf16",), "f16": ("f16", False), "f16:scaled": ("f16", True)}.get(arm.word[2:])
    reasons = {
        "the deep net has no dropout": arm.word == "D_free:dropout" and not look.dropout()[1],
        "the recipe has no weight decay": arm.word == "D_free:decay" and not recipe.weight_decay,
        "the recipe has no label smoothing": arm.word == "D_free:smoothing" and not recipe.smoothing,
        "the recipe has no augmentation": arm.word == "D_free:augmentation" and recipe.augment is None,
        "the recipe trains in float64 already": arm.word == "D64" and recipe.dtype == "float64",
        "it is the recipe's own format": same is not None and (recipe.amp, recipe.scale)[:len(same)] == same,
        "it is the recipe's own optimiser": arm.word == f"D_opt:{own}" or (arm.word == "D_opt:adam" and own == "adamw"),
        "the deep net has no batch-norm": arm.word == "D_norm:batch8" and not nets.has_batchnorm(look.deep),
        "the recipe's batch is not small": arm.word == "D_norm:batch8" and recipe.batch > SMALL_BATCH,
        "the deep net has no layer that takes such a start": "start" in arm.change and not has_start(look.deep),
    }
    for reason, holds in reasons.items():
        if holds:
            arm.leave_out(reason, NO_QUESTION)


def _no_way_to_train(study: "Study", arm: Arm) -> None:
    if study.train is None:
        return
    for word in arm.change:
        if word not in OF_THE_NET and not takes(study.train, word):
            arm.leave_out(f"train takes no {word}", POSSIBLE)
    if "start" in arm.change and study.train_data is None:
        arm.leave_out("there are no data to scale weights on", POSSIBLE)
