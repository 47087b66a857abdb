"""A question before what cannot be undone."""

from PySide6.QtWidgets import QMessageBox, QWidget


def confirmed(parent: QWidget, title: str, question: str, action: str) -> bool:
    """Whether the person presses the button called `action`; Return and Escape do not."""
    box = QMessageBox(QMessageBox.Icon.NoIcon, title, question, parent=parent)
    do = box.addButton(action, QMessageBox.ButtonRole.DestructiveRole)
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(cancel)
    box.setEscapeButton(cancel)
    box.exec()
    return box.clickedButton() is do
