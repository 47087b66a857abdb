"""What is asked of an image: by which method, at which layer, for which class and against which."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QWidget

from workbench.core.inspection.explanations import Method, Question, Side
from workbench.gui.widgets.field_form import WheelGuard, shrinkable
from workbench.gui.widgets.theme import FIELD_GAP, GAP

_Entry = tuple[str, object, str]
"""Text, data, tooltip."""


class WhyControls(QWidget):
    """Keeps what was chosen from image to image and run to run, as far as the next network has it."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers: tuple[str, ...] = ()
        self._class_names: tuple[str, ...] = ()
        self._guard = WheelGuard(self)
        self._method = self._box(self.tr("Method"), self.tr("How it is found out what in the image counts"))
        self._layer = self._box(
            self.tr("Layer"),
            self.tr("The layer whose maps are weighed: late ones see things, early ones edges and colors"),
        )
        self._target = self._box(self.tr("Why this class"), self.tr("The class whose logit is explained"))
        self._against = self._box(
            self.tr("Not that class"), self.tr("The class whose logit is subtracted from it")
        )
        _fill(self._method, self._methods())
        self._lay_out()
        self._fill_sides()
        self._show_layers()

    def _box(self, name: str, tooltip: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setToolTip(tooltip)
        shrinkable(box)
        self._guard.guard(box)
        box.activated.connect(self._on_choice)
        return box

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(FIELD_GAP)
        grid.setVerticalSpacing(GAP)
        grid.addWidget(self._target, 0, 0)
        grid.addWidget(self._against, 0, 1)
        row = QHBoxLayout()
        row.setSpacing(FIELD_GAP)
        row.addWidget(self._method, 1)
        row.addWidget(self._layer, 1)
        grid.addLayout(row, 1, 0, 1, 2)

    def _methods(self) -> list[_Entry]:
        return [
            (
                self.tr("Grad-CAM"),
                "gradcam",
                self.tr("A layer's maps, weighed by their gradients: coarse and quick (Selvaraju et al. 2017)"),
            ),
            (
                self.tr("Integrated gradients"),
                "integrated-gradients",
                self.tr("What each pixel adds on the way from gray to the image (Sundararajan et al. 2017)"),
            ),
            (
                self.tr("Occlusion"),
                "occlusion",
                self.tr("How far the logit falls where a gray square covers the image (Zeiler and Fergus 2014)"),
            ),
        ]

    def _fill_sides(self) -> None:
        """Both boxes together read as a question: why dog, not cat?"""
        why, but_not = self.tr("Why {0}"), self.tr("not {0}")
        prediction = (self.tr("its answer"), "prediction", self.tr("What the network says of each image"))
        truth = (self.tr("the truth"), "truth", self.tr("What each image is"))
        rival = (
            self.tr("its rival"),
            "rival",
            self.tr("The truth of a wrong answer; the second most probable class of a right one"),
        )
        classes: list[_Entry] = [(name, number, "") for number, name in enumerate(self._class_names)]
        targets = (prediction, truth, *classes)
        _fill(self._target, [(why.format(text), data, tip) for text, data, tip in targets])
        others: list[_Entry] = [(but_not.format(text), data, tip) for text, data, tip in (rival, *targets)]
        alone = (self.tr("by itself"), None, self.tr("What speaks for the class, whatever speaks for others too"))
        _fill(self._against, [alone, *others])

    @property
    def question(self) -> Question:
        method: Method = self._method.currentData()
        target: Side = self._target.currentData()
        return Question(method, target, self._against.currentData(), self._layer.currentData() or "")

    def show_network(self, layers: Sequence[str], class_names: Sequence[str]) -> None:
        """Offer what this network has."""
        if tuple(class_names) != self._class_names:
            self._class_names = tuple(class_names)
            self._fill_sides()
        if tuple(layers) != self._layers:
            self._layers = tuple(layers)
            self._show_layers()

    def _show_layers(self) -> None:
        last = self._layers[-1] if self._layers else ""
        entries: list[_Entry] = [(self.tr("last block"), "", last)]
        _fill(self._layer, [*entries, *((name, name, "") for name in reversed(self._layers))])
        self._allow_layer()

    def _allow_layer(self) -> None:
        """Only Grad-CAM looks at a layer."""
        self._layer.setVisible(self._method.currentData() == "gradcam")

    @Slot()
    def _on_choice(self) -> None:
        self._allow_layer()
        self.changed.emit()


def _fill(box: QComboBox, entries: Sequence[_Entry]) -> None:
    """With (text, data, tooltip), of which the former one stays chosen by its text, or the first is."""
    former = box.currentText()
    box.clear()
    for text, data, tooltip in entries:
        box.addItem(text, data)
        if tooltip:
            box.setItemData(box.count() - 1, tooltip, Qt.ItemDataRole.ToolTipRole)
    box.setCurrentIndex(max(0, box.findText(former)))
