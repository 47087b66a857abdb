"""What the cross-hair says of each run at a place of the x axis."""

from collections.abc import Callable, Collection, Sequence

from PySide6.QtCore import QCoreApplication

from workbench.core.curves.run_curves import Kind, Quantity
from workbench.core.curves.step_axis import Axis
from workbench.core.formats import count, duration
from workbench.gui.runs.drawn_runs import Shown

_TOLD: tuple[Kind, ...] = ("validation", "test", "smoothed", "raw")


def place_words(axis: Axis, x: float) -> str:
    """`epoch 1.25`, `step 1 500`, `time 1:02:03`."""
    translate = QCoreApplication.translate
    if axis == "epoch":
        return translate("CurveReadout", "epoch {0}").format(f"{x:.2f}")
    if axis == "step":
        return translate("CurveReadout", "step {0}").format(count(round(x)))
    return translate("CurveReadout", "time {0}").format(duration(x))


def readout_rows(
    runs: Sequence[Shown],
    quantity: Quantity,
    kinds: Collection[Kind],
    axis: Axis,
    x: float,
    written: Callable[[float], str],
) -> list[tuple[int, str]]:
    """A color's index and a text per run, from the greatest value to the least, as the lines lie.

    Args:
        written: a value in the plot's unit.
    """
    translate, rows = QCoreApplication.translate, []
    for run in runs:
        own = run.curves.kinds(quantity)
        values = {kind: run.curves.at(quantity, kind, axis, x) for kind in own if kind in kinds or len(own) == 1}
        if "smoothed" in values:
            # The faint line behind it would be a second figure of the same.
            values.pop("raw", None)
        told = {kind: value for kind in _TOLD if (value := values.get(kind)) is not None}
        if quantity == "throughput":
            # Earlier versions did not record it.
            told = {kind: value for kind, value in told.items() if value == value}
        if told:
            words = {
                "validation": translate("CurveReadout", "validation"),
                "test": translate("CurveReadout", "test"),
            }
            name = translate("CurveReadout", "train") if len(own) > 2 else ""
            texts = [
                f"{words.get(kind, name)} {_value_words(value, written)}".strip() for kind, value in told.items()
            ]
            first = next(iter(told.values()))
            rows.append((first if isinstance(first, float) else first[0], run.color_index, run.name, texts))
    rows.sort(key=lambda row: -row[0])
    return [(color, f"{name}: {'  '.join(texts)}") for _, color, name, texts in rows]


def _value_words(value: float | tuple[float, float, float], written: Callable[[float], str]) -> str:
    if isinstance(value, float):
        return written(value)
    mean, low, high = map(written, value)
    return f"{mean} ({low}\u2013{high})"
