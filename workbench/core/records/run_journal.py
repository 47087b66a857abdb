"""The journal in a run's folder: all that the database records of it, a line each, to rebuild it from.

Lines are JSON, each closed by a CRC-32 of what comes before: a flipped bit is known from a figure. What a killed
process left of its last line is skipped. Lines are only ever appended.
"""

import base64
import json
import logging
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from workbench.core.errors import reason
from workbench.core.events import (
    EpochMetrics,
    EvaluationReady,
    Event,
    GradientsMeasured,
    RateChanged,
    RunStarted,
    StepMetrics,
    Warned,
)
from workbench.core.files import require_file
from workbench.core.records.run_rows import sample_blob
from workbench.core.records.step_blocks import StepBlock, blocks_of

_log = logging.getLogger(__name__)

_CRC = ', "crc": "{:08x}"}}'
_CRC_LENGTH = len(_CRC.format(0))
# What comes so often is not waited for until it is on the disk.
_FREQUENT = ("steps", "gradients")


@dataclass(frozen=True)
class JournalLines:
    """What could be read of a journal."""

    lines: tuple[Mapping[str, Any], ...]
    damaged: int
    """How many lines could not, the torn last one not counted."""


class RunJournal:
    """Appends to the journal of one run. A journal that cannot be written ends no run: the log is told."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._has_failed = False

    def exists(self) -> bool:
        return self._path.exists()

    def begin(self, **values: object) -> None:
        """Write the first line, which holds all that is known so far."""
        self._append([{"kind": "created", **values}], lasting=True)

    def say(self, kind: str, lasting: bool = True, **values: object) -> None:
        """Append one line; `lasting`: on the disk, not only with the system, when this returns.

        Not to a journal that was never begun, of a run of an earlier version: its beginning would be missing.
        """
        if self.exists():
            self._append([{"kind": kind, **values}], lasting)

    def record(self, events: Iterable[Event], blocks: Sequence[StepBlock] | None = None) -> None:
        """Append what a run has said. Steps and gradients alone may be lost with the machine's power.

        Args:
            blocks: of the steps among them, if they are made already and nothing else but gradients was said.
        """
        if blocks is None:
            lines = list(_lines_of(events))
        else:
            others = (line_of(event) for event in events if not isinstance(event, StepMetrics))
            lines = [*map(_line_of_block, blocks), *(line for line in others if line is not None)]
        if lines and self.exists():
            self._append(lines, lasting=any(line["kind"] not in _FREQUENT for line in lines))

    def _append(self, lines: Iterable[Mapping[str, object]], lasting: bool) -> None:
        # Who rebuilds the run should know that something is missing.
        gap = [{"kind": "gap"}] if self._has_failed else []
        content = b"".join(_sealed(line) for line in [*gap, *lines])
        try:
            # In one call, in append mode: another process may count a look at the test images meanwhile.
            with self._path.open("a+b", buffering=0) as file:
                if file.seek(0, os.SEEK_END) and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
                    content = b"\n" + content
                file.write(content)
                if lasting:
                    os.fsync(file.fileno())
            self._has_failed = False
        except OSError as error:
            if not self._has_failed:
                _log.warning("cannot write the journal %s: %s", self._path, reason(error))
            self._has_failed = True


def read_journal(path: Path) -> JournalLines:
    """All lines that are whole.

    Raises:
        OSError: it is not there or cannot be read.
    """
    require_file(path)
    parts = path.read_bytes().split(b"\n")
    # After the last line's end there is nothing, or what a killed process left.
    opened = [_opened(part) for part in parts if part]
    if parts[-1]:
        opened.pop()
    lines = [line for line in opened if line is not None]
    return JournalLines(tuple(lines), len(opened) - len(lines))


def _lines_of(events: Iterable[Event]) -> Iterator[dict[str, Any]]:
    """Steps in blocks, before the gradients that were measured among them."""
    for are_steps, some in groupby(events, lambda event: isinstance(event, StepMetrics | GradientsMeasured)):
        of_kind = list(some)
        if are_steps:
            steps = [event for event in of_kind if isinstance(event, StepMetrics)]
            yield from map(_line_of_block, blocks_of(steps))
        others = (event for event in of_kind if not isinstance(event, StepMetrics))
        yield from (line for line in map(line_of, others) if line is not None)


def _line_of_block(block: StepBlock) -> dict[str, Any]:
    return {"kind": "steps", **block.about, "figures": block.letters}


def line_of(event: Event) -> dict[str, Any] | None:
    """An event other than of steps as a line; None if the database does not record it either."""
    match event:
        case RunStarted():
            values = {key: value for key, value in vars(event).items() if key not in ("run_id", "name", "config")}
            values["dataset_path"] = str(event.dataset_path)
            return {"kind": "started", **values, "config": event.config.model_dump(mode="json")}
        case GradientsMeasured():
            norms = packed(sample_blob(event))
            return {"kind": "gradients", "step": event.step, "epoch": event.epoch, "norms": norms}
        case EpochMetrics():
            return {"kind": "epoch"} | {key: value for key, value in vars(event).items() if key != "run_id"}
        case RateChanged():
            return {"kind": "rate_changed"} | {key: value for key, value in vars(event).items() if key != "run_id"}
        case EvaluationReady():
            return {"kind": "looked"}
        case Warned():
            return {"kind": "warned", "message": event.message}
        case _:
            return None


def packed(blob: bytes) -> str:
    """Bytes as JSON can hold them: a third more, where figures would take three times as many."""
    return base64.b64encode(blob).decode()


def unpacked(text: str) -> bytes:
    """
    Raises:
        ValueError: it is not what `packed` makes.
    """
    return base64.b64decode(text, validate=True)


def _sealed(line: Mapping[str, object]) -> bytes:
    # Nothing in these needs an escape, and to look for that takes longer than all else.
    plain = line.get("figures")
    body = json.dumps({key: value for key, value in line.items() if key != "figures"})[:-1].encode()
    if isinstance(plain, bytes):
        body += b', "figures": "' + plain + b'"'
    return body + _CRC.format(zlib.crc32(body)).encode() + b"\n"


def _opened(content: bytes) -> dict[str, Any] | None:
    body, seal = content[:-_CRC_LENGTH], content[-_CRC_LENGTH:]
    if seal != _CRC.format(zlib.crc32(body)).encode():
        return None
    try:
        line = json.loads(body + b"}")
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) and isinstance(line.get("kind"), str) else None
