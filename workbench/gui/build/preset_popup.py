"""The list of model presets that opens below its field, with search, sizes and descriptions."""

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from workbench.core.formats import short_count
from workbench.core.network.architecture import Architecture
from workbench.core.settings.presets import CUSTOM, ModelPreset, Presets
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP, GAP, Theme, tabular

_POPUP_SIZE = QSize(440, 420)
_AnyIndex = QModelIndex | QPersistentModelIndex


class _PresetsModel(QAbstractListModel):
    def __init__(self, presets: Presets) -> None:
        super().__init__()
        self.presets = presets
        self.found: list[ModelPreset] = []
        self._sizes: dict[str, str] = {}

    def search(self, text: str) -> None:
        self.beginResetModel()
        self.found = self.presets.search_models(text)
        self.endResetModel()

    def rowCount(self, parent: _AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.found)

    def data(self, index: _AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        preset = self.found[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return preset.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return preset.description
        return None

    def size_of(self, preset: ModelPreset) -> str:
        """Parameters and MACs, counted once."""
        if preset.name not in self._sizes:
            table = Architecture.of(preset.config)
            self._sizes[preset.name] = f"{short_count(table.parameters)} · {short_count(table.macs)}"
        return self._sizes[preset.name]

    def forget_sizes(self) -> None:
        self._sizes = {}


class _PresetDelegate(QStyledItemDelegate):
    """Two lines: title and size, then what the preset is."""

    def __init__(self, model: _PresetsModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._theme = model, theme

    def sizeHint(self, option: QStyleOptionViewItem, _index: _AnyIndex) -> QSize:
        return QSize(100, 2 * option.fontMetrics.height() + 3 * GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _AnyIndex) -> None:
        preset = self._model.found[index.row()]
        rect: QRect = option.rect
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, self._theme.color("hairline"))
        inner = rect.adjusted(FIELD_GAP, GAP, -FIELD_GAP, -GAP)
        line = QRect(inner.left(), inner.top(), inner.width(), painter.fontMetrics().height())
        own = self.tr("yours · ") if preset.is_own else ""
        painter.setFont(tabular(painter.font()))
        painter.setPen(self._theme.color("secondary"))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight, own + self._model.size_of(preset))
        below = QRect(line).translated(0, line.height() + GAP // 2)
        text = painter.fontMetrics().elidedText(preset.description, Qt.TextElideMode.ElideRight, below.width())
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, text)
        font = painter.font()
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(self._theme.color("text"))
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, preset.title)
        painter.restore()


class PresetPopup(QFrame):
    """A search line above the list. `chosen` carries a preset's name."""

    chosen = Signal(str)

    def __init__(self, presets: Presets, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("presetPopup")
        self._model = _PresetsModel(presets)
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(self.tr("Search presets"))
        self.search.setToolTip(self.tr("Words from the name or the description, such as: wide, 2016, torchvision"))
        self.search.textChanged.connect(self._on_search)
        self.search.installEventFilter(self)
        self._list = QListView()
        self._list.setModel(self._model)
        self._delegate = _PresetDelegate(self._model, theme)
        self._list.setItemDelegate(self._delegate)
        self._list.setUniformItemSizes(True)
        self._list.setAccessibleName(self.tr("Presets"))
        self._list.setToolTip(self.tr("Parameters · MACs per image"))
        self._list.clicked.connect(self._on_pick)
        self._nothing = labeled(self.tr("No preset has these words"), "secondary")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._list)
        self._stack.addWidget(self._nothing)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(FIELD_GAP, FIELD_GAP, FIELD_GAP, FIELD_GAP)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(self.search)
        layout.addLayout(self._stack)

    def set_presets(self, presets: Presets) -> None:
        self._model.presets = presets
        self._model.forget_sizes()
        self._model.search("")

    def open_below(self, field: QWidget) -> None:
        """Show all presets below `field`, inside its screen."""
        self.search.clear()
        self._on_search("")
        count = len(self._model.presets.models)
        self.search.setPlaceholderText(self.tr("Search {0} presets").format(count))
        area = field.screen().availableGeometry()
        corner = field.mapToGlobal(QPoint(0, field.height() + GAP))
        size = _POPUP_SIZE.boundedTo(area.size())
        corner.setX(max(area.left(), min(corner.x(), area.right() - size.width())))
        corner.setY(max(area.top(), min(corner.y(), area.bottom() - size.height())))
        self.setGeometry(QRect(corner, size))
        self.show()
        self.search.setFocus()

    @Slot(str)
    def _on_search(self, text: str) -> None:
        self._model.search(text)
        self._stack.setCurrentIndex(0 if self._model.found else 1)
        if self._model.found:
            self._list.setCurrentIndex(self._model.index(0))

    @Slot(QModelIndex)
    def _on_pick(self, index: QModelIndex) -> None:
        self.close()
        name = self._model.found[index.row()].name
        if name != CUSTOM:
            self.chosen.emit(name)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The arrow keys move in the list while the search line has the focus."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
            row = self._list.currentIndex().row()
            if event.key() in steps and self._model.found:
                row = max(0, min(row + steps[Qt.Key(event.key())], len(self._model.found) - 1))
                self._list.setCurrentIndex(self._model.index(row))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if self._list.currentIndex().isValid() and self._model.found:
                    self._on_pick(self._list.currentIndex())
                return True
        return super().eventFilter(watched, event)
