"""How images of one's own must lie: `train/<class>/<image>` and `test/<class>/<image>`, at any depth.

Who reads images and who only looks for them go by the same rules, so that they cannot disagree.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
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
_SHOWN_FOLDERS = 3


def is_archive(path: Path) -> bool:
    """Whether it is named like an archive of images."""
    return path.name.lower().endswith(ARCHIVE_SUFFIXES)


def is_image(name: str) -> bool:
    """Whether a file of this name, with slashes, is an image of a class."""
    path = PurePosixPath(name)
    return len(path.parts) >= 3 and path.parts[-3] in PARTS and _looks_like_image(path)


def part_and_class(name: str) -> tuple[str, str]:
    """Of an image: `train` or `test`, and its class."""
    part, label = PurePosixPath(name).parts[-3:-1]
    return part, label


def _looks_like_image(path: PurePosixPath) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")


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
    """Images in folders where none are looked for; a bounded number of folders."""
    folders: set[str] = field(default_factory=set)
    """The uppermost folders; a bounded number."""

    def add(self, name: str, *, is_folder: bool = False) -> bool:
        """Take note of a file or folder of this name, with slashes; returns whether it is an image of a class.

        Raises:
            UserError: its class is shown, recorded and exported under its folder's name, which is no text; or
                there are more than MOST_CLASSES.
        """
        path = PurePosixPath(name)
        if (is_folder or len(path.parts) > 1) and path.parts and len(self.folders) < _MOST_FOLDERS:
            self.folders.add(path.parts[0])
        if is_folder:
            if len(path.parts) >= 2 and path.parts[-2] in PARTS:
                self._take_folder(path.parts[-2], path.name)
            return False
        if not is_image(name):
            if _looks_like_image(path):
                place = str(path.parent)
                is_kept = place in self.elsewhere or len(self.elsewhere) < _MOST_FOLDERS
                self.elsewhere[place if is_kept else "…"] += 1
            return False
        part, label = part_and_class(name)
        if label not in self.counts[part]:
            self._check_class(part, label)
            self._check_room(part, self.counts[part])
        self.counts[part][label] += 1
        return True

    def _take_folder(self, part: str, label: str) -> None:
        folders = self.class_folders[part]
        if label not in folders:
            self._check_room(part, folders)
            folders.add(label)

    def _check_room(self, part: str, classes: Collection[str]) -> None:
        if len(classes) >= MOST_CLASSES:
            raise UserError(
                f"{shown(self.origin)} has more than {count(MOST_CLASSES)} folders of classes in {part}/; give a "
                "folder or archive of fewer"
            )

    def _check_class(self, part: str, label: str) -> None:
        if not is_class_name(label):
            raise UserError(
                f"the class folder {part}/{shown(label)} in {shown(self.origin)} needs another name: one line "
                f"of at most {LONGEST} characters in UTF-8"
            )

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
            return (
                f"{origin} has images of {len(names)} classes in train/<class>/; at least {_LEAST_CLASSES} are "
                f"needed, in the layout train/<class>/<image> and test/<class>/<image>{self._instead()}"
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


def _places(folders: Mapping[str, int]) -> list[str]:
    return [("the uppermost folder" if place == "." else f"{place}/") for place in sorted(folders)]


def _listed(names: Collection[str]) -> str:
    """The first few, and how many more there are."""
    first = ", ".join(shown(name, 60) for name in list(names)[:_SHOWN_FOLDERS])
    more = len(names) - _SHOWN_FOLDERS
    return f"{first} and {more} more" if more > 0 else first
