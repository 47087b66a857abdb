"""The channels of a block as a list of small pictures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workbench.core.inspection.feature_maps import FeatureMaps
from workbench.gui.inspect.confusion_scales import mistake_scale
from workbench.gui.widgets.icon_grid import IconGrid
from workbench.gui.widgets.pictures import draw_edge, to_qimage
from workbench.gui.widgets.theme import Theme

# Sides of pictures, for at most so many channels: few are shown larger. Multiples of most maps' sides.
_SIDES = ((96, 9), (64, 24), (48, 1 << 30))
_ROOM = 6

_Index = QModelIndex | QPersistentModelIndex


class FeatureModel(QAbstractListModel):
    """Rows are channels, in the order that was chosen; a picture is made when it is first seen."""

    def __init__(self) -> None:
        super().__init__()
        self.maps: FeatureMaps | None = None
        self._order: NDArray[np.int64] = np.zeros(0, np.int64)
        self._are_alike = False
        self._pixmaps: dict[int, QPixmap] = {}

    def show(self, maps: FeatureMaps | None, by_mean: bool, are_alike: bool) -> None:
        self.beginResetModel()
        self.maps, self._are_alike = maps, are_alike
        self._order = maps.order(by_mean) if maps is not None else np.zeros(0, np.int64)
        self._pixmaps = {}
        self.endResetModel()

    @property
    def side(self) -> int:
        """Of each picture, in pixels."""
        return next(side for side, most in _SIDES if len(self._order) <= most)

    def channel(self, row: int) -> int:
        return int(self._order[row])

    def row_of(self, channel: int) -> int | None:
        rows = np.flatnonzero(self._order == channel)
        return int(rows[0]) if len(rows) else None

    def image(self, channel: int) -> QImage:
        """As large as the map, in the colors of cividis: dark is least."""
        if self.maps is None:
            return QImage()
        return to_qimage(mistake_scale().colors(self.maps.shares(channel, self._are_alike)))

    def pixmap(self, channel: int) -> QPixmap:
        """The same, enlarged for the list."""
        if channel not in self._pixmaps:
            self._pixmaps[channel] = QPixmap.fromImage(self.image(channel).scaled(self.side, self.side))
        return self._pixmaps[channel]

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._order)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self.maps is None or not index.isValid():
            return None
        channel = self.channel(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            return self.tr("channel {0}, mean {1:.3g}").format(channel, self.maps.means[channel])
        return None


class FeatureDelegate(QStyledItemDelegate):
    """Draws a channel's picture, with an edge where it is the chosen one."""

    def __init__(self, model: FeatureModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._theme = model, theme

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return QSize(self._model.side + _ROOM, self._model.side + _ROOM)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        if self._model.maps is None:
            return
        picture = QRect(0, 0, self._model.side, self._model.side)
        rect: QRect = option.rect
        picture.moveCenter(rect.center())
        painter.drawPixmap(picture, self._model.pixmap(self._model.channel(index.row())))
        if option.state & QStyle.StateFlag.State_Selected:
            draw_edge(painter, picture, self._theme.color("accent"))


class FeatureList(IconGrid):
    """As large as there is room for, where there are few."""

    def __init__(self, model: FeatureModel, theme: Theme, name: str) -> None:
        super().__init__(model, FeatureDelegate(model, theme), name)
        self._channels = model
        self.setMouseTracking(True)

    @property
    def cell(self) -> QSize:
        return QSize(self._channels.side + _ROOM, self._channels.side + _ROOM)
