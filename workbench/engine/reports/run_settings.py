"""What a run was told and where it ran, as sections of a report: settings, images, machine, how to repeat it."""

import json
import shlex
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.errors import literal
from workbench.core.formats import count, duration, percent
from workbench.core.records.run_record import ENDED_EARLY
from workbench.core.settings.config import RunConfig, field_names, help_of
from workbench.core.settings.normalization import DEFAULT
from workbench.core.settings.presets import Presets
from workbench.core.settings.recipes import value_of
from workbench.core.settings.train_command import beginning_of, resume_command, train_command
from workbench.engine.reports.blocks import Block, Column, Command, Folded, Section, Sentence, Table, Terms
from workbench.engine.reports.reported_run import ReportedRun

# What is the same in other words elsewhere on the page.
_TOLD_ELSEWHERE = ("data.source", "model.num_classes")
_MOST_CLASSES = 100
_MACHINE = {
    "python": "Python", "torch": "PyTorch", "cpu_count": "CPU cores", "cpu_capability": "CPU instructions",
    "cuda_devices": "GPUs",
}  # fmt: skip
_MEANING = Column("what it is", is_explanation=True)


def settings(run: ReportedRun) -> Section:
    """First what differs from a network and a recipe by name, then all of it."""
    record = run.record
    begun = beginning_of(record.config, run.presets, record.model, record.recipe)
    found = begun.differences(record.config)
    rows = [
        (field, _value(field, usual), _value(field, here), _first_sentence(help_of(field)))
        for field, (usual, here) in found.items()
        if field not in _TOLD_ELSEWHERE and not _is_what_auto_means(field, usual, here)
    ]
    names = f"Network {begun.model}, recipe {begun.recipe}"
    blocks: list[Block] = [Sentence(f"{names}; it differs from these in nothing." if not rows else f"{names}.")]
    if rows:
        columns = ("field", "there", "in this run", _MEANING)
        blocks.append(Table.of("What differs from the network and the recipe of these names", columns, rows))
    everything = [
        (field, _value(field, value_of(record.config, field)), help_of(field)) for field in field_names()
    ]
    table = Table.of("All settings of the run", ("field", "value", _MEANING), everything)
    return Section("settings", "Settings", (*blocks, Folded("All settings", (table,), is_printed=False)))


def _is_what_auto_means(field: str, usual: Any, here: Any) -> bool:
    """A run that begins writes down which normalization it takes; nobody asked for another one."""
    return (field, usual, here) == ("data.normalization", "auto", DEFAULT)


def _first_sentence(text: str) -> str:
    head, end, _ = text.partition(". ")
    return head + end.strip()


def _value(field: str, value: Any) -> str:
    if field == "data.excluded" and value:
        # All the numbers stand in the command that repeats the run.
        return f"{_images(len(value))}: {literal(value)}"
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _images(number: int) -> str:
    return f"{count(number)} image{'' if number == 1 else 's'}"


def images(run: ReportedRun) -> Section:
    record, config = run.record, run.record.config.data
    source = IMAGE_SOURCES.get(record.source)
    pairs: list[tuple[str, str | Markup]] = [("source", record.source)]
    if source is not None:
        pairs += [("what it is", f"{source.title}: {source.description}"), ("cite", source.credit),
                  ("license", source.license)]  # fmt: skip
    names = tuple(record.started.get("class_names", ())) or (run.evaluation.class_names if run.evaluation else ())
    if record.started:
        train, validation, test = (count(images) for images in record.started["images"])
        held = f"{validation} held out ({percent(config.validation_fraction, 0)}, chosen by the seed)"
        left_out = f"; {_images(len(config.excluded))} left out" if config.excluded else ""
        pairs.append(("images", f"{train} for training, {held}, {test} for testing{left_out}"))
    side = record.config.model.input_size
    pairs.append(("size", f"{side} x {side} pixels"))
    normalization = config.known_normalization
    if normalization is not None:
        pairs.append(("normalized by", f"{normalization.name}: {normalization.numbers}"))
    if names:
        listed = list(names[:_MOST_CLASSES]) + ["…"] * (len(names) > _MOST_CLASSES)
        pairs.append(
            (f"{count(len(names))} classes", Markup(", ").join(Markup("<bdi>{}</bdi>").format(n) for n in listed))
        )
    looks = record.test_looks
    looked = f"The test images were looked at {'once' if looks == 1 else f'{count(looks)} times'}"
    choice = "the held-out images choose the epoch that is kept" if config.validation_fraction else (
        "nothing is held out, so that the last epoch counts"
    )  # fmt: skip
    return Section("images", "Images", (Terms(tuple(pairs)), Sentence(f"{looked}; {choice}.", "secondary")))


def warnings(run: ReportedRun) -> Section:
    """What it has warned of, and what was noted of it."""
    record, blocks = run.record, list[Block]()
    blocks += [Sentence(sentence, "warning") for sentence in record.warnings]
    if record.message and record.status != "finished":
        blocks.append(Sentence(record.message, "warning"))
    if not blocks:
        blocks.append(Sentence("The run has warned of nothing."))
    noted: list[tuple[str, str | Markup]] = []
    if record.tags:
        noted.append(("tags", ", ".join(record.tags)))
    if record.note:
        noted.append(("note", Markup("<br>").join(record.note.split("\n"))))
    return Section("warnings", "Warnings and notes", (*blocks, *((Terms(tuple(noted)),) if noted else ())))


def environment(run: ReportedRun) -> Section:
    record, started, machine = run.record, run.record.started, run.record.machine
    pairs: list[tuple[str, str | Markup]] = [("run", record.id), ("begun", _time(record.created_utc))]
    pairs.append(("time", f"{duration(record.elapsed_s)} of work, pauses not counted"))
    if len(record.starts) > 1:
        steps = ", ".join(count(step) for step, _ in record.starts[1:])
        pairs.append(("resumed", f"after step {steps}"))
    if started:
        pairs += [("device", started["device"]), ("number format", started["precision"]),
                  ("parameters", count(started["parameters"]))]  # fmt: skip
    training = record.config.training
    pairs += [
        ("seed", str(training.seed)),
        ("deterministic", "yes" if training.deterministic else "not asked for"),
    ]
    if run.workbench:
        pairs.append(("workbench", run.workbench))
    known = {key: value for key, value in machine.items() if value not in ([], "")}
    pairs += [(_MACHINE.get(key, key.replace("_", " ")), _machine_text(value)) for key, value in known.items()]
    return Section("environment", "Machine", (Terms(tuple(pairs)),))


def _time(created_utc: str) -> str:
    """`2026-11-29 10:04 UTC`; as it stands where it is no time."""
    with suppress(ValueError):
        return f"{datetime.fromisoformat(created_utc).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return created_utc


def _machine_text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def repeat(run: ReportedRun) -> Section:
    """Commands that anybody can type: by shipped names alone, not by presets of this home."""
    record = run.record
    words = train_command(
        record.config, Presets.load(), name=_new_name(record.name, record.model), model=record.model,
        recipe=record.recipe,
    )  # fmt: skip
    said = (
        "The same settings and the same seed: the same first weights, held-out images and order. Figures are the "
        "same bit for bit only on the same machine with the same versions."
    )
    blocks: list[Block] = [Sentence(said), Command(shlex.join(words))]
    blocks += [Sentence(sentence, "warning") for sentence in _departures(run)]
    resume = resume_command(record.id)
    if record.can_resume:
        blocks += [Sentence("To go on with this run where it stopped:"), Command(shlex.join(resume))]
    elif record.status == "finished":
        longer = [*resume, "--epochs", str(_longer(record.config))]
        blocks += [Sentence("To train this run longer:"), Command(shlex.join(longer))]
    return Section("repeat", "Repeat it", tuple(blocks))


def _departures(run: ReportedRun) -> Iterator[str]:
    """Why the command does not repeat the run: what was done to it later than its settings say."""
    not_it = "The command does not repeat the run: it"
    training, planned = run.record.config.training, run.record.planned
    resumed = [step for step, _ in run.record.starts if step]
    if resumed and training.goes_by_epochs:
        steps = ", ".join(map(count, resumed))
        if not planned:
            yield (
                f"The run was resumed after step {steps}. Whether that was for another number of epochs is not "
                "known any more; if it was, the command does not repeat it: its learning rate went by the former "
                "number."
            )
        elif planned[0] != training.epochs:
            yield (
                f"{not_it} was to train {planned[0]} epochs when it began, and was resumed (after step {steps}) "
                f"for {training.epochs}; until then, its learning rate went by the former number."
            )
    for change in run.rate_changes:
        rate = f"{not_it}s learning rate was multiplied by {change.factor:.3g} by hand"
        yield f"{rate} after step {count(change.step)}."
    message = run.record.message
    if run.record.status == "finished" and message and not message.startswith(ENDED_EARLY):
        yield f"{not_it} {message}."


def _new_name(name: str, model: str) -> str:
    """What the run is called, if it was given a name."""
    return "" if name == model else name


def _longer(config: RunConfig) -> int:
    return 2 * config.training.epochs
