"""What a block makes of the looked-at image: its output channels as small pictures, one of them enlarged."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from workbench.core.inspection.feature_maps import FeatureMaps
from workbench.gui.inspect.why.feature_list import FeatureList, FeatureModel
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.field_form import WheelGuard, labeled, shrinkable
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme
from workbench.gui.widgets.work_bar import WorkBar

_LARGE_PX = 128


class FeatureView(QWidget):
    """Keeps layer, order and scale from image to image. `layer_changed` comes when another layer is chosen."""

    layer_changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers: tuple[str, ...] = ()
        self._maps: FeatureMaps | None = None
        self._chosen = 0
        self._model = FeatureModel()
        self._view = FeatureList(self._model, theme, self.tr("Channels"))
        self._view.entered.connect(self._on_pointed)
        self._view.selectionModel().currentChanged.connect(self._on_current)
        self._view.viewport().installEventFilter(self)
        self._empty, self.bar = EmptyState(), WorkBar()
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, FIELD_GAP)
        layout.setSpacing(FIELD_GAP)
        layout.addLayout(self._choices())
        layout.addLayout(self._stack, 1)
        layout.addWidget(self._enlarged())
        layout.addWidget(self.bar)
        theme.changed.connect(self._view.viewport().update)
        self.show_absence("")

    def _choices(self) -> QVBoxLayout:
        self._layer = QComboBox()
        self._layer.setAccessibleName(self.tr("Layer of the maps"))
        self._layer.setToolTip(self.tr("The block whose output is shown: early ones see edges, late ones things"))
        shrinkable(self._layer)
        WheelGuard(self).guard(self._layer)
        self._layer.activated.connect(self._on_layer)
        self._by_mean = QCheckBox(self.tr("Most active first"))
        self._by_mean.setToolTip(self.tr("Sort the channels by their mean activation, not by their numbers"))
        self._alike = QCheckBox(self.tr("One scale"))
        self._alike.setToolTip(
            self.tr("The same color means the same value in all channels, not in each by itself")
        )
        row = QHBoxLayout()
        row.setSpacing(FIELD_GAP)
        for box in (self._by_mean, self._alike):
            box.toggled.connect(self._fill)
            row.addWidget(box)
        row.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(GAP)
        column.addWidget(self._layer)
        column.addLayout(row)
        return column

    def _enlarged(self) -> QWidget:
        self._large = _LargeMap()
        self._words = labeled("", "secondary")
        self._words.setWordWrap(True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._below = QWidget()
        row = QHBoxLayout(self._below)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(FIELD_GAP)
        row.addWidget(self._large)
        row.addWidget(self._words, 1)
        return self._below

    @property
    def layer(self) -> str:
        """The layer that is asked for; empty: the last block."""
        return self._layer.currentData() or ""

    @property
    def channels(self) -> FeatureList:
        return self._view

    @property
    def words(self) -> str:
        """What is said of the enlarged channel."""
        return self._words.text()

    @property
    def maps(self) -> FeatureMaps | None:
        """Those that are shown."""
        return self._maps

    def show_layers(self, layers: Sequence[str]) -> None:
        """Offer what this network has; the chosen one stays where it has it too."""
        if tuple(layers) == self._layers:
            return
        self._layers = tuple(layers)
        former = self._layer.currentData()
        self._layer.clear()
        for name in layers:
            self._layer.addItem(name, name)
        at = self._layer.findData(former)
        self._layer.setCurrentIndex(at if at >= 0 else self._first_block())

    def _first_block(self) -> int:
        """Of what a block does, the first one's edges and colors are seen best."""
        return min(1, self._layer.count() - 1)

    def show_absence(self, sentence: str) -> None:
        """Nothing, and why."""
        self._maps = None
        self._empty.show_text(sentence)
        self._fill()

    def show_maps(self, maps: FeatureMaps) -> None:
        self._maps = maps
        self._fill()

    @Slot()
    def _fill(self) -> None:
        maps = self._maps
        self._model.show(maps, self._by_mean.isChecked(), self._alike.isChecked())
        self._stack.setCurrentWidget(self._view if maps is not None else self._empty)
        self._below.setVisible(maps is not None)
        if maps is None:
            return
        self._view.fill_rows()
        if self._chosen >= len(maps.maps):
            self._chosen = 0
        self._enlarge(self._chosen)
        row = self._model.row_of(self._chosen)
        if row is not None and self._model.rowCount():
            self._view.setCurrentIndex(self._model.index(row))

    def _enlarge(self, channel: int) -> None:
        maps = self._maps
        if maps is None:
            return
        self._large.show_image(self._model.image(channel))
        _, height, width = maps.maps.shape
        low, high = maps.limits(channel, alike=False)
        lines = [
            self.tr("Channel {0} (0 to {1})").format(channel, len(maps.maps) - 1),
            self.tr("{0} x {1} values").format(width, height),
            self.tr("mean {0:.3g}").format(maps.means[channel]),
            self.tr("from {0:.3g} to {1:.3g}").format(low, high),
        ]
        self._words.setText("\n".join(lines))

    @Slot(QModelIndex)
    def _on_pointed(self, index: QModelIndex) -> None:
        self._enlarge(self._model.channel(index.row()))

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, current: QModelIndex, _former: QModelIndex) -> None:
        if current.isValid():
            self._chosen = self._model.channel(current.row())
            self._enlarge(self._chosen)

    @Slot()
    def _on_layer(self) -> None:
        self.layer_changed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Back to the chosen channel when the pointer has left."""
        if event.type() == QEvent.Type.Leave and self._maps is not None:
            self._enlarge(self._chosen)
        return super().eventFilter(watched, event)


class _LargeMap(QWidget):
    """One map, enlarged."""

    def __init__(self) -> None:
        super().__init__()
        self._image = QImage()
        self.setFixedSize(_LARGE_PX, _LARGE_PX)
        self.setAccessibleName(self.tr("Enlarged channel"))

    def sizeHint(self) -> QSize:
        return QSize(_LARGE_PX, _LARGE_PX)

    def show_image(self, image: QImage) -> None:
        self._image = image
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).drawImage(self.rect(), self._image)
