"""What the authors of CIFAR-10 and CIFAR-100 publish, and where torchvision or Keras may have left it.

Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images". The MD5s of the archives are those of
https://www.cs.toronto.edu/~kriz/cifar.html, those of the Python version's batches are torchvision's.
"""

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.core.data.image_sources import CIFAR10, CIFAR100, ImageSource

PLACES_VARIABLE = "RESNET_WORKBENCH_DATASETS"
_HOST = "https://www.cs.toronto.edu/~kriz/"
# As people call the folder that they give to torchvision.
_ROOTS = ("data", "datasets", "dataset")
# What a browser adds to a name that is taken.
_COPY = re.compile(r" ?\(\d+\)(?=\.)")


@dataclass(frozen=True)
class Batch:
    """A file of images."""

    name: str
    md5: str


@dataclass(frozen=True)
class Variant:
    """One of the forms in which an archive is published. All have the same images in the same order."""

    archive: str
    """Name of the archive's file."""
    size: int
    """Of the archive in bytes."""
    md5: str
    """Of the archive. It guards against a cut download and names the file, not against forgery."""
    folder: str
    """In the archive, and beside it once it is unpacked."""
    train: tuple[Batch, ...]
    """In the order of their images."""
    test: Batch
    is_pickled: bool = False

    @property
    def batches(self) -> tuple[Batch, ...]:
        return (*self.train, self.test)

    @property
    def archive_names(self) -> tuple[str, ...]:
        """What its authors, and Keras 2 and 3, call the archive."""
        names = (self.archive, f"{self.folder}.tar.gz", f"{self.folder}_archive", f"{self.folder}-target_archive")
        return tuple(dict.fromkeys(names)) if self.is_pickled else (self.archive,)

    @property
    def folders(self) -> tuple[str, ...]:
        """Where the unpacked batches lie below a root: of torchvision and Keras 2, and of Keras 3."""
        nested = (f"{self.folder}-target/{self.folder}", f"{self.folder}/{self.folder}")
        return (self.folder, *nested) if self.is_pickled else (self.folder,)

    def is_in(self, folder: Path) -> bool:
        """Whether files of the names of all batches are there."""
        return all((folder / batch.name).is_file() for batch in self.batches)


@dataclass(frozen=True)
class Official:
    """An archive of images as its authors publish it."""

    source: ImageSource
    binary: Variant
    """Of records: `label_bytes` bytes, the last of them the class, and the pixels channel by channel."""
    python: Variant
    """Of pickles."""
    label_bytes: int
    labels_key: str
    """Of the classes in a pickle."""

    @property
    def url(self) -> str:
        """What is downloaded: nothing in the binary version can run code."""
        return _HOST + self.binary.archive

    @property
    def variants(self) -> tuple[Variant, ...]:
        return self.binary, self.python


@dataclass(frozen=True)
class Found:
    """An official archive on this machine, told by names alone."""

    official: Official
    variant: Variant
    path: Path
    """The archive, or the folder of the batches."""

    @property
    def is_archive(self) -> bool:
        return not self.path.is_dir()


OFFICIAL_CIFAR10 = Official(
    CIFAR10,
    Variant(
        "cifar-10-binary.tar.gz", CIFAR10.download_bytes, "c32a1d4ab5d03f1284b67883e8d87530",
        "cifar-10-batches-bin",
        (
            Batch("data_batch_1.bin", "5dd7e06a14cb22eb9f671a540d1b7c25"),
            Batch("data_batch_2.bin", "5ea93a67294ea407fff1d09f752e9692"),
            Batch("data_batch_3.bin", "942cd6a4bcdd0dd3c604fbe906cb4421"),
            Batch("data_batch_4.bin", "ae636b3ba5c66a11e91e8cb52e771fcb"),
            Batch("data_batch_5.bin", "53f37980c15c3d472c316c40844f3f0d"),
        ),
        Batch("test_batch.bin", "803d5f7f4d78ea53de84dbe85f74fb6d"),
    ),
    Variant(
        "cifar-10-python.tar.gz", 170_498_071, "c58f30108f718f92721af3b95e74349a", "cifar-10-batches-py",
        (
            Batch("data_batch_1", "c99cafc152244af753f735de768cd75f"),
            Batch("data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"),
            Batch("data_batch_3", "54ebc095f3ab1f0389bbae665268c751"),
            Batch("data_batch_4", "634d18415352ddfa80567beed471001a"),
            Batch("data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"),
        ),
        Batch("test_batch", "40351d587109b95175f43aff81a1287e"),
        is_pickled=True,
    ),
    label_bytes=1,
    labels_key="labels",
)  # fmt: skip
OFFICIAL_CIFAR100 = Official(
    CIFAR100,
    Variant(
        "cifar-100-binary.tar.gz", CIFAR100.download_bytes, "03b5dce01913d631647c71ecec9e9cb8",
        "cifar-100-binary",
        (Batch("train.bin", "6172c7755cfe09b2fe270c85cebc1b15"),),
        Batch("test.bin", "4499cfba6c016c1be1438163640a0898"),
    ),
    Variant(
        "cifar-100-python.tar.gz", 169_001_437, "eb9058c3a382ffc7106e4002c42a8d85", "cifar-100-python",
        (Batch("train", "16019d7e3df5f24257cddd939b257f8d"),),
        Batch("test", "f0ef6b0ae62326f3e7ffdfab6717acfc"),
        is_pickled=True,
    ),
    label_bytes=2,
    labels_key="fine_labels",
)  # fmt: skip
OFFICIALS = {official.source.name: official for official in (OFFICIAL_CIFAR10, OFFICIAL_CIFAR100)}
"""By what `data.source` says."""


def found_at(path: Path, officials: Sequence[Official] = tuple(OFFICIALS.values())) -> Found | None:
    """Tells an official archive, packed or unpacked, by names: nothing is opened.

    A folder counts where it has all batches, or, as Keras 3 leaves it, nothing but a folder of them.
    """
    with contextlib.suppress(OSError, ValueError):
        if path.is_dir():
            inner = _only_folder(path)
            for folder in (path, *([inner] if inner else [])):
                for official in officials:
                    for variant in official.variants:
                        if variant.is_in(folder):
                            return Found(official, variant, folder)
            return None
        name = _COPY.sub("", path.name).lower()
        name = f"{name.removesuffix('.tgz')}.tar.gz" if name.endswith(".tgz") else name
        for official in officials:
            for variant in official.variants:
                if name in variant.archive_names and path.is_file():
                    return Found(official, variant, path)
    return None


def official_at(path: Path) -> Official | None:
    """The official archive that a path means, packed or unpacked, by names; None: it is something else."""
    found = found_at(path)
    return found.official if found else None


def default_places() -> tuple[Path, ...]:
    """The folders in which torchvision or Keras are usually told to keep images, or do so untold.

    The variable RESNET_WORKBENCH_DATASETS names others in their place; empty, none is looked at.
    """
    chosen = os.environ.get(PLACES_VARIABLE)
    if chosen is not None:
        return tuple(Path(place).expanduser() for place in chosen.split(os.pathsep) if place)
    try:
        home = Path.home()
    # Nobody knows who this user is.
    except RuntimeError:
        home = Path()
    torch_home = Path(os.environ.get("TORCH_HOME") or home / ".cache" / "torch")
    keras_home = Path(os.environ.get("KERAS_HOME") or home / ".keras")
    places = [Path(), *map(Path, _ROOTS), home, *(home / root for root in _ROOTS)]
    for folder in (torch_home, home / ".torch", home / ".torchvision"):
        places += [folder, *(folder / root for root in _ROOTS)]
    # The second is Keras's choice where it may not write in the first.
    places += [keras_home / "datasets", Path("/tmp/.keras/datasets")]
    return tuple(dict.fromkeys(place.absolute() for place in places))


def at_hand(official: Official, places: Sequence[Path]) -> Iterator[Found]:
    """What is named like the archive or its batches in one of the places; nobody knows yet whether it is them."""
    known = official.source.name
    title = official.source.collection
    roots = dict.fromkeys(("", known, known.upper(), title, title.lower()))
    for place in places:
        for variant in official.variants:
            for root in roots:
                yield from _of_variant(official, variant, place / root)


def _of_variant(official: Official, variant: Variant, root: Path) -> Iterator[Found]:
    # Folders that may not be looked into have nothing for us.
    with contextlib.suppress(OSError, ValueError):
        if not root.is_dir():
            return
        for folder in variant.folders:
            if variant.is_in(root / folder):
                yield Found(official, variant, root / folder)
        for name in variant.archive_names:
            path = root / name
            # A glance at the size spares reading the whole of another file.
            if path.is_file() and path.stat().st_size == variant.size:
                yield Found(official, variant, path)


def _only_folder(path: Path) -> Path | None:
    """The one folder that a folder holds; None where there is anything else that is not hidden."""
    inner: list[Path] = []
    for entry in path.iterdir():
        if not entry.name.startswith("."):
            inner.append(entry)
        if len(inner) > 1:
            return None
    return inner[0] if inner and inner[0].is_dir() else None
