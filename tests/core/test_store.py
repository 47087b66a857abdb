"""RunStore: what is recorded comes back, two connections get along, bad files are named."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import filelock
import numpy as np
import pytest

from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.events import EpochMetrics, EvaluationReady, GradientsMeasured, RunStarted, StepMetrics, Warned
from workbench.core.gradients import WeightedLayers
from workbench.core.home import Home
from workbench.core.records import run_lock, store_schema
from workbench.core.records.run_history import RunHistory
from workbench.core.records.run_journal import read_journal
from workbench.core.records.run_series import RunSeries
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig


def create(store: RunStore, name: str = "a") -> str:
    return store.create(RunConfig(), name=name, model="resnet8", recipe="quick", machine={"torch": "2"})


def started(run_id: str, first_step: int = 0) -> RunStarted:
    return RunStarted(
        run_id, "a", RunConfig(), "CPU", "bf16", 10, ("x", "y"), (8, 1, 2), Path("/d"), 10, first_step, 0.0
    )


def steps(run_id: str, first: int, count: int) -> StepMetrics:
    numbers = np.arange(first, first + count)
    ones = np.ones(count, np.float32)
    return StepMetrics(run_id, 1, numbers, ones * 0.5, ones * 0.25, ones.astype(float) * 0.1, 100.0, 1.5)


def gradients(run_id: str, step: int, value: float = 1 / 3) -> GradientsMeasured:
    layers = WeightedLayers.of(RunConfig().model).names
    norms = np.full(len(layers), value, np.float32)
    norms[1] = np.nan
    return GradientsMeasured(run_id, step, 1, layers, norms)


def epoch(run_id: str, number: int, accuracy: float = 0.5, best: bool = True) -> EpochMetrics:
    return EpochMetrics(run_id, number, 10 * number, 1.0, 0.4, 1.1, accuracy, 1.2, 0.3, 1000.0, 2.0, best)


def test_every_step_is_kept(store: RunStore) -> None:
    run_id = create(store)
    for first in range(1, 5001, 100):
        store.record_steps([steps(run_id, first, 100)])
    everything = store.steps(run_id)
    assert everything is not None
    assert len(everything.steps) == 5000
    later = store.steps(run_id, after=4990)
    assert later is not None
    assert later.steps.tolist() == list(range(4991, 5001))


def test_a_step_that_is_told_again_replaces_only_itself(store: RunStore) -> None:
    run_id = create(store)
    for first in range(1, 1001, 100):
        store.record_steps([steps(run_id, first, 100)])
    again = replace(steps(run_id, 250, 101), loss=np.full(101, 0.75, np.float32))
    store.record_steps([again])
    series = store.series(run_id)
    assert series.steps.tolist() == list(range(1, 1001))
    assert np.flatnonzero(series.loss == 0.75).tolist() == list(range(249, 350))
    (journal,) = [RunHistory.of_journal(read_journal(store.folder(run_id) / "journal.jsonl"))]
    rebuilt = RunSeries.joined([block.series() for block in journal.steps])
    np.testing.assert_array_equal(rebuilt.loss, series.loss)
    np.testing.assert_array_equal(rebuilt.steps, series.steps)


def test_a_resumed_run_forgets_what_came_after_its_checkpoint(store: RunStore) -> None:
    run_id = create(store)
    store.record_steps([steps(run_id, 1, 25)])
    for number in (1, 2):
        store.record_epoch(epoch(run_id, number))
    store.record_start(started(run_id, first_step=10))
    kept = store.steps(run_id)
    assert kept is not None
    assert kept.steps.tolist() == list(range(1, 11))
    assert [e.epoch for e in store.run(run_id).epochs] == [1]


def test_gradients_come_back_bit_for_bit(store: RunStore) -> None:
    run_id = create(store)
    assert store.gradients(store.run(run_id)) == []
    assert store.last_gradients(run_id) == 0
    said = [gradients(run_id, 1), gradients(run_id, 7, 1e-30)]
    store.record_steps([steps(run_id, 1, 5), said[0], steps(run_id, 6, 5), said[1]])
    recorded = store.steps(run_id)
    assert recorded is not None
    assert len(recorded.steps) == 10
    read = store.gradients(store.run(run_id))
    for one, other in zip(read, said, strict=True):
        assert (one.run_id, one.step, one.epoch, one.layers) == (run_id, other.step, other.epoch, other.layers)
        np.testing.assert_array_equal(one.norms, other.norms)
    assert [each.step for each in store.gradients(store.run(run_id), after=1)] == [7]
    assert store.last_gradients(run_id) == 7


def test_a_resumed_run_forgets_gradients_after_its_checkpoint(store: RunStore) -> None:
    run_id = create(store)
    store.record_steps([gradients(run_id, 3), gradients(run_id, 12)])
    store.record_start(started(run_id, first_step=10))
    assert [each.step for each in store.gradients(store.run(run_id))] == [3]
    store.record_steps([gradients(run_id, 3, 0.5)])
    assert store.gradients(store.run(run_id))[0].norms[0] == 0.5
    store.finish(run_id, "stopped")
    store.delete(run_id)
    assert store.last_gradients(run_id) == 0


def test_best_is_the_last_epoch_that_said_so(store: RunStore) -> None:
    run_id = create(store)
    for number, best in ((1, True), (2, True), (3, False)):
        store.record_epoch(epoch(run_id, number, best=best))
    record = store.run(run_id)
    assert record.best is not None
    assert record.best.epoch == 2
    assert record.summary()["best_epoch"] == 2
    assert record.summary()["epochs"] == 3


def test_runs_are_found_by_prefix_and_latest(store: RunStore) -> None:
    first, second = create(store), create(store)
    assert store.find("latest") == second
    assert store.find(first) == first
    assert store.find(first[:7]) == first
    with pytest.raises(UserError, match="not known"):
        store.find("zz")


def test_an_ambiguous_prefix_is_refused(store: RunStore) -> None:
    ids = [create(store) for _ in range(17)]
    common = next(i[0] for i in ids if sum(other[0] == i[0] for other in ids) > 1)
    with pytest.raises(UserError, match="not unique"):
        store.find(common)


def test_an_empty_store_says_so(store: RunStore) -> None:
    with pytest.raises(UserError, match="no runs yet"):
        store.find("latest")


def test_another_connection_reads_while_one_writes(store: RunStore, home: Home) -> None:
    reader = RunStore(home, read_only=True)
    run_id = create(store)
    store.finish(run_id, "finished")
    assert [record.status for record in reader.runs()] == ["finished"]
    with pytest.raises(UserError, match="cannot write the run database"):
        reader.finish(run_id, "failed")
    reader.close()


def test_two_processes_create_the_database_at_once(home: Home) -> None:
    code = (
        "import sys; from pathlib import Path; from workbench.core.home import Home;"
        "from workbench.core.records.store import RunStore; from workbench.core.settings.config import RunConfig;"
        "s = RunStore(Home(Path(sys.argv[1])));"
        "[s.create(RunConfig(), name='n', model='m', recipe='r', machine={}) for _ in range(5)]"
    )
    command = [sys.executable, "-c", code, str(home.root)]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert len(RunStore(home).runs()) == 15


def test_a_run_whose_process_is_gone_is_interrupted(store: RunStore, home: Home) -> None:
    code = (
        "import os, sys; from pathlib import Path; from workbench.core.home import Home;"
        "from workbench.core.records.store import RunStore; from workbench.core.settings.config import RunConfig;"
        "s = RunStore(Home(Path(sys.argv[1])));"
        "s.create(RunConfig(), name='n', model='m', recipe='r', machine={}); print('ready', flush=True);"
        "sys.stdin.read(); os._exit(9)"
    )
    command = [sys.executable, "-c", code, str(home.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (record,) = store.runs()
        assert record.status == "running"
        assert not record.can_resume
        process.kill()
    # Whatever this machine was called then: containers get another name each time.
    for host in (socket.gethostname(), "another"):
        store._db.execute("UPDATE runs SET host=?", (host,))
        assert store.run(record.id).status == "interrupted"
        assert store.run(record.id).can_resume


def test_only_one_process_trains_a_run(store: RunStore, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_lock, "_PATIENCE_S", 0.1)
    run_id = create(store)
    other = RunStore(home)
    assert other.run(run_id).status == "running"
    with pytest.raises(UserError, match=f"run {run_id} is being trained by another process"):
        other.claim(run_id)
    store.finish(run_id, "stopped")
    other.claim(run_id)
    with pytest.raises(UserError, match="another process"):
        store.claim(run_id)
    other.close()
    store.claim(run_id)


@pytest.mark.parametrize("error", [NotImplementedError("no flock here"), OSError(30, "read-only file system")])
def test_where_files_cannot_be_locked_a_run_goes_on_unguarded(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
    store, other = RunStore(home), RunStore(home, read_only=True)
    run_id = create(store)
    assert "not guarded against a second process" in caplog.text
    assert store.run(run_id).status == other.run(run_id).status == "running"
    store.finish(run_id, "finished")
    assert other.run(run_id).status == "finished"


def test_what_a_killed_writer_left_is_undone_by_a_reader(store: RunStore, home: Home) -> None:
    """A hot journal: a connection in mode=ro could not open such a database."""
    run_id = create(store)
    journal = home.database.with_name(home.database.name + "-journal")
    code = (
        "import os, sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "db.execute('PRAGMA cache_size=1'); db.execute('PRAGMA cache_spill=1'); db.execute('BEGIN IMMEDIATE');"
        "[db.execute('INSERT INTO warnings SELECT id, hex(zeroblob(4000)) FROM runs') for _ in range(500)];"
        "os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(home.database)], check=False)
    assert journal.stat().st_size > 0
    reader = RunStore(home, read_only=True)
    assert reader.warnings(run_id) == []
    reader.close()


def test_a_newer_database_is_refused_and_left_alone(home: Home) -> None:
    RunStore(home).close()
    with sqlite3.connect(home.database) as other:
        other.execute(f"PRAGMA user_version={store_schema.VERSION + 1}")
    other.close()
    before = home.database.read_bytes()
    with pytest.raises(UserError, match="newer workbench"):
        RunStore(home)
    assert home.database.read_bytes() == before


def test_a_damaged_database_is_named(home: Home) -> None:
    home.database.write_bytes(b"not a database at all" * 100)
    with pytest.raises(UserError, match=r"workbench\.db"):
        RunStore(home)


def test_the_journal_is_not_wal(store: RunStore, home: Home) -> None:
    create(store)
    with sqlite3.connect(home.database) as other:
        assert other.execute("PRAGMA journal_mode").fetchone()[0] != "wal"
    other.close()


def test_evaluations_are_kept_per_epoch(store: RunStore) -> None:
    run_id = create(store)
    assert store.evaluation(run_id) is None
    for number in (1, 2):
        said = Evaluation(np.array([0]), np.zeros((1, 2), np.float32), ("a", "b"), number)
        store.record_evaluation(EvaluationReady(run_id, said))
    assert store.evaluated_epochs(run_id) == [1, 2]
    latest = store.evaluation(run_id)
    assert latest is not None
    assert latest.epoch == 2
    assert store.run(run_id).test_looks == 2


def test_a_resumed_run_forgets_what_was_said_after_its_checkpoint(store: RunStore) -> None:
    """Evaluations of weights that are gone would pass for the newest."""
    run_id = create(store)
    store.record_start(started(run_id))
    for epoch in (1, 2, 3):
        said = Evaluation(np.array([0]), np.zeros((1, 2), np.float32), ("x", "y"), epoch)
        store.record_evaluation(EvaluationReady(run_id, said, validation=said))
        weights = store.folder(run_id) / "weights" / f"epoch-{epoch:05d}-0123456789abcdef.safetensors"
        weights.parent.mkdir(exist_ok=True)
        weights.write_bytes(b"")
    store.record_start(started(run_id, first_step=10))
    assert store.evaluated_epochs(run_id) == [1]
    assert store.evaluation(run_id).epoch == 1
    assert [epoch for epoch in (1, 2, 3) if store.validation(run_id, epoch) is not None] == [1]
    assert list(store.weights_by_epoch(run_id)) == [1]


def test_delete_removes_rows_and_folder_but_not_a_running_run(store: RunStore) -> None:
    run_id = create(store)
    store.record_warning(Warned("careful", run_id))
    with pytest.raises(UserError, match="running"):
        store.delete(run_id)
    store.finish(run_id, "stopped")
    store.delete(run_id)
    assert store.runs() == []
    assert store.warnings(run_id) == []
    assert not store.folder(run_id).exists()


def test_config_json_holds_everything(store: RunStore) -> None:
    run_id = create(store, "my run")
    text = (store.folder(run_id) / "config.json").read_text(encoding="utf-8")
    assert '"name": "my run"' in text
    assert '"learning_rate"' in text


def test_a_home_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        Home(tmp_path / "file").prepare()


def test_home_is_chosen_by_option_then_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RESNET_WORKBENCH_HOME", str(tmp_path / "env"))
    assert Home.locate().root == tmp_path / "env"
    assert Home.locate(str(tmp_path / "option")).root == tmp_path / "option"
    monkeypatch.delenv("RESNET_WORKBENCH_HOME")
    assert os.fspath(Home.locate().root).endswith("resnet-workbench")


def test_a_failed_write_leaves_the_store_usable(
    store: RunStore, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that holds its lock at the COMMIT makes it fail; the transaction must not stay open."""
    run_id = create(store)
    store._db.execute("PRAGMA busy_timeout=50")
    reader = sqlite3.connect(home.database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM runs").fetchall()
    with pytest.raises(UserError, match="locked"):
        store.finish(run_id, "failed")
    reader.execute("COMMIT")
    reader.close()
    store.finish(run_id, "finished")
    assert store.run(run_id).status == "finished"


def test_one_unreadable_run_hides_no_other(store: RunStore, home: Home, caplog: pytest.LogCaptureFixture) -> None:
    good, bad = create(store), create(store)
    with sqlite3.connect(home.database) as other:
        config = RunConfig().model_dump(mode="json")
        config["training"]["of_the_future"] = 1
        other.execute("UPDATE runs SET config=? WHERE id=?", (json.dumps(config), bad))
    other.close()
    assert [record.id for record in store.runs()] == [good]
    assert bad in caplog.text


def test_a_run_is_renamed_while_another_connection_trains_it(home: Home, store: RunStore) -> None:
    run_id = create(store, "first try")
    store.record_start(started(run_id))
    with closing(RunStore(home)) as window:
        window.rename(run_id, "ResNet-20, wide")
    store.record_steps([steps(run_id, 1, 5)])
    assert store.run(run_id).name == "ResNet-20, wide"
    assert store.run(run_id).status == "running"
    assert store.find("ResNet-20, wide") == run_id
    with pytest.raises(UserError):
        store.find("first try")


@pytest.mark.parametrize("name", ["", "two\nlines", "x" * 256, "latest"])
def test_what_is_no_name_is_refused_and_the_former_one_stays(store: RunStore, name: str) -> None:
    run_id = create(store, "first try")
    with pytest.raises(UserError, match="the run's name is '"):
        store.rename(run_id, name)
    assert store.run(run_id).name == "first try"


def test_a_run_that_is_gone_is_not_renamed(store: RunStore) -> None:
    with pytest.raises(UserError, match="is not known"):
        store.rename("0123abcd", "anything")


def test_a_writer_waits_no_longer_than_it_is_told(home: Home, store: RunStore) -> None:
    """The window's thread does not stand still for a process that holds the database."""
    run_id = create(store)
    holder = sqlite3.connect(home.database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with closing(RunStore(home, patience_s=0.05)) as window:
        begun = time.monotonic()
        with pytest.raises(UserError, match="locked"):
            window.rename(run_id, "another")
        assert time.monotonic() - begun < 10, "the usual patience is 30 s"
    holder.execute("ROLLBACK")
    holder.close()
    assert store.run(run_id).name == "a"


def test_answers_that_are_lost_are_not_those_of_a_run_without_epochs(store: RunStore) -> None:
    run_id = create(store)
    with pytest.raises(UserError, match="has not finished an epoch; there are no answers yet"):
        store.answers(store.run(run_id))
    for number in (1, 2):
        said = Evaluation(np.array([0]), np.zeros((1, 2), np.float32), ("x", "y"), number)
        store.record_evaluation(EvaluationReady(run_id, said))
        store.record_epoch(epoch(run_id, number))
    folder = store.folder(run_id) / "evaluations"
    (folder / "epoch-00002.npz").unlink()
    with pytest.raises(UserError, match=r"kept epoch 2 are missing .*; evaluate it again, .* epoch 1$"):
        store.answers(store.run(run_id))
    with pytest.raises(UserError, match=r"epoch is 2; run .* has answers of epoch 1"):
        store.answers(store.run(run_id), 2)
    assert store.answers(store.run(run_id), 1).epoch == 1
    (folder / "epoch-00001.npz").unlink()
    with pytest.raises(UserError, match=f"the answers of run {run_id} are missing from its folder; evaluate it"):
        store.answers(store.run(run_id))


def test_an_evaluation_made_anew_takes_the_place_of_a_damaged_one_only(store: RunStore) -> None:
    run_id = create(store)
    for number, logit in ((1, 1.0), (2, 1.0)):
        logits = np.array([[0.0, logit]], np.float32)
        said = Evaluation(np.array([0]), logits, ("x", "y"), number)
        store.record_evaluation(EvaluationReady(run_id, said))
    file = store.folder(run_id) / "evaluations" / "epoch-00002.npz"
    file.write_bytes(file.read_bytes()[:60])
    for number in (1, 2, 3):
        logits = np.array([[1.0, 0.0]], np.float32)
        store.mend_evaluation(run_id, Evaluation(np.array([0]), logits, ("x", "y"), number))
    kept = [store.evaluation(run_id, number) for number in (1, 2, 3)]
    assert [each.predictions[0] for each in kept if each is not None] == [1, 0, 0]
