"""Every run on disk: a SQLite database and one folder per run. The only place that writes them.

One RunStore per thread: it owns one connection. The window reads on one that cannot change anything.
"""

import json
import logging
import os
import secrets
import shutil
import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from workbench import __version__
from workbench.core import store_schema
from workbench.core.config import RunConfig
from workbench.core.errors import UserError, shown
from workbench.core.evaluation import Evaluation
from workbench.core.events import EpochMetrics, RateChanged, RunStarted, Status, StepMetrics, Warned
from workbench.core.files import write_atomically
from workbench.core.home import Home
from workbench.core.run_lock import RunLock
from workbench.core.run_record import RunRecord, starts_of

_log = logging.getLogger(__name__)


class Glance(NamedTuple):
    """What changes of a run while it is trained, or when it is renamed."""

    name: str
    status: Status
    message: str
    elapsed_s: float


class RunStore:
    """Runs of one home folder.

    Args:
        home: its folders must exist (`Home.prepare`) unless read_only.
        read_only: refuse every change; the database must exist.

    Raises:
        UserError: the database is damaged, of a newer version or cannot be opened.
    """

    def __init__(self, home: Home, read_only: bool = False) -> None:
        self.home = home
        self._locks: dict[str, RunLock] = {}
        path = home.database
        # Not mode=ro: it cannot undo what a killed writer left (sqlite.org/rescode.html#readonly_rollback).
        mode = "rw" if read_only else "rwc"
        try:
            self._db = sqlite3.connect(f"{path.as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=30)
            self._db.row_factory = sqlite3.Row
            self._configure(read_only)
        except sqlite3.Error as error:
            raise UserError(f"cannot open the run database {path}: {error}") from error

    def _configure(self, read_only: bool) -> None:
        # WAL before SQLite 3.51.3 can corrupt when two connections write (sqlite.org/wal.html#walresetbug).
        if read_only:
            self._db.execute("PRAGMA query_only=ON")
        else:
            self._db.execute("PRAGMA journal_mode=TRUNCATE")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA foreign_keys=ON")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > store_schema.VERSION:
            raise UserError(
                f"the run database {self.home.database} has version {version}, written by a newer workbench; "
                f"this one reads up to {store_schema.VERSION}: update it or choose another --home"
            )
        if version < store_schema.VERSION and not read_only:
            with self._transaction():
                store_schema.bring_up_to_date(self._db)

    def close(self) -> None:
        for run_id in list(self._locks):
            self.release(run_id)
        self._db.close()

    # Who trains a run

    def claim(self, run_id: str) -> None:
        """Keep other processes from training this run, until `release` or the end of this process.

        Raises:
            UserError: another one is training it.
        """
        lock = RunLock(self.folder(run_id))
        lock.acquire()
        self._locks[run_id] = lock

    def release(self, run_id: str) -> None:
        lock = self._locks.pop(run_id, None)
        if lock is not None:
            lock.release()

    def _truthful_status(self, row: sqlite3.Row) -> Status:
        """'interrupted' for a run whose process is gone without a word.

        The lock decides, on whichever host the run began: a container or a laptop may have another name today.
        """
        status: Status = row["status"]
        if status != "running" or row["id"] in self._locks:
            return status
        return "interrupted" if RunLock(self.folder(row["id"])).is_free() else status

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                # A busy COMMIT leaves the transaction open, and with it the lock that keeps others from writing.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise UserError(f"cannot write the run database {self.home.database}: {error}") from error

    # Folders

    def folder(self, run_id: str) -> Path:
        return self.home.runs / run_id

    def checkpoints(self, run_id: str) -> Path:
        return self.folder(run_id) / "checkpoints"

    def _evaluation_path(self, run_id: str, epoch: int) -> Path:
        return self.folder(run_id) / "evaluations" / f"epoch-{epoch:05d}.npz"

    # Writing

    def create(self, config: RunConfig, *, name: str, model: str, recipe: str, machine: Mapping[str, Any]) -> str:
        """Record a new run as running in this process, and claim it; returns its id."""
        run_id = secrets.token_hex(4)
        created = datetime.now(UTC).isoformat(timespec="seconds")
        about = {
            "id": run_id,
            "name": name,
            "model": model,
            "recipe": recipe,
            "created_utc": created,
            "workbench": __version__,
            "machine": machine,
            "config": config.model_dump(mode="json"),
        }
        text = json.dumps(about, indent=2)
        write_atomically(self.folder(run_id) / "config.json", lambda file: file.write(text.encode()))
        self.claim(run_id)
        with self._transaction():
            self._db.execute(
                "INSERT INTO runs (id, name, model, recipe, source, config, machine, status, created_utc, host,"
                " pid) VALUES (?, ?, ?, ?, ?, ?, ?, 'running', ?, ?, ?)",
                (run_id, name or model, model, recipe, config.data.source, config.model_dump_json(),
                 json.dumps(machine), created, socket.gethostname(), os.getpid()),
            )  # fmt: skip
        return run_id

    def reopen(self, run_id: str, config: RunConfig) -> None:
        """Record that this process goes on with a run that it claimed, under a possibly longer config."""
        with self._transaction():
            self._db.execute(
                "UPDATE runs SET status='running', message='', host=?, pid=?, config=? WHERE id=?",
                (socket.gethostname(), os.getpid(), config.model_dump_json(), run_id),
            )

    def record_start(self, event: RunStarted) -> None:
        started = {
            "device": event.device,
            "precision": event.precision,
            "parameters": event.parameters,
            "class_names": event.class_names,
            "images": event.images,
            "dataset_path": str(event.dataset_path),
            "steps_per_epoch": event.steps_per_epoch,
        }
        with self._transaction():
            # Who follows the run from another process knows by these that it was resumed, and from where.
            started["starts"] = [*self._starts(event.run_id), (event.first_step, event.elapsed_s)]
            # Steps after the checkpoint that a resumed run starts from will be done again.
            self._db.execute("DELETE FROM steps WHERE run_id=? AND step>?", (event.run_id, event.first_step))
            done = event.first_step // event.steps_per_epoch
            self._db.execute("DELETE FROM epochs WHERE run_id=? AND epoch>?", (event.run_id, done))
            self._db.execute(
                "DELETE FROM rate_changes WHERE run_id=? AND step>?", (event.run_id, event.first_step)
            )
            self._db.execute(
                "UPDATE runs SET started=?, config=? WHERE id=?",
                (json.dumps(started), event.config.model_dump_json(), event.run_id),
            )

    def _starts(self, run_id: str) -> list[tuple[int, float]]:
        rows = self._db.execute("SELECT started FROM runs WHERE id=?", (run_id,)).fetchall()
        return starts_of(json.loads(rows[0]["started"])) if rows else []

    def record_steps(self, events: list[StepMetrics]) -> None:
        if not events:
            return
        rows = [
            (event.run_id, step, event.epoch, loss, accuracy, rate)
            for event in events
            for step, loss, accuracy, rate in zip(
                event.steps.tolist(), event.loss.tolist(), event.accuracy.tolist(),
                event.learning_rate.tolist(), strict=True,
            )
        ]  # fmt: skip
        with self._transaction():
            self._db.executemany("INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?, ?)", rows)
            last = events[-1]
            self._db.execute("UPDATE runs SET elapsed_s=? WHERE id=?", (last.elapsed_s, last.run_id))

    def record_epoch(self, event: EpochMetrics) -> None:
        metrics = {key: value for key, value in vars(event).items() if key not in ("run_id", "epoch")}
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO epochs VALUES (?, ?, ?)",
                (event.run_id, event.epoch, json.dumps(metrics)),
            )
            self._db.execute("UPDATE runs SET elapsed_s=? WHERE id=?", (event.elapsed_s, event.run_id))

    def record_warning(self, event: Warned) -> None:
        with self._transaction():
            self._db.execute("INSERT INTO warnings VALUES (?, ?)", (event.run_id, event.message))

    def record_rate_change(self, event: RateChanged) -> None:
        with self._transaction():
            self._db.execute(
                "INSERT INTO rate_changes VALUES (?, ?, ?, ?)",
                (event.run_id, event.step, event.factor, event.learning_rate),
            )

    def record_evaluation(self, run_id: str, evaluation: Evaluation) -> None:
        """Keep what was said of the test images after an epoch."""
        evaluation.save(self._evaluation_path(run_id, evaluation.epoch))
        self.count_test_look(run_id)

    def count_test_look(self, run_id: str) -> None:
        with self._transaction():
            self._db.execute("UPDATE runs SET test_looks=test_looks+1 WHERE id=?", (run_id,))

    def finish(self, run_id: str, status: Status, message: str = "") -> None:
        try:
            with self._transaction():
                self._db.execute("UPDATE runs SET status=?, message=? WHERE id=?", (status, message, run_id))
        finally:
            # Not recorded as ended, the run counts as interrupted.
            self.release(run_id)

    def delete(self, run_id: str) -> None:
        """Remove a run, its series and its folder.

        Raises:
            UserError: it is running.
        """
        if self.run(run_id).status == "running":
            raise UserError(f"run {run_id} is running; stop it before deleting it")
        with self._transaction():
            self._db.execute("DELETE FROM runs WHERE id=?", (run_id,))
        shutil.rmtree(self.folder(run_id), ignore_errors=True)

    # Reading

    def find(self, reference: str) -> str:
        """The id meant by an id, a unique prefix of one, or `latest`.

        Raises:
            UserError: none or several match.
        """
        ids = [row["id"] for row in self._read("SELECT id FROM runs ORDER BY created_utc DESC, rowid DESC")]
        if not ids:
            raise UserError(
                f"run '{shown(reference)}' is not known: there are no runs yet in {shown(self.home.root)}"
            )
        if reference == "latest":
            return str(ids[0])
        found = [run_id for run_id in ids if reference and run_id.startswith(reference)]
        if len(found) == 1:
            return str(found[0])
        if found:
            raise UserError(f"run '{shown(reference)}' is not unique: {shown(', '.join(found))}")
        raise UserError(f"run '{shown(reference)}' is not known; 'runs list' shows all, 'latest' is the newest")

    def run(self, run_id: str) -> RunRecord:
        row = next(iter(self._read("SELECT rowid, * FROM runs WHERE id=?", run_id)), None)
        if row is None:
            raise UserError(f"run '{shown(run_id)}' is not known; it may have been deleted")
        return self._record(row)

    def runs(self) -> list[RunRecord]:
        """All runs, newest first, but for those that a newer workbench wrote and this one cannot read."""
        records = []
        for row in self._read("SELECT rowid, * FROM runs ORDER BY created_utc DESC, rowid DESC"):
            try:
                records.append(self._record(row))
            except UserError as error:
                _log.warning("run %s is left out: %s", row["id"], error)
        return records

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read within is of one moment, whatever others write meanwhile: they wait to commit."""
        self._read("BEGIN")
        try:
            yield
        finally:
            self._read("COMMIT")

    def _read(self, query: str, *values: object) -> list[sqlite3.Row]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise UserError(f"cannot read the run database {self.home.database}: {error}") from error

    def _record(self, row: sqlite3.Row) -> RunRecord:
        started = json.loads(row["started"])
        epochs = self._read("SELECT * FROM epochs WHERE run_id=? ORDER BY epoch", row["id"])
        return RunRecord(
            id=row["id"], number=row["rowid"], name=row["name"], model=row["model"], recipe=row["recipe"],
            source=row["source"],
            config=RunConfig.from_json(row["config"], f"config of run {row['id']}"),
            status=self._truthful_status(row), message=row["message"],
            created_utc=row["created_utc"], machine=json.loads(row["machine"]), started=started,
            elapsed_s=row["elapsed_s"], test_looks=row["test_looks"],
            epochs=tuple(EpochMetrics(row["id"], e["epoch"], **json.loads(e["metrics"])) for e in epochs),
            warnings=tuple(self.warnings(row["id"])),
        )  # fmt: skip

    def version_of_others(self) -> int:
        """A number that changes whenever another connection has written to the database."""
        (version,) = self._db.execute("PRAGMA data_version").fetchone()
        return int(version)

    def glance(self) -> dict[str, Glance]:
        """Every run by its id: enough to see which have changed."""
        rows = self._read("SELECT id, name, status, message, elapsed_s FROM runs")
        return {
            row["id"]: Glance(row["name"], self._truthful_status(row), row["message"], row["elapsed_s"])
            for row in rows
        }

    def warnings(self, run_id: str) -> list[str]:
        rows = self._read("SELECT message FROM warnings WHERE run_id=? ORDER BY rowid", run_id)
        return [row["message"] for row in rows]

    def rate_changes(self, run_id: str, after: int = -1) -> list[RateChanged]:
        """Where the learning rate was changed by hand later than step `after`."""
        rows = self._read(
            "SELECT * FROM rate_changes WHERE run_id=? AND step>? ORDER BY step", run_id, after
        )  # fmt: skip
        return [RateChanged(run_id, row["step"], row["factor"], row["learning_rate"]) for row in rows]

    def steps(self, run_id: str, after: int = 0) -> StepMetrics | None:
        """All recorded steps later than `after` as one event; None if there are none."""
        query = (
            "SELECT step, epoch, loss, accuracy, learning_rate FROM steps WHERE run_id=? AND step>? ORDER BY step"
        )
        rows = self._read(query, run_id, after)
        if not rows:
            return None
        steps, epochs, losses, accuracies, rates = zip(*rows, strict=True)
        (elapsed,) = self._db.execute("SELECT elapsed_s FROM runs WHERE id=?", (run_id,)).fetchone()
        return StepMetrics(
            run_id, epochs[-1], np.array(steps, np.int64),
            # SQLite stores NaN as NULL.
            np.array([np.nan if loss is None else loss for loss in losses], np.float32),
            np.array(accuracies, np.float32), np.array(rates, np.float64), 0.0, elapsed,
        )  # fmt: skip

    def last_step(self, run_id: str) -> int:
        """The last recorded step; 0 before the first."""
        return int(self._read("SELECT max(step) FROM steps WHERE run_id=?", run_id)[0][0] or 0)

    def evaluated_epochs(self, run_id: str) -> list[int]:
        folder = self._evaluation_path(run_id, 0).parent
        return sorted(int(path.stem.removeprefix("epoch-")) for path in folder.glob("epoch-*.npz"))

    def evaluation(self, run_id: str, epoch: int | None = None) -> Evaluation | None:
        """What was said of the test images after `epoch`, or after the last one; None before the first."""
        epochs = self.evaluated_epochs(run_id)
        if not epochs:
            return None
        return Evaluation.load(self._evaluation_path(run_id, epoch or epochs[-1]))
