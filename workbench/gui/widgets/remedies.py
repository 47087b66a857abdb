"""How settings that would do are offered: on a button, in words."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication


def offer(remedy: Mapping[str, Any]) -> str:
    """`Use 4 parts`, or the last part of a field's name before its value; empty if there is no remedy."""
    translate = QCoreApplication.translate
    settings = [
        translate("Remedy", "{0} parts").format(value)
        if field == "training.accumulation"
        else f"{field.rpartition('.')[2].replace('_', ' ')} {value}"
        for field, value in remedy.items()
    ]
    return translate("Remedy", "Use {0}").format(", ".join(settings)) if settings else ""


def settings_text(remedy: Mapping[str, Any]) -> str:
    """`training.accumulation = 4`, for a tooltip."""
    return ", ".join(f"{field} = {value}" for field, value in remedy.items())
