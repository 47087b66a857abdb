"""The lesion board: blocks of the network are switched off, and what is left of its accuracy is seen at once."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from workbench.core.formats import count, percent
from workbench.core.inspection.lesions import DEFAULT_IMAGES, Lesioned
from workbench.gui.inspect.blocks.block_strip import BlockStrip
from workbench.gui.inspect.blocks.block_strip_layout import LEAST_HEIGHT
from workbench.gui.inspect.blocks.block_strip_painter import Bars
from workbench.gui.inspect.blocks.class_losses import LossBars, class_rows, pair_rows
from workbench.gui.inspect.blocks.lesion_choice import LesionChoice
from workbench.gui.inspect.blocks.lesion_figures import LesionFigures
from workbench.gui.inspect.blocks.series_legend import SeriesLegend
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.field_form import WheelGuard, labeled
from workbench.gui.widgets.scrolling import scrolling
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme
from workbench.gui.widgets.work_bar import WorkBar

_WHOLE = 100


class LesionView(QWidget):
    """Shows results, and says what is asked for; the choice of lesions is an object of its own.

    `images_changed`: how many are tested; `sweep_asked`: each block is to be removed in turn; `beside_changed`:
    another run is to be drawn beside this one, or no longer.
    """

    images_changed = Signal()
    sweep_asked = Signal()
    beside_changed = Signal()
    show_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice = LesionChoice(self)
        self.bar, self.sweep_bar = WorkBar(), WorkBar()
        self.figures = LesionFigures()
        self.strip = BlockStrip(theme, self.choice)
        self._strip_area = scrolling(self.strip, sideways=True)
        self.classes = LossBars(theme, self.tr("Accuracy per class"))
        self.pairs = LossBars(theme, self.tr("Most changed confusions"))
        self._legend = SeriesLegend(theme)
        self._told = ElidedLabel("secondary")
        self._build_controls()
        self._lay_out()
        self.figures.show_asked.connect(self.show_asked)
        self.strip.described.connect(self._tell)
        self.choice.scales_changed.connect(self._follow)
        self.choice.chosen_changed.connect(self._follow)
        self._follow()
        self.show_found(None)

    def _build_controls(self) -> None:
        self._switch = QCheckBox(self.tr("Branch"))
        self._switch.setToolTip(
            self.tr("Whether the chosen block has its branch; Space on the drawing does the same")
        )
        self._switch.clicked.connect(self._toggle)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, _WHOLE)
        self._slider.setPageStep(10)
        self._slider.setFixedWidth(160)
        self._slider.setAccessibleName(self.tr("Scale of the chosen block's branch in percent"))
        self._slider.setToolTip(self.tr("By how much the chosen block's branch is scaled before it is added"))
        self._slider.valueChanged.connect(self._scale)
        self._begins = False
        self._slider.sliderPressed.connect(self._begin_drag)
        # The page that it stands on scrolls.
        self._wheel = WheelGuard(self)
        self._wheel.guard(self._slider)
        self._scale_words = labeled("", "secondary")
        self._scale_words.setMinimumWidth(self._scale_words.fontMetrics().horizontalAdvance("100\u202f%") + GAP)
        self._undo = QPushButton(self.tr("Undo"))
        self._undo.setToolTip(self.tr("Back to the lesions before the last change"))
        self._undo.clicked.connect(self.choice.undo)
        self._restore = QPushButton(self.tr("Restore all"))
        self._restore.setToolTip(self.tr("All blocks whole again"))
        self._restore.clicked.connect(self.choice.restore)
        self._sweep = QPushButton(self.tr("Remove each in turn"))
        self._sweep.setToolTip(self.tr("Test the network without each of its blocks, one after the other"))
        self._sweep.clicked.connect(self.sweep_asked)
        self.beside = QCheckBox()
        self.beside.setToolTip(self.tr("Draw the same of a run that differs in having shortcuts or none"))
        self.beside.clicked.connect(self.beside_changed)
        self.beside.hide()
        # Where the page has room for it.
        self.images_box = QComboBox()
        self.images_box.addItem(self.tr("{0} test images").format(count(DEFAULT_IMAGES)), DEFAULT_IMAGES)
        self.images_box.addItem(self.tr("all test images"), None)
        self.images_box.setAccessibleName(self.tr("Images that are tested"))
        self.images_box.setToolTip(
            self.tr("On which images lesions are tried; all take longer where there are more")
        )
        self.images_box.currentIndexChanged.connect(self.images_changed)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, 0, MARGIN, FIELD_GAP)
        layout.setSpacing(FIELD_GAP)
        head = QHBoxLayout()
        head.setSpacing(FIELD_GAP)
        head.addWidget(self.figures)
        head.addWidget(self.bar, 1, Qt.AlignmentFlag.AlignBottom)
        layout.addLayout(head)
        self._strip_area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._strip_area.setMinimumHeight(
            LEAST_HEIGHT + self._strip_area.horizontalScrollBar().sizeHint().height()
        )
        layout.addWidget(self._strip_area, 1)
        layout.addWidget(self._told)
        layout.addLayout(_row(self._switch, self._slider, self._scale_words, None, self._undo, self._restore))
        layout.addLayout(_row(self._sweep, self.beside, self._legend, self.sweep_bar))
        details = QHBoxLayout()
        details.setSpacing(FIELD_GAP)
        for widget in (self.classes, self.pairs):
            details.addWidget(widget, 1)
        layout.addLayout(details)

    # What is shown

    @property
    def images(self) -> int | None:
        """So many are to be tested; None: all."""
        chosen: int | None = self.images_box.currentData()
        return chosen

    def show_found(self, found: Lesioned | None, is_stale: bool = False) -> None:
        """A result, or none; grayed while another one is on its way."""
        self.figures.show_found(found, is_stale)
        waiting = self.tr("Appears once the network is tested.")
        absence = waiting if found is None else self.tr("No confusion has changed.")
        self.classes.show_rows(class_rows(found) if found is not None else [], is_stale, waiting)
        self.pairs.show_rows(pair_rows(found) if found is not None else [], is_stale, absence)

    def show_sweeps(self, bars: Sequence[Bars]) -> None:
        """What the network reaches without each block, and another one beside it."""
        self.strip.show_sweeps(bars)
        words = self.tr("{0}, intact {1}")
        entries = [(words.format(each.name, percent(each.sweep.intact)), each.series) for each in bars]
        self._legend.show_entries(entries)

    def offer_beside(self, name: str) -> None:
        """A run to draw beside this one; empty: there is none."""
        self.beside.setVisible(bool(name))
        self.beside.setText(self.tr("Beside “{0}”").format(name))
        if not name:
            self.beside.setChecked(False)

    def allow_sweep(self, is_possible: bool) -> None:
        self._sweep.setEnabled(is_possible)

    # What the person does

    @Slot(str)
    def _tell(self, words: str) -> None:
        self._told.setText(words)
        self._told.setToolTip(words)

    @Slot()
    def _toggle(self) -> None:
        if self.choice.chosen is not None:
            self.choice.toggle(self.choice.chosen.name)

    @Slot()
    def _begin_drag(self) -> None:
        self._begins = True

    @Slot(int)
    def _scale(self, percent_of_branch: int) -> None:
        if self.choice.chosen is not None:
            # A drag is one step, whatever it passes on its way.
            is_step, self._begins = not self._slider.isSliderDown() or self._begins, False
            self.choice.set_scale(self.choice.chosen.name, percent_of_branch / _WHOLE, is_step=is_step)

    @Slot()
    def _follow(self) -> None:
        site = self.choice.chosen
        can_change = site is not None and site.remainder != "nothing removed"
        scale = self.choice.scale_of(site.name) if site is not None else 1.0
        for widget in (self._switch, self._slider, self._scale_words):
            widget.setEnabled(can_change)
        self._switch.setText(self.tr("Branch of {0}").format(site.name) if site else self.tr("No block is chosen"))
        self._switch.setChecked(scale > 0 and site is not None)
        self._slider.blockSignals(True)
        self._slider.setValue(round(scale * _WHOLE))
        self._slider.blockSignals(False)
        self._scale_words.setText(percent(scale, 0) if site is not None else "")
        self._undo.setEnabled(self.choice.can_undo)
        self._restore.setEnabled(bool(self.choice.scales))


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    """None stands for what is left of the room."""
    row = QHBoxLayout()
    row.setSpacing(FIELD_GAP)
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget, 1 if isinstance(widget, WorkBar) else 0)
    return row
