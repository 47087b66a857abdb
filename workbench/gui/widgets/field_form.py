"""A form of labeled config fields, each with its tooltip and room for one sentence of error."""

from typing import Any

from PySide6 import QtGui
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QWidget,
)

from workbench.core.settings.config import help_of
from workbench.gui.widgets.theme import FIELD_GAP, GAP

# The same in every form, so that the fields of all tabs stand in one column.
_CAPTION_WIDTH = 96
_MIN_FIELD_WIDTH = 64
_TEXT_MARGIN = 5
_OWN_MARGIN = 2


class FieldForm(QWidget):
    """Labels left in one column, fields in another, an error below a field that has one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(FIELD_GAP)
        self._grid.setVerticalSpacing(GAP)
        self._grid.setColumnStretch(1, 1)
        self._wheel = WheelGuard(self)
        self._fields: dict[str, QWidget] = {}
        self._captions: dict[str, QLabel] = {}
        self._errors: dict[str, QLabel] = {}

    def add(self, dotted: str, label: str, field: QWidget) -> None:
        """Add the widget of a config field such as `training.epochs`; its sentence becomes the tooltip."""
        caption = self.add_plain(label, field, f"{help_of(dotted)}\n({dotted})")
        if caption is not None:
            self._captions[dotted] = caption
        error = labeled("", "error")
        error.setWordWrap(True)
        error.hide()
        self._grid.addWidget(error, self._grid.rowCount(), 0, 1, 2)
        self._fields[dotted], self._errors[dotted] = field, error

    def add_plain(self, label: str, field: QWidget, help_text: str) -> QLabel | None:
        """Add a widget that is no config field. Returns its caption; a check box is its own."""
        row = self._grid.rowCount()
        field.setToolTip(help_text)
        if not field.accessibleName():
            field.setAccessibleName(label)
        caption = None
        if not isinstance(field, QCheckBox):
            caption = QLabel(label)
            caption.setToolTip(help_text)
            caption.setBuddy(field)
            caption.setMinimumWidth(_CAPTION_WIDTH)
            self._grid.addWidget(caption, row, 0, Qt.AlignmentFlag.AlignVCenter)
        shrinkable(field)
        if isinstance(field, QComboBox | QAbstractSpinBox):
            self._wheel.guard(field)
        self._grid.addWidget(field, row, 1)
        return caption

    def __contains__(self, dotted: str) -> bool:
        """Whether the config field of this dotted name stands here."""
        return dotted in self._fields

    def field(self, dotted: str) -> Any:
        """The widget of a config field.

        Raises:
            KeyError: it does not stand here.
        """
        return self._fields[dotted]

    def error(self, dotted: str) -> str:
        """The sentence below a field; empty while it is allowed."""
        return self._errors[dotted].text()

    def show_row(self, dotted: str, shown: bool) -> None:
        """Show or hide a field with its caption; one with an error stays."""
        shown = shown or bool(self._errors[dotted].text())
        self._fields[dotted].setVisible(shown)
        if dotted in self._captions:
            self._captions[dotted].setVisible(shown)

    def show_errors(self, sentences: dict[str, str]) -> None:
        """Mark the fields named in `sentences` and clear all others."""
        first: dict[str, str] = {}
        for dotted, sentence in sentences.items():
            # An entry of a list, such as training.milestones.0, has no field of its own.
            first.setdefault(dotted.rstrip(".0123456789"), sentence)
        for dotted, label in self._errors.items():
            sentence = first.get(dotted, "")
            label.setText(sentence)
            label.setVisible(bool(sentence))
            mark_invalid(self._fields[dotted], bool(sentence))


class WheelGuard(QObject):
    """Lets the wheel scroll the panel over a field that has not the focus, instead of changing the field."""

    def guard(self, field: QWidget) -> None:
        field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def mark_invalid(widget: QWidget, invalid: bool) -> None:
    """Set the property that the style sheet draws as a red edge."""
    if bool(widget.property("invalid")) != invalid:
        widget.setProperty("invalid", invalid)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def shrinkable(field: QWidget) -> None:
    """Let a field be narrower than its longest value, so that a narrow panel cuts none off."""
    if isinstance(field, QComboBox):
        field.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    if isinstance(field, QAbstractSpinBox):
        # The style sheet's padding does not reach the inner field of a spin box.
        field.lineEdit().setTextMargins(_TEXT_MARGIN, 0, 0, 0)
    if isinstance(field, QLineEdit):
        # Of its own, a line edit adds to the style sheet's padding what a combo box does not.
        field.setTextMargins(-_OWN_MARGIN, 0, 0, 0)
    if isinstance(field, QComboBox | QAbstractSpinBox):
        field.setMinimumWidth(_MIN_FIELD_WIDTH)
        field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)


def plain_tip(text: str) -> str:
    """A tooltip that shows `text` as it is, whatever names stand in it."""
    return text if not QtGui.Qt.mightBeRichText(text) else QtGui.Qt.convertFromPlainText(text)


def labeled(text: str, role: str) -> QLabel:
    """A label in one of the style sheet's roles: heading, secondary, error, warning; or in none: empty.

    It shows its text as it is, as names of files and classes stand in it: left to itself, a label draws a folder
    that is called `<h1>big</h1>` as a heading.
    """
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    return label
