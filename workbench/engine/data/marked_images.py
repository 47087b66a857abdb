"""Leaving out of a configuration's training what a person has marked so: for whoever begins something new.

Never for what goes on, nor for what a person has said in the configuration: a run goes by that alone.
"""

from collections.abc import Generator

from workbench.core.data.dataset import Dataset
from workbench.core.data.image_marks import ImageMarks, excluded_numbers
from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.engine.data import sources


def without_marked(config: RunConfig, home: Home) -> Generator[Progress, None, RunConfig]:
    """`config` with `data.excluded` as it is marked in this home.

    Images of one's own are read where any are marked: they are found by their names as the files are now, and a
    copy that was decoded before these changed has other numbers.

    Raises:
        UserError: the marks or the images cannot be read.
    """
    source = sources.absolute(config.data.source, home)
    if not ImageMarks(home, source).read_excluded():
        return config
    names = None
    if source not in IMAGE_SOURCES:
        folder = yield from sources.read(source, config.model.input_size, home)
        names = Dataset.require(folder).train.names
    return config.with_values({"data.excluded": excluded_numbers(home, source, names)})
