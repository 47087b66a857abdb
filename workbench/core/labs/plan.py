"""Which runs a lab needs, and which of them there are already."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from workbench.core.comparison.config_differences import config_differences
from workbench.core.data.copies import may_be_others
from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.errors import ConfigError, UserError, literal
from workbench.core.labs.lab import Arm, Lab
from workbench.core.records.epoch_times import EpochTimes
from workbench.core.records.queue_entry import QueueEntry
from workbench.core.records.run_record import RunRecord
from workbench.core.settings.config import RunConfig
from workbench.core.settings.normalization import DEFAULT
from workbench.core.settings.presets import Presets
from workbench.core.settings.same_experiment import same_but_for_seed

State = Literal["finished", "running", "waiting", "skipped", "stopped", "failed", "missing"]

MOST_SEEDS = 100
# Decided by the data, or filled in when a run begins.
_FOUND_LATER = ("model.num_classes", "data.mean", "data.std")


@dataclass(frozen=True)
class LabSettings:
    """What a person may change of a lab: the same for all arms."""

    epochs: int
    seeds: int
    """How many; they count from 1."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """By dotted fields, in place of what the lab says."""

    @classmethod
    def usual(cls, lab: Lab) -> "LabSettings":
        return cls(lab.epochs, lab.seeds)


@dataclass(frozen=True)
class PlannedRun:
    """One arm with one seed."""

    arm: Arm
    config: RunConfig

    @property
    def seed(self) -> int:
        return self.config.training.seed

    @property
    def name(self) -> str:
        return f"{self.arm.name} seed {self.seed}"


@dataclass(frozen=True)
class LabRun:
    """A planned run, and how far it is."""

    planned: PlannedRun
    state: State
    record: RunRecord | None = None
    entry: QueueEntry | None = None
    """Where the queue has it."""
    passed_over: tuple[str, ...] = ()
    """Which runs of the same settings do not count, and why, in sentences."""

    @property
    def arm(self) -> Arm:
        return self.planned.arm

    @property
    def message(self) -> str:
        """Why it failed; empty of others."""
        if self.state != "failed":
            return ""
        return self.record.message if self.record is not None else self.entry.message if self.entry else ""

    def seconds_left(self, times: EpochTimes) -> float | None:
        """Still to be trained; None while nothing tells it."""
        if self.state in ("finished", "failed"):
            return 0.0
        seconds = times.seconds(self.planned.config)
        done = len(self.record.epochs) if self.record is not None else 0
        return None if seconds is None else seconds * max(0, self.planned.config.training.epochs - done)


@cache
def _shipped() -> Presets:
    """Whoever has an own preset of the same name does not change what a lab trains."""
    return Presets.load()


def config_of(lab: Lab, arm: Arm, settings: LabSettings, seed: int) -> RunConfig:
    """
    Raises:
        ConfigError: by field.
    """
    config = _shipped().run_config(arm.model, lab.recipe)
    values = dict(lab.values) | {"training.epochs": settings.epochs} | dict(settings.values) | dict(arm.values)
    config = config.with_values(values | {"training.seed": seed})
    source = config.data.source
    # As the recorded ones have it, which mean the same from any folder.
    return config if source in IMAGE_SOURCES else config.with_values({"data.source": _absolute(source)})


def _absolute(source: str) -> str:
    try:
        return str(Path(source).expanduser().resolve())
    # A user who is not known, a loop of links: what reads it says so.
    except (RuntimeError, OSError, ValueError):
        return source


def planned_runs(lab: Lab, settings: LabSettings) -> tuple[PlannedRun, ...]:
    """Every arm with every seed; all arms of the first seed come first, so that they can be compared soon.

    Raises:
        ConfigError: a setting is not allowed, or is not to be set in this lab.
    """
    _refuse(lab, settings)
    seeds = range(1, settings.seeds + 1)
    return tuple(PlannedRun(arm, config_of(lab, arm, settings, seed)) for seed in seeds for arm in lab.arms)


def _refuse(lab: Lab, settings: LabSettings) -> None:
    if type(settings.seeds) is not int or not 1 <= settings.seeds <= MOST_SEEDS:
        raise UserError(
            f"the number of seeds is {literal(settings.seeds)}; it must be a whole number from 1 to {MOST_SEEDS}"
        )
    reasons = dict.fromkeys(lab.fields, f"is what lab {lab.name} varies; set something else")
    reasons["training.seed"] = "is set by the lab: the number of seeds decides which"
    for name, value in settings.values.items():
        reason = reasons.get(name)
        if name.startswith("fine_tuning."):
            reason = "is for runs that start from weights; a lab trains from the beginning"
        if reason is not None:
            raise ConfigError({name: f"{name} is {literal(value)}, but {reason}"})


def model_name(config: RunConfig) -> str:
    """As the list of runs calls it."""
    return _shipped().model_name(config.model)


def recipe_name(config: RunConfig) -> str:
    """Likewise."""
    return _shipped().recipe_name(config)


# Which of them there are


def is_run_of(planned: RunConfig, recorded: RunConfig) -> bool:
    """Whether a recorded run, or one of the queue, is the planned one, wherever it comes from."""
    return _glance(planned) == _glance(recorded) and same_but_for_seed(_begun(planned, recorded), recorded)


def _glance(config: RunConfig) -> tuple[Any, ...]:
    """Seed, and some fields that tell most configurations apart: to compare all of them takes long."""
    model, training = config.model, config.training
    of_training = training.seed, training.epochs, training.learning_rate, training.batch_size
    return (*of_training, model.blocks, model.widths, model.stem, model.shortcut, config.data.source)


def _begun(planned: RunConfig, recorded: RunConfig) -> RunConfig:
    """As it would be once it has begun, if it were the recorded one."""
    values: dict[str, Any] = {"model.num_classes": recorded.model.num_classes}
    if planned.data.normalization == "auto" != recorded.data.normalization:
        values["data.normalization"] = DEFAULT
    return planned.with_values(values)


def lab_runs(
    planned: Sequence[PlannedRun], records: Sequence[RunRecord], entries: Sequence[QueueEntry]
) -> tuple[LabRun, ...]:
    """How far each planned run is.

    Args:
        records: of all runs, the newest first.
        entries: of the queue.
    """
    alike = dict[tuple[Any, ...], list[RunRecord]]()
    for record in records:
        alike.setdefault(_glance(record.config), []).append(record)
    of_each = [
        [record for record in alike.get(_glance(each.config), ()) if is_run_of(each.config, record.config)]
        for each in planned
    ]
    finished = [record for of_one in of_each for record in of_one if record.is_whole and not record.altered]
    newest = max(finished, key=lambda record: record.created_utc, default=None)
    found = []
    for each, of_one in zip(planned, of_each, strict=True):
        reasons = {record.id: reason for record in of_one if (reason := _why_not(record, newest))}
        counted = [record for record in of_one if record.id not in reasons]
        said = tuple(f"Run {run_id} ({each.name}) is not counted: {reason}" for run_id, reason in reasons.items())
        found.append(replace(_found(each, counted, entries), passed_over=said))
    return tuple(found)


def _why_not(record: RunRecord, newest: RunRecord | None) -> str:
    """Why a run of the planned settings is no draw of the same experiment as the newest one; empty if it is."""
    if record.altered:
        return record.altered
    if newest is None or record.config.data.source in IMAGE_SOURCES:
        return ""
    # The name of the decoded copy is another whenever the content of the source is.
    return "the files of its images were others" if may_be_others(_copy_left(record), _copy_left(newest)) else ""


def _copy_left(record: RunRecord) -> str:
    return str(record.started.get("copy_left") or record.started.get("dataset_path") or "")


def _found(planned: PlannedRun, of_list: Sequence[RunRecord], entries: Sequence[QueueEntry]) -> LabRun:
    of_queue = {entry.id: entry for entry in entries if is_run_of(planned.config, entry.config)}
    finished = next((record for record in of_list if record.is_whole and record.best), None)
    if finished is not None:
        return LabRun(planned, "finished", finished, of_queue.get(finished.id))
    running = next((record for record in of_list if record.status == "running"), None)
    if running is not None:
        return LabRun(planned, "running", running, of_queue.get(running.id))
    by_id = {record.id: record for record in of_list}
    for entry in of_queue.values():
        if not entry.is_done:
            return LabRun(planned, entry.state, by_id.get(entry.id), entry)
    for record in of_list:
        if record.status in ("stopped", "interrupted"):
            return LabRun(planned, "stopped", record, of_queue.get(record.id))
    failed = next((record for record in of_list if record.status == "failed"), None)
    if failed is not None:
        return LabRun(planned, "failed", failed, of_queue.get(failed.id))
    # One that had begun and is not in the list was deleted: it is lacking again.
    refused = next((entry for entry in of_queue.values() if entry.state == "failed" and not entry.has_begun), None)
    return LabRun(planned, "failed" if refused else "missing", None, refused)


def settings_of(lab: Lab, configs: Iterable[RunConfig]) -> LabSettings | None:
    """With which settings the first of these was planned, and how many seeds there are with the same; None if none
    is of this lab.

    Args:
        configs: of runs that carry the lab's tag, the newest first.
    """
    told = [each for config in configs if (each := _told(lab, config)) is not None]
    if not told:
        return None
    alike = [each for each in told if (each.epochs, dict(each.values)) == (told[0].epochs, dict(told[0].values))]
    return replace(told[0], seeds=max(each.seeds for each in alike))


def _told(lab: Lab, config: RunConfig) -> LabSettings | None:
    """Of one run, as if it were the last seed."""
    seed = config.training.seed
    if not 1 <= seed <= MOST_SEEDS:
        return None
    for arm in lab.arms:
        usual = _begun(config_of(lab, arm, LabSettings.usual(lab), seed), config)
        differences = {
            each.field: each.b for each in config_differences(usual, config) if each.field not in _FOUND_LATER
        }
        if not differences.keys() & set(lab.fields):
            epochs = differences.pop("training.epochs", usual.training.epochs)
            return LabSettings(epochs, seed, differences)
    return None
