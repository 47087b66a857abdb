"""Dialogs that ask for a file."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget


def ask_path(window: QWidget, title: str, name: str, kind: str) -> Path | None:
    """Where to write a file; None if canceled.

    Args:
        name: that is proposed; what is chosen gets its suffix, if it has not that already.
        kind: the dialog's filter, such as `Table (*.csv)`.
    """
    chosen, _ = QFileDialog.getSaveFileName(window, title, name, kind)
    suffix = Path(name).suffix
    if not chosen or chosen.lower().endswith(suffix):
        return Path(chosen) if chosen else None
    path = Path(chosen + suffix)
    # The dialog has asked of another name.
    if path.exists():
        words = window.tr("{0} is there already. Replace it?").format(path.name)
        if QMessageBox.question(window, title, words) != QMessageBox.StandardButton.Yes:
            return None
    return path


def ask_code_path(window: QWidget, title: str) -> Path | None:
    """Where to write a network's code; None if cancelled."""
    stem = "".join(letter if letter.isalnum() else "_" for letter in title.lower()).strip("_") or "network"
    # Python imports no file whose name begins with a digit.
    stem = stem if stem.isidentifier() else f"network_{stem}"
    return ask_path(window, window.tr("Export network as code"), f"{stem}.py", window.tr("Python (*.py)"))


def ask_picture_path(window: QWidget, title: str, name: str, ending: str) -> Path | None:
    """Where to write a PNG of an image; None if cancelled.

    Args:
        name: of the image's file, of which the proposed name is made, with `ending` behind it.
    """
    return ask_path(window, title, f"{Path(name).stem or 'image'}-{ending}.png", window.tr("PNG (*.png)"))
