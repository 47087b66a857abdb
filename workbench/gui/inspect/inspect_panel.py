"""What the network says of the test images: the chosen image, the gallery, the confusion matrix, the classes.

It holds the connections between its four views, which do not know each other.
"""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QScrollArea, QSplitter, QTabWidget, QVBoxLayout, QWidget

from workbench.core.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.core.formats import count, percent
from workbench.gui.inspect.class_view import ClassView
from workbench.gui.inspect.confusion_view import ConfusionView
from workbench.gui.inspect.evaluation_bar import EvaluationBar
from workbench.gui.inspect.gallery import Gallery
from workbench.gui.inspect.image_view import ImageView
from workbench.gui.widgets.theme import GAP, MARGIN, Theme


class InspectPanel(QWidget):
    """Shows one Evaluation from four sides."""

    # Its pixels, (height, width, 3) uint8.
    image_shown = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.gallery, self.image_view = Gallery(theme), ImageView(theme)
        self.confusion_view, self.class_view = ConfusionView(theme), ClassView(theme)
        self._evaluation: Evaluation | None = None
        self._images: ImageSet | None = None
        self.bar = EvaluationBar()
        self._is_kept = False
        self._lay_out()
        self.gallery.image_chosen.connect(self._show_image)
        self.gallery.filter_changed.connect(self.confusion_view.mark)
        self.confusion_view.cell_clicked.connect(self.gallery.filter)
        self.class_view.class_clicked.connect(self._show_class)

    def _lay_out(self) -> None:
        classes = QScrollArea()
        classes.setWidgetResizable(True)
        classes.setWidget(self.class_view)
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.addTab(self.confusion_view, self.tr("Confusion"))
        self._tabs.addTab(classes, self.tr("Per class"))
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        for widget, stretch in ((self.image_view, 0), (self.gallery, 1), (self._tabs, 1)):
            splitter.addWidget(widget)
            splitter.setStretchFactor(splitter.count() - 1, stretch)
        self.gallery.setMinimumHeight(124)
        self._tabs.setMinimumHeight(196)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, MARGIN, MARGIN)
        layout.setSpacing(GAP)
        layout.addWidget(self.bar)
        layout.addWidget(splitter, 1)
        self.show_evaluation("", None, None)

    def show_evaluation(
        self, run_name: str, evaluation: Evaluation | None, images: ImageSet | None, is_kept: bool = False
    ) -> None:
        """Show what a run says of `images` (its test images), or its kept epoch; None empties all views."""
        self._evaluation, self._images, self._is_kept = evaluation, images, is_kept
        if evaluation is None:
            self.image_view.clear()
        self.name_run(run_name)
        self.gallery.show_evaluation(evaluation, images)
        self.confusion_view.show_evaluation(evaluation)
        self.class_view.show_evaluation(evaluation)

    def name_run(self, run_name: str) -> None:
        """Call the run that is shown so."""
        evaluation = self._evaluation
        if evaluation is None:
            self.bar.show_title(self.tr("No evaluation yet"))
            return
        words = self.tr("{0}, kept epoch {1}: {2} of {3} test images right")
        if not self._is_kept:
            words = self.tr("{0}, epoch {1}: {2} of {3} test images right")
        right, images = percent(evaluation.accuracy), count(len(evaluation.labels))
        self.bar.show_title(words.format(run_name, evaluation.epoch, right, images))

    @Slot(int)
    def _show_image(self, index: int) -> None:
        if self._evaluation is not None and self._images is not None:
            self.image_view.show_image(self._evaluation, self._images, index)
            self.image_shown.emit(self._images.images[index])

    @Slot(int)
    def _show_class(self, index: int) -> None:
        self.gallery.filter(index, None)
