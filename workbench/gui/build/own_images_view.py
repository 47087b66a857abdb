"""How a folder of one's own must look, and once one is chosen, what was found in it."""

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from workbench.core.data.image_layout import PARTS, FoundImages
from workbench.core.data.survey import Survey
from workbench.core.errors import shown
from workbench.core.formats import count, memory
from workbench.gui.build.folder_tree import FolderTree, TreeRow
from workbench.gui.widgets.field_form import labeled, plain_tip
from workbench.gui.widgets.theme import GAP

_SHOWN_CLASSES = 4
_SHOWN_PROBLEMS = 2
_LONGEST_NAMES = 600


class OwnImagesView(QWidget):
    """A drawn folder with sentences below it; each state is a method."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lead, self._tree = self._wrapped("secondary"), FolderTree()
        self._tree.setAccessibleName(self.tr("Layout of the folder"))
        self._below, self._problem = self._wrapped("secondary"), self._wrapped("error")
        self._notes = self._wrapped("warning")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        for widget in (self._problem, self._lead, self._tree, self._below, self._notes):
            layout.addWidget(widget)
        self.show_expected()

    def _wrapped(self, role: str) -> QLabel:
        label = labeled("", role)
        label.setWordWrap(True)
        # A long name without a space must not make the panel wider than its room.
        label.setMinimumWidth(1)
        return label

    def show_expected(self, problem: str = "") -> None:
        """How a folder must look, as long as there is none; or none that is right."""
        images = self.tr("*.png, *.jpg, …")
        self._show(
            self.tr(
                "A folder, or a .zip or .tar of it, in this layout, or with folders of classes alone, which have "
                "any names:"
            ),
            [
                TreeRow(0, self.tr("your folder/")),
                *(
                    row
                    for part in PARTS
                    for row in (TreeRow(1, f"{part}/"), TreeRow(2, "cat/", images), TreeRow(2, "dog/", images))
                ),
            ],
            self.tr(
                "PNG, JPEG, WebP, GIF, BMP, TIFF or PPM of any size: each is cropped and resized to the network's "
                "input size. Drop a folder on the window to use it."
            ),
            problem,
        )

    def show_looking(self, activity: str) -> None:
        """A folder is being looked through."""
        self._show(activity, [], "")

    def show_found(self, found: FoundImages) -> None:
        """Classes and numbers of images, and what is wrong with them."""
        if not any(found.counts.values()):
            self.show_expected(found.problem())
            return
        names = found.class_names
        classes = self.tr("1 class") if len(names) == 1 else self.tr("{0} classes").format(count(len(names)))
        summary = self.tr("{0}: {1} training and {2} test images").format(
            classes, *(count(found.images(part)) for part in PARTS)
        )
        rows = [TreeRow(0, f"{shown(found.origin.name)}/")]
        for part in PARTS:
            rows += self._part(found, part)
        self._show(summary, rows, "", found.problem(), "\n".join(map(_sentence, found.notes())))
        self._tree.setToolTip(plain_tip(self.tr("Classes: {0}").format(shown(", ".join(names), _LONGEST_NAMES))))

    def show_cost(self, survey: Survey, size: int) -> None:
        """How large images are and will be, and what reading them takes."""
        if survey.sizes is None or survey.rule is None or survey.found.problem():
            return
        smallest, median, largest = (
            f"{width}\u202f×\u202f{height}"
            for width, height in (survey.sizes.smallest, survey.sizes.median, survey.sizes.largest)
        )
        is_one = smallest == largest
        sizes = (
            self.tr("All {0} pixels").format(smallest)
            if is_one
            else self.tr("{0} to {1} pixels, median {2}").format(smallest, largest, median)
        )
        rule = survey.rule
        why = (
            rule.words
            if size == rule.size
            else self.tr("as set in the tab Model; suggested: {0}").format(rule.size)
        )
        lines = [
            self.tr("{0}; made {1} × {1}: {2}.").format(sizes, size, why),
            self.tr("{0} decoded, at most {1} of memory in training; the first reading takes {2}.").format(
                memory(survey.decoded_bytes(size)),
                memory(survey.training_bytes(size)),
                survey.time,
            ),
        ]
        self._below.setText("\n".join(lines))
        self._below.setVisible(True)

    def show_refused(self, sentence: str) -> None:
        """It could not be looked through."""
        self.show_expected(sentence)

    def _part(self, found: FoundImages, part: str) -> list[TreeRow]:
        """The folder of training or test images, with some of its classes: those first that are wrong."""
        counts = found.counts[part]
        words = dict.fromkeys(found.unknown_classes if part == "test" else (), self.tr("not in train"))
        words |= dict.fromkeys(sorted(found.class_folders[part] - counts.keys()), self.tr("no images"))
        plain = sorted(counts.keys() - words.keys())
        chosen = sorted([*list(words)[:_SHOWN_PROBLEMS], *plain][:_SHOWN_CLASSES])
        more = len(words) + len(plain) - len(chosen)
        rows = [TreeRow(1, f"{part}/", count(found.images(part)) if counts else self.tr("no images"))]
        rows += [TreeRow(2, f"{shown(name)}/", words.get(name) or count(counts[name])) for name in chosen]
        return [*rows, *([TreeRow(2, self.tr("{0} more").format(count(more)))] if more else [])]

    def _show(self, lead: str, rows: list[TreeRow], below: str, problem: str = "", notes: str = "") -> None:
        self._tree.show_rows(rows)
        self._tree.setToolTip("")
        self._tree.setVisible(bool(rows))
        texts = (
            (self._lead, lead),
            (self._below, below),
            (self._problem, _sentence(problem)),
            (self._notes, notes),
        )
        for label, text in texts:
            label.setText(text)
            label.setVisible(bool(text))


def _sentence(words: str) -> str:
    """With a capital, unless it begins with a path or a field."""
    first = words.partition(" ")[0]
    begun = words if "/" in first or "." in first else f"{words[:1].upper()}{words[1:]}"
    return f"{begun}." if words else ""
