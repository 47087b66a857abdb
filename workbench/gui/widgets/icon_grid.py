"""Pictures in cells of one size, as many in a row as fit."""

from PySide6.QtCore import QAbstractItemModel, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemDelegate, QListView

# Qt breaks a row one pixel before its end.
_LAYOUT_MARGIN = 2


class IconGrid(QListView):
    """Cells fill their rows: what is left of the width is spread between them.

    Args:
        name: for assistive technology.
        scrolls: else its height is to be that of its rows.
    """

    def __init__(
        self, model: QAbstractItemModel, delegate: QAbstractItemDelegate, name: str, scrolls: bool = True
    ) -> None:
        super().__init__()
        self.setModel(model)
        # Qt does not own it.
        delegate.setParent(self)
        self.setItemDelegate(delegate)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setMovement(QListView.Movement.Static)
        self.setSpacing(0)
        never, always = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAlwaysOn
        self.setHorizontalScrollBarPolicy(never)
        # Always: where it comes and goes, rows break elsewhere.
        self.setVerticalScrollBarPolicy(always if scrolls else never)
        self.setAccessibleName(name)

    @property
    def cell(self) -> QSize:
        """The least that a picture needs."""
        raise NotImplementedError

    @property
    def columns(self) -> int:
        return max(1, self._room // max(1, self.cell.width()))

    @property
    def _room(self) -> int:
        return self.viewport().width() - _LAYOUT_MARGIN

    def fill_rows(self) -> None:
        """Spread cells over the width; also to be called after their size has changed."""
        self.setGridSize(QSize(max(self._room // self.columns, 1), self.cell.height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.fill_rows()
        super().resizeEvent(event)
