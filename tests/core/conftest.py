"""What tests of the core share."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.archives import exported
from tests.damage import recorded_runs
from workbench.core.home import Home
from workbench.core.records.store import RunStore


@pytest.fixture
def other(tmp_path: Path) -> Home:
    """The home of another machine."""
    return Home(tmp_path / "other").prepare()


@pytest.fixture
def archive(home: Home, tmp_path: Path) -> Path:
    """Of one run that people have said something of."""
    (run_id,) = recorded_runs(home, 1)
    with closing(RunStore(home)) as store:
        store.tag([run_id], ["lab", "עברית"])
        store.write_note(run_id, "two\nlines")
        store.star([run_id])
    (home.runs / run_id / "weights").mkdir()
    (home.runs / run_id / "weights" / "epoch-00001-0123456789abcdef.safetensors").write_bytes(
        bytes(range(256)) * 40
    )
    path = tmp_path / "runs.zip"
    exported(home, path)
    return path
