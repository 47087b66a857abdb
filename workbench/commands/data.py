"""A source of images before anything is trained on it: `data info`, `prepare`, `verify` and `sheet`."""

import time
from collections.abc import Generator
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from workbench.commands import console
from workbench.commands.data_tables import print_left_out, print_report, print_survey
from workbench.commands.options import PICTURE, SOURCE_HELP, Json, require_output
from workbench.core.data.data_report import class_counts
from workbench.core.data.dataset import Dataset
from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.data.survey import Survey, decoded_bytes, training_bytes
from workbench.core.errors import UserError, did_you_mean, shown
from workbench.core.events import Progress
from workbench.core.formats import count, duration, memory
from workbench.core.home import Home

_T = TypeVar("_T")

Source = Annotated[str, typer.Argument(help=SOURCE_HELP)]
Size = Annotated[
    int | None,
    typer.Option(
        min=8,
        max=512,
        help="Height and width that images are made, in pixels; by default the median of the smaller sides, at "
        "most 64, and 32 for CIFAR.",
    ),
]
Refuse = Annotated[
    bool, typer.Option("--refuse-unreadable", help="Fail where a file cannot be read, instead of leaving it out.")
]

commands = typer.Typer(help="Look at a source of images before training on it.", no_args_is_help=True)


@commands.command()
def info(context: typer.Context, source: Source, size: Size = None, json: Json = False) -> None:
    """Say what a source holds, and what reading it takes, without reading it."""
    with console.TrainingDisplay(quiet=json) as display:
        document, survey = _info(source, size, context.obj, display)
    if json:
        console.print_json(document)
    elif survey is not None:
        print_survey(survey, document)
    else:
        known = IMAGE_SOURCES[source]
        console.print_line(f"{source}: {known.description}")
        console.print_line(
            f"{count(len(known.class_names))} classes of {known.image_size} x {known.image_size} pixels"
        )
        decoded, training = (memory(document[key], " ") for key in ("decoded_bytes", "training_bytes"))
        console.print_line(f"{decoded} decoded, at most {training} of memory in training")
        console.print_line(known.credit)


@commands.command()
def prepare(
    context: typer.Context, source: Source, size: Size = None, refuse: Refuse = False, json: Json = False
) -> None:
    """Read a source, so that runs on it start at once. Downloads it where that is needed."""
    started = time.monotonic()
    with console.TrainingDisplay(quiet=json) as display:
        folder, dataset = _read(source, size, refuse, context.obj, display)
    seconds = time.monotonic() - started
    if json:
        console.print_json(_counted(dataset) | {
            "folder": str(folder),
            "image_size": dataset.image_size,
            "decoded_bytes": dataset.train.images.nbytes + dataset.test.images.nbytes,
            "seconds": round(seconds, 3),
            "unreadable": [unreadable._asdict() for unreadable in dataset.unreadable],
        })  # fmt: skip
        return
    console.print_line(
        f"{count(len(dataset.train))} training and {count(len(dataset.test))} test images of "
        f"{dataset.image_size} x {dataset.image_size} pixels in {duration(seconds)}: {shown(folder)}"
    )
    print_left_out(dataset.unreadable)


@commands.command()
def verify(
    context: typer.Context,
    source: Source,
    size: Size = None,
    refuse: Refuse = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Look for exact copies only, not for images that are nearly the same.")
    ] = False,
    json: Json = False,
) -> None:
    """Look for what is odd: unreadable files, copies, small classes; and tell means, deviations and sizes."""
    from workbench.engine.inspection import data_check

    with console.TrainingDisplay(quiet=json) as display:
        folder, _ = _read(source, size, refuse, context.obj, display)
        report = console.exhaust(data_check.check(folder, near=not quick), display)
    if json:
        console.print_json(report.as_json())
    else:
        print_report(report)


@commands.command()
def sheet(
    context: typer.Context,
    source: Source,
    output: Annotated[Path, typer.Option(help="Where to write the picture: a .png.")],
    part: Annotated[str, typer.Option(help="Which images: train or test.")] = "train",
    images: Annotated[int, typer.Option(min=1, max=100, help="Of each class.")] = 10,
    class_: Annotated[list[str] | None, typer.Option("--class", help="Only this class; may be repeated.")] = None,
    size: Size = None,
    json: Json = False,
) -> None:
    """Draw some images of each class, and the mean of all, as one picture."""
    from workbench.engine.inspection.class_sheet import write_class_sheet

    require_output(output, PICTURE)
    if part not in ("train", "test"):
        raise UserError(f"--part is '{shown(part)}'; it must be train or test")
    with console.TrainingDisplay(quiet=json) as display:
        _, dataset = _read(source, size, False, context.obj, display)
        chosen = _classes(class_ or [], dataset)
        of_part = dataset.train if part == "train" else dataset.test
        console.exhaust(write_class_sheet(output, of_part, dataset.class_names, chosen, images), display)
    if json:
        console.print_json({"output": str(output), "classes": [dataset.class_names[label] for label in chosen]})
    else:
        console.print_written(output)


def _classes(wanted: list[str], dataset: Dataset) -> list[int]:
    for name in wanted:
        if name not in dataset.class_names:
            names = dataset.class_names
            allowed = shown(", ".join(names), 200)
            raise UserError(
                f"--class is '{shown(name, 60)}'; it must be one of {allowed}{did_you_mean(name, names[:1000])}"
            )
    return [label for label, name in enumerate(dataset.class_names) if not wanted or name in wanted]


def _info(
    source: str, size: int | None, home: Home, display: console.TrainingDisplay
) -> tuple[dict[str, Any], Survey | None]:
    known = IMAGE_SOURCES.get(source)
    if known is not None:
        side = size or known.image_size
        per_class = {"train": known.train // len(known.class_names), "test": known.test // len(known.class_names)}
        return {
            "source": source,
            "images": known.images,
            "classes": dict.fromkeys(known.class_names, per_class),
            "suggested_size": known.image_size,
            "image_size": side,
            "decoded_bytes": decoded_bytes(known.images, side),
            "training_bytes": training_bytes(known.images, side),
            "download_bytes": known.download_bytes,
            "notes": [known.note],
            "problem": None,
        }, None
    from workbench.engine.data import survey as surveying

    survey = console.exhaust(surveying.survey(source, home, size), display)
    found, side, sizes = survey.found, survey.size(size), survey.sizes
    return {
        "source": source,
        "images": survey.images,
        "classes": {
            name: {part: found.counts[part][name] for part in ("train", "test")} for name in found.class_names
        },
        "split": "here" if found.is_split_here else "source",
        "sizes": None if sizes is None else {
            "smallest": list(sizes.smallest), "median": list(sizes.median), "largest": list(sizes.largest),
        },
        "suggested_size": survey.rule.size if survey.rule is not None else None,
        "image_size": side,
        "decoded_bytes": survey.decoded_bytes(side),
        "training_bytes": survey.training_bytes(side),
        "seconds": round(survey.seconds, 1),
        "notes": found.notes(),
        "problem": found.problem() or None,
    }, survey  # fmt: skip


def _read(
    source: str, size: int | None, refuse: bool, home: Home, display: console.TrainingDisplay
) -> tuple[Path, Dataset]:
    from workbench.engine.data import sources

    chosen = size or console.exhaust(_suggested(source, home), display)
    folder = console.exhaust(sources.read(source, chosen, home.prepare()), display)
    dataset = Dataset.require(folder)
    if refuse:
        dataset.require_readable(source)
    return folder, dataset


def _suggested(source: str, home: Home) -> Generator[Progress, None, int]:
    from workbench.engine.data import survey

    known = IMAGE_SOURCES.get(source)
    if known is not None:
        return known.image_size
    return (yield from survey.survey(source, home)).size()


def _counted(dataset: Dataset) -> dict[str, Any]:
    counts = class_counts(dataset)
    return {
        "images": len(dataset.train) + len(dataset.test),
        "classes": {
            name: {part: counts[part][label] for part in ("train", "test")}
            for label, name in enumerate(dataset.class_names)
        },
    }
