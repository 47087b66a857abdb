"""The official, lossless CIFAR-10 archive: downloaded with progress, checked, read without unpickling.

Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images". The binary version is taken:
the Python version is made of pickles, which can run code.
"""

import tarfile
import zlib
from collections.abc import Generator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.data.image_sources import CIFAR10, CIFAR10_JPEG
from workbench.core.errors import UserError, reason, shown
from workbench.core.events import Progress
from workbench.core.files import require_file
from workbench.engine.data.download import download
from workbench.engine.data.tar import opened_tar

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
# As published beside the archive; it guards against a cut download, not against forgery.
MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
_PIXELS = 3 * 32 * 32


def fetch_official(path: Path, url: str = URL, md5: str = MD5) -> Generator[Progress, None, None]:
    """Download the archive to `path` unless a whole one is there.

    Raises:
        UserError: no network, or what arrived is not the archive.
    """
    yield from download(
        url,
        path,
        algorithm="md5",
        digest=md5,
        activity="Downloading CIFAR-10",
        by_hand=f"get {url} by hand and put it at {path}, or use the shipped {CIFAR10_JPEG.name}",
    )


def read_official(path: Path, image_size: int) -> Dataset:
    """Decode the archive: records of one label byte and 3072 bytes, channel by channel.

    Batches come by their numbers, not as they lie in the archive, so that image 7 is image 7 in torchvision too.
    """
    batches: dict[str, bytes] = {}
    try:
        require_file(path)
        with opened_tar(path) as stream:
            for member in stream:
                file_name = member.name.rpartition("/")[2]
                batch = file_name.endswith("_batch.bin") or file_name.startswith("data_batch_")
                opened = stream.extractfile(member) if batch else None
                if opened is not None:
                    batches[file_name] = opened.read()
        test = [batches.pop("test_batch.bin", b"")]
        train = [batches[name] for name in sorted(batches)]
        return Dataset(CIFAR10.class_names, _images("train", train, image_size), _images("test", test, image_size))
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error) as error:
        raise UserError(f"cannot read {shown(path)}: {reason(error)}; delete it to download it again") from error


def _images(part: str, batches: list[bytes], size: int) -> ImageSet:
    records = np.frombuffer(b"".join(batches), np.uint8).reshape(-1, 1 + _PIXELS)
    labels = records[:, 0].astype(np.int64)
    if not len(labels) or labels.max() >= len(CIFAR10.class_names):
        raise ValueError(f"{part} has no images, or labels above {len(CIFAR10.class_names) - 1}")
    images_nhwc = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    names = tuple(f"{part}/{CIFAR10.class_names[label]}/{i:05d}" for i, label in enumerate(labels.tolist()))
    return ImageSet(_resized(images_nhwc, size), labels, names)


def _resized(images_nhwc: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    if size == images_nhwc.shape[1]:
        return np.ascontiguousarray(images_nhwc)
    resample = Image.Resampling.LANCZOS
    return np.stack([np.asarray(Image.fromarray(i).resize((size, size), resample)) for i in images_nhwc])
