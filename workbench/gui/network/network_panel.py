"""The network in the middle of the window: its drawing, its layers, what it sees, and how it compares.

It holds the connections between its views, which do not know each other.
"""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSplitter,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.core.formats import count
from workbench.core.network.architecture import Architecture
from workbench.gui.network.layer_table import LayerTable
from workbench.gui.network.network_difference import changes
from workbench.gui.network.network_figures import Figures, FiguresTable
from workbench.gui.network.network_view import NetworkView
from workbench.gui.network.part_words import layers_of_part
from workbench.gui.network.receptive_view import ReceptiveView
from workbench.gui.widgets.field_form import labeled, shrinkable
from workbench.gui.widgets.scrolling import scrolling
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme

_COMPARE_WIDTH = 180
_COMPARE_TAB = 2
_TABS_HEIGHT = 180
_WIDE = 720


class _SideBySide(QWidget):
    """Figures and words, one beneath the other where it is narrow."""

    def __init__(self, figures: QWidget, words: QVBoxLayout) -> None:
        super().__init__()
        self._layout = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._layout.setContentsMargins(0, FIELD_GAP, 0, FIELD_GAP)
        self._layout.setSpacing(MARGIN)
        self._layout.addWidget(figures, 3, Qt.AlignmentFlag.AlignTop)
        self._layout.addLayout(words, 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = event.size().width() >= _WIDE
        direction = QBoxLayout.Direction
        self._layout.setDirection(direction.LeftToRight if is_wide else direction.TopToBottom)


class NetworkPanel(QWidget):
    """Shows one network. `compare_chosen` carries what it shall be compared with, empty for nothing."""

    compare_chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view, self.layers, self.receptive = NetworkView(theme), LayerTable(), ReceptiveView(theme)
        self._figures_table = FiguresTable()
        self._title, self._other_title = "", ""
        self._architecture: Architecture | None = None
        self._other: Architecture | None = None
        self._figures: Figures | None = None
        self._other_figures: Figures | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, MARGIN)
        layout.setSpacing(FIELD_GAP)
        layout.addLayout(self._header())
        self._warning, self._problem = labeled("", "warning"), labeled("", "error")
        for label in (self._warning, self._problem):
            label.setWordWrap(True)
            label.hide()
            layout.addWidget(label)
        layout.addWidget(scrolling(self._body()), 1)
        self.view.part_chosen.connect(self._show_part)
        self._draw()
        self._show_figures()

    def _header(self) -> QHBoxLayout:
        self._heading = labeled(self.tr("No network yet"), "heading")
        # A longer title must not make the panel wider.
        self._heading.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._compare = QComboBox()
        self._compare.addItem(self.tr("nothing"), "")
        self._compare.setAccessibleName(self.tr("Compare with"))
        self._compare.setToolTip(self.tr("Draw another network beneath this one and mark where this one differs"))
        self._compare.activated.connect(self._on_compare)
        shrinkable(self._compare)
        self._compare.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._compare.setFixedWidth(_COMPARE_WIDTH)
        caption = labeled(self.tr("Compare with"), "secondary")
        caption.setBuddy(self._compare)
        row = QHBoxLayout()
        row.setSpacing(FIELD_GAP)
        row.addWidget(self._heading, 1)
        row.addWidget(caption)
        row.addWidget(self._compare)
        return row

    def _body(self) -> QSplitter:
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.tabBar().setDrawBase(False)
        self._tabs.addTab(self._layers_tab(), self.tr("Layers"))
        self._tabs.addTab(self.receptive, self.tr("What each stage sees"))
        self._tabs.addTab(self._compare_tab(), self.tr("Compare"))
        # Enough for pictures at twice their size.
        self._tabs.setMinimumHeight(_TABS_HEIGHT)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        for widget, stretch in ((self.view, 3), (self._tabs, 2)):
            splitter.addWidget(widget)
            splitter.setStretchFactor(splitter.count() - 1, stretch)
        return splitter

    def _layers_tab(self) -> QWidget:
        self._part_caption = labeled("", "secondary")
        self._part_caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._all_layers = QToolButton()
        self._all_layers.setText(self.tr("‹ All layers"))
        self._all_layers.setToolTip(self.tr("Show the layers of the whole network again (Escape in the drawing)"))
        self._all_layers.clicked.connect(self._on_all_layers)
        row = QHBoxLayout()
        row.setSpacing(FIELD_GAP)
        row.addWidget(self._all_layers)
        row.addWidget(self._part_caption, 1)
        tab = QWidget()
        layout = QVBoxLayout(tab)
        layout.setContentsMargins(0, GAP, 0, 0)
        layout.setSpacing(GAP)
        layout.addLayout(row)
        layout.addWidget(self.layers, 1)
        return tab

    def _compare_tab(self) -> QWidget:
        self._changes_heading = labeled("", "heading")
        self._changes = QLabel()
        self._changes.setTextFormat(Qt.TextFormat.PlainText)
        self._changes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words = QVBoxLayout()
        words.setSpacing(GAP)
        for label in (self._changes_heading, self._changes):
            label.setWordWrap(True)
            words.addWidget(label)
        words.addStretch(1)
        return scrolling(_SideBySide(self._figures_table, words))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            # The table must not move when the way back appears.
            self._part_caption.setMinimumHeight(self._all_layers.sizeHint().height())

    @property
    def compared_with(self) -> str:
        """The chosen entry of the list; empty for nothing."""
        return str(self._compare.currentData() or "")

    def show_network(self, title: str, architecture: Architecture, figures: Figures) -> None:
        """Show what the form describes now."""
        is_same = self._architecture is not None and self._architecture.config == architecture.config
        is_drawn = is_same and title == self._title
        self._title, self._architecture, self._figures = title, architecture, figures
        self._problem.hide()
        self.view.set_dimmed(False)
        self._warning.setText(" ".join(architecture.warnings))
        self._warning.setVisible(bool(architecture.warnings))
        if not is_same:
            self.layers.fit_columns(architecture.layers)
            self.receptive.show_architecture(architecture)
        # New figures alone, such as a measured time, must not scroll the layers back.
        if not is_drawn:
            self._draw()
        self._show_figures()

    def show_problem(self, sentence: str) -> None:
        """Say why the form describes no network; the last one stays, dimmed."""
        self._problem.setText(sentence)
        self._problem.show()
        self._warning.hide()
        self.view.set_dimmed(True)

    def set_choices(self, choices: list[tuple[str, str]]) -> None:
        """Offer networks to compare with, as data and title; the chosen one stays while it is offered."""
        chosen = self.compared_with
        self._compare.clear()
        for data, title in choices:
            self._compare.addItem(title, data)
        self._compare.setCurrentIndex(max(0, self._compare.findData(chosen)))
        if self.compared_with != chosen:
            self._on_compare()

    def show_compared(self, title: str, architecture: Architecture | None, figures: Figures | None) -> None:
        """Set another network beside this one; None shows this one alone."""
        begins = architecture is not None and self._other is None
        self._other_title, self._other, self._other_figures = title, architecture, figures
        self._draw()
        self._show_figures()
        if begins:
            self._tabs.setCurrentIndex(_COMPARE_TAB)

    def show_image(self, pixels: NDArray[np.uint8] | None) -> None:
        """A test image of (height, width, 3) for what each stage sees."""
        self.receptive.show_image(pixels)

    def _draw(self) -> None:
        if self._architecture is not None:
            self._heading.setText(self._title)
            self.view.show_architecture(self._architecture, self._other, (self._title, self._other_title))
        self._show_part(self.view.selected)

    def _show_figures(self) -> None:
        self._figures_table.show_figures(self._figures, self._other_title, self._other_figures)
        self._show_changes()

    def _show_changes(self) -> None:
        if self._architecture is None or self._other is None:
            self._changes_heading.hide()
            self._changes.setText(self.tr("Choose a network at the top right to set it beside this one."))
            return
        self._changes_heading.setText(self.tr("From {0} to this network").format(self._other_title))
        self._changes_heading.show()
        found = changes(self._other.config, self._architecture.config)
        self._changes.setText("\n".join(found) if found else self.tr("Nothing: both are the same network."))

    @Slot(str)
    def _show_part(self, name: str) -> None:
        if self._architecture is None:
            self._part_caption.setText(self.tr("The layers appear here together with the network."))
            self._all_layers.hide()
            return
        part = next((part for part in self._architecture.parts if part.name == name), None)
        layers = self._architecture.layers if part is None else part.layers
        if part is None:
            what = self.tr("All {0} layers").format(count(len(layers)))
        else:
            what = layers_of_part(part, self._architecture.config)
        self._part_caption.setText(what)
        self._all_layers.setVisible(part is not None)
        self.layers.show_layers(layers)

    @Slot()
    def _on_all_layers(self) -> None:
        self.view.select("")
        self._show_part("")

    @Slot()
    def _on_compare(self) -> None:
        self.compare_chosen.emit(self.compared_with)
