"""Images of one's own from a folder or archive into a decoded copy, held on disk and not in memory."""

import os
import tempfile
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from workbench.core.data.dataset import Dataset, ImageSet, Unreadable, listed
from workbench.core.data.image_layout import PARTS, FoundImages, by_number, is_image, may_be_image
from workbench.core.data.pieces import images_at_once
from workbench.core.errors import UserError, shown
from workbench.core.events import Progress
from workbench.engine.data.containers import Entry, Pacer, Unusable, entries
from workbench.engine.data.decoder import Packed, Unpacked, side_lengths
from workbench.engine.data.decoding_pool import DecodingPool

# Images of 3 kB would each be written by themselves.
_BUFFER = 1 << 20


@dataclass
class _Images:
    """What has been decoded: pixels one after another in a file, the rest by the images' names."""

    file: BinaryIO
    side: int
    places: dict[str, int]
    sizes: dict[str, tuple[int, int]]
    failed: dict[str, str]
    stored: int = 0

    def take(self, unpacked: Unpacked) -> None:
        """The later one of two files of a name counts, as if the archive were unpacked."""
        name, square = unpacked.name, unpacked.square
        if square is None:
            self.places.pop(name, None)
            self.failed[name] = unpacked.why
            return
        self.failed.pop(name, None)
        self.places[name], self.sizes[name] = self.stored, square.original_size
        self.stored += 1
        self.file.write(square.pixels.tobytes())

    @property
    def done(self) -> int:
        return self.stored + len(self.failed)

    def pixels(self) -> NDArray[np.uint8]:
        """(N, side, side, 3), mapped from the file, in the order in which they were decoded."""
        self.file.flush()
        return np.memmap(self.file, np.uint8, "r", shape=(self.stored, self.side, self.side, 3))


def read_images(path: Path, side: int, folder: Path) -> Generator[Progress, None, None]:
    """Decode all images of a source into `folder`, which `Dataset.open` takes then.

    Raises:
        UserError: they are wrongly laid out, or too few of them can be read.
        OSError, or what the standard library raises for damaged archives.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder, buffering=_BUFFER) as file:
        images = _Images(cast(BinaryIO, file), side, {}, {}, {})
        # What is in a .tar is known at its end alone, and it is read only once.
        streams = not path.is_dir() and path.suffix.lower() != ".zip"
        found = yield from (_from_stream if streams else _from_known)(path, images)
        yield from _write(found, images, folder)


def _from_known(path: Path, images: _Images) -> Generator[Progress, None, FoundImages]:
    """Of a folder or .zip: all names come first."""
    found, names = FoundImages(path), dict[str, None]()
    for entry in entries(path, in_order=True):
        if entry is None:
            yield Progress(f"Looking through {shown(path.name)}", len(names), 0)
            continue
        if entry.name in names:
            # Archives may have several files of a name, one of which counts.
            continue
        is_of_part = found.add(entry.name, is_folder=entry.is_folder)
        if is_of_part or (not entry.is_folder and may_be_image(entry.name)):
            names[entry.name] = None
    found = found.without_parts()
    _require(found)
    chosen = found.chosen(names)
    some = (entry for entry in entries(path, in_order=True) if entry is None or entry.name in chosen)
    yield from _decoded(some, images, path, len(chosen))
    return found


def _from_stream(path: Path, images: _Images) -> Generator[Progress, None, FoundImages]:
    """Of a .tar: images in folders of any name are decoded until one lies in train or test."""
    found, names = FoundImages(path), set[str]()

    def some() -> Iterator[Entry | None]:
        for entry in entries(path, in_order=True):
            if entry is None:
                yield None
                continue
            is_new = entry.name not in names
            names.add(entry.name)
            is_of_part = found.add(entry.name, is_folder=entry.is_folder) if is_new else is_image(entry.name)
            may_count = not entry.is_folder and may_be_image(entry.name) and not found.has_parts
            if is_of_part or may_count:
                yield entry

    yield from _decoded(some(), images, path, 0)
    if found.has_parts:
        # The others were passed over from then on, and do not count.
        for of_none in [name for name in images.failed if not is_image(name)]:
            del images.failed[of_none]
    found = found.without_parts()
    _require(found)
    return found


def _require(found: FoundImages) -> None:
    problem = found.problem()
    if problem:
        raise UserError(problem)


def _decoded(
    some: Iterable[Entry | None], images: _Images, path: Path, total: int
) -> Generator[Progress, None, None]:
    """
    Args:
        total: how many there will be; 0 where that is not known.
    """
    activity = f"Reading {shown(path.name)}"
    yield Progress(activity, 0, total)
    pacer = Pacer()
    with DecodingPool(images.side) as pool:
        for entry in some:
            if entry is None:
                yield Progress(activity, images.done, total)
                continue
            for batch in _put(entry, pool, images):
                for unpacked in batch:
                    images.take(unpacked)
                if pacer.is_due():
                    yield Progress(activity, images.done, total)
        for batch in pool.finish():
            for unpacked in batch:
                images.take(unpacked)
            yield Progress(activity, images.done, total)
    yield Progress(activity, images.done, images.done)


def _put(entry: Entry, pool: DecodingPool, images: _Images) -> Iterator[list[Unpacked]]:
    try:
        content = entry.file if entry.file is not None and entry.is_small else entry.read()
    except Unusable as error:
        images.take(Unpacked(entry.name, None, str(error)))
        return
    yield from pool.put(Packed(entry.name, content))


def _write(found: FoundImages, images: _Images, folder: Path) -> Generator[Progress, None, None]:
    chosen = found.chosen([*images.places, *images.failed])
    readable = {name: of for name, of in chosen.items() if name in images.places}
    unreadable = tuple(
        Unreadable(shown(PurePosixPath(name), 400), why)
        for name, why in sorted(images.failed.items())
        if name in chosen
    )
    class_names = _require_enough(found, readable, unreadable)
    pixels = images.pixels()
    parts = {}
    for part in PARTS:
        everything = sorted((name for name in chosen if chosen[name][0] == part), key=by_number)
        indices = np.array([index for index, name in enumerate(everything) if name in readable], np.int64)
        names = [everything[index] for index in indices]
        order = np.array([images.places[name] for name in names], np.int64)
        path = folder / f"{part}-images.npy"
        with path.open("wb") as file:
            # Written, not mapped: where the disk is full, writing is an error, and a map ends the process.
            np.lib.format.write_array_header_1_0(
                file, {"descr": "|u1", "fortran_order": False, "shape": (len(names), *pixels.shape[1:])}
            )
            piece = images_at_once(pixels)
            for start in range(0, len(order), piece):
                file.write(pixels[order[start : start + piece]].tobytes())
                yield Progress(f"Writing {shown(found.origin.name)}", start, len(order))
            file.flush()
            os.fsync(file.fileno())
        labels = np.array([class_names.index(chosen[name][1]) for name in names], np.int64)
        said = tuple(f"{part}/{chosen[name][1]}/{shown(PurePosixPath(name).name, 255)}" for name in names)
        sizes = side_lengths([images.sizes[name] for name in names])
        parts[part] = ImageSet(np.load(path, mmap_mode="r"), labels, said, indices, sizes)
    Dataset(class_names, parts["train"], parts["test"], unreadable, found.is_split_here).save_beside(folder)


def _require_enough(
    found: FoundImages, readable: dict[str, tuple[str, str]], unreadable: tuple[Unreadable, ...]
) -> tuple[str, ...]:
    """The names of the classes.

    Raises:
        UserError: a class, or testing, lost all its images because none can be read.
    """
    trained = {label for part, label in readable.values() if part == "train"}
    lost = sorted(set(found.class_names) - trained)
    has_tests = any(part == "test" for part, _ in readable.values())
    if lost or not has_tests:
        what = f"training image of class {shown(lost[0])}" if lost else "image for testing"
        raise UserError(f"no {what} in {shown(found.origin)} can be read: {listed(unreadable)}")
    return found.class_names
