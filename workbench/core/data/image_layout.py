"""How images of one's own must lie: `train/<class>/<image>` and `test/<class>/<image>`, at any depth; or only
`<class>/<image>`, of which some are taken for testing.

Who reads images and who only looks for them go by the same rules, so that they cannot disagree.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath

from workbench.core.data.dataset import is_class_name
from workbench.core.errors import UserError, did_you_mean, shown
from workbench.core.formats import count
from workbench.core.names import LONGEST

PARTS = ("train", "test")
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz")

_LEAST_CLASSES = 2
# As many as iNaturalist has. Of more, how they are mistaken for each other would take over 400 MB an epoch.
MOST_CLASSES = 10_000
# Names among which the one that was meant is looked for: among 10 000 much alike that takes 4 s.
_MOST_COMPARED = 1000
# Folders kept to be named: who hands over a whole disk needs no more of them.
_MOST_FOLDERS = 1000
# Of every class, where a source has no test images of its own.
TEST_SHARE = 0.2
_SHOWN_FOLDERS = 3


def is_archive(path: Path) -> bool:
    """Whether it is named like an archive of images."""
    return path.name.lower().endswith(ARCHIVE_SUFFIXES)


def is_image(name: str) -> bool:
    """Whether a file of this name, with slashes, is an image of a class."""
    folder, _, file = name.rpartition("/")
    folders = _folders(folder)
    return len(folders) >= 2 and folders[-2] in PARTS and _looks_like_image(file)


def part_and_class(name: str) -> tuple[str, str]:
    """Of an image: `train` or `test`, and its class."""
    part, label = _folders(name.rpartition("/")[0])[-2:]
    return part, label


def may_be_image(name: str) -> bool:
    """Whether a file of this name, with slashes, is an image of a class in either layout."""
    folder, _, file = name.rpartition("/")
    return bool(_folders(folder)) and _looks_like_image(file)


@lru_cache(maxsize=1024)
def _folders(path: str) -> tuple[str, ...]:
    """The parts of a folder's name: of each file of a source a PurePosixPath would take as long as its pixels."""
    return tuple(part for part in path.split("/") if part not in ("", "."))


def _looks_like_image(file: str) -> bool:
    stem, dot, suffix = file.rpartition(".")
    return bool(stem) and not file.startswith(".") and f"{dot}{suffix.lower()}" in IMAGE_SUFFIXES


def by_number(name: str) -> tuple[str, str]:
    """A key that sorts images of a class by their numbers, as CIFAR-10 numbers its images, whichever container
    they lie in."""
    file = name.rpartition("/")[2]
    return file.rpartition(".")[0].zfill(12), file


@dataclass
class FoundImages:
    """What lies in a folder or archive, by its names alone.

    Args:
        origin: the folder or archive.
    """

    origin: Path
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {part: Counter() for part in PARTS})
    """Images of each class, for train and test."""
    class_folders: dict[str, set[str]] = field(default_factory=lambda: {part: set() for part in PARTS})
    """Folders where those of classes are looked for, with or without images; archives need not name them."""
    elsewhere: Counter[str] = field(default_factory=Counter)
    """Images by their folder that do not lie in train or test; a bounded number of folders."""
    folders: set[str] = field(default_factory=set)
    """The uppermost folders; a bounded number."""
    is_split_here: bool = False
    """The source has folders of classes alone; which of their images are for testing was decided here."""
    root: str = ""
    """The folder of those folders, "." for the uppermost."""

    def add(self, name: str, *, is_folder: bool = False) -> bool:
        """Take note of a file or folder of this name, with slashes; returns whether it is an image of a class.

        Raises:
            UserError: its class is shown, recorded and exported under its folder's name, which is no text; or
                there are more than MOST_CLASSES.
        """
        folder, _, file = name.rpartition("/")
        if is_folder:
            folders = _folders(name)
            self._take_uppermost(folders)
            if len(folders) >= 2 and folders[-2] in PARTS:
                self._take_folder(folders[-2], folders[-1])
            return False
        self._take_uppermost(_folders(folder))
        if not is_image(name):
            if _looks_like_image(file):
                place = "/".join(_folders(folder)) or "."
                is_kept = place in self.elsewhere or len(self.elsewhere) <= MOST_CLASSES
                self.elsewhere[place if is_kept else "…"] += 1
            return False
        part, label = part_and_class(name)
        if label not in self.counts[part]:
            self._check_class(label, f"{part}/")
            self._check_room(f" in {part}/", self.counts[part])
        self.counts[part][label] += 1
        return True

    def _take_uppermost(self, folders: Sequence[str]) -> None:
        if folders and len(self.folders) < _MOST_FOLDERS:
            self.folders.add(folders[0])

    def _take_folder(self, part: str, label: str) -> None:
        folders = self.class_folders[part]
        if label not in folders:
            self._check_room(f" in {part}/", folders)
            folders.add(label)

    def _check_room(self, where: str, classes: Collection[str]) -> None:
        if len(classes) >= MOST_CLASSES:
            raise UserError(
                f"{shown(self.origin)} has more than {count(MOST_CLASSES)} folders of classes{where}; give a "
                "folder or archive of fewer"
            )

    def _check_class(self, label: str, where: str = "") -> None:
        if not is_class_name(label):
            raise UserError(
                f"the class folder {where}{shown(label)} in {shown(self.origin)} needs another name: one line "
                f"of at most {LONGEST} characters in UTF-8"
            )

    @property
    def has_parts(self) -> bool:
        """Whether anything lies in train or test; else folders of classes alone are looked for."""
        return any(self.counts.values()) or any(self.class_folders.values())

    def without_parts(self) -> "FoundImages":
        """The same in train and test, where the source has neither but folders of classes: some of every class are
        test images. Itself where it has, or no folders that can be classes of one kind.
        """
        root = None if self.has_parts else _root_of_classes(self.elsewhere)
        if root is None:
            return self
        split = FoundImages(self.origin, folders=self.folders, is_split_here=True, root=root)
        for place, images in self.elsewhere.items():
            if not _is_class_below(place, root):
                split.elsewhere[place] = images
                continue
            label = PurePosixPath(place).name
            split._check_class(label)
            split._check_room("", split.counts["train"])
            test = test_images(images)
            split.counts["train"][label] = images - test
            if test:
                split.counts["test"][label] = test
        return split

    def chosen(self, names: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Part and class of each of these images that counts; all of the source's must be among them."""
        if not self.is_split_here:
            return {name: part_and_class(name) for name in names if is_image(name)}
        members: dict[str, list[str]] = {}
        for name in names:
            folder, _, file = name.rpartition("/")
            place = "/".join(_folders(folder)) or "."
            if _looks_like_image(file) and _is_class_below(place, self.root):
                members.setdefault(_folders(folder)[-1], []).append(name)
        chosen: dict[str, tuple[str, str]] = {}
        for label, of_class in members.items():
            test = set(chosen_for_test(of_class))
            chosen |= {name: ("test" if name in test else "train", label) for name in of_class}
        return chosen

    @property
    def class_names(self) -> tuple[str, ...]:
        """In the order of their labels."""
        return tuple(sorted(self.counts["train"]))

    def images(self, part: str) -> int:
        """How many there are in `train` or `test`."""
        return self.counts[part].total()

    @property
    def unknown_classes(self) -> tuple[str, ...]:
        """Of test images, without training images."""
        return tuple(sorted(self.counts["test"].keys() - self.counts["train"].keys()))

    def problem(self) -> str:
        """Why nothing can be trained on them, in one sentence; empty if something can."""
        origin, names = shown(self.origin), self.class_names
        if len(names) < _LEAST_CLASSES:
            classes = "1 class" if len(names) == 1 else f"{len(names)} classes"
            return (
                f"{origin} has images of {classes}{self._where()}; at least {_LEAST_CLASSES} are "
                "needed, in the layout train/<class>/<image> and test/<class>/<image>, or <class>/<image>"
                f"{self._instead()}"
            )
        if self.unknown_classes:
            unknown = self.unknown_classes[0]
            return (
                f"the class folder test/{shown(unknown)} in {origin} has no counterpart in train/; "
                f"classes are {shown(', '.join(names), 200)}{did_you_mean(unknown, names[:_MOST_COMPARED])}"
            )
        if not self.images("test"):
            return f"{origin} has no images in test/<class>/; they are needed to look at mistakes{self._instead()}"
        return ""

    def notes(self) -> list[str]:
        """What is passed over or missing, though it can be trained on; a sentence each."""
        said = []
        if self.is_split_here:
            said.append(
                f"there is no train/ and test/: {TEST_SHARE:.0%} of every class are taken for testing, the same "
                "ones each time"
            )
        for part in PARTS:
            empty = sorted(self.class_folders[part] - self.counts[part].keys())
            # Of a class without test images is told once, below.
            empty = [name for name in empty if part == "train" or name not in self.counts["train"]]
            if empty:
                said.append(f"no images in {_listed([f'{part}/{name}' for name in empty])}: passed over")
        untested = sorted(self.counts["train"].keys() - self.counts["test"].keys())
        if untested:
            said.append(f"no test images of {_listed(untested)}")
        if self.elsewhere:
            places = _listed(_places(self.elsewhere))
            many = self.elsewhere.total()
            verbs = ("image lies", "is") if many == 1 else ("images lie", "are")
            said.append(f"{count(many)} {verbs[0]} elsewhere and {verbs[1]} passed over: {places}")
        return said

    def _where(self) -> str:
        return "" if self.is_split_here else " in train/<class>/"

    def _instead(self) -> str:
        """What was found in place of folders of classes, as the end of a sentence."""
        if self.elsewhere:
            many = self.elsewhere.total()
            verb = "image was" if many == 1 else "images were"
            return f"; {count(many)} {verb} found in {_listed(_places(self.elsewhere))}"
        if not any(self.counts.values()) and self.folders:
            folders = _listed([f"{name}/" for name in sorted(self.folders)])
            return f"; no images ({', '.join(IMAGE_SUFFIXES)}) were found, but the folders {folders}"
        return ""


def test_images(images: int) -> int:
    """How many of a class are taken for testing where a source has no test images: at least one is trained on."""
    return min(max(1, round(TEST_SHARE * images)), images - 1)


def chosen_for_test(names: Sequence[str]) -> list[str]:
    """Which images of a class these are.

    By a digest of each name within its class, as if drawn at random with one seed for good: an image that is added
    changes hardly anything for the others, and neither does where the source lies or in which container.
    """
    ranks = {name: hashlib.sha256(os.fsencode(name.rpartition("/")[2])).digest() for name in names}
    return sorted(names, key=lambda name: (ranks[name], name))[: test_images(len(names))]


def _root_of_classes(folders: Mapping[str, int]) -> str | None:
    """The one folder whose folders are the classes; None if there are several, none of which is above all others.

    `training/cat` and `testing/cat` have two, and are not two classes called training and testing.
    """
    places = [PurePosixPath(place) for place in folders if place not in (".", "…")]
    roots = {place.parent for place in places}
    if not roots:
        return None
    top = min(roots, key=lambda root: len(root.parts))
    return str(top) if all(root == top or root.is_relative_to(top) for root in roots) else None


def _is_class_below(place: str, root: str) -> bool:
    return place not in (".", "…") and str(PurePosixPath(place).parent) == root


def _places(folders: Mapping[str, int]) -> list[str]:
    return [("the uppermost folder" if place == "." else f"{place}/") for place in sorted(folders)]


def _listed(names: Collection[str]) -> str:
    """The first few, and how many more there are."""
    first = ", ".join(shown(name, 60) for name in list(names)[:_SHOWN_FOLDERS])
    more = len(names) - _SHOWN_FOLDERS
    return f"{first} and {more} more" if more > 0 else first
