"""How long an epoch took in recorded runs: what was measured is worth more than any estimate (`core.speed`)."""

import functools
import os
import platform
import statistics
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from workbench.core.records.run_record import RunRecord
from workbench.core.settings.config import RunConfig

# Of these a step takes as long whatever they say. A field that is new counts until it is named here.
_FREE = {
    "model": {"num_classes"},
    "data": {"normalization", "mean", "std"},
    "training": {
        "epochs", "learning_rate", "momentum", "nesterov", "weight_decay", "schedule", "warmup_epochs",
        "step_epochs", "milestones", "decay_factor", "schedule_moves", "crop_border", "label_smoothing",
        "patience", "seed", "epoch_weights_mb",
    },
    "fine_tuning": {"weights", "backbone_rate"},
}  # fmt: skip
# Of so many of the newest runs, and so many of their last epochs: a machine that was busy for a while, even for a
# whole run, is not taken for a slow one, and one that has become faster is told soon.
_RUNS, _EPOCHS = 3, 30


def seconds_per_epoch(config: RunConfig, records: Iterable[RunRecord], device: str) -> float | None:
    """The median of the newest epochs that were trained as `config` says, on this machine; None without one.

    Evaluations are included.

    Args:
        records: the newest first.
        device: what `auto` means here, as RunStarted calls it; empty while it is not known.
    """
    wanted = _counted(config)
    found, runs = list[float](), 0
    for record in records:
        # Widths alone tell most others apart, and much faster.
        is_alike = record.config.model.widths == config.model.widths and _counted(record.config) == wanted
        if record.epochs and is_alike and _is_here(record, device):
            seconds = _seconds(record)
            found += reversed(seconds)
            runs += bool(seconds)
            if runs == _RUNS or len(found) >= _EPOCHS:
                break
    return statistics.median(found[:_EPOCHS]) if found else None


def _counted(config: RunConfig) -> dict[str, Any]:
    return config.model_dump(exclude=_FREE)


def _is_here(record: RunRecord, device: str) -> bool:
    training, machine = record.config.training, record.machine
    is_usual = training.device == "auto" and training.threads == 0
    if is_usual and record.started.get("device") != device:
        return False
    return machine.get("processes", 1) == 1 and {key: machine.get(key) for key in _machine()} == _machine()


@functools.cache
def _machine() -> Mapping[str, Any]:
    """What runs record of theirs, as far as it is known without torch."""
    return {"platform": platform.platform(), "cpu_count": os.cpu_count()}


def _seconds(record: RunRecord) -> list[float]:
    """Of each epoch; the first one reads images and chooses algorithms, and is left out where others can speak."""
    ends = [epoch.elapsed_s for epoch in record.epochs]
    took = [after - before for before, after in pairwise([0.0, *ends])]
    # A run rebuilt from its checkpoints has no times.
    return [seconds for seconds in (took[1:] if len(took) > 2 else took) if seconds > 0]
