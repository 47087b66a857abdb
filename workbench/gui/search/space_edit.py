"""What is searched over, a row per field: typed as on the command line, filled in sensibly."""

from collections.abc import Mapping

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QMenu, QPushButton, QVBoxLayout, QWidget

from workbench.core.errors import UserError
from workbench.core.search.dimensions import Dimension
from workbench.core.search.space_fields import searchable_fields
from workbench.core.search.space_parser import parse_dimension
from workbench.core.search.suggestions import suggested
from workbench.core.settings.config import RunConfig, help_of
from workbench.gui.widgets.field_form import labeled, mark_invalid, plain_tip
from workbench.gui.widgets.menus import PopupButton
from workbench.gui.widgets.theme import FIELD_GAP

_TEXT_PX = 220


class SpaceEdit(QWidget):
    """`changed` comes with every edit."""

    changed = Signal()

    def __init__(self, config: RunConfig, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._config = config
        self._rows: dict[str, tuple[QLabel, QLineEdit, QPushButton]] = {}
        self._error = labeled("", "error")
        self._error.setWordWrap(True)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._fill_menu()
        self._menu.triggered.connect(self._on_chosen)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(FIELD_GAP)
        self._grid.setVerticalSpacing(FIELD_GAP)
        self._grid.setColumnStretch(0, 1)
        self._add = PopupButton(self.tr("Add a field"), self.tr("One more setting to search over"), self._menu)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(FIELD_GAP)
        column.addLayout(self._grid)
        column.addWidget(self._add)
        column.addWidget(self._error)

    def _fill_menu(self) -> None:
        titles = {
            "model": self.tr("Model"),
            "data": self.tr("Data"),
            "training": self.tr("Training"),
            "fine_tuning": self.tr("Fine-tuning"),
        }
        menus = {section: self._menu.addMenu(title) for section, title in titles.items()}
        for field in searchable_fields():
            section, _, name = field.partition(".")
            action = menus[section].addAction(name.replace("_", " "))
            action.setData(field)
            action.setToolTip(plain_tip(help_of(field)))

    @Slot(QAction)
    def _on_chosen(self, action: QAction) -> None:
        self.add(action.data())

    def add(self, field: str) -> None:
        """Search over one more field, around its present value."""
        if field in self._rows:
            self._rows[field][1].setFocus()
            return
        around = suggested(field, self._config)
        caption = QLabel(field)
        edit = QLineEdit("" if around is None else str(around))
        edit.setMinimumWidth(_TEXT_PX)
        edit.setAccessibleName(self.tr("Values of {0}").format(field))
        edit.setPlaceholderText(self.tr("low..high, or a|b|c"))
        tip = plain_tip(f"{help_of(field)}\n({field})")
        caption.setToolTip(tip)
        edit.setToolTip(tip)
        caption.setBuddy(edit)
        remove = QPushButton(self.tr("Remove"))
        remove.setAccessibleName(self.tr("Remove {0}").format(field))
        remove.setToolTip(self.tr("Do not search over this field"))
        remove.setAutoDefault(False)
        remove.setProperty("field", field)
        remove.clicked.connect(self._on_remove)
        edit.textEdited.connect(self.changed)
        row = self._grid.rowCount()
        for place, widget in enumerate((caption, edit, remove)):
            self._grid.addWidget(widget, row, place)
        self._rows[field] = (caption, edit, remove)
        self.changed.emit()

    @Slot()
    def _on_remove(self) -> None:
        for widget in self._rows.pop(self.sender().property("field")):
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self.changed.emit()

    def focus_first(self) -> None:
        """To type over what stands there."""
        for _, edit, _ in list(self._rows.values())[:1]:
            edit.setFocus()
            edit.selectAll()

    @property
    def texts(self) -> Mapping[str, str]:
        """What stands beside each field."""
        return {field: edit.text() for field, (_, edit, _) in self._rows.items()}

    def space(self) -> dict[str, Dimension]:
        """What is searched over; a wrong row is marked.

        Raises:
            UserError: there is no row, or one is wrong: the first of them.
        """
        found, first = dict[str, Dimension](), None
        for field, (_, edit, _) in self._rows.items():
            try:
                found[field] = parse_dimension(field, edit.text())
            except UserError as error:
                first = first or error
            mark_invalid(edit, field not in found)
        if first is not None:
            raise first
        if not found:
            raise UserError(self.tr("Nothing is searched over yet; add a field"))
        return found

    def show_error(self, sentence: str) -> None:
        """Why there is no search like that; empty if there is."""
        self._error.setText(sentence)
        self._error.setVisible(bool(sentence))
