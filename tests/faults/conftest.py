"""What tests of wrong input share: runs that were really trained, once for all of them."""

import json
from pathlib import Path

import pytest

from tests.commands import TINY, call
from workbench.core.home import Home


@pytest.fixture(scope="session")
def trained_home(image_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    """A home with one run of two epochs, and its id."""
    home = Home(tmp_path_factory.mktemp("trained")).prepare()
    done = call(home, "train", *TINY, "--data", str(image_folder), "--epochs", "2", "--json")
    assert done.returncode == 0, done.stderr
    return home, str(json.loads(done.stdout)["run"])
