"""Along the bottom of Inspect: the slider over all epochs, what this one is, and what changed since another."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from workbench.core.formats import count, percent
from workbench.gui.inspect.epoch_slider import EpochSlider
from workbench.gui.inspect.seen_words import epoch_words
from workbench.gui.records.image_filter import Change
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme, tabular

_HEIGHT = 128


class EpochPanel(QWidget):
    """The images that changed are filters of the gallery: a click shows them, another one shows all again."""

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._selection = theme, selection
        self.slider = EpochSlider(theme, selection)
        self._title = ElidedLabel("")
        self._title.setFont(tabular(self._title.font()))
        self._kept = QPushButton(self.tr("Kept epoch"))
        self._kept.setToolTip(self.tr("Go to the epoch that the run keeps, best by validation (Ctrl+Home)"))
        self._kept.clicked.connect(self.go_to_kept)
        self._right = self._change_button("right")
        self._wrong = self._change_button("wrong")
        self._against = QLabel()
        self._against.setProperty("role", "secondary")
        self._mark = QPushButton()
        self._mark.clicked.connect(self.toggle_mark)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GAP, 0, GAP)
        layout.setSpacing(GAP)
        layout.addLayout(self._row())
        layout.addWidget(self.slider, 1)
        for signal in (selection.epochs_changed, selection.epoch_changed, selection.filter_changed):
            signal.connect(self._follow)
        self._follow()

    def _row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(MARGIN, 0, MARGIN, 0)
        row.setSpacing(FIELD_GAP)
        row.addWidget(self._title, 1)
        for widget in (self._right, self._wrong, self._against, self._mark, self._kept):
            row.addWidget(widget)
        return row

    def _change_button(self, change: Change) -> QToolButton:
        button = QToolButton()
        button.setCheckable(True)
        button.setProperty("role", "button")
        button.setProperty("change", change)
        button.clicked.connect(self._on_change)
        return button

    def sizeHint(self) -> QSize:
        return QSize(640, _HEIGHT)

    @Slot()
    def go_to_kept(self) -> None:
        if self._selection.run.kept:
            self._selection.show_epoch(self._selection.run.kept)

    @Slot()
    def toggle_mark(self) -> None:
        """Compare with this epoch from now on, or again with the one before each."""
        self._selection.mark(0 if self._selection.marked_epoch else self._selection.epoch)

    @Slot()
    def _on_change(self) -> None:
        button = self.sender()
        if isinstance(button, QToolButton):
            self._selection.toggle_change(button.property("change"))

    @Slot()
    def _follow(self) -> None:
        selection = self._selection
        run, figures = selection.run, selection.run.figures(selection.epoch)
        words = [epoch_words(selection)[:1].upper() + epoch_words(selection)[1:]] if selection.epoch else []
        if selection.epoch and run.planned > run.newest:
            words.append(self.tr("of {0}").format(run.planned))
        title = " ".join(words)
        if figures is not None:
            if figures.validation_accuracy is not None:
                title += " · " + self.tr("validation {0}").format(percent(figures.validation_accuracy))
            title += " · " + self.tr("test {0}").format(percent(figures.test_accuracy))
        self._title.setText(title)
        self._title.setToolTip(title)
        self._kept.setEnabled(bool(run.kept) and run.kept != selection.epoch)
        self._show_changes()

    def _show_changes(self) -> None:
        selection, changes = self._selection, self._selection.changes
        reference = selection.reference_epoch
        for button, words, found in (
            (self._right, self.tr("newly right {0}"), changes.newly_right if changes else None),
            (self._wrong, self.tr("newly wrong {0}"), changes.newly_wrong if changes else None),
        ):
            button.setText(words.format("–" if found is None else count(int(found.sum()))))
            button.setChecked(selection.filter.change == button.property("change"))
            button.setEnabled(found is not None)
            button.setToolTip(
                self.tr("Show only these images; click again to show all")
                if found is not None
                else self.tr("There is no other epoch to compare with")
            )
        words = self.tr("against epoch {0}").format(reference) if reference else ""
        if selection.marked_epoch and selection.marked_epoch == selection.epoch:
            words = self.tr("marked: go to another epoch")
        self._against.setText(words)
        self._against.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        is_marked = bool(selection.marked_epoch)
        self._mark.setText(self.tr("Unmark") if is_marked else self.tr("Mark"))
        self._mark.setEnabled(bool(selection.epoch))
        self._mark.setToolTip(
            self.tr("Compare each epoch with the one before it again (Ctrl+B)")
            if is_marked
            else self.tr("Compare all other epochs with this one (Ctrl+B)")
        )
