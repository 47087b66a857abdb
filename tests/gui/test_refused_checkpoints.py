"""Odd and foreign checkpoints through the window's jobs: refused in one sentence, and nothing is run."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from tests.engine.odd_checkpoints import foreign_pickle, replace_data, spoil_manifest
from tests.gui.conftest import LONG_MS
from workbench.core.errors import UserError
from workbench.core.export.formats import EXPORT_FORMATS
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.training import training
from workbench.engine.weights import manifest
from workbench.gui.work import export_jobs, jobs
from workbench.gui.work.job import Job
from workbench.gui.work.lane import Lane

JOBS: dict[str, Callable[[str, Path], Job]] = {
    "resume": lambda run_id, _: jobs.resume(run_id),
    "evaluate": lambda run_id, _: jobs.evaluate_kept(run_id),
    "export": lambda run_id, folder: export_jobs.export_run(run_id, EXPORT_FORMATS["python"], folder / "net.py"),
}


@pytest.fixture
def run_id(home: Home, tiny_config: RunConfig) -> str:
    with closing(RunStore(home)) as store:
        events = training.train(tiny_config.with_values({"training.epochs": 2}), store=store)
        return str(list(events)[-1].run_id)


@pytest.mark.parametrize("kind", JOBS)
@pytest.mark.parametrize("oddity", ["version null", "nested", "foreign pickle"])
def test_it_is_refused_in_a_sentence(
    qtbot: QtBot, lane: Lane, home: Home, run_id: str, tmp_path: Path, kind: str, oddity: str
) -> None:
    folder, trace = home.runs / run_id / "checkpoints", tmp_path / "it ran"
    with closing(RunStore(home)) as store:
        # It can be taken up again, for the window.
        store.finish(run_id, "stopped")
    words = "it has Python objects"
    for each in manifest.KINDS:
        if oddity == "foreign pickle":
            replace_data(folder, each, foreign_pickle(trace))
        else:
            words = spoil_manifest(folder, each, oddity)
    errors: list[Exception] = []
    handle = lane.ask(JOBS[kind](run_id, tmp_path), home, QObject(lane))
    handle.refused.connect(errors.append)
    with qtbot.waitSignal(handle.ended, timeout=LONG_MS):
        pass
    (error,) = errors
    assert isinstance(error, UserError)
    assert words in str(error)
    assert not trace.exists()
