"""Pictures of a run from another machine, whose decoded images lay where this one has nothing."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.damage import change, recorded_runs
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.gui.records.run_library import RunLibrary


@pytest.fixture
def library(qapp: object, home: Home) -> Iterator[RunLibrary]:
    """Of a run that was tested on one image (`tests.run_writer`)."""
    (run_id,) = recorded_runs(home, 1)
    change(home, "UPDATE runs SET started=replace(started, '[8, 1, 2]', '[8, 1, 1]') WHERE id=?", run_id)
    library = RunLibrary()
    library.open(home)
    yield library
    library.close()


def images(count: int, value: int = 7) -> ImageSet:
    return ImageSet(np.full((count, 32, 32, 3), value, np.uint8), np.zeros(count, np.int64), ("",) * count)


def test_they_appear_as_soon_as_their_source_was_read_here(library: RunLibrary, home: Home) -> None:
    record = library.record(next(home.runs.iterdir()).name)
    with pytest.raises(UserError, match="the decoded images in /d are gone"):
        library.images(record)
    Dataset(("x", "y"), images(9), images(2)).save(home.data / "sample-000000000000")
    with pytest.raises(UserError, match="the decoded images in /d are gone"):
        library.images(record)
    Dataset(("x", "y"), images(9), images(1, 9)).save(home.data / "sample-000000000001")
    assert library.images(record).images[0, 0, 0, 0] == 9
