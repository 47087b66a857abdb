"""Dialogs that ask for a file."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget


def ask_code_path(window: QWidget, title: str) -> Path | None:
    """Where to write a network's code; None if cancelled."""
    stem = "".join(letter if letter.isalnum() else "_" for letter in title.lower()).strip("_") or "network"
    # Python imports no file whose name begins with a digit.
    stem = stem if stem.isidentifier() else f"network_{stem}"
    path, _ = QFileDialog.getSaveFileName(
        window, window.tr("Export network as code"), f"{stem}.py", window.tr("Python (*.py)")
    )
    if not path:
        return None
    return Path(path) if path.endswith(".py") else Path(path + ".py")


def ask_picture_path(window: QWidget, title: str, name: str, ending: str) -> Path | None:
    """Where to write a PNG of an image; None if cancelled.

    Args:
        name: of the image's file, of which the proposed name is made, with `ending` behind it.
    """
    path, _ = QFileDialog.getSaveFileName(
        window, title, f"{Path(name).stem or 'image'}-{ending}.png", window.tr("PNG (*.png)")
    )
    if not path:
        return None
    return Path(path) if path.lower().endswith(".png") else Path(path + ".png")
