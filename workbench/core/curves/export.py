"""Curves as a table: every point of the lines that are drawn."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.core.curves.run_curves import Kind, Quantity, RunCurves
from workbench.core.curves.step_axis import Axis

HEADER = ("run", "split", "quantity", "step", "epoch", "elapsed_s", "value")
SPLITS: dict[Kind, str] = {
    "raw": "train", "smoothed": "train, smoothed", "validation": "validation", "test": "test",
}  # fmt: skip
QUANTITIES: dict[Quantity, str] = {
    "loss": "loss", "accuracy": "accuracy", "rate": "learning_rate", "throughput": "images_per_s",
}  # fmt: skip
AXES: tuple[Axis, ...] = ("step", "epoch", "time")
_ROWS = 5000


@dataclass(frozen=True, eq=False)
class CurveTable:
    """All points of one line as they were when this was made: what the run says later changes nothing of it."""

    run: str
    quantity: Quantity
    kind: Kind
    steps: NDArray[np.number]
    epochs: NDArray[np.floating]
    elapsed_s: NDArray[np.floating]
    values: NDArray[np.floating]

    @classmethod
    def of(cls, curves: RunCurves, name: str, quantity: Quantity, kind: Kind) -> "CurveTable":
        step, epoch, time = (curves.points(quantity, kind, axis).x for axis in AXES)
        return cls(name, quantity, kind, step, epoch, time, curves.values(quantity, kind))

    def __len__(self) -> int:
        return len(self.values)


def csv_parts(tables: Iterable[CurveTable]) -> Iterator[tuple[int, str]]:
    """A file of RFC 4180, some thousand rows at a time, each part after how many rows it holds.

    Values are as measured, accuracy from 0 to 1; one that is no number has an empty cell.
    """
    yield 0, ",".join(HEADER) + "\r\n"
    for table in tables:
        start = f"{_quoted(table.run)},{_quoted(SPLITS[table.kind])},{QUANTITIES[table.quantity]}"
        for first in range(0, len(table), _ROWS):
            part = slice(first, first + _ROWS)
            # As texts of their own type: the shortest that means the same number.
            values = table.values[part].astype(str).tolist()
            rows = zip(
                table.steps[part].tolist(), table.epochs[part].tolist(), table.elapsed_s[part].tolist(),
                values, table.values[part].tolist(), strict=True,
            )  # fmt: skip
            yield (
                len(values),
                "".join(
                    f"{start},{step:.0f},{epoch:.6g},{elapsed:.3f},{'' if math.isnan(number) else text}\r\n"
                    for step, epoch, elapsed, text, number in rows
                ),
            )


def _quoted(text: str) -> str:
    if any(sign in text for sign in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
