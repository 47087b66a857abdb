"""Why the network may have thought so: the training images that it takes for most like the chosen one."""

from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from workbench.core.class_names import all_isolated
from workbench.core.formats import count
from workbench.core.inspection.neighbors import Neighbors
from workbench.gui.inspect.why.neighbor_grid import NeighborGrid
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.resting_bar import RestingBar
from workbench.gui.widgets.scrolling import scrolling
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme


class NearestView(QWidget):
    """A sentence, the nearest ones, and where the prediction is wrong the nearest ones of the true class."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = RestingBar()
        self._sentence, self._of_truth = _wrapped("heading"), _wrapped("secondary")
        self.nearest = NeighborGrid(theme, self.tr("Nearest training images"))
        self.of_truth = NeighborGrid(theme, self.tr("Nearest training images of the true class"))
        self._content = self._built()
        self._empty = EmptyState()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, 0, 0)
        layout.setSpacing(GAP)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, MARGIN, 0)
        line.addWidget(self.bar)
        layout.addLayout(line)
        for widget in (self._content, self._empty):
            layout.addWidget(widget, 1)
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
        names = all_isolated(found.class_names)
        shares = [f"{number} {names[label]}" for label, number in found.counts[1:]]
        label, number = found.counts[0]
        if shares:
            words = self.tr("{0} of the {1} nearest training images are {2}; {3}.")
            said = words.format(number, len(found.nearest), names[label], ", ".join(shares))
        else:
            said = self.tr("All {0} nearest training images are {1}.").format(number, names[label])
        self._sentence.setText(said)
        rest = self.tr("Epoch {0}, {1} images").format(found.epoch, count(found.images))
        self.bar.set_rest(rest)
        self.nearest.show_neighbors(found, found.nearest)
        self.of_truth.show_neighbors(found, found.of_truth)
        is_wrong = bool(found.of_truth) and found.truth is not None
        about = ""
        if is_wrong and found.truth is not None:
            truth = self.tr("The truth is {0}. The nearest training image of that class comes as number {1}:")
            about = truth.format(names[found.truth], count(found.of_truth[0].rank))
        self._of_truth.setText(about)
        for widget in (self._of_truth, self.of_truth):
            widget.setVisible(is_wrong)
        self._content.show()
        self._empty.hide()

    def show_nothing(self, sentence: str = "") -> None:
        """A sentence in place of images."""
        usual = self.tr("The training images that the network takes for most like the chosen one appear here.")
        self._empty.show_text(sentence or usual)
        self.bar.set_rest("")
        self._content.hide()
        self._empty.show()


def _wrapped(role: str) -> QLabel:
    label = labeled("", role)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    return label
