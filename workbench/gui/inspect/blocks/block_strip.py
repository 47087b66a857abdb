"""A network as a row of blocks, each of which can be switched off, with what that costs beneath it."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QWidget

from workbench.core.formats import count, percent, short_count
from workbench.core.inspection.lesions import BlockSite
from workbench.gui.inspect.blocks.block_strip_layout import LEAST_HEIGHT, WANTED_HEIGHT, StripLayout, least_width
from workbench.gui.inspect.blocks.block_strip_painter import Bars, BlockMarks, BlockStripPainter
from workbench.gui.inspect.blocks.lesion_choice import LesionChoice
from workbench.gui.widgets.scrolling import bring_into_view
from workbench.gui.widgets.theme import Theme

_STEPS: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class BlockStrip(QWidget):
    """A click on a box, or Space, switches the block; Left and Right choose one, a click beneath it too.

    `described` carries what is to be said of the block under the pointer, or of the chosen one.
    """

    described = Signal(str)

    def __init__(self, theme: Theme, choice: LesionChoice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._choice = theme, choice
        self._bars: list[Bars] = []
        self._hovered: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Blocks of the network"))
        self.setToolTip(self.tr("Click a block to remove it, or to put it back"))
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        theme.changed.connect(self.update)
        choice.network_changed.connect(self._take_network)
        choice.scales_changed.connect(self._tell)
        choice.chosen_changed.connect(self._show_chosen)

    def show_sweeps(self, bars: Sequence[Bars]) -> None:
        """Beneath the blocks: this network's, and one beside it."""
        self._bars = list(bars)
        self._tell()

    @property
    def bars(self) -> tuple[Bars, ...]:
        return tuple(self._bars)

    @Slot()
    def _take_network(self) -> None:
        self._hovered = None
        self.setMinimumWidth(least_width(self._choice.sites))
        self._tell()

    @Slot()
    def _show_chosen(self) -> None:
        site = self._choice.chosen
        if site is not None:
            bring_into_view(self, self.box_rect(site.name))
        self._tell()

    @Slot()
    def _tell(self) -> None:
        words = self.describe()
        self.setAccessibleDescription(words)
        self.described.emit(words)
        self.update()

    # Words

    def describe(self) -> str:
        """What there is to say of the block under the pointer, else of the chosen one; else what can be done."""
        number = self._hovered if self._hovered is not None else self._chosen_number()
        if not self._choice.sites:
            return ""
        if number is None:
            return self.tr("Click a block to remove it; Left, Right and Space do the same.")
        site = self._choice.sites[number]
        figures = self.tr("{0} parameters").format(short_count(site.part.parameters))
        is_shortened = any(bars.is_beside for bars in self._bars)
        parts = [site.name] if is_shortened else [site.name, self._remainder(site), figures]
        for bars in self._bars:
            if number < len(bars.sweep.removed):
                removed = bars.sweep.removed[number]
                change = f"{100 * (removed.accuracy - bars.sweep.intact):+.1f}".replace("-", "−")
                words = self.tr("without it {0} ({1} points), {2} answers flipped")
                if bars.is_beside:
                    words = f"{bars.name}: {self.tr('{0} ({1})')}"
                parts.append(words.format(percent(removed.accuracy), change, count(removed.flipped)))
        return " · ".join(parts)

    def _remainder(self, site: BlockSite) -> str:
        match site.remainder:
            case "shortcut" if site.part.shortcut == "identity":
                words = self.tr("its identity shortcut is left")
            case "shortcut" if site.part.shortcut == "projection":
                words = self.tr("its projection is left")
            case "shortcut":
                words = self.tr("its zero-padded shortcut is left")
            case "identity":
                words = self.tr("without a shortcut, its input goes on unchanged")
            case "stand-in":
                words = self.tr("without a shortcut, and as shapes change, a zero-padded one (A) stands in")
            case "nothing removed":
                return self.tr("has no branch, so that nothing can be removed")
        return (
            self.tr("if removed: {0}") if self._choice.scale_of(site.name) else self.tr("removed: {0}")
        ).format(words)

    # Drawing

    def _layout(self) -> StripLayout:
        return StripLayout.of(self._choice.sites, self.width(), self.height())

    def box_rect(self, name: str) -> QRect:
        """Where a block is drawn and can be clicked, in this widget's pixels."""
        names = [site.name for site in self._choice.sites]
        return self._layout().box(names.index(name)).toRect()

    def _chosen_number(self) -> int | None:
        site = self._choice.chosen
        return self._choice.sites.index(site) if site is not None else None

    def sizeHint(self) -> QSize:
        return QSize(640, WANTED_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, LEAST_HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        sites, painter = self._choice.sites, QPainter(self)
        if not sites:
            painter.setPen(self._theme.color("secondary"))
            sentence = self.tr("The network's blocks appear here once a run is chosen or trained.")
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, sentence)
            return
        drawing = BlockStripPainter(painter, self._theme, self._layout())
        if self._hovered is not None:
            drawing.draw_column(self._hovered)
        drawing.draw_axis(self._title())
        drawing.draw_sweeps(self._bars)
        marks = BlockMarks(self._chosen_number(), self._hovered, self.hasFocus())
        drawing.draw_network(sites, [self._choice.scale_of(site.name) for site in sites], marks)

    def _title(self) -> str:
        if not self._bars:
            return self.tr("Accuracy without each block: “Remove each in turn” finds it out.")
        return self.tr("Accuracy without each block; dashed: intact")

    # Pointer and keys

    def _at(self, position: QPointF) -> int | None:
        return self._layout().block_at(position.x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._at(event.position()))

    def leaveEvent(self, _event: QEvent) -> None:
        self._hover(None)

    def _hover(self, number: int | None) -> None:
        if number != self._hovered:
            self._hovered = number
            self.setCursor(Qt.CursorShape.ArrowCursor if number is None else Qt.CursorShape.PointingHandCursor)
            self._tell()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self._at(event.position())
        if number is None or event.button() != Qt.MouseButton.LeftButton:
            return
        site, layout = self._choice.sites[number], self._layout()
        self._choice.choose(site.name)
        if event.position().y() <= layout.name(number).bottom():
            self._switch(site)

    def _switch(self, site: BlockSite) -> None:
        if site.remainder != "nothing removed":
            self._choice.toggle(site.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        site = self._choice.chosen
        if event.key() in _STEPS:
            self._choice.step(_STEPS[event.key()])
        elif event.key() == Qt.Key.Key_Space and site is not None:
            self._switch(site)
        else:
            super().keyPressEvent(event)
