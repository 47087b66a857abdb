"""Which classes and how many images a source has, found by names alone: no image is decoded."""

import time
from collections.abc import Generator

from workbench.core.errors import shown
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.core.image_layout import FoundImages
from workbench.engine.data.containers import entries, said_of
from workbench.engine.data.sources import locate

REPORT_EVERY_S = 0.05


def find(source: str, home: Home) -> Generator[Progress, None, FoundImages]:
    """Look through a folder or archive of one's own.

    Raises:
        UserError: it is missing or damaged, or a class has a name that none can have.
    """
    path = locate(source, home)
    found, activity = FoundImages(path), f"Looking through {shown(path.name)}"
    yield Progress(activity, 0, 0)
    images, said_at = 0, time.monotonic()
    with said_of(path):
        for entry in entries(path, in_order=False):
            images += found.add(entry.name, is_folder=entry.is_folder)
            if time.monotonic() - said_at > REPORT_EVERY_S:
                # How many there are is known at the end alone.
                yield Progress(activity, images, 0)
                said_at = time.monotonic()
    return found
