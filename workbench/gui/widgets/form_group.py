"""Fields below a heading that opens and closes; closed, a line says what they hold."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QRect, Qt, Slot
from PySide6.QtGui import QFont, QIcon, QPaintEvent
from PySide6.QtWidgets import (
    QSizePolicy,
    QStyle,
    QStyleOptionToolButton,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.core.resources import resource_path
from workbench.gui.widgets.config_form import ConfigForm
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import GAP

_ICON_PX = 12
_ICONS = {True: "chevron-up", False: "chevron"}
# A line breaks behind a dot, and nowhere else.
_SEPARATOR = "\u00a0· "


class FormGroup(QWidget):
    """A part of a section's fields. Subclasses fill `form` and put its values into words.

    It stands out by `GAP` on either side, for the edge of its heading.
    """

    def __init__(self, section: str, title: str, help_text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form = ConfigForm(section)
        self._has_error = False
        self._heading = _Heading(title)
        self._heading.setToolTip(help_text)
        self._heading.toggled.connect(self._show_fields)
        self._summary = labeled("", "secondary")
        self._summary.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._heading)
        inside = QVBoxLayout()
        inside.setContentsMargins(GAP, 0, GAP, 0)
        inside.setSpacing(0)
        inside.addWidget(self._summary)
        inside.addWidget(self.form)
        self.form.setContentsMargins(0, GAP, 0, 0)
        layout.addLayout(inside)
        self._show_fields(False)

    @property
    def summary(self) -> str:
        """What the fields hold, in a line."""
        return self._summary.text()

    @property
    def is_open(self) -> bool:
        return self._heading.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Show the fields, or the line in their place. With an error in a field they stay."""
        self._heading.setChecked(is_open)

    def show_state(self, values: Mapping[str, Any], errors: dict[str, str]) -> None:
        """Follow the values of the whole section, and mark the fields with an error."""
        self._summary.setText(_SEPARATOR.join(word.replace(" ", "\u00a0") for word in self.words(values)))
        self._heading.setAccessibleDescription(self.summary)
        self.show_errors(errors)
        self.form.set_shown(self.shown(values))

    def show_errors(self, errors: dict[str, str]) -> None:
        """Mark fields, and open the group if one of them is its own."""
        self.form.show_errors(errors)
        self._has_error = any(field in self.form for field in errors)
        if self._has_error:
            self.set_open(True)

    def words(self, values: Mapping[str, Any]) -> Sequence[str]:
        """What the fields hold, each in a word or two."""
        raise NotImplementedError

    def shown(self, values: Mapping[str, Any]) -> Mapping[str, bool]:
        """Fields that have a meaning only beside others, and whether they have it."""
        return {}

    @Slot(bool)
    def _show_fields(self, shown: bool) -> None:
        if self._has_error and not shown:
            self.set_open(True)
            return
        self._summary.setVisible(not shown)
        self.form.setVisible(shown)


class _Heading(QToolButton):
    """Words where the captions of the fields begin, an arrow where the fields end."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._icons = {shown: QIcon(str(resource_path(f"icons/{name}.svg"))) for shown, name in _ICONS.items()}
        self.setText(title)
        self.setCheckable(True)
        self.setProperty("role", "disclosure")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        font = self.font()
        font.setWeight(QFont.Weight.DemiBold)
        self.setFont(font)

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.text = ""
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        inside = self.rect().adjusted(GAP, 0, -2 * GAP, 0)
        painter.setPen(self.palette().windowText().color())
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.text())
        arrow = QRect(0, 0, _ICON_PX, _ICON_PX)
        arrow.moveCenter(inside.center())
        arrow.moveRight(inside.right())
        self._icons[self.isChecked()].paint(painter, arrow)
