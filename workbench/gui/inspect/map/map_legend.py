"""What the marks of a map mean; each entry hides its images, and shows them again."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from workbench.gui.inspect.map.map_marks import Kind, draw_mark
from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.theme import GAP, Theme

_ICON_PX, _ROW_PX, _WIDTH = 14, 24, 136


@dataclass(frozen=True)
class Entry:
    """A line of the legend."""

    key: object
    """By which it is known."""
    text: str
    tip: str
    kind: Kind
    color: QColor


class MapLegend(QListWidget):
    """A list to tick. What is not ticked stays so while its key is among the entries."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._entries: list[Entry] = []
        self._drawn: list[tuple[Entry, QColor, float]] = []
        """What each row shows, on which ground, at which ratio of pixels."""
        self._hidden: set[object] = set()
        self.setFixedWidth(_WIDTH)
        self.setIconSize(QSize(_ICON_PX, _ICON_PX))
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setAccessibleName(self.tr("Legend of the map"))
        self.itemChanged.connect(self._on_tick)

    @property
    def hidden(self) -> frozenset[object]:
        """The keys that are not ticked."""
        return frozenset(self._hidden)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        self._entries = list(entries)
        self._hidden &= {entry.key for entry in entries}
        blocked = self.blockSignals(True)
        while self.count() > len(entries):
            self.takeItem(self.count() - 1)
        del self._drawn[len(entries) :]
        for row, entry in enumerate(entries):
            item = self.item(row)
            if item is None:
                item = QListWidgetItem()
                item.setFlags(
                    Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
                )
                item.setSizeHint(QSize(0, _ROW_PX))
                self.addItem(item)
            self._draw(row, item, entry)
            ticked = entry.key not in self._hidden
            item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        self.blockSignals(blocked)
        self.setMaximumHeight(len(entries) * _ROW_PX + 2 * self.frameWidth() + GAP)

    def _draw(self, row: int, item: QListWidgetItem, entry: Entry) -> None:
        """Only what is another: a thousand classes take a tenth of a second."""
        drawn = entry, self._theme.color("surface"), self.devicePixelRatioF()
        if row < len(self._drawn) and self._drawn[row] == drawn:
            return
        self._drawn[row : row + 1] = [drawn]
        item.setText(entry.text)
        item.setToolTip(plain_tip(entry.tip))
        item.setIcon(self._icon(entry))

    def show_all(self) -> None:
        """Tick every entry."""
        self._hidden.clear()
        self.show_entries(self._entries)
        self.changed.emit()

    @Slot(QListWidgetItem)
    def _on_tick(self, item: QListWidgetItem) -> None:
        key = self._entries[self.row(item)].key
        is_hidden = item.checkState() == Qt.CheckState.Unchecked
        if is_hidden != (key in self._hidden):
            self._hidden ^= {key}
            self.changed.emit()

    def _icon(self, entry: Entry) -> QIcon:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(QSize(_ICON_PX, _ICON_PX) * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(_ICON_PX / 2, _ICON_PX / 2)
        painter.scale(1.4, 1.4)
        draw_mark(painter, entry.kind, entry.color, self._theme.color("surface"))
        painter.end()
        return QIcon(pixmap)
