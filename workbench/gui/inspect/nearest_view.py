"""Why the network may have thought so: the training images that it takes for most like the chosen one."""

from PySide6.QtWidgets import QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from workbench.core.formats import count
from workbench.core.neighbors import Neighbors
from workbench.gui.inspect.neighbor_grid import NeighborGrid
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.scrolling import scrolling
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme
from workbench.gui.widgets.work_bar import WorkBar


class NearestView(QWidget):
    """A sentence, the nearest ones, and where the prediction is wrong the nearest ones of the true class."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = WorkBar()
        self._sentence, self._of_truth = _wrapped("heading"), _wrapped("secondary")
        self.nearest = NeighborGrid(theme, self.tr("Nearest training images"))
        self.of_truth = NeighborGrid(theme, self.tr("Nearest training images of the true class"))
        self._content = self._built()
        self._empty = EmptyState()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, 0, 0)
        layout.setSpacing(GAP)
        for widget in (self.bar, self._content, self._empty):
            layout.addWidget(widget, 0 if widget is self.bar else 1)
        self.show_nothing()

    def _built(self) -> QScrollArea:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, MARGIN, FIELD_GAP)
        column.setSpacing(FIELD_GAP)
        for widget in (self._sentence, self.nearest, self._of_truth, self.of_truth):
            column.addWidget(widget)
        column.addStretch(1)
        return scrolling(content)

    @property
    def text(self) -> str:
        """What is said of the images that are shown."""
        return f"{self._sentence.text()} {self._of_truth.text()}".strip()

    def show_neighbors(self, found: Neighbors) -> None:
        names = found.class_names
        shares = [f"{number} {names[label]}" for label, number in found.counts]
        words = self.tr("Of the {0} nearest training images, {1} {2}.")
        verb = (
            self.tr("is")
            if found.counts and found.counts[0][1] == 1 and len(found.counts) == 1
            else self.tr("are")
        )
        self._sentence.setText(words.format(len(found.nearest), verb, _listed(shares, self.tr("and"))))
        self.nearest.show_neighbors(found, found.nearest)
        self.of_truth.show_neighbors(found, found.of_truth)
        is_wrong = bool(found.of_truth) and found.truth is not None
        about = ""
        if is_wrong and found.truth is not None:
            truth = self.tr("The truth is {0}. The nearest training image of that class is number {1} of {2}:")
            about = truth.format(names[found.truth], count(found.of_truth[0].rank), count(found.images))
        self._of_truth.setText(about)
        for widget in (self._of_truth, self.of_truth):
            widget.setVisible(is_wrong)
        self._content.show()
        self._empty.hide()

    def show_nothing(self, sentence: str = "") -> None:
        """A sentence in place of images."""
        usual = self.tr("The training images that the network takes for most like the chosen one appear here.")
        self._empty.show_text(sentence or usual)
        self._content.hide()
        self._empty.show()


def _wrapped(role: str) -> QLabel:
    label = labeled("", role)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    return label


def _listed(words: list[str], and_: str) -> str:
    """`9 dog, 2 cat and 1 deer`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {and_} {words[-1]}"
