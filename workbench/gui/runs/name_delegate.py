"""Edits a run's name in its cell."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex
from PySide6.QtWidgets import QLineEdit, QStyledItemDelegate, QStyleOptionViewItem, QWidget

_Index = QModelIndex | QPersistentModelIndex


class NameDelegate(QStyledItemDelegate):
    """A line that holds what is typed, whatever becomes of the list meanwhile."""

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, _index: _Index) -> QLineEdit:
        editor = QLineEdit(parent)
        editor.setAccessibleName(self.tr("Name of the run"))
        # As high as its row, which is lower than a field of a form.
        editor.setProperty("role", "cell")
        return editor

    def setEditorData(self, editor: QWidget, index: _Index) -> None:
        """Only once: the list is read anew while a run is trained, and would put the former name back."""
        if not editor.property("isFilled"):
            super().setEditorData(editor, index)
            editor.setProperty("isFilled", True)
