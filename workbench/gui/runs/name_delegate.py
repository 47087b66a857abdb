"""Edits a run's name in its cell."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

_ROOM_PX = 80

_Index = QModelIndex | QPersistentModelIndex


class NameDelegate(QStyledItemDelegate):
    """A line that holds what is typed while the list is read anew, as long as the run stays in its place in it."""

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view

    def check_box(self, index: _Index) -> QRect:
        """Where the run's check box is in the view."""
        option = QStyleOptionViewItem()
        self._view.initViewItemOption(option)
        self.initStyleOption(option, index)
        option.rect = self._view.visualRect(index)
        return self._view.style().subElementRect(
            QStyle.SubElement.SE_ItemViewItemCheckIndicator, option, self._view
        )

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, _index: _Index) -> QLineEdit:
        editor = QLineEdit(parent)
        editor.setAccessibleName(self.tr("Name of the run"))
        # A row is lower than a field of a form.
        editor.setProperty("role", "cell")
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: _Index) -> None:
        """Over the columns beside it where the name is longer than its own."""
        super().updateEditorGeometry(editor, option, index)
        wanted = option.fontMetrics.horizontalAdvance(str(index.data(Qt.ItemDataRole.EditRole))) + _ROOM_PX
        parent = editor.parentWidget()
        room = parent.width() - editor.x() if parent is not None else wanted
        editor.resize(min(max(editor.width(), wanted), room), editor.height())

    def setEditorData(self, editor: QWidget, index: _Index) -> None:
        """Only once: the list is read anew while a run is trained, and would put the former name back."""
        if not editor.property("isFilled"):
            super().setEditorData(editor, index)
            editor.setProperty("isFilled", True)
