"""Errors that may be excused: doubtful labels, near-duplicates of training images, and what people say."""

from typing import Literal

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from workbench.core.data.image_marks import Part
from workbench.core.inspection.human_agreement import HumanAgreement
from workbench.gui.inspect.labels.finding_list import FindingList
from workbench.gui.inspect.labels.findings import Findings
from workbench.gui.inspect.labels.human_bands import HumanBands
from workbench.gui.inspect.labels.label_figures import LabelFigures
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.segments import Segments
from workbench.gui.widgets.theme import FIELD_GAP, GAP, GROUP_GAP, MARGIN, Theme
from workbench.gui.widgets.work_bar import WorkBar

# Of the panel, from which on a table fits beside two columns of pictures.
_WIDE = 620

Page = Literal["doubtful", "duplicates", "human"]


class LabelsPanel(QWidget):
    """Three lists, one at a time. What they show is computed elsewhere; marks and the gallery are the selection's.

    `page_changed` comes when another list, or another part of the images, is to be shown. `search_asked`,
    `file_asked` and `table_asked` ask for what their buttons say; `gallery_asked` follows when the gallery has
    been filled.
    """

    page_changed = Signal()
    search_asked = Signal()
    file_asked = Signal()
    table_asked = Signal()
    gallery_asked = Signal()

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._findings: Findings | None = None
        self.bar, self.figures, self.bands = WorkBar(), LabelFigures(), HumanBands(theme)
        self.bands.hide()
        self._empty, self._note = EmptyState(), labeled("", "secondary")
        self._note.setWordWrap(True)
        self.list = FindingList(theme, selection.marks, self.tr("Odd images"), self)
        self._pages = self._actions(
            ("doubtful", self.tr("Doubtful labels"), self.tr("Labels that the network finds hard to believe")),
            ("duplicates", self.tr("Near-duplicates"), self.tr("Test images that are also among training images")),
            ("human", self.tr("Human agreement"), self.tr("What people say of the test images")),
        )
        self._parts = self._actions(
            ("test", self.tr("Test"), self.tr("Test images, which no network was trained on")),
            ("validation", self.tr("Validation"), self.tr("Training images that were held out for validation")),
        )
        self._lay_out()
        self.list.row_chosen.connect(self._on_row)
        self.list.picked.connect(self._on_picked)
        self.list.keys.mark_asked.connect(self.toggle_marked)
        selection.marks.changed.connect(self._allow)
        selection.image_changed.connect(self._follow_image)
        self.show_nothing("")

    def _actions(self, *choices: tuple[str, str, str]) -> list[QAction]:
        group = QActionGroup(self)
        actions = []
        for data, text, tooltip in choices:
            action = QAction(text, group)
            action.setData(data)
            action.setCheckable(True)
            action.setToolTip(tooltip)
            actions.append(action)
        actions[0].setChecked(True)
        group.triggered.connect(self._on_page)
        return actions

    def _lay_out(self) -> None:
        self._part_choice = Segments(self.tr("Images"), self._parts)
        top = _row(Segments(self.tr("List"), self._pages), None, self._part_choice)
        self._mark = self._button(self.tooltip_of_mark(), self.toggle_marked)
        self._show = self._button(
            self.tr("Show the picked images, or all of this list, in the gallery"), self.show_in_gallery
        )
        self._show.setText(self.tr("Show in gallery"))
        self._save = self._button(self.tr("Save this list as a table"), self.table_asked.emit)
        self._save.setText(self.tr("Save list…"))
        self._search = self._button(
            self.tr("Compare all pictures again, which takes a minute or so for CIFAR-10"), self.search_asked.emit
        )
        self._search.setText(self.tr("Search again"))
        self._open = self._button(
            self.tr("Read another file of people's counts (.npy, .npz or .csv)"), self.file_asked.emit
        )
        self._open.setText(self.tr("Open counts…"))
        actions = _row(self.bar, self._search, self._open, self._save, self._show, self._mark)
        actions.setStretch(0, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.list)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, FIELD_GAP)
        column.setSpacing(FIELD_GAP)
        column.addLayout(top)
        column.addWidget(self.figures)
        column.addWidget(self._note)
        column.addLayout(actions)
        self._body = QHBoxLayout()
        self._body.setSpacing(GROUP_GAP)
        self._body.addWidget(self.bands, 0, Qt.AlignmentFlag.AlignTop)
        self._body.addWidget(self._stack, 1)
        column.addLayout(self._body, 1)

    def _button(self, tooltip: str, do: object) -> QPushButton:
        button = QPushButton()
        button.setToolTip(tooltip)
        button.clicked.connect(do)
        return button

    def tooltip_of_mark(self) -> str:
        return self.tr(
            "Count the picked images as excusable, in all runs on these images (M; Ctrl+Z takes it back)"
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where both do not fit side by side, the table stands above the list."""
        direction = QBoxLayout.Direction.LeftToRight
        if event.size().width() < _WIDE:
            direction = QBoxLayout.Direction.TopToBottom
        self._body.setDirection(direction)
        super().resizeEvent(event)

    # What is asked for

    @property
    def page(self) -> Page:
        chosen = next(action for action in self._pages if action.isChecked())
        page: Page = chosen.data()
        return page

    @property
    def part(self) -> Literal["test", "validation"]:
        """Of the doubtful labels."""
        return "validation" if self._parts[1].isChecked() else "test"

    def show_page(self, page: Page) -> None:
        """Turn to a list, as with its button."""
        next(action for action in self._pages if action.data() == page).trigger()

    @Slot(QAction)
    def _on_page(self, _action: QAction) -> None:
        self._part_choice.setVisible(self.page == "doubtful")
        self.show_nothing("")
        self.page_changed.emit()

    # What is shown

    def show_findings(
        self, findings: Findings, nothing: str, note: str = "", agreement: HumanAgreement | None = None
    ) -> None:
        """A list, with what is to be known of it; where it has no rows, the sentence `nothing`."""
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._findings = findings
        self.list.show_findings(findings)
        self.list.keys.takes_mark = findings.part != "test"
        self.bands.show_agreement(agreement)
        self.bands.setVisible(agreement is not None)
        self._empty.show_text(nothing)
        self._stack.setCurrentWidget(self.list if self.list.count else self._empty)
        # The image that is looked at may be far down: nothing is picked that is not seen.
        self._allow()

    def show_nothing(self, sentence: str, action: str = "", tooltip: str = "", do: object = None) -> None:
        """Neither list nor figures, but why, and what can be done about it."""
        self._findings = None
        self.list.show_findings(None)
        self.figures.show_figures()
        self._note.hide()
        self.bands.hide()
        self._empty.show_text(sentence, action, tooltip, do if callable(do) else None)
        self._stack.setCurrentWidget(self._empty)
        self._allow()

    @Slot()
    def _allow(self) -> None:
        """Buttons of this list, as far as they can do something."""
        findings, picked = self._findings, self.list.picked_images
        self._search.setVisible(self.page == "duplicates" and findings is not None)
        self._open.setVisible(self.page == "human" and findings is not None)
        for button in (self._save, self._show, self._mark):
            button.setVisible(findings is not None and self.list.count > 0)
        is_test = findings is None or findings.part == "test"
        self._show.setEnabled(is_test)
        self._show.setToolTip(
            self.tr("Show the picked images, or all of this list, in the gallery")
            if is_test
            else self.tr("The gallery shows test images; these are held out for validation")
        )
        part: Part = "test" if is_test else "train"
        is_marked = [self._selection.marks.is_marked(each, part) for each in picked.tolist()]
        words = self.tr("Unmark") if is_marked and all(is_marked) else self.tr("Mark")
        self._mark.setText(words if len(picked) < 2 else f"{words} {len(picked)}")
        self._mark.setEnabled(len(picked) > 0)
        self._mark.setToolTip(
            self.tooltip_of_mark() if len(picked) else self.tr("Pick images first; Shift and Ctrl pick several")
        )

    # What is picked

    @Slot(int)
    def _on_row(self, row: int) -> None:
        if self._findings is not None and self._findings.part == "test":
            self._selection.choose_image(int(self._findings.indices[row]))

    @Slot()
    def _follow_image(self) -> None:
        if self._findings is not None and self._findings.part == "test" and self.isVisible():
            self.list.look_at(self._selection.image)

    @Slot()
    def _on_picked(self) -> None:
        if self._findings is not None and self._findings.part == "test" and self.isVisible():
            self._selection.marks.pick(self.list.picked_images.tolist())
        self._allow()

    @Slot()
    def toggle_marked(self) -> None:
        """Mark the picked images, or unmark them if all of them are marked."""
        if self._findings is not None:
            self._selection.marks.toggle(self.list.picked_images.tolist(), self._findings.part)

    @Slot()
    def show_in_gallery(self) -> None:
        if self._findings is None or self._findings.part != "test":
            return
        picked = self.list.picked_images
        images = picked if len(picked) > 1 else list(dict.fromkeys(self._findings.indices.tolist()))
        words = {
            "doubtful": self.tr("with doubtful labels"),
            "duplicates": self.tr("near-duplicates"),
            "human": self.tr("by people's agreement"),
        }
        self._selection.show_only(images, words[self.page])
        self.gallery_asked.emit()


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    """None: what is left of the width."""
    row = QHBoxLayout()
    row.setSpacing(FIELD_GAP if len(widgets) > 1 else GAP)
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget)
    return row
