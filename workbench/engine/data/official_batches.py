"""Reads the batches of an official archive, packed or not, straight into the arrays that they become."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.events import Progress
from workbench.core.files import require_file
from workbench.engine.data.array_pickle import ArrayPickle, RecordedArray
from workbench.engine.data.official_archives import Batch, Found
from workbench.engine.data.tar import members_of, opened_tar

_SIDE = 32
_PIXELS = 3 * _SIDE * _SIDE
# Resized to 224 pixels, so many take 50 ms.
_AT_ONCE = 100
# Of what a pickle holds beside the pixels of an image: its class, and the name that its file had.
_WORDS = 200

_Part = tuple[NDArray[np.uint8], NDArray[np.int64]]
"""Images and labels of a batch, to be filled."""


@dataclass
class BatchReader:
    """Fills arrays of train and test images, whose memory is most of what reading takes.

    Args:
        image_size: of the images as they are wanted.
    """

    found: Found
    image_size: int
    parts: dict[str, _Part] = field(init=False)
    done: int = 0

    def __post_init__(self) -> None:
        source, size = self.found.official.source, self.image_size
        self.parts = {
            part: (np.empty((count, size, size, 3), np.uint8), np.empty(count, np.int64))
            for part, count in (("train", source.train), ("test", source.test))
        }

    def read(self) -> Generator[Progress, None, Dataset]:
        """The images in the order of the batches' numbers, so that image 7 is image 7 in torchvision too.

        Raises:
            OSError, EOFError, ValueError, tarfile.TarError, zlib.error: it is damaged, or something else.
        """
        total, title = self.found.official.source.images, self.found.official.source.collection
        yield Progress(f"Reading {title}", 0, total)
        for _ in self._archive() if self.found.is_archive else self._folder():
            yield Progress(f"Reading {title}", self.done, total)
        names = self.found.official.source.class_names
        return Dataset(names, self._image_set("train"), self._image_set("test"))

    def _image_set(self, part: str) -> ImageSet:
        (images, labels), classes = self.parts[part], self.found.official.source.class_names
        return ImageSet(
            images, labels, tuple(f"{part}/{classes[label]}/{i:05d}" for i, label in enumerate(labels.tolist()))
        )

    # Where batches lie

    def _folder(self) -> Iterator[None]:
        for batch in self.found.variant.batches:
            path = self.found.path / batch.name
            require_file(path)
            self._check_size(batch, path.stat().st_size)
            with path.open("rb") as file:
                yield from self._batch(batch, file)

    def _archive(self) -> Iterator[None]:
        require_file(self.found.path)
        missing = {batch.name: batch for batch in self.found.variant.batches}
        with opened_tar(self.found.path) as stream:
            for member in members_of(stream):
                yield
                if member is None or not member.isreg():
                    continue
                batch = missing.pop(member.name.rpartition("/")[2], None)
                if batch is not None:
                    self._check_size(batch, member.size)
                    opened = stream.extractfile(member)
                    if opened is None:
                        raise ValueError(f"{batch.name} is no file")
                    yield from self._batch(batch, opened)
        if missing:
            raise ValueError(f"it has no {', '.join(missing)}")

    def _check_size(self, batch: Batch, size: int) -> None:
        """Before anything of it is read."""
        images = len(self._place(batch)[1])
        if self.found.variant.is_pickled:
            is_right = _PIXELS * images < size < (_PIXELS + _WORDS) * images + _WORDS
        else:
            is_right = size == images * (_PIXELS + self.found.official.label_bytes)
        if not is_right:
            raise ValueError(f"{batch.name} has {size} bytes, which is not the size of {images} images")

    def _place(self, batch: Batch) -> _Part:
        """Where its images go."""
        train = self.found.variant.train
        if batch not in train:
            return self.parts["test"]
        images, labels = self.parts["train"]
        many, number = len(labels) // len(train), train.index(batch)
        return images[number * many : (number + 1) * many], labels[number * many : (number + 1) * many]

    # What is in them

    def _batch(self, batch: Batch, file: IO[bytes]) -> Iterator[None]:
        images, labels = self._place(batch)
        read = self._pickled if self.found.variant.is_pickled else self._records
        begun = self.done
        for done in read(file, images, labels):
            self.done = begun + done
            yield
        self.done = begun + len(labels)
        classes = len(self.found.official.source.class_names)
        if labels.min() < 0 or labels.max() >= classes:
            raise ValueError(f"{batch.name} has labels above {classes - 1}")

    def _records(self, file: IO[bytes], images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Iterator[int]:
        label_bytes = self.found.official.label_bytes
        buffer = np.empty((_AT_ONCE, label_bytes + _PIXELS), np.uint8)
        for first in range(0, len(labels), _AT_ONCE):
            records = buffer[: len(labels) - first]
            _fill(file, records)
            labels[first : first + len(records)] = records[:, label_bytes - 1]
            self._take(records[:, label_bytes:], images[first : first + len(records)])
            yield first + len(records)

    def _pickled(self, file: IO[bytes], images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Iterator[int]:
        # Where nothing is resized, the bytes go into the place of the images, and are put in order there.
        in_place = self.image_size == _SIDE
        room = images.reshape(-1) if in_place else np.empty(len(labels) * _PIXELS, np.uint8)
        work, held = ArrayPickle(file, room).load(), None
        while True:
            try:
                next(work)
            except StopIteration as end:
                held = end.value
                break
            yield 0
        array = _valued(held, "data")
        if not isinstance(array, RecordedArray) or array.shape != (len(labels), _PIXELS):
            raise ValueError(f"its data are not an array of {len(labels)} x {_PIXELS}")
        labels[:] = _labels(_valued(held, self.found.official.labels_key), len(labels))
        planes = room.reshape(len(labels), _PIXELS)
        if array.is_by_columns:
            planes = np.ascontiguousarray(room.reshape(_PIXELS, len(labels)).T)
        for first in range(0, len(labels), _AT_ONCE):
            # These may be the very bytes that are written, which numpy sees, and copies them first.
            self._take(planes[first : first + _AT_ONCE], images[first : first + _AT_ONCE])
            yield min(first + _AT_ONCE, len(labels))

    def _take(self, planes: NDArray[np.uint8], images: NDArray[np.uint8]) -> None:
        """Put images that came channel by channel, (N, 3072), into their place."""
        pixels = planes.reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1)
        if self.image_size == _SIDE:
            images[...] = pixels
            return
        size = (self.image_size, self.image_size)
        for image, place in zip(pixels, images, strict=True):
            resized = Image.fromarray(np.ascontiguousarray(image)).resize(size, Image.Resampling.LANCZOS)
            place[...] = np.asarray(resized)


def _fill(file: IO[bytes], records: NDArray[np.uint8]) -> None:
    room, done = records.data.cast("B"), 0
    while done < len(room):
        # Both files and members of archives have it.
        got = file.readinto(room[done:])  # type: ignore[attr-defined]
        if not got:
            raise EOFError("it ends too early")
        done += got


def _valued(held: object, key: str) -> object:
    """Of a dict whose keys Python 2 wrote as bytes."""
    if not isinstance(held, dict):
        raise ValueError("it holds no dict")
    found: object = held.get(key.encode(), held.get(key))
    if found is None:
        raise ValueError(f"it has no {key}")
    return found


def _labels(value: object, count: int) -> list[int]:
    if not isinstance(value, list) or len(value) != count or not all(type(label) is int for label in value):
        raise ValueError(f"its labels are not a list of {count} whole numbers")
    # Anything larger than a class would not even fit into the array.
    if any(not 0 <= label < 1 << 31 for label in value):
        raise ValueError("its labels are no classes")
    return value
