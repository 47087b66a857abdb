"""How the figures of steps are kept: some thousand steps a row, as bytes with a checksum, 16 bytes a step.

A row per step took 54 bytes, and a flipped bit in it passed for a figure.
"""

import base64
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.events import StepMetrics
from workbench.core.records.run_series import RunSeries

MOST_STEPS = 4096
"""A block that is damaged is lost whole, so that it is no larger."""
_MARK_INTERVAL_S = 0.5
# Work of other kinds that is worth a mark.
_GAP_S = 0.001
_FIGURES_BYTES = 4 + 4 + 8

_MARK = np.dtype([("steps", "<u4"), ("elapsed_s", "<f8"), ("images_per_s", "<f4")])
"""When so many of a block's steps were done, and how fast those since the mark before were. The first one, of 0
steps, is when the block began; a second one of as many steps is when the next one began, after other work."""

Marks = NDArray[np.void]


class DamagedBlock(ValueError):
    """A block is not what was written."""


@dataclass(frozen=True)
class StepBlock:
    """Successive steps of one run."""

    first: int
    """Number of its first step."""
    count: int
    epoch: int
    """Of its last step."""
    figures: bytes
    """Losses and accuracies (4 bytes each), learning rates (8), then marks, all of them the lowest byte first."""

    @property
    def last(self) -> int:
        return self.first + self.count - 1

    @property
    def checksum(self) -> int:
        """CRC-32 of all that is kept."""
        return zlib.crc32(self.figures, zlib.crc32(f"{self.first} {self.count} {self.epoch}".encode()))

    @classmethod
    def checked(
        cls, first: object, count: object, epoch: object, checksum: object, figures: object
    ) -> "StepBlock":
        """Of the columns of its row.

        Raises:
            DamagedBlock: they are not those that were written together.
        """
        if not (
            isinstance(first, int) and isinstance(count, int) and isinstance(epoch, int)
            and isinstance(figures, bytes)
        ):  # fmt: skip
            raise DamagedBlock("a value has another type")
        block = cls(first, count, epoch, figures)
        marks = len(figures) - _FIGURES_BYTES * count
        if first < 1 or count < 1 or marks < 2 * _MARK.itemsize or marks % _MARK.itemsize:
            raise DamagedBlock("its length is another")
        if (block.marks["steps"][0], block.marks["steps"][-1]) != (0, count):
            raise DamagedBlock("its length is another")
        if not np.isfinite(block.marks["elapsed_s"]).all():
            raise DamagedBlock("its times are no numbers")
        if block.checksum != checksum:
            raise DamagedBlock("its checksum is another")
        return block

    @classmethod
    def of(cls, epoch: int, series: RunSeries, marks: Marks) -> "StepBlock":
        """Of steps without a gap."""
        parts = (
            series.loss.astype("<f4"), series.accuracy.astype("<f4"), series.learning_rate.astype("<f8"), marks
        )  # fmt: skip
        return cls(int(series.steps[0]), len(series), epoch, b"".join(part.tobytes() for part in parts))

    # Reading

    def _column(self, kind: str, offset: int) -> NDArray[Any]:
        return np.frombuffer(self.figures, kind, self.count, offset * self.count)

    @property
    def marks(self) -> Marks:
        return np.frombuffer(self.figures, _MARK, offset=_FIGURES_BYTES * self.count)

    def series(self) -> RunSeries:
        marks, numbers = self.marks, np.arange(1, self.count + 1)
        done, elapsed = marks["steps"].astype(np.int64), marks["elapsed_s"]
        # The first mark at which a step was done; not np.interp, which takes the last of two at the same step.
        ends = np.searchsorted(done, numbers)
        share = (numbers - done[ends - 1]) / (done[ends] - done[ends - 1])
        return RunSeries(
            np.arange(self.first, self.first + self.count, dtype=np.int64),
            self._column("<f4", 0), self._column("<f4", 4), self._column("<f8", 8),
            elapsed[ends - 1] + share * (elapsed[ends] - elapsed[ends - 1]), marks["images_per_s"][ends],
        )  # fmt: skip

    # Cutting and joining

    def until(self, step: int, per_epoch: int = 0) -> "StepBlock | None":
        """The part up to step `step`; None if there is none.

        Args:
            per_epoch: steps of an epoch, which says of which one its last step is; 0: it is not known.
        """
        kept = min(self.count, step - self.first + 1)
        if kept < 1:
            return None
        if kept == self.count:
            return self
        series, marks = self.series(), self.marks
        cut = marks[: int(marks["steps"].searchsorted(kept)) + 1].copy()
        cut["steps"][-1], cut["elapsed_s"][-1] = kept, series.elapsed_s[kept - 1]
        epoch = (step - 1) // per_epoch + 1 if per_epoch else self.epoch
        return StepBlock.of(epoch, series[:kept], cut)

    def after(self, step: int) -> "StepBlock | None":
        """The part after step `step`; None if there is none."""
        gone = max(0, step - self.first + 1)
        if gone >= self.count or not gone:
            return None if gone else self
        series, marks = self.series(), self.marks
        # Where the first step that stays began: a mark of its own says when other work lies before it.
        began = marks["elapsed_s"][marks["steps"] == gone][-1:]
        rest = marks[marks["steps"] > gone].copy()
        rest["steps"] -= np.uint32(gone)
        start = np.array([(0, began[0] if len(began) else series.elapsed_s[gone - 1], np.nan)], _MARK)
        return StepBlock.of(self.epoch, series[gone:], np.concatenate([start, rest]))

    def without(self, other: "StepBlock", per_epoch: int = 0) -> "list[StepBlock]":
        """The parts before and after the steps of another one, which is told later and counts."""
        return [
            each for each in (self.until(other.first - 1, per_epoch), self.after(other.last)) if each is not None
        ]

    def followed_by(self, other: "StepBlock") -> "StepBlock":
        """Both as one: `other` begins with the step after the last one."""
        marks = other.marks.copy()
        marks["steps"] += np.uint32(self.count)
        # What the one before said of that moment stays, unless work that is no step (an evaluation) lies between.
        is_gap = marks["elapsed_s"][0] > self.marks["elapsed_s"][-1] + _GAP_S
        joined = np.concatenate([self.marks, marks[0 if is_gap else 1 :]])
        return StepBlock.of(other.epoch, RunSeries.joined([self.series(), other.series()]), joined)

    # In a journal

    def line(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {**self.about, "figures": self.letters.decode()}

    @property
    def about(self) -> dict[str, int]:
        """Which steps they are."""
        return {"first": self.first, "count": self.count, "epoch": self.epoch}

    @property
    def letters(self) -> bytes:
        """Its figures as ASCII (base 64)."""
        return base64.b64encode(self.figures)

    @classmethod
    def of_line(cls, line: Mapping[str, Any]) -> "StepBlock":
        """
        Raises:
            ValueError, KeyError, TypeError: it is not what `line` makes.
        """
        figures = base64.b64decode(line["figures"], validate=True)
        block = cls(line["first"], line["count"], line["epoch"], figures)
        return cls.checked(block.first, block.count, block.epoch, block.checksum, figures)


def blocks_of(events: Sequence[StepMetrics]) -> Iterator[StepBlock]:
    """What a run has said of some steps in their order, as few blocks as may be."""
    pending: list[StepMetrics] = []
    for event in chain.from_iterable(map(_parts, events)):
        held = sum(len(each.steps) for each in pending)
        is_next = not pending or event.steps[0] == pending[-1].steps[-1] + 1
        if pending and (not is_next or held + len(event.steps) > MOST_STEPS):
            yield _block(pending)
            pending = []
        pending.append(event)
    if pending:
        yield _block(pending)


def _parts(event: StepMetrics) -> Iterator[StepMetrics]:
    """None of more than MOST_STEPS, each as fast as the whole."""
    count = len(event.steps)
    if count <= MOST_STEPS:
        yield from [event] if count else []
        return
    for first in range(0, count, MOST_STEPS):
        part = slice(first, min(first + MOST_STEPS, count))
        yield replace(
            event, steps=event.steps[part], loss=event.loss[part], accuracy=event.accuracy[part],
            learning_rate=event.learning_rate[part], seconds=event.seconds * (part.stop - first) / count,
            elapsed_s=event.elapsed_s - event.seconds * (count - part.stop) / count,
        )  # fmt: skip


def _block(events: Sequence[StepMetrics]) -> StepBlock:
    first = events[0]
    marks, since, seconds, began = [(0, _began(first), np.nan)], 0, 0.0, _began(first)
    done = 0
    for event, following in zip_longest(events, events[1:]):
        count = len(event.steps)
        done, since = done + count, since + count
        seconds += count / event.images_per_s if event.images_per_s > 0 else 0.0
        is_gap = following is not None and _began(following) > event.elapsed_s + _GAP_S
        if event.elapsed_s - began >= _MARK_INTERVAL_S or following is None or is_gap:
            marks.append((done, event.elapsed_s, since / seconds if seconds else np.nan))
            since, seconds, began = 0, 0.0, event.elapsed_s
        if is_gap:
            began = _began(following)
            marks.append((done, began, np.nan))
    series = RunSeries(
        np.concatenate([event.steps for event in events]),
        np.concatenate([event.loss for event in events]),
        np.concatenate([event.accuracy for event in events]),
        np.concatenate([event.learning_rate for event in events]),
        np.empty(0), np.empty(0, np.float32),
    )  # fmt: skip
    return StepBlock.of(events[-1].epoch, series, np.array(marks, _MARK))


def _began(event: StepMetrics) -> float:
    return event.elapsed_s - event.seconds


def block_of_rows(
    rows: Sequence[tuple[int, int, float | None, float, float]], began_s: float, ended_s: float
) -> StepBlock:
    """Of successive steps as earlier versions kept them: (step, epoch, loss or None, accuracy, rate) each.

    They did not record how fast they were; they are taken as equally long.

    Raises:
        TypeError, ValueError, ArithmeticError: a value is none that was written.
    """
    steps, epochs, losses, accuracies, rates = zip(*rows, strict=True)
    # What overflows was never 32 bits wide.
    with np.errstate(over="raise"):
        series = RunSeries(
            np.array(steps, np.int64), np.array([np.nan if loss is None else loss for loss in losses], np.float32),
            np.array(accuracies, np.float32), np.array(rates, np.float64),
            np.empty(0), np.empty(0, np.float32),
        )  # fmt: skip
    marks = [(0, began_s, np.nan), (len(rows), ended_s, np.nan)]
    return StepBlock.of(int(epochs[-1]), series, np.array(marks, _MARK))


def gapless(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """Rows that begin with a step, parted where steps are missing and after MOST_STEPS."""
    part: list[tuple[Any, ...]] = []
    for row in rows:
        if part and (row[0] != part[-1][0] + 1 or len(part) == MOST_STEPS):
            yield part
            part = []
        part.append(row)
    if part:
        yield part
