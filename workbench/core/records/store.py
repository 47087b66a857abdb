"""Every run on disk: a SQLite database and one folder per run. The only place that writes them.

One RunStore per thread: it owns one connection. The window reads on one that cannot change anything.
"""

import itertools
import json
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from workbench import __version__
from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.events import (
    EpochMetrics,
    EvaluationReady,
    Event,
    GradientsMeasured,
    RateChanged,
    RunStarted,
    Status,
    StepMetrics,
    Warned,
)
from workbench.core.files import write_atomically
from workbench.core.home import Home
from workbench.core.records import store_backup, store_schema
from workbench.core.records.database import Busy, Database
from workbench.core.records.locked_database import committed_state
from workbench.core.records.run_editor import RunEditor, remove_file
from workbench.core.records.run_folder import new_run_id
from workbench.core.records.run_history import RunHistory
from workbench.core.records.run_lock import RunLock
from workbench.core.records.run_reader import Glance
from workbench.core.records.run_record import starts_of
from workbench.core.records.run_rows import DamagedRow, sample_blob, started_of
from workbench.core.records.step_blocks import StepBlock, blocks_of
from workbench.core.records.step_rows import StepRows
from workbench.core.records.unlisted_runs import lost_list, trained_run, whole_folders
from workbench.core.settings.config import RunConfig

__all__ = ["Glance", "RunStore"]

# Commits take milliseconds: who holds the database longer is stopped or stuck, and is read past.
_READING_PATIENCE_S = 2.0
# What a run has to say must be recorded.
_WRITING_PATIENCE_S = 30.0
_HEADER_BYTES = 100


class RunStore(RunEditor):
    """Runs of one home folder.

    Args:
        home: its folders must exist (`Home.prepare`) unless read_only.
        read_only: refuse every change; the database must exist.
        patience_s: how long a process that holds the database is waited for: by a reader, before it reads past it,
            and by a writer, before it gives up; None: as long as usual.

    Raises:
        DamagedDatabase: the database cannot be read, or is empty beside the folders of runs.
        UserError: it is of a newer version or cannot be opened.
    """

    def __init__(self, home: Home, read_only: bool = False, patience_s: float | None = None) -> None:
        self._stack = ExitStack()
        self._ahead: dict[int, Event] = {}
        """What the journals say already, and the database does not."""
        # Before it is made: a list that is lost must not look like one that has just begun.
        _refuse_lost_list(home)
        self.is_behind = False
        """Whether this is the state before what another process writes; to be opened again when it is done."""
        path = home.database
        if not read_only:
            _refuse_upgrade_beside_training(home)
        if read_only:
            database = self._read_only(path, _READING_PATIENCE_S if patience_s is None else patience_s)
        else:
            database = Database(path, patience_s=_WRITING_PATIENCE_S if patience_s is None else patience_s)
        super().__init__(home, database)
        self._step_rows = StepRows(database)
        self._stack.callback(self._db.close)
        with ExitStack() as on_failure:
            on_failure.callback(self._stack.close)
            if self._is_empty() and whole_folders(home, (), even_trained=True) and self._is_empty():
                raise lost_list(home)
            on_failure.pop_all()

    def _is_empty(self) -> bool:
        return not self.has_list() or not self.ids()

    def _read_only(self, path: Path, patience_s: float) -> Database:
        try:
            database = Database(path, read_only=True, patience_s=patience_s)
            database.wait_for_others(_READING_PATIENCE_S)
            return database
        except Busy:
            state = self._stack.enter_context(committed_state(path))
            if state is None:
                raise
            self.is_behind = True
            return Database(state)

    def close(self) -> None:
        for run_id in list(self._locks):
            self.release(run_id)
        self.queue.let_go()
        self._stack.close()

    @classmethod
    def for_reading(cls, home: Home, patience_s: float = _READING_PATIENCE_S) -> Self:
        """One that changes nothing, but makes the database if there is none, or brings an older one up to date.

        Raises:
            UserError: as the constructor.
        """
        if home.database.exists():
            store = cls(home, True, patience_s)
            if store.is_behind or store._db.version() == store_schema.VERSION:
                return store
            if trained_run(home):
                # As it is, until that ends.
                store.is_behind = True
                return store
            store.close()
        cls(home).close()
        return cls(home, read_only=True)

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

    # Writing

    def note(self, events: Sequence[Event], blocks: Sequence[StepBlock] | None = None) -> None:
        """Write events into the journals of their runs, unless they are there: what the database refuses for a
        while, and is recorded later, is safe so far.

        Args:
            blocks: of all their steps, which are of one run, if they are made already.
        """
        new = [event for event in events if id(event) not in self._ahead]
        if len(new) < len(events):
            blocks = None
        for run_id, of_run in itertools.groupby(new, lambda event: event.run_id):
            self._journal(run_id).record(of_run, blocks)
        # With what they belong to: numbers of things that are gone are given anew.
        self._ahead |= {id(event): event for event in new}

    @contextmanager
    def _recording(self, *events: Event, blocks: Sequence[StepBlock] | None = None) -> Iterator[None]:
        """A transaction for events that stand in the journals already."""
        self.note(events, blocks)
        with self._db.transaction():
            yield
        for event in events:
            self._ahead.pop(id(event), None)

    def create(
        self,
        config: RunConfig,
        *,
        name: str,
        model: str,
        recipe: str,
        machine: Mapping[str, Any],
        tags: Sequence[str] = (),
        run_id: str = "",
    ) -> str:
        """Record a new run as running in this process, and claim it; returns its id.

        Args:
            run_id: that it was promised; empty: a new one.
        """
        # At its end is the calmer moment; but runs may be killed, one after the other.
        store_backup.keep_copy(self.home, every_days=7)
        run_id = run_id or new_run_id()
        created = datetime.now(UTC).isoformat(timespec="seconds")
        row = {
            "number": 0, "name": name or model, "model": model, "recipe": recipe, "source": config.data.source,
            "config": config.model_dump_json(), "machine": json.dumps(machine), "status": "running", "message": "",
            "created_utc": created, "started": "{}", "elapsed_s": 0.0, "test_looks": 0,
            "tags": json.dumps(tags),
        }  # fmt: skip
        layout, journal = self._layout(run_id), self._journal(run_id)
        layout.path.mkdir(parents=True, exist_ok=True)
        self.claim(run_id)
        try:
            history = RunHistory(row, is_recorded=False)
            journal.begin(run=run_id, workbench=__version__, **history.first_line())
            about = {
                "id": run_id, "name": name, "model": model, "recipe": recipe, "created_utc": created,
                "workbench": __version__, "machine": machine, "config": config.model_dump(mode="json"),
            }  # fmt: skip
            text = json.dumps(about, indent=2)
            write_atomically(layout.config, lambda file: file.write(text.encode()))
            with self._db.transaction():
                self._db.execute(
                    "INSERT INTO runs (id, name, model, recipe, source, config, machine, status, created_utc,"
                    " tags, host, pid) VALUES (?, ?, ?, ?, ?, ?, ?, 'running', ?, ?, ?, ?)",
                    (run_id, row["name"], model, recipe, row["source"], row["config"], row["machine"], created,
                     row["tags"], socket.gethostname(), os.getpid()),
                )  # fmt: skip
        except BaseException:
            self.release(run_id)
            raise
        journal.say("recorded", number=self._db.read("SELECT rowid FROM runs WHERE id=?", run_id)[0][0])
        return run_id

    def reopen(self, run_id: str, config: RunConfig) -> None:
        """Record that this process goes on with a run that it claimed, under a possibly longer config."""
        journal = self._journal(run_id)
        if not journal.exists():
            # Of an earlier workbench, which kept none.
            history = RunHistory.of_database(self, run_id)
            journal.begin(run=run_id, workbench=__version__, **history.first_line())
        journal.say("reopened", config=config.model_dump(mode="json"))
        with self._db.transaction():
            self._db.execute(
                "UPDATE runs SET status='running', message='', host=?, pid=?, config=? WHERE id=?",
                (socket.gethostname(), os.getpid(), config.model_dump_json(), run_id),
            )

    def record_start(self, event: RunStarted) -> None:
        started: dict[str, Any] = {
            "device": event.device,
            "precision": event.precision,
            "parameters": event.parameters,
            "class_names": event.class_names,
            "images": event.images,
            "dataset_path": str(event.dataset_path),
            "steps_per_epoch": event.steps_per_epoch,
        }
        with self._recording(event):
            # Who follows the run from another process knows by these that it was resumed, and from where.
            started["starts"] = [*self._starts(event.run_id), (event.first_step, event.elapsed_s)]
            planned = self._started_before(event.run_id).get("planned", [])
            started["planned"] = [*planned, event.config.training.epochs]
            # Steps after the checkpoint that a resumed run starts from will be done again.
            self._step_rows.cut(event.run_id, event.first_step, event.steps_per_epoch)
            done = event.first_step // event.steps_per_epoch
            self._db.execute("DELETE FROM epochs WHERE run_id=? AND epoch>?", (event.run_id, done))
            for table in ("rate_changes", "gradients"):
                self._db.execute(
                    f"DELETE FROM {table} WHERE run_id=? AND step>?", (event.run_id, event.first_step)
                )
            self._db.execute(
                "UPDATE runs SET started=?, config=? WHERE id=?",
                (json.dumps(started), event.config.model_dump_json(), event.run_id),
            )
        self._forget_epochs(event.run_id, done)

    def _forget_epochs(self, run_id: str, done: int) -> None:
        """What is kept of later epochs than `done`, which will be done again."""
        layout = self._layout(run_id)
        for epoch in layout.evaluated_epochs():
            if epoch > done:
                remove_file(layout.evaluation(epoch))
                remove_file(layout.validation(epoch))
        for epoch, path in layout.weights_by_epoch().items():
            if epoch > done:
                remove_file(path)

    def _starts(self, run_id: str) -> list[tuple[int, float]]:
        return starts_of(self._started_before(run_id))

    def _started_before(self, run_id: str) -> dict[str, Any]:
        rows = self._db.read("SELECT started FROM runs WHERE id=?", run_id)
        try:
            return started_of(rows[0]["started"]) if rows else {}
        # Its journal has it; the run must not end for it.
        except DamagedRow:
            return {}

    def record_steps(self, events: Sequence[StepMetrics | GradientsMeasured]) -> None:
        """In one transaction, what was measured of their gradients too: each waits for the disk."""
        steps = [event for event in events if isinstance(event, StepMetrics)]
        blocks = list(blocks_of(steps))
        gradients = [
            (event.run_id, event.step, event.epoch, sample_blob(event))
            for event in events
            if isinstance(event, GradientsMeasured)
        ]
        if not blocks and not gradients:
            return
        with self._recording(*events, blocks=blocks):
            if blocks:
                self._step_rows.append(steps[0].run_id, blocks)
            self._db.execute_many("INSERT OR REPLACE INTO gradients VALUES (?, ?, ?, ?)", gradients)
            for last in steps[-1:]:
                self._db.execute("UPDATE runs SET elapsed_s=? WHERE id=?", (last.elapsed_s, last.run_id))

    def record_epoch(self, event: EpochMetrics) -> None:
        metrics = {key: value for key, value in vars(event).items() if key not in ("run_id", "epoch")}
        with self._recording(event):
            self._db.execute(
                "INSERT OR REPLACE INTO epochs VALUES (?, ?, ?)",
                (event.run_id, event.epoch, json.dumps(metrics)),
            )
            self._db.execute("UPDATE runs SET elapsed_s=? WHERE id=?", (event.elapsed_s, event.run_id))

    def record_warning(self, event: Warned) -> None:
        with self._recording(event):
            self._db.execute("INSERT INTO warnings VALUES (?, ?)", (event.run_id, event.message))

    def record_rate_change(self, event: RateChanged) -> None:
        with self._recording(event):
            self._db.execute(
                "INSERT INTO rate_changes VALUES (?, ?, ?, ?)",
                (event.run_id, event.step, event.factor, event.learning_rate),
            )

    def record_evaluation(self, event: EvaluationReady) -> str:
        """Keep what was said of the test images after an epoch, and of those held out.

        Returns:
            Why that cannot be kept, as what comes after it can; empty if it is.
        """
        layout, epoch, why = self._layout(event.run_id), event.evaluation.epoch, ""
        try:
            if event.validation is not None:
                event.validation.save(layout.validation(epoch))
            event.evaluation.save(layout.evaluation(epoch))
        except UserError as error:
            why = str(error)
        with self._recording(event):
            self._count_test_look(event.run_id)
        return why

    def count_test_look(self, run_id: str) -> None:
        """Of an evaluation that is not kept."""
        self._journal(run_id).say("looked", lasting=False)
        with self._db.transaction():
            self._count_test_look(run_id)

    def _count_test_look(self, run_id: str) -> None:
        self._db.execute("UPDATE runs SET test_looks=test_looks+1 WHERE id=?", (run_id,))

    def mend_evaluation(self, run_id: str, evaluation: Evaluation) -> None:
        """Keep an evaluation that was made anew where the recorded one of its epoch is lost or damaged."""
        self._mend(self._layout(run_id).evaluation(evaluation.epoch), evaluation)

    def mend_validation(self, run_id: str, evaluation: Evaluation) -> None:
        """The same of an evaluation of the images that are held out."""
        self._mend(self._layout(run_id).validation(evaluation.epoch), evaluation)

    def _mend(self, path: Path, evaluation: Evaluation) -> None:
        if not Evaluation.is_whole(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            evaluation.save(path)

    def finish(self, run_id: str, status: Status, message: str = "") -> None:
        try:
            self._journal(run_id).say("ended", status=status, message=message)
            with self._db.transaction():
                self._db.execute("UPDATE runs SET status=?, message=? WHERE id=?", (status, message, run_id))
        finally:
            # Not recorded as ended, the run counts as interrupted.
            self.release(run_id)
        store_backup.keep_copy(self.home)


def _refuse_upgrade_beside_training(home: Home) -> None:
    """An earlier version that trains a run goes on writing the tables that it knows."""
    version = store_schema.version_in(home.database)
    if version is not None and 0 < version < store_schema.VERSION and (run_id := trained_run(home)):
        raise UserError(
            f"the list of runs is of an earlier version, which is training run {run_id}: it is brought up to date "
            "when that has ended"
        )


def _refuse_lost_list(home: Home) -> None:
    """Before a database is made out of nothing, or of a file that is cut to less than its header."""
    try:
        is_nothing = home.database.stat().st_size < _HEADER_BYTES
    except OSError:
        is_nothing = True
    if is_nothing and whole_folders(home, ()):
        raise lost_list(home)
