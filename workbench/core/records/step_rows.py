"""The rows of the database that hold steps: written and cut within a transaction."""

from collections.abc import Iterable
from contextlib import suppress

from workbench.core.records.database import Database
from workbench.core.records.step_blocks import DamagedBlock, StepBlock

SELECT_BLOCKS = "SELECT first, count, epoch, checksum, figures FROM step_blocks WHERE run_id=?"
# Of steps that take a second each; its row's own bytes would be half of it.
_SMALL_BLOCK = 64


class StepRows:
    """Writes blocks of steps. A block that is damaged is nobody's: it stays, or goes, as a whole."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def append(self, run_id: str, blocks: list[StepBlock]) -> None:
        """Within a transaction; a small last block grows instead of getting another one beside it."""
        last = self._last_block(run_id)
        if last is not None and last.last >= blocks[0].first:
            # Told twice: what is told last counts.
            for block in blocks:
                self._make_room(run_id, block)
            last = self._last_block(run_id)
        if last is not None and last.count < _SMALL_BLOCK and last.last + 1 == blocks[0].first:
            blocks = [last.followed_by(blocks[0]), *blocks[1:]]
        self._write(run_id, blocks)

    def _make_room(self, run_id: str, block: StepBlock) -> None:
        query = f"{SELECT_BLOCKS} AND first<=? AND first+count-1>=?"
        for row in self._db.read(query, run_id, block.last, block.first):
            self._db.execute("DELETE FROM step_blocks WHERE run_id=? AND first=?", (run_id, row["first"]))
            with suppress(DamagedBlock):
                self._write(run_id, StepBlock.checked(*row).without(block))

    def _write(self, run_id: str, blocks: Iterable[StepBlock]) -> None:
        rows = [(run_id, b.first, b.count, b.epoch, b.checksum, b.figures) for b in blocks]
        self._db.execute_many("INSERT OR REPLACE INTO step_blocks VALUES (?, ?, ?, ?, ?, ?)", rows)

    def _last_block(self, run_id: str) -> StepBlock | None:
        """None if there is none, or it is damaged."""
        rows = self._db.read(f"{SELECT_BLOCKS} ORDER BY first DESC LIMIT 1", run_id)
        with suppress(DamagedBlock):
            return StepBlock.checked(*rows[0]) if rows else None
        return None

    def cut(self, run_id: str, last: int, per_epoch: int = 0) -> None:
        """Forget all steps after `last`, within a transaction."""
        for row in self._db.read(f"{SELECT_BLOCKS} AND first<=? AND first+count-1>?", run_id, last, last):
            with suppress(DamagedBlock):
                if (kept := StepBlock.checked(*row).until(last, per_epoch)) is not None:
                    self._write(run_id, [kept])
        self._db.execute("DELETE FROM step_blocks WHERE run_id=? AND first>?", (run_id, last))
