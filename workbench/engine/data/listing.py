"""Which classes and how many images a source has, found by names alone: no image is decoded."""

from collections.abc import Generator

from workbench.core.data.image_layout import FoundImages
from workbench.core.errors import shown
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.engine.data.containers import entries, said_of
from workbench.engine.data.sources import locate


def find(source: str, home: Home) -> Generator[Progress, None, FoundImages]:
    """Look through a folder or archive of one's own.

    Raises:
        UserError: it is missing or damaged, or a class has a name that none can have.
    """
    path = locate(source, home)
    found, activity = FoundImages(path), f"Looking through {shown(path.name)}"
    yield Progress(activity, 0, 0)
    images = 0
    with said_of(path):
        for entry in entries(path, in_order=False):
            if entry is None:
                # How many there are is known at the end alone.
                yield Progress(activity, images, 0)
            else:
                images += found.add(entry.name, is_folder=entry.is_folder)
    return found.without_parts()
