"""Whether a run that is stopped and resumed ends bit for bit as an uninterrupted one: tried, not assumed."""

import tempfile
import time
from collections.abc import Collection, Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbench.core.events import Progress, Warned
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.core.settings.trials import Certificate, Difference
from workbench.engine.data.device_images import DeviceImages, subset
from workbench.engine.data.run_split import excluded_of
from workbench.engine.machine.device import device_name
from workbench.engine.network.averaging import AverageState
from workbench.engine.training.pending_steps import PendingSteps
from workbench.engine.training.preparation import Prepared, prepare
from workbench.engine.training.trainer import Trainer
from workbench.engine.trials.isolation import isolated, within_memory
from workbench.engine.weights import checkpoint
from workbench.engine.weights.checkpoint_state import CheckpointState, Position

_EPOCHS = 2
_STEPS_PER_EPOCH = 3
_MOST_DIFFERENCES = 10
# Of a run's state: times, which are never the same.
_NOT_COMPARED = ("position.train_s", "position.elapsed_s")

Certifying = Generator[Progress | Warned, None, Certificate]
State = dict[str, Tensor]
"""Everything that a run's future depends on, by dotted names; on the CPU."""


def certify(config: RunConfig, home: Home) -> Certifying:
    """Train two epochs of a few steps three times: twice without a stop, once resumed in the middle of each.

    Resumed as a run is: through a checkpoint file, into a new trainer. All settings are the run's, only the images
    are few and the starting weights random.

    Raises:
        UserError: the run could not begin either: the data or the device are not there, or memory runs out.
    """
    return (yield from isolated(within_memory(_certify(config, home), config)))


def _certify(config: RunConfig, home: Home) -> Certifying:
    started = time.perf_counter()
    # The schedule needs as many epochs as are trained.
    config = config.with_values({"training.epochs": max(_EPOCHS, config.training.epochs)})
    trial = _Trial((yield from prepare(config, home)))
    first, _ = yield from trial.run("Training without a stop")
    again, _ = yield from trial.run("Training the same again")
    found = differences(first, again)
    is_repeatable = not found
    if is_repeatable:
        resumed, lost = yield from trial.run("Training with stops", trial.stops)
        # What a checkpoint does not bring back says more than all that follows from it.
        found = lost or differences(first, resumed)
    compute = trial.compute
    return Certificate(
        is_exact=not found,
        is_repeatable=is_repeatable,
        differences=tuple(found[:_MOST_DIFFERENCES]),
        advice=_advice(config, compute.device.type, bool(found), is_repeatable),
        steps=trial.steps,
        device=device_name(compute.device),
        precision=compute.precision,
        threads=torch.get_num_threads(),
        seconds=time.perf_counter() - started,
    )


class _Trial:
    """Short trainings of one configuration, each with the same images and starting weights."""

    def __init__(self, prepared: Prepared) -> None:
        self.compute, self._config = prepared.compute, prepared.config
        training, labels = prepared.config.training, prepared.dataset.train.labels
        per_epoch = min(_STEPS_PER_EPOCH, prepared.trainer.steps_per_epoch)
        there = np.setdiff1d(np.arange(len(labels)), excluded_of(prepared.dataset, prepared.config))
        chosen = subset(there, labels, per_epoch * training.batch_size, training.seed)
        self._images = DeviceImages(prepared.dataset.train, prepared.config.data, self.compute, chosen)
        self.steps = _EPOCHS * per_epoch
        middle = (per_epoch + 1) // 2
        self.stops = [epoch * per_epoch + middle for epoch in range(_EPOCHS)]
        self._warnings: list[str] = []
        """That were said."""

    def run(
        self, activity: str, stops: Collection[int] = ()
    ) -> Generator[Progress | Warned, None, tuple[State, list[Difference]]]:
        """Train and resume after each of `stops`.

        Returns:
            The final state with the losses of all steps, and what was another after resuming than before.
        """
        losses: State = {}
        lost: list[Difference] = []
        batch_size = self._config.training.batch_size
        torch.manual_seed(self._config.training.seed)
        trainer = self._new_trainer()
        for step in range(1, self.steps + 1):
            if trainer.epoch_is_done:
                trainer.position.next_epoch()
            losses[f"loss of step {step}"] = _step(trainer)
            # Every trainer compiles its network anew.
            for warning in trainer.take_warnings():
                if warning not in self._warnings:
                    self._warnings.append(warning)
                    yield Warned(warning)
            if step in stops:
                before = _flat(trainer.state())
                with tempfile.TemporaryDirectory() as folder:
                    _save(trainer, Path(folder))
                    # Two of them may not fit into memory.
                    del trainer
                    # In another process the generators stand elsewhere.
                    torch.manual_seed(step)
                    trainer = self._new_trainer()
                    trainer.restore(checkpoint.load_last(Path(folder))[0], "the checkpoint")
                lost += differences(before, _flat(trainer.state()))
            yield Progress(activity, step * batch_size, self.steps * batch_size)
        return losses | _flat(trainer.state()), lost

    def _new_trainer(self) -> Trainer:
        return Trainer(self._config, self.compute, self._images)


def _step(trainer: Trainer) -> Tensor:
    """Its loss; counted as the training loop does."""
    pending = PendingSteps()
    pending.append(*trainer.step())
    return torch.from_numpy(pending.flush(trainer, "").loss)


def _save(trainer: Trainer, folder: Path) -> None:
    step, epoch = trainer.step_number, trainer.position.epoch
    checkpoint.save(folder, trainer.state(), step=step, epoch=epoch, best=False)


def differences(one: State, other: State) -> list[Difference]:
    """All that is not the same bit for bit, in the order of `one`."""
    found = []
    for name in [*one, *(name for name in other if name not in one)]:
        if name not in one or name not in other:
            found.append(Difference(name, None))
        elif not _same_bits(one[name], other[name]):
            found.append(Difference(name, _largest(one[name], other[name])))
    return found


def _same_bits(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    # Bytes, so that NaN equals itself and 0 is not -0.
    first, second = (tensor.contiguous().reshape(-1).view(torch.uint8) for tensor in (one, other))
    return torch.equal(first, second)


def _largest(one: Tensor, other: Tensor) -> float | None:
    return float((one.double() - other.double()).abs().max()) if one.shape == other.shape else None


def _flat(state: CheckpointState) -> State:
    """A copy on the CPU."""
    return {name: tensor for name, tensor in _leaves(vars(state), "") if name not in _NOT_COMPARED}


def _leaves(tree: Any, name: str) -> Iterator[tuple[str, Tensor]]:
    if isinstance(tree, Tensor):
        yield name, tree.detach().cpu().clone()
    elif isinstance(tree, int | float):
        yield name, torch.tensor(tree, dtype=torch.float64)
    elif isinstance(tree, Position | AverageState):
        yield from _leaves(vars(tree), name)
    elif isinstance(tree, Mapping | list | tuple):
        items = tree.items() if isinstance(tree, Mapping) else enumerate(tree)
        for key, value in items:
            yield from _leaves(value, f"{name}.{key}" if name else str(key))


def _advice(config: RunConfig, device: str, differs: bool, is_repeatable: bool) -> str:
    on_gpu = device != "cpu" and not config.training.deterministic
    if not is_repeatable:
        remedy = (
            "Set training.deterministic to true" if on_gpu else "Try training.threads 1 and training.compile off"
        )
        return f"{remedy}: the same training twice differs on this machine, so no run can be resumed exactly."
    if differs:
        return "A checkpoint does not bring back all of a run's state: a fault of the workbench; please report it."
    if on_gpu:
        return "A GPU may choose other algorithms in another process; training.deterministic rules that out."
    return ""
