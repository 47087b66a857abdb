"""Where images come from: shipped archives, the official CIFAR-10 archive, folders, .zip and .tar files.

Layout: `train/<class>/<image>` and `test/<class>/<image>`, at any depth. A decoded copy is kept below
`<home>/data`, so that the next start only maps it.
"""

import hashlib
import io
import os
from collections.abc import Generator
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.core.data.dataset import Dataset, ImageSet, copy_name
from workbench.core.data.image_layout import PARTS, FoundImages, is_archive, part_and_class
from workbench.core.data.image_sources import ALLOWED_SOURCES, CIFAR10, IMAGE_SOURCES
from workbench.core.errors import LONGEST_PATH, ConfigError, UserError, did_you_mean, reason, shown
from workbench.core.events import Progress
from workbench.core.files import require_file
from workbench.core.home import Home
from workbench.core.resources import resource_path
from workbench.engine.data.containers import below, entries, said_of
from workbench.engine.data.decoding import fitted, undecodable, upright_rgb
from workbench.engine.data.official import fetch_official, read_official

Reading = Generator[Progress, None, Dataset]
# Name and pixels.
_Decoded = tuple[str, NDArray[np.uint8]]


def locate(source: str, home: Home) -> Path:
    """The folder or archive that `source` means. The official archive may not be there yet.

    Raises:
        ConfigError: no such source, or one that is neither a file nor a folder.
    """
    known = IMAGE_SOURCES.get(source)
    if known is not None and known.is_shipped:
        path = resource_path(known.resource)
        if not path.exists():
            raise UserError(f"data.source is '{source}', but its archive {path} is missing; install again")
        return path
    if known is not None:
        return home.data / "cifar-10-binary.tar.gz"
    try:
        path = Path(source).expanduser()
        if not path.is_dir():
            require_file(path)
            if not is_archive(path):
                raise _not_a_source(source, "that is no folder, .zip or .tar")
    except FileNotFoundError as error:
        similar = did_you_mean(source, IMAGE_SOURCES)
        raise _not_a_source(source, f"there is no such file{similar}") from error
    # A pipe, no right to read it, a user who is not known, a name too long for a file.
    except (RuntimeError, OSError) as error:
        raise _not_a_source(source, f"that cannot be read: {reason(error)}") from error
    return path.resolve()


def absolute(source: str, home: Home) -> str:
    """`source` as it can be found from any folder: names as they are, paths in full."""
    path = locate(source, home)
    return source if source in IMAGE_SOURCES else str(path)


def read(source: str, image_size: int, home: Home) -> Generator[Progress, None, Path]:
    """Decode `source` unless its decoded copy is there; returns the copy's folder for `Dataset.open`.

    Raises:
        UserError: missing, damaged or wrongly laid out data.
    """
    path = locate(source, home)
    if source == CIFAR10.name:
        yield from fetch_official(path)
    with said_of(path):
        folder = home.data / _copy_name(source, path, image_size)
    copy = Dataset.open(folder)
    if copy is not None and copy.image_size == image_size:
        return folder
    # Its files are open until then, and on Windows could not be replaced.
    del copy
    if source == CIFAR10.name:
        dataset = read_official(path, image_size)
    else:
        dataset = yield from _read_images(path, image_size)
    dataset.save(folder)
    return folder


def _not_a_source(source: str, why: str) -> ConfigError:
    shortened = shown(source, LONGEST_PATH)
    return ConfigError(
        {"data.source": f"data.source is '{shortened}', but {why}; it must be {ALLOWED_SOURCES} of images"}
    )


def _copy_name(source: str, path: Path, image_size: int) -> str:
    """Changes whenever the source does: by size and time of every file, not by reading them."""
    digest = hashlib.sha256(os.fsencode(f"{path}|{image_size}"))
    files = [file for file, _ in below(path)] if path.is_dir() else [path]
    # Links that lead nowhere are no files.
    for file in filter(Path.exists, files):
        status = file.stat()
        digest.update(os.fsencode(f"{file}|{status.st_size}|{status.st_mtime_ns}"))
    return copy_name(source if source in IMAGE_SOURCES else path.stem, digest.hexdigest())


def _read_images(path: Path, image_size: int) -> Reading:
    activity = f"Reading {shown(path.name)}"
    # The number of images in an archive is known at its end: until then 0, "not known".
    yield Progress(activity, 0, 0)
    decoded: list[_Decoded] = []
    found = FoundImages(path)
    with said_of(path):
        for entry in entries(path, in_order=True):
            if entry is None:
                yield Progress(activity, len(decoded), 0)
            elif found.add(entry.name, is_folder=entry.is_folder):
                decoded.append((entry.name, _decode(entry.read(), entry.name, path, image_size)))
    yield Progress(activity, len(decoded), len(decoded))
    return _assemble(decoded, found)


def _decode(content: bytes, name: str, origin: Path, size: int) -> NDArray[np.uint8]:
    try:
        with Image.open(io.BytesIO(content)) as image:
            return np.asarray(fitted(upright_rgb(image), size))
    # Pillow names damage in many ways: OSError, SyntaxError, struct.error, KeyError, DecompressionBombError.
    except Exception as error:
        raise UserError(
            f"cannot decode the image {shown(Path(name))} in {shown(origin)}: {undecodable(error)}"
        ) from error


def _assemble(decoded: list[_Decoded], found: FoundImages) -> Dataset:
    problem = found.problem()
    if problem:
        raise UserError(problem)
    class_names, parts = found.class_names, {}
    for part in PARTS:
        members = [(*part_and_class(name), name, pixels) for name, pixels in decoded]
        # By number first, as CIFAR-10 numbers its images, so that every container gives the same order.
        members = sorted(
            (member for member in members if member[0] == part),
            key=lambda member: (PurePosixPath(member[2]).stem.zfill(12), member[1]),
        )
        labels = np.array([class_names.index(label) for _, label, _, _ in members], np.int64)
        images = np.stack([pixels for _, _, _, pixels in members])
        names = tuple(f"{part}/{label}/{shown(PurePosixPath(name).name, 255)}" for _, label, name, _ in members)
        parts[part] = ImageSet(images, labels, names)
    return Dataset(class_names, parts["train"], parts["test"])
