"""Where images come from: shipped archives, the official CIFAR-10 archive, folders, .zip and .tar files.

Layout: `train/<class>/<image>` and `test/<class>/<image>`, at any depth. A decoded copy is kept below
`<home>/data`, so that the next start only maps it.
"""

import hashlib
import io
import lzma
import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from workbench.core.dataset import Dataset, ImageSet, is_class_name
from workbench.core.errors import LONGEST_PATH, ConfigError, UserError, did_you_mean, reason, shown
from workbench.core.events import Progress
from workbench.core.files import require_file
from workbench.core.home import Home
from workbench.core.image_sources import ALLOWED_SOURCES, CIFAR10, IMAGE_SOURCES
from workbench.core.names import LONGEST
from workbench.core.resources import resource_path
from workbench.engine.data.official import fetch_official, read_official
from workbench.engine.data.tar import opened_tar

_SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"))
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz")
_REPORT_EVERY = 500

# What the standard library raises for cut, damaged or mislabeled archives.
_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, EOFError, lzma.LZMAError, zlib.error, OSError)

Reading = Generator[Progress, None, Dataset]


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
            if not path.name.lower().endswith(_ARCHIVES):
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
    with _said_of(path):
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
    files = _below(path) if path.is_dir() else [path]
    # Links that lead nowhere are no files.
    for file in filter(Path.exists, files):
        status = file.stat()
        digest.update(os.fsencode(f"{file}|{status.st_size}|{status.st_mtime_ns}"))
    slug = re.sub(r"[^\w-]+", "-", source if source in IMAGE_SOURCES else path.stem)[:40]
    return f"{slug}-{digest.hexdigest()[:12]}"


@contextmanager
def _said_of(path: Path) -> Iterator[None]:
    """What goes wrong while `path` is read becomes a sentence."""
    try:
        yield
    except PermissionError as error:
        raise UserError(f"cannot read {shown(Path(error.filename or path))}: {reason(error)}") from error
    # Of zipfile.
    except UnicodeError as error:
        raise UserError(f"cannot read {shown(path)}: a name in it is marked as UTF-8, but is none") from error
    except _DAMAGED as error:
        # zipfile's words show the bytes of both names, as Python writes them.
        is_named_twice = str(error).startswith("File name in directory")
        words = "a file in it has two different names" if is_named_twice else reason(error)
        raise UserError(f"cannot read {shown(path)}: {words}; the file is damaged or cut short") from error
    # Of zipfile: a password, or (a subclass of it) a compression that Python does not know.
    except RuntimeError as error:
        raise UserError(
            f"cannot read {shown(path)}: {reason(error)}; use a .zip without password, or a .tar"
        ) from error


def _read_images(path: Path, image_size: int) -> Reading:
    activity = f"Reading {shown(path.name)}"
    # The number of images in an archive is known at its end: until then 0, "not known".
    yield Progress(activity, 0, 0)
    found: list[tuple[str, str, str, NDArray[np.uint8]]] = []
    with _said_of(path):
        for name, content in _files(path):
            part, label = PurePosixPath(name).parts[-3:-1]
            _check_class(part, label, path)
            found.append((part, label, name, _decode(content, name, path, image_size)))
            if len(found) % _REPORT_EVERY == 0:
                yield Progress(activity, len(found), 0)
    yield Progress(activity, len(found), len(found))
    return _assemble(found, path)


def _check_class(part: str, label: str, origin: Path) -> None:
    """A class is shown, recorded and exported under its folder's name, so that the name must be a text."""
    if not is_class_name(label):
        raise UserError(
            f"the class folder {part}/{shown(label)} in {shown(origin)} needs another name: one line "
            f"of at most {LONGEST} characters in UTF-8"
        )


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every image in the layout, in whatever order the container has."""
    if path.is_dir():
        for file in _below(path):
            name = file.relative_to(path).as_posix()
            if _is_image(name) and file.is_file():
                yield name, file.read_bytes()
    elif path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if _is_image(entry.filename):
                    yield entry.filename, archive.read(entry)
    else:
        with opened_tar(path) as stream:
            for member in stream:
                if member.isfile() and _is_image(member.name):
                    opened = stream.extractfile(member)
                    yield member.name, opened.read() if opened else b""


def _below(folder: Path) -> list[Path]:
    """Everything in it, sorted; unlike with rglob, a folder that cannot be read is an error, not an empty one."""
    found = []
    for root, folders, files in os.walk(folder, onerror=_raise):
        found += [Path(root, name) for name in (*folders, *files)]
    return sorted(found)


def _raise(error: OSError) -> None:
    raise error


def _is_image(name: str) -> bool:
    path = PurePosixPath(name)
    in_layout = len(path.parts) >= 3 and path.parts[-3] in ("train", "test")
    return in_layout and path.suffix.lower() in _SUFFIXES and not path.name.startswith(".")


def _decode(content: bytes, name: str, origin: Path, size: int) -> NDArray[np.uint8]:
    try:
        with Image.open(io.BytesIO(content)) as image:
            rgb = _as_rgb(image)
            if rgb.size != (size, size):
                rgb = ImageOps.fit(rgb, (size, size), Image.Resampling.LANCZOS)
            return np.asarray(rgb)
    # Pillow names damage in many ways: OSError, SyntaxError, struct.error, KeyError, DecompressionBombError.
    except Exception as error:
        raise UserError(
            f"cannot decode the image {shown(Path(name))} in {shown(origin)}: {_undecodable(error)}"
        ) from error


def _undecodable(error: Exception) -> str:
    # Pillow names the buffer that it was given.
    return "it is no image that is known here" if isinstance(error, UnidentifiedImageError) else reason(error)


def _as_rgb(image: Image.Image) -> Image.Image:
    """Upright, 8 bits per channel, on white where it is transparent.

    Raises:
        ValueError: floating-point or 32-bit pixels, whose range nobody knows.
    """
    if image.mode == "RGB" and not image.getexif():
        return image
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(upright) // 257).astype(np.uint8)).convert("RGB")
    if upright.mode in ("I", "F"):
        raise ValueError(f"its pixels are of mode {upright.mode}; expected 8 or 16 bits per channel")
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return upright.convert("RGB")


def _assemble(found: list[tuple[str, str, str, NDArray[np.uint8]]], path: Path) -> Dataset:
    class_names = sorted({label for part, label, _, _ in found if part == "train"})
    if len(class_names) < 2:
        raise UserError(
            f"{shown(path)} has images of {len(class_names)} classes in train/<class>/; at least 2 are needed, "
            "in the layout train/<class>/<image> and test/<class>/<image>"
        )
    parts = {}
    for part in ("train", "test"):
        # By number first, as CIFAR-10 numbers its images, so that every container gives the same order.
        members = sorted(
            (item for item in found if item[0] == part),
            key=lambda item: (PurePosixPath(item[2]).stem.zfill(12), item[1]),
        )
        unknown = sorted({label for _, label, _, _ in members} - set(class_names))
        if unknown:
            raise UserError(
                f"the class folder test/{shown(unknown[0])} in {shown(path)} has no counterpart in train/; "
                f"classes are {shown(', '.join(class_names), 200)}{did_you_mean(unknown[0], class_names)}"
            )
        if not members:
            raise UserError(f"{shown(path)} has no images in test/<class>/; they are needed to look at mistakes")
        labels = np.array([class_names.index(label) for _, label, _, _ in members], np.int64)
        images = np.stack([pixels for _, _, _, pixels in members])
        names = tuple(f"{part}/{label}/{shown(PurePosixPath(name).name, 255)}" for _, label, name, _ in members)
        parts[part] = ImageSet(images, labels, names)
    return Dataset(tuple(class_names), parts["train"], parts["test"])
