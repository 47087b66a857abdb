"""What a run database says: the list of runs, their series and their evaluations."""

import logging
from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from sqlite3 import Row
from typing import NamedTuple

from workbench.core.block_figures import block_count
from workbench.core.errors import ConfigError, DamagedDatabase, UserError, shown
from workbench.core.evaluation import Evaluation
from workbench.core.events import GradientsMeasured, RateChanged, Status, StepMetrics
from workbench.core.gradients import WeightedLayers
from workbench.core.home import Home
from workbench.core.records import earlier_steps
from workbench.core.records.database import Database
from workbench.core.records.run_folder import RunFolder, is_run_id
from workbench.core.records.run_lock import RunLock
from workbench.core.records.run_queue import RunQueue
from workbench.core.records.run_record import DamagedRun, RunList, RunRecord
from workbench.core.records.run_rows import (
    COLUMNS,
    LATER_COLUMNS,
    RATE_CHANGED,
    SET_ASIDE,
    DamagedRow,
    gradients_of,
    rate_change_of,
    record_of,
)
from workbench.core.records.run_series import RunSeries
from workbench.core.records.step_blocks import DamagedBlock, StepBlock
from workbench.core.records.step_rows import SELECT_BLOCKS

_log = logging.getLogger(__name__)

_NEWEST_FIRST = "ORDER BY created_utc DESC, rowid DESC"

_NO_NUMBER = "typeof({}) NOT IN ('integer', 'real')"
# Looked for by SQLite: as records they would take far longer.
_NUMBERS = {
    "step_blocks": ("first", "count", "epoch", "checksum"),
    "rate_changes": ("step", "factor", "learning_rate"),
    "gradients": ("step", "epoch"),
}
_ODD = {table: [_NO_NUMBER.format(column) for column in columns] for table, columns in _NUMBERS.items()}
_ODD["gradients"] += ["typeof(norms) != 'blob'", "length(norms) % 4"]
_ODD_SERIES = {table: f"SELECT run_id FROM {table} WHERE {' OR '.join(_ODD[table])} LIMIT 1" for table in _ODD}


class Glance(NamedTuple):
    """What changes of a run while it is trained, or by what people say of it."""

    name: str
    status: Status
    message: str
    elapsed_s: float
    test_looks: int = 0
    starred: int = 0
    tags: str = ""
    note: str = ""
    warnings: int = 0


class RunReader:
    """Reads the runs of one home folder from an open database. Belongs to one thread."""

    def __init__(self, home: Home, database: Database) -> None:
        self.home, self._db = home, database
        self.queue = RunQueue(home, database)
        self._locks: dict[str, RunLock] = {}

    def close(self) -> None:
        self._db.close()

    # Folders

    def folder(self, run_id: str) -> Path:
        return self.home.runs / run_id

    def checkpoints(self, run_id: str) -> Path:
        return self._layout(run_id).checkpoints

    def _layout(self, run_id: str) -> RunFolder:
        return RunFolder(self.folder(run_id))

    # The list

    @cached_property
    def _columns(self) -> str:
        """What to select of a run; what an earlier version has no column for is as at first."""
        there = {row["name"] for row in self._db.read("PRAGMA table_info(runs)")}
        later = (name if name in there else f"{value!r} AS {name}" for name, value in LATER_COLUMNS.items())
        return ", ".join([COLUMNS, RATE_CHANGED, *later])

    @cached_property
    def _is_listed(self) -> str:
        """The condition that a run was not set aside."""
        there = {row["name"] for row in self._db.read("PRAGMA table_info(runs)")}
        return f"NOT {SET_ASIDE}" if "deleted_utc" in there else "1"

    def set_aside_at(self, run_id: str) -> str:
        """When a run was taken out of the list; empty if it was not."""
        if self._is_listed == "1":
            return ""
        rows = self._db.read(f"SELECT deleted_utc FROM runs WHERE id=? AND {SET_ASIDE}", run_id)
        return str(rows[0][0]) if rows else ""

    def has_list(self) -> bool:
        """Whether it has tables: a database that was just made has none."""
        return bool(self._db.tables())

    def ids(self, *, even_set_aside: bool = True) -> list[str]:
        """Of all runs, the damaged ones too where that much of them can be read, newest first."""
        which = "1" if even_set_aside else self._is_listed
        rows = self._db.read(f"SELECT id FROM runs WHERE {which} {_NEWEST_FIRST}")
        return [row["id"] for row in rows if is_run_id(row["id"])]

    def find(self, reference: str) -> str:
        """The id meant by an id, a unique prefix of one, a name that only one run has, or `latest`.

        Raises:
            UserError: none or several match.
        """
        ids = self.ids(even_set_aside=False)
        if not ids:
            raise UserError(
                f"run '{shown(reference)}' is not known: there are no runs yet in {shown(self.home.root)}"
            )
        if reference == "latest":
            return ids[0]
        found = [run_id for run_id in ids if reference and run_id.startswith(reference)]
        if reference not in ids:
            named = {row[0] for row in self._db.read("SELECT id FROM runs WHERE name=?", reference)}
            found += [run_id for run_id in ids if run_id in named and run_id not in found]
        if len(found) == 1:
            return found[0]
        if found:
            raise UserError(f"run '{shown(reference)}' is not unique: {shown(', '.join(found))}")
        raise UserError(f"run '{shown(reference)}' is not known; 'runs list' shows all, 'latest' is the newest")

    def run(self, run_id: str) -> RunRecord:
        """All that is known of a run but its steps.

        Raises:
            DamagedDatabase: it cannot be read.
            UserError: it is not known.
        """
        row = next(iter(self._db.read(f"SELECT {self._columns} FROM runs WHERE id=?", run_id)), None)
        if row is None:
            raise UserError(f"run '{shown(run_id)}' is not known; it may have been deleted")
        try:
            return self._record(row)
        except DamagedRow as error:
            raise self._damaged(run_id, error) from error

    def runs(self) -> list[RunRecord]:
        """All runs that can be read, newest first."""
        return list(self.listing().records)

    def listing(self, ids: Collection[str] | None = None) -> RunList:
        """All runs, newest first, and apart those that cannot be read.

        Args:
            ids: only these.
        """
        records, damaged = list[RunRecord](), list[DamagedRun]()
        for row in self._rows(ids):
            try:
                records.append(self._record(row))
            except (DamagedRow, DamagedDatabase, ConfigError) as error:
                said = f"{error} cannot be read" if isinstance(error, DamagedRow) else str(error)
                _log.warning("run %s is left out: %s", shown(row["id"]), said)
                damaged.append(DamagedRun(shown(row["id"]), shown(row["name"]), said))
        return RunList(tuple(records), tuple(damaged))

    def _rows(self, ids: Collection[str] | None) -> list[Row]:
        query = f"SELECT {self._columns} FROM runs WHERE {self._is_listed}"
        if ids is None:
            return self._db.read(f"{query} {_NEWEST_FIRST}")
        marks = ", ".join("?" * len(ids))
        return self._db.read(f"{query} AND id IN ({marks}) {_NEWEST_FIRST}", *ids)

    def _record(self, row: Row) -> RunRecord:
        epochs = self._db.read("SELECT epoch, metrics FROM epochs WHERE run_id=? ORDER BY epoch", row["id"])
        warnings = self._db.read("SELECT message FROM warnings WHERE run_id=? ORDER BY rowid", row["id"])
        record = record_of(row, epochs, warnings)
        return replace(record, status=self._truthful_status(record.id, record.status))

    def _truthful_status(self, run_id: str, status: Status) -> Status:
        """'interrupted' for a run whose process is gone without a word.

        The lock decides, on whichever host the run began: a container or a laptop may have another name today.
        """
        if status != "running" or run_id in self._locks:
            return status
        return "interrupted" if RunLock(self.folder(run_id)).is_free() else status

    def _damaged(self, run_id: str, error: DamagedRow) -> DamagedDatabase:
        where = f"run {shown(run_id)} is damaged in the run database {shown(self._db.path)}"
        return DamagedDatabase(f"{where}: {error} cannot be read")

    def copy_to(self, path: Path) -> None:
        """Write the database, as it is at one moment, into a new file."""
        self._db.copy_to(path)

    def problem(self, in_depth: bool = True) -> str:
        """What is wrong with the database, after looking at every page and every run; empty if nothing is.

        Args:
            in_depth: at every step and every index too.
        """
        found = self._db.problem(in_depth)
        if found:
            return found
        try:
            damaged = self.listing().damaged
            # A copy of an earlier version may lack a table.
            there = _ODD_SERIES.keys() & self._db.tables() if in_depth else ()
            odd = [row[0] for table in sorted(there) for row in self._db.read(_ODD_SERIES[table])]
            if in_depth:
                odd += [run_id for run_id in self.ids() if self.step_blocks(run_id)[1]]
        except DamagedDatabase as error:
            return error.what
        if damaged:
            return f"run {damaged[0].id}: {damaged[0].reason}"
        return f"run {shown(odd[0])}: its series cannot be read" if odd else ""

    # Following what others write

    def snapshot(self) -> AbstractContextManager[None]:
        """Everything read within is of one moment, whatever others write meanwhile: they wait to commit."""
        return self._db.snapshot()

    def version_of_others(self) -> int:
        """A number that changes whenever another connection has written to the database."""
        return int(self._db.read("PRAGMA data_version")[0][0])

    def is_replaced(self) -> bool:
        """Whether another file has taken the database's place, as a repair does: open it again."""
        return self._db.is_replaced()

    def glance(self) -> dict[str, Glance]:
        """Every run of the list by its id: enough to see which have changed."""
        columns = ", ".join(Glance._fields[:-1])
        warnings = dict(map(tuple, self._db.read("SELECT run_id, count(*) FROM warnings GROUP BY run_id")))
        rows = self._db.read(f"SELECT {columns}, id FROM runs WHERE {self._is_listed}")
        return {
            row["id"]: Glance(*row[:-1])._replace(
                status=self._truthful_status(row["id"], row["status"]), warnings=warnings.get(row["id"], 0)
            )
            for row in rows
            if is_run_id(row["id"])
        }

    # One run

    def warnings(self, run_id: str) -> list[str]:
        """What it has warned of; nothing of a run that is not known."""
        return list(self.run(run_id).warnings) if run_id in self.ids() else []

    def rate_changes(self, run_id: str, after: int = -1) -> list[RateChanged]:
        """Where the learning rate was changed by hand later than step `after`."""
        query = "SELECT step, factor, learning_rate FROM rate_changes WHERE run_id=? AND step>? ORDER BY step"
        try:
            return [rate_change_of(run_id, row) for row in self._db.read(query, run_id, after)]
        except DamagedRow as error:
            raise self._damaged(run_id, error) from error

    def series(self, run_id: str, after: int = 0) -> RunSeries:
        """The figures of all recorded steps later than `after`, but for those that cannot be read."""
        blocks, lost = self.step_blocks(run_id, after)
        for first, last in lost:
            _log.warning("run %s: its steps %d to %d cannot be read", run_id, first, last)
        return RunSeries.joined([block.series() for block in blocks]).after(after)

    def step_blocks(self, run_id: str, after: int = 0) -> tuple[list[StepBlock], list[tuple[int, int]]]:
        """As they are kept: those with steps later than `after`; and first and last step of what cannot be read.

        That is no reason to hide the rest: a repair finds it in the journal.
        """
        if earlier_steps.TABLE in self._db.tables():
            # Of an earlier version, which is only read.
            return earlier_steps.earlier_blocks(self._db, run_id)
        blocks, lost = list[StepBlock](), list[tuple[int, int]]()
        later = "(typeof(count)!='integer' OR first+count-1>?)"
        for row in self._db.read(f"{SELECT_BLOCKS} AND {later} ORDER BY first", run_id, after):
            try:
                blocks.append(StepBlock.checked(*row))
            except DamagedBlock:
                first, count = (value if isinstance(value, int) else 0 for value in row[:2])
                lost.append((first, first + max(count, 1) - 1))
        return blocks, lost

    def steps(self, run_id: str, after: int = 0) -> StepMetrics | None:
        """All recorded steps later than `after` as one event; None if there are none."""
        blocks, _lost = self.step_blocks(run_id, after)
        series = RunSeries.joined([block.series() for block in blocks]).after(after)
        if not len(series):
            return None
        return StepMetrics(
            run_id, blocks[-1].epoch, series.steps, series.loss, series.accuracy, series.learning_rate,
            float(series.images_per_s[-1]), float(series.elapsed_s[-1]),
        )  # fmt: skip

    def gradients(self, record: RunRecord, after: int = 0) -> list[GradientsMeasured]:
        """What was measured of its gradients later than step `after`, in the order of steps.

        A sample that cannot be read is left out: the run has others, and a repair finds it in the journal.
        """
        if "gradients" not in self._db.tables():
            # Of an earlier version, which is only read.
            return []
        query = "SELECT step, epoch, norms FROM gradients WHERE run_id=? AND step>? ORDER BY step"
        rows = self._db.read(query, record.id, after)
        layers = WeightedLayers.of(record.config.model).names if rows else ()
        blocks = block_count(record.config.model)
        samples = []
        for row in rows:
            try:
                samples.append(gradients_of(record.id, row, layers, blocks))
            except DamagedRow as error:
                _log.warning("run %s: %s cannot be read", record.id, error)
        return samples

    def last_step(self, run_id: str) -> int:
        """The last recorded step; 0 before the first."""
        rows = self._db.read("SELECT max(first+count-1) FROM step_blocks WHERE run_id=?", run_id)
        return rows[0][0] if isinstance(rows[0][0], int) else 0

    def last_gradients(self, run_id: str) -> int:
        """The last step whose gradients were measured; 0 before the first."""
        last = self._db.read("SELECT max(step) FROM gradients WHERE run_id=?", run_id)[0][0]
        return last if isinstance(last, int) else 0

    def class_names(self, record: RunRecord) -> tuple[str, ...]:
        """Of its data, by its start or, of a run rebuilt without that, by its last evaluation; else empty."""
        if record.started:
            return tuple(record.started["class_names"])
        evaluation = self.evaluation(record.id)
        return evaluation.class_names if evaluation else ()

    def evaluated_epochs(self, run_id: str) -> list[int]:
        return self._layout(run_id).evaluated_epochs()

    def weights_by_epoch(self, run_id: str) -> dict[int, Path]:
        """The files of single epochs' weights, in their order; the kept epoch's may be in its checkpoint alone."""
        return self._layout(run_id).weights_by_epoch()

    def validation(self, run_id: str, epoch: int) -> Evaluation | None:
        """What was said of the held-out images after `epoch`; None where that is not kept."""
        path = self._layout(run_id).validation(epoch)
        return Evaluation.load(path) if path.exists() else None

    def evaluation(self, run_id: str, epoch: int | None = None) -> Evaluation | None:
        """What was said of the test images after `epoch`, or after the last one; None before the first."""
        epochs = self.evaluated_epochs(run_id)
        if not epochs:
            return None
        return Evaluation.load(self._layout(run_id).evaluation(epoch or epochs[-1]))

    def answers(self, record: RunRecord, epoch: int | None = None) -> Evaluation:
        """What was said of the test images after `epoch`; None: after the one that the run keeps.

        Raises:
            UserError: nothing was said then, or it is damaged.
        """
        run_id, epochs = record.id, self.evaluated_epochs(record.id)
        if not epochs and not record.epochs:
            raise UserError(f"run {run_id} has not finished an epoch; there are no answers yet")
        if not epochs:
            raise UserError(f"the answers of run {run_id} are missing from its folder; evaluate it again")
        kept = record.best.epoch if record.best is not None else epochs[-1]
        if epoch is None and kept not in epochs:
            raise UserError(
                f"the answers of the kept epoch {kept} are missing from the folder of run {run_id}; evaluate it "
                f"again, or choose another: there are answers of {_listed(epochs)}"
            )
        epoch = kept if epoch is None else epoch
        if epoch not in epochs:
            raise UserError(f"epoch is {epoch}; run {run_id} has answers of {_listed(epochs)}")
        return Evaluation.load(self._layout(run_id).evaluation(epoch))


def _listed(epochs: list[int]) -> str:
    """`the epochs 1 to 12`, or `the epochs 1, 4, 7` where some are missing."""
    if len(epochs) == 1:
        return f"epoch {epochs[0]}"
    if epochs == list(range(epochs[0], epochs[-1] + 1)):
        return f"the epochs {epochs[0]} to {epochs[-1]}"
    return f"the epochs {shown(', '.join(map(str, epochs)), 200)}"
