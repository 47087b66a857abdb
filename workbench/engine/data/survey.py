"""What a source holds and what reading it takes, found by its names and by looking at some of its images."""

import io
import time
from collections.abc import Generator
from pathlib import Path

import numpy as np

from workbench.core.data.image_layout import PARTS, FoundImages, may_be_image
from workbench.core.data.survey import SizeRule, Sizes, Survey
from workbench.core.errors import shown
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.engine.data.containers import Entry, entries, said_of
from workbench.engine.data.decoder import side_lengths
from workbench.engine.data.decoding import opened, square_of, without_warnings
from workbench.engine.data.decoding_pool import MOST_PROCESSES, cores
from workbench.engine.data.official_archives import Official, official_at
from workbench.engine.data.sources import locate

# Heads that are looked at, of images spread over all.
_HEADS = 512
# Spent on decoding some of them, for how long all will take.
_DECODING_S = 0.5
_LEAST_DECODED = 3


def survey(source: str, home: Home, size: int | None = None) -> Generator[Progress, None, Survey]:
    """Look through a folder or archive.

    Args:
        size: that images will be made, in pixels; None: what is suggested, which takes as long, nearly.

    Raises:
        UserError: it is missing or damaged, or a class has a name that none can have.
    """
    path = locate(source, home)
    official = official_at(path)
    if official is not None:
        return _of_official(source, path, official)
    found, activity = FoundImages(path), f"Looking through {shown(path.name)}"
    yield Progress(activity, 0, 0)
    sample, images, names = _Sample(size or 32), 0, set[str]()
    with said_of(path):
        for entry in entries(path, in_order=False):
            if entry is None:
                # How many there are is known at the end alone.
                yield Progress(activity, images, 0)
                continue
            if entry.name in names:
                # Archives may have several files of a name, one of which counts.
                continue
            names.add(entry.name)
            is_of_part = found.add(entry.name, is_folder=entry.is_folder)
            images += is_of_part
            if not entry.is_folder and (is_of_part or (may_be_image(entry.name) and not found.has_parts)):
                sample.take(entry)
    sizes = side_lengths(sample.sizes)
    return Survey(
        source, path, found.without_parts(), Sizes.of(sizes) if len(sizes) else None,
        SizeRule.of(sizes) if len(sizes) else None, sample.decoding_s, min(cores(), MOST_PROCESSES),
    )  # fmt: skip


def _of_official(source: str, path: Path, official: Official) -> Survey:
    """It has as many images of each class, and need not be opened to be known."""
    found, known = FoundImages(path), official.source
    for part, images in zip(PARTS, (known.train, known.test), strict=True):
        found.counts[part].update(dict.fromkeys(known.class_names, images // len(known.class_names)))
    sizes = np.array([[known.image_size, known.image_size]])
    return Survey(source, path, found, Sizes.of(sizes), SizeRule.of(sizes), 0.0, 1)


class _Sample:
    """Some of the images, spread evenly, however many will come: every one, every second, every fourth, ..."""

    def __init__(self, side: int) -> None:
        self._side, self._seen, self._stride = side, 0, 1
        self.sizes: list[tuple[int, int]] = []
        self._spent_s, self._decoded = 0.0, 0

    @property
    def decoding_s(self) -> float:
        return self._spent_s / self._decoded if self._decoded else 0.0

    def take(self, entry: Entry) -> None:
        number = self._seen
        self._seen += 1
        if number % self._stride:
            return
        try:
            with without_warnings():
                self._look(entry)
        # What cannot be read is told when it is.
        except Exception:  # noqa: BLE001
            return
        if len(self.sizes) >= _HEADS:
            self.sizes, self._stride = self.sizes[::2], 2 * self._stride

    def _look(self, entry: Entry) -> None:
        started = time.perf_counter()
        content = entry.read()
        with opened(io.BytesIO(content)) as image:
            if self._spent_s < _DECODING_S or self._decoded < _LEAST_DECODED:
                self.sizes.append(square_of(image, self._side).original_size)
                self._spent_s += time.perf_counter() - started
                self._decoded += 1
            else:
                self.sizes.append(image.size)
