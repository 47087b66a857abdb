"""Steps as versions before 5 kept them, a row each: read where they are still so, and made into blocks."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from workbench.core.records.step_blocks import StepBlock, block_of_rows, gapless

# It brings its file up to date by this module.
if TYPE_CHECKING:
    from workbench.core.records.database import Database

TABLE = "steps"
_COLUMNS = "run_id, step, epoch, loss, accuracy, learning_rate"


def earlier_blocks(database: "Database", run_id: str) -> tuple[list[StepBlock], list[tuple[int, int]]]:
    """All steps of a run in their order, and first and last of those that cannot be read."""
    rows = database.read(f"SELECT {_COLUMNS} FROM {TABLE} WHERE run_id=? ORDER BY step", run_id)
    lasted = database.read("SELECT elapsed_s FROM runs WHERE id=?", run_id)
    blocks, lost = list[StepBlock](), list[tuple[int, int]]()
    for block in _blocks((tuple(row) for row in rows), lasted[0][0] if lasted else 0.0):
        if isinstance(block, StepBlock):
            blocks.append(block)
        else:
            lost.append(block)
    return blocks, lost


def convert(database: "Database") -> None:
    """Make blocks of all rows, within a transaction; 1 s for 500 000 steps."""
    lasted = {row["id"]: row["elapsed_s"] for row in database.read("SELECT id, elapsed_s FROM runs")}
    query = f"SELECT {_COLUMNS} FROM {TABLE} ORDER BY run_id, step"
    for run_id, rows in groupby(database.each(query), lambda row: row[0]):
        blocks = _blocks((tuple(row) for row in rows), lasted.get(run_id, 0.0))
        database.execute_many(
            "INSERT OR REPLACE INTO step_blocks VALUES (?, ?, ?, ?, ?, ?)",
            [
                (run_id, block.first, block.count, block.epoch, block.checksum, block.figures)
                for block in blocks
                if isinstance(block, StepBlock) and run_id in lasted
            ],
        )
    database.execute(f"DROP TABLE {TABLE}")


def _blocks(rows: Iterator[tuple[Any, ...]], ended_s: object) -> Iterator[StepBlock | tuple[int, int]]:
    """Blocks, and first and last step of what cannot be read."""
    parts = list(gapless(row[1:] for row in rows if isinstance(row[1], int)))
    last = parts[-1][-1][0] if parts else 0
    per_step = ended_s / last if isinstance(ended_s, int | float) and last > 0 else 0.0
    for part in parts:
        yield from _of_part(part, per_step)


def _of_part(part: Sequence[tuple[Any, ...]], per_step_s: float) -> Iterator[StepBlock | tuple[int, int]]:
    first, last = part[0][0], part[-1][0]
    try:
        yield block_of_rows(part, (first - 1) * per_step_s, last * per_step_s)
    except (TypeError, ValueError, ArithmeticError):
        if len(part) == 1:
            yield first, last
            return
        # Only the odd ones are lost.
        half = len(part) // 2
        yield from _of_part(part[:half], per_step_s)
        yield from _of_part(part[half:], per_step_s)
