"""How what is known of a source of images is printed."""

from collections.abc import Sequence
from typing import Any

from workbench.commands import console
from workbench.core.data.data_report import Alike, DataReport
from workbench.core.data.dataset import Unreadable
from workbench.core.data.survey import Sizes, Survey
from workbench.core.errors import shown
from workbench.core.formats import count, memory

_MOST_ROWS = 30
_SPACE = " "


def print_survey(survey: Survey, document: dict[str, Any]) -> None:
    found, side = survey.found, document["image_size"]
    train, test = (count(found.images(part)) for part in ("train", "test"))
    classes = count(len(found.class_names))
    console.print_line(f"{shown(survey.path)}: {train} training and {test} test images of {classes} classes")
    counts = {part: [of_part[name] for name in found.class_names] for part, of_part in found.counts.items()}
    _print_counts(found.class_names, counts)
    if survey.sizes is not None and survey.rule is not None:
        why = survey.rule.words if side == survey.rule.size else "as asked for"
        console.print_line(f"sizes: {_sizes(survey.sizes)}")
        console.print_line(f"made {side} x {side} pixels: {why}")
    decoded, training = (memory(document[key], _SPACE) for key in ("decoded_bytes", "training_bytes"))
    console.print_line(
        f"{decoded} decoded, at most {training} of memory in training; the first reading takes {survey.time}"
    )
    for note in document["notes"]:
        console.print_line(f"note: {note}")
    if document["problem"]:
        console.print_line(f"problem: {document['problem']}")


def print_report(report: DataReport) -> None:
    """Counts of classes, figures, what is odd, and the first of the files and images that are."""
    _print_counts(report.class_names, {part: list(counts) for part, counts in report.counts.items()})
    if report.sizes is not None:
        console.print_line(f"sizes: {_sizes(report.sizes)}, made {report.image_size} x {report.image_size}")
    for name, numbers in (("mean", report.mean), ("deviation", report.std)):
        console.print_line(f"{name} of red, green, blue: {', '.join(f'{number:.4f}' for number in numbers)}")
    print_left_out(report.unreadable)
    _print_alike(report.alike)
    notes = report.notes()
    for note in notes:
        console.print_line(f"note: {note}")
    if not notes:
        console.print_line(f"nothing odd in {count(report.images)} images")


def print_left_out(unreadable: Sequence[Unreadable]) -> None:
    if unreadable:
        rows = [(each.path, each.reason) for each in unreadable[:_MOST_ROWS]]
        console.print_table(("left out", "why"), rows, wrap=("why",))
        _print_more(len(unreadable), "files")


def _print_alike(alike: Sequence[Alike]) -> None:
    if not alike:
        return
    rows = [
        (
            "the same" if each.is_exact else f"{each.likeness:.3f}",
            ", ".join(image.name for image in each.images[:3]) + (" …" if len(each.images) > 3 else ""),
            "labels differ" if each.labels_differ else "",
        )
        for each in alike[:_MOST_ROWS]
    ]
    console.print_table(("likeness", "images", ""), rows, wrap=("images",))
    _print_more(len(alike), "groups of images")


def _print_more(number: int, what: str) -> None:
    if number > _MOST_ROWS:
        console.print_line(f"… of {count(number)} {what}; --json lists all")


def _print_counts(names: Sequence[str], counts: dict[str, list[int]]) -> None:
    rows = [
        (shown(name, 60), count(train), count(test))
        for name, train, test in zip(names, counts["train"], counts["test"], strict=True)
    ]
    console.print_table(("class", "train", "test"), rows[:_MOST_ROWS], right=("train", "test"))
    _print_more(len(rows), "classes")


def _sizes(sizes: Sizes) -> str:
    smallest, median, largest = (
        f"{width} x {height}" for width, height in (sizes.smallest, sizes.median, sizes.largest)
    )
    if smallest == largest:
        return f"all {smallest}"
    return f"{smallest} to {largest}, median {median}"
