"""What the cross-hair says of each run at a place of the x axis, as a table."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from workbench.core.curves.run_curves import Kind, Quantity
from workbench.core.curves.step_axis import Axis
from workbench.core.formats import count, duration
from workbench.gui.runs.drawn_runs import Shown

_TOLD: tuple[Kind, ...] = ("validation", "test", "smoothed", "raw")


@dataclass(frozen=True)
class ReadoutRow:
    """A run with a text for each column, empty where it has no such value."""

    color_index: int
    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class ReadoutTable:
    """Of a place: what it is called, what stands in the columns, and a row per run."""

    place: str
    columns: tuple[str, ...]
    rows: tuple[ReadoutRow, ...]


def place_words(axis: Axis, x: float) -> str:
    """`epoch 1.25`, `step 1 500`, `time 1:02:03`."""
    translate = QCoreApplication.translate
    if axis == "epoch":
        return translate("CurveReadout", "epoch {0}").format(f"{x:.2f}")
    if axis == "step":
        return translate("CurveReadout", "step {0}").format(count(round(x)))
    return translate("CurveReadout", "time {0}").format(duration(x))


def readout(
    runs: Sequence[Shown],
    quantity: Quantity,
    kinds: Collection[Kind],
    axis: Axis,
    x: float,
    written: Callable[[float], str],
) -> ReadoutTable:
    """The values nearest to a place, from the run with the greatest to that with the least, as the lines lie.

    Args:
        written: a value in the plot's unit.
    """
    found: list[tuple[Shown, dict[Kind, float | tuple[float, float, float]]]] = []
    for run in runs:
        values = _values(run, quantity, kinds, axis, x)
        if values:
            found.append((run, values))
    columns = [kind for kind in _TOLD if any(kind in values for _, values in found)]
    found.sort(key=lambda pair: -_mean(next(iter(pair[1].values()))))
    rows = [
        ReadoutRow(
            run.color_index,
            run.name,
            tuple(_value_words(values[kind], written) if kind in values else "" for kind in columns),
        )
        for run, values in found
    ]
    return ReadoutTable(place_words(axis, x), _titles(quantity, columns), tuple(rows))


def _values(
    run: Shown, quantity: Quantity, kinds: Collection[Kind], axis: Axis, x: float
) -> dict[Kind, float | tuple[float, float, float]]:
    own = run.curves.kinds(quantity)
    asked = [kind for kind in _TOLD if kind in own and (kind in kinds or len(own) == 1)]
    if "smoothed" in asked and "raw" in asked:
        # The faint line behind it would be a second figure of the same.
        asked.remove("raw")
    values = {kind: run.curves.at(quantity, kind, axis, x) for kind in asked}
    # Earlier versions recorded no speed.
    is_known = quantity != "throughput"
    return {kind: value for kind, value in values.items() if value is not None and (is_known or value == value)}


def _titles(quantity: Quantity, columns: Sequence[Kind]) -> tuple[str, ...]:
    """Where there is but one, the axis has said it."""
    translate = QCoreApplication.translate
    words: dict[Kind, str] = {
        "validation": translate("CurveReadout", "validation"),
        "test": translate("CurveReadout", "test"),
        "smoothed": translate("CurveReadout", "train"),
        "raw": translate("CurveReadout", "train"),
    }
    has_splits = quantity in ("loss", "accuracy")
    return tuple(words[kind] if has_splits else "" for kind in columns)


def _mean(value: float | tuple[float, float, float]) -> float:
    return value if isinstance(value, float) else value[0]


def _value_words(value: float | tuple[float, float, float], written: Callable[[float], str]) -> str:
    if isinstance(value, float):
        return written(value)
    mean, low, high = map(written, value)
    return f"{mean} ({low}\u2013{high})"
