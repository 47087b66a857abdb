"""The official, lossless archives of CIFAR-10 and CIFAR-100: found or downloaded, checked, and read.

What is downloaded is the binary version. The Python version, which torchvision and Keras leave on a machine,
consists of pickles: each is read only if it is byte for byte as it was published, by a reader that calls nothing.
"""

import contextlib
import hashlib
import tarfile
import zlib
from collections.abc import Generator, Sequence
from pathlib import Path

from workbench.core.data.dataset import Dataset
from workbench.core.data.image_sources import CIFAR10_JPEG
from workbench.core.errors import UserError, reason, shown
from workbench.core.events import Progress
from workbench.core.files import require_file
from workbench.engine.data.download import PATIENCE, Patience, download
from workbench.engine.data.official_archives import Found, Official, at_hand, default_places, found_at
from workbench.engine.data.official_batches import BatchReader

_PIECE = 1 << 20
# Raised when the same archive would give other arrays.
_DECODING = 1


def archive_path(official: Official, folder: Path) -> Path:
    """Where the archive is kept below the home's folder of data."""
    return folder / official.binary.archive


def copy_digest(official: Official) -> str:
    """In place of its bytes: the same for each variant of the archive, wherever it lies."""
    return hashlib.sha256(f"{official.url}|{official.binary.md5}|{_DECODING}".encode()).hexdigest()


def fetch_official(
    official: Official, folder: Path, places: Sequence[Path] | None = None, patience: Patience = PATIENCE
) -> Generator[Progress, None, Path]:
    """What `read_official` reads, archive or folder of batches: the home's, left by others, or downloaded.

    Args:
        folder: of the home's data, where the archive is kept.
        places: in which torchvision or Keras may have left it; None: the usual ones.

    Raises:
        UserError: no network, or what arrived is not the archive.
    """
    path = archive_path(official, folder)
    if path.exists():
        return path
    for found in at_hand(official, default_places() if places is None else places):
        # What may not be read is passed over like what is something else.
        with contextlib.suppress(OSError):
            if (yield from _first_difference(found)) is None:
                return found.path
    title = official.source.collection
    instead = f", or use the shipped {CIFAR10_JPEG.name}" if title == CIFAR10_JPEG.collection else ""
    yield from download(
        official.url,
        path,
        algorithm="md5",
        digest=official.binary.md5,
        activity=f"Downloading {title}",
        by_hand=f"get {official.url} by hand and put it at {shown(path)}{instead}",
        size=official.binary.size,
        patience=patience,
    )
    return path


def read_official(official: Official, path: Path, image_size: int) -> Generator[Progress, None, Dataset]:
    """Decode an archive, or a folder of its batches; all of them give the same images in the same order.

    Raises:
        UserError: it is not what was published, or cannot be read.
    """
    title, found = official.source.collection, found_at(path, (official,))
    if found is None:
        names = ", ".join(f"{variant.archive} or {variant.folder}" for variant in official.variants)
        raise UserError(f"{shown(path)} is not {title}; it must be {names}")
    try:
        different = yield from _first_difference(found)
        if different is None:
            return (yield from BatchReader(found, image_size).read())
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error) as error:
        raise UserError(f"cannot read {shown(path)}: {reason(error)}; delete it to have it downloaded") from error
    raise UserError(
        f"{shown(different)} is not of {title} as it was published, as its size or MD5 says; delete it and take "
        f"{official.source.name} as data.source to have it downloaded, or rename it if the images are your own"
    )


def _first_difference(found: Found) -> Generator[Progress, None, Path | None]:
    """The first file that is not the published one, by size and MD5; None: all are. Nothing is unpickled.

    Raises:
        OSError: one cannot be read.
    """
    variant = found.variant
    files = [(found.path / batch.name, batch.md5) for batch in variant.batches]
    if found.is_archive:
        files = [(found.path, variant.md5)]
    for path, md5 in files:
        require_file(path)
        size = path.stat().st_size
        if found.is_archive and size != variant.size:
            return path
        hasher = hashlib.md5(usedforsecurity=False)
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                hasher.update(piece)
                yield Progress(f"Checking {shown(path.name)}", file.tell(), size, "bytes")
        if hasher.hexdigest() != md5:
            return path
    return None
