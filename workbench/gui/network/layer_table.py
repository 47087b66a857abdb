"""The layers of a network, or of one part of it, as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

from workbench.core.formats import count, short_count
from workbench.core.network.layers import Layer
from workbench.gui.widgets.tables import dress
from workbench.gui.widgets.theme import GROUP_GAP

_Index = QModelIndex | QPersistentModelIndex
_ROLE = Qt.ItemDataRole
_ROW_PX = 24
_DETAIL = 2
_DASH = "\u2013"


@dataclass(frozen=True)
class _Column:
    title: str
    tooltip: str
    is_number: bool = False


class LayerModel(QAbstractTableModel):
    """One row per layer; texts are made for the rows in sight only."""

    def __init__(self) -> None:
        super().__init__()
        self.layers: Sequence[Layer] = ()
        self.columns = (
            _Column(self.tr("Layer"), self.tr("Name, as in the saved weights")),
            _Column(self.tr("Kind"), self.tr("What the layer computes")),
            _Column(self.tr("Detail"), self.tr("Its kernel, stride and groups, or what else decides it")),
            _Column(self.tr("Output"), self.tr("Channels × height × width of one image's map behind it"), True),
            _Column(self.tr("Parameters"), self.tr("Numbers that training finds"), True),
            _Column(self.tr("MACs"), self.tr("Multiplications with addition per image"), True),
            _Column(self.tr("Sees"), self.tr("Pixels of the image that one output value depends on"), True),
        )

    def show(self, layers: Sequence[Layer]) -> None:
        self.beginResetModel()
        self.layers = layers
        self.endResetModel()

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.layers)

    def columnCount(self, _parent: _Index | None = None) -> int:
        return len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = self.columns[section]
        if role == _ROLE.DisplayRole:
            return column.title
        if role == _ROLE.ToolTipRole:
            return column.tooltip
        if role == _ROLE.TextAlignmentRole:
            return _side(column)
        return None

    def data(self, index: _Index, role: int = _ROLE.DisplayRole) -> Any:
        if role in (_ROLE.DisplayRole, _ROLE.ToolTipRole):
            return layer_texts(self.layers[index.row()])[index.column()]
        if role == _ROLE.TextAlignmentRole:
            return _side(self.columns[index.column()])
        return None


class LayerTable(QTableView):
    """Read-only; its columns keep their widths from part to part of one network."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layer_model = LayerModel()
        self.setModel(self.layer_model)
        dress(self, _ROW_PX)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = self.horizontalHeader()
        header.setSectionsClickable(False)
        self.setCornerWidget(QWidget())
        self.setAccessibleName(self.tr("Layers"))
        self._natural = [header.defaultSectionSize()] * len(self.layer_model.columns)

    def show_layers(self, layers: Sequence[Layer]) -> None:
        """Take other layers; the same ones again leave the table where it was scrolled to."""
        if layers != self.layer_model.layers:
            self.layer_model.show(layers)
            self.scrollToTop()

    def fit_columns(self, layers: Sequence[Layer]) -> None:
        """Give each column the width of its longest text among `layers`, all of a network's."""
        metrics = QFontMetrics(self.font())
        for index, texts in enumerate(_longest_texts(layers)):
            title = self.layer_model.columns[index].title
            widest = max((metrics.horizontalAdvance(text) for text in (title, *texts)), default=0)
            self._natural[index] = widest + GROUP_GAP
        self._apply_widths()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._apply_widths()

    def _apply_widths(self) -> None:
        """What is left over goes to the details, so that the figures stand at the right edge."""
        spare = max(0, self.viewport().width() - sum(self._natural))
        for index, width in enumerate(self._natural):
            self.setColumnWidth(index, width + (spare if index == _DETAIL else 0))


def layer_texts(layer: Layer) -> tuple[str, ...]:
    """The cells of a row."""
    return (
        layer.name, layer.kind, layer.detail, _shape(layer),
        count(layer.parameters) if layer.parameters else _DASH,
        short_count(layer.macs) if layer.macs else _DASH,
        f"{layer.receptive_field}×{layer.receptive_field}",
    )  # fmt: skip


def _longest_texts(layers: Sequence[Layer]) -> list[set[str]]:
    """Candidates for the longest text of each column: few, so that thousands of layers are measured fast."""
    if not layers:
        return []
    shapes = {layer.output_shape: layer for layer in layers}
    sees = max(layer.receptive_field for layer in layers)
    return [
        {max((layer.name for layer in layers), key=len)},
        {layer.kind for layer in layers},
        {layer.detail for layer in layers},
        {_shape(layer) for layer in shapes.values()},
        {count(max(layer.parameters for layer in layers))},
        {short_count(value) for value in {layer.macs for layer in layers}},
        {f"{sees}×{sees}"},
    ]


def _shape(layer: Layer) -> str:
    channels, height, width = layer.output_shape
    return f"{channels}×{height}×{width}" if height > 1 or width > 1 else str(channels)


def _side(column: _Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.is_number else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
