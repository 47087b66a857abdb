"""The network as a drawing to scale: maps shrink, channels grow, shortcuts hop over their blocks."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from workbench.core.formats import count, short_count
from workbench.core.network.architecture import Architecture, Part
from workbench.core.network.layers import Shape
from workbench.core.network.shortcuts import Way
from workbench.gui.network.network_difference import differing_parts
from workbench.gui.network.network_layout import Box, Drawing, Key, groups_of, lay_out, sees_all
from workbench.gui.network.network_painter import HOP_PX, LINE_PX, Marks, NetworkPainter, Row, caption_font
from workbench.gui.network.part_words import part_title
from workbench.gui.widgets.theme import FIELD_GAP, MARGIN, Theme

_READOUT_PX = 46
_TALLEST_PX = 240
_CORNER = 6
# Lines of a label that is broad, narrow, or low.
_LABEL_LINES = (3, 4, 2)
_LOW = 2
_LABELS_SHARE = 0.6
_LOWEST_PX = 64
_DIMMED = 0.35
# Larger than any image.
_ALL = 1_000_000


class NetworkView(QWidget):
    """Draws an Architecture. `part_chosen` carries the name of the part that was picked, empty for none."""

    part_chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._architectures: list[Architecture] = []
        self._titles = ("", "")
        self._rows: list[Row] = []
        self._differing: frozenset[str] = frozenset()
        self._selected = ""
        self._hovered: tuple[int, Box] | None = None
        self._dimmed = False
        self._label_form = 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Drawing of the network"))
        theme.changed.connect(self.update)

    @property
    def selected(self) -> str:
        """Name of the chosen part; empty where none is."""
        return self._selected

    def show_architecture(
        self,
        architecture: Architecture,
        compared: Architecture | None = None,
        titles: tuple[str, str] = ("", ""),
    ) -> None:
        """Draw a network, and beneath it the one it is compared with; a part that is still there stays chosen."""
        self._architectures = [architecture] if compared is None else [architecture, compared]
        self._titles = titles
        self._differing = frozenset() if compared is None else differing_parts(architecture, compared)
        if all(part.name != self._selected for part in architecture.parts):
            self._selected = ""
        self._hovered = None
        self.updateGeometry()
        self._arrange()

    def select(self, name: str) -> None:
        """Choose a part, or with an empty name none, without announcing it."""
        self._selected = name if any(part.name == name for part in self._parts()) else ""
        self._tell()

    def set_dimmed(self, dimmed: bool) -> None:
        """Whether the drawing is of a network that the form no longer describes."""
        self._dimmed = dimmed
        self.update()

    @property
    def drawings(self) -> tuple[Drawing, ...]:
        """The network's, and the compared one's."""
        return tuple(row.drawing for row in self._rows)

    def box_rect(self, name: str, row: int = 0) -> QRectF:
        """Where a part (or the fold that hides it) is drawn, in this widget's pixels."""
        box = self._rows[row].drawing.box_of(name)
        return QRectF() if box is None else self._rows[row].rect(box)

    def is_marked(self, box: Box) -> bool:
        """Whether the compared network differs here."""
        return bool(box.names & self._differing)

    def readout(self) -> list[tuple[str, str]]:
        """Captions and values of what the pointer is on, else of the chosen part, else of the whole network."""
        if not self._architectures:
            return []
        if self._hovered is not None:
            row, box = self._hovered
            return self._box_readout(self._architectures[row], box)
        part = next((part for part in self._parts() if part.name == self._selected), None)
        if part is not None:
            return self._part_readout(self._architectures[0], part)
        whole = self._architectures[0]
        layers = self.tr("{0} weighted layers").format(count(whole.depth))
        return self._figures(
            (layers, self.tr("Whole network")), whole.parameters, whole.macs, self._classes(whole), _ALL
        )

    def _parts(self) -> tuple[Part, ...]:
        return self._architectures[0].parts if self._architectures else ()

    # Words

    def _box_readout(self, architecture: Architecture, box: Box) -> list[tuple[str, str]]:
        if not box.parts:
            return self._figures((self.tr("what enters"), self.tr("Image")), 0, 0, box.shape, 1)
        part = box.parts[0]
        if not box.is_folded:
            return self._part_readout(architecture, part)
        title = self.tr("Stage {0}, {1} blocks").format(part.stage, len(box.parts))
        parameters, macs = sum(p.parameters for p in box.parts), sum(p.macs for p in box.parts)
        caption = self.tr("folded, together")
        return self._figures((caption, title), parameters, macs, box.shape, box.parts[-1].receptive_field)

    def _part_readout(self, architecture: Architecture, part: Part) -> list[tuple[str, str]]:
        config, shape = architecture.config, part.output_shape
        title = part_title(part, config)
        if part.role == "head":
            shape = self._classes(architecture)
        return self._figures(title, part.parameters, part.macs, shape, part.receptive_field)

    def _classes(self, architecture: Architecture) -> Shape:
        """The shape that the read-out writes as classes."""
        return architecture.config.num_classes, 0, 0

    def _figures(
        self, title: tuple[str, str], parameters: int, macs: int, shape: Shape, sees: int
    ) -> list[tuple[str, str]]:
        """`title`: caption and name."""
        channels, height, width = shape
        size = self._architectures[0].config.input_size
        output = f"{channels}×{height}×{width}" if height else self.tr("{0} classes").format(count(channels))
        return [
            title,
            (self.tr("Parameters"), count(parameters)),
            (self.tr("MACs"), short_count(macs)),
            (self.tr("Output"), output),
            (self.tr("Sees"), self.tr("all") if sees_all(sees, size) else f"{sees}×{sees}"),
        ]

    def _tell(self) -> None:
        self.setAccessibleDescription(", ".join(f"{caption} {value}" for caption, value in self.readout()))
        self.update()

    # Layout

    def sizeHint(self) -> QSize:
        return QSize(640, 300 if len(self._architectures) < 2 else 400)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 216 if len(self._architectures) < 2 else 340)

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._arrange()

    def _arrange(self) -> None:
        """Lay out anew for this size."""
        self._rows = []
        if self._architectures:
            networks = [groups_of(architecture) for architecture in self._architectures]
            width = self.width() - 2 * MARGIN
            keys = {group.key: group.shape for groups in networks for group in groups}
            titled = LINE_PX if len(networks) > 1 else 0
            above = titled + HOP_PX + FIELD_GAP
            room = self.height() - _READOUT_PX - LINE_PX - 2 * MARGIN
            self._label_form, labels = self._fitting_labels(keys, width, room / len(networks) - above)
            below = _LABEL_LINES[self._label_form] * LINE_PX + MARGIN + FIELD_GAP
            body = max(8.0, min(_TALLEST_PX, room / len(networks) - above - below))
            top = MARGIN + max(0.0, room - len(networks) * (above + body + below)) / 2
            titles = self._titles if titled else ("", "")
            for drawing, title in zip(lay_out(networks, width, body, labels), titles, strict=False):
                axis = round(top + above + body / 2)
                labels_top = axis + body / 2 + FIELD_GAP
                self._rows.append(Row(drawing, title, top, axis, labels_top, top + above + body + below))
                top += above + body + below
        self._tell()

    def _fitting_labels(
        self, shapes: dict[Key, Shape], width: float, height: float
    ) -> tuple[int, dict[Key, float]]:
        """The form of the labels that leaves the boxes most of the room, and how wide each label then is."""
        forms = [self._label_widths(shapes, form) for form in range(len(_LABEL_LINES))]
        form = 0 if sum(forms[0].values()) < _LABELS_SHARE * width else 1
        if height - _LABEL_LINES[form] * LINE_PX < _LOWEST_PX:
            form = 2
        return form, forms[form]

    def _label_widths(self, shapes: dict[Key, Shape], form: int) -> dict[Key, float]:
        bold = QFontMetricsF(caption_font(self.font(), bold=True))
        plain = QFontMetricsF(caption_font(self.font()))
        widths = {}
        for key, shape in shapes.items():
            title, *lines = self._label(key, shape, 10, form)
            widths[key] = (
                max(bold.horizontalAdvance(title), *(plain.horizontalAdvance(line) for line in lines)) + 2
            )
        return widths

    def _label(self, key: Key, shape: Shape, blocks: int, form: int) -> list[str]:
        """Title and lines beneath a column: in form 0 broad, in 1 narrow, in 2 narrow and low."""
        role, stage = key
        channels, height, width = shape
        if role == "head":
            return [self.tr("Head"), self.tr("{0} classes").format(count(channels))]
        names = {"input": self.tr("Image"), "stem": self.tr("Stem"), "stage": self.tr("Stage {0}").format(stage)}
        if form == _LOW:
            return [names[role], f"{channels}×{height}×{width}"]
        size = [self.tr("{0} ch").format(channels), f"{height}×{width}"]
        lines = [names[role], *([" · ".join(size)] if form == 0 else size)]
        if role == "stage":
            lines.append(self.tr("1 block") if blocks == 1 else self.tr("{0} blocks").format(blocks))
        return lines

    # Painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color("accent" if self.hasFocus() else "hairline"), 1))
        painter.setBrush(self._theme.color("surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), _CORNER, _CORNER)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if not self._rows:
            painter.setPen(self._theme.color("secondary"))
            text = self.tr("The network appears here as soon as it is described on the left.")
            area = self.rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
            return
        painter.setOpacity(_DIMMED if self._dimmed else 1.0)
        drawer = NetworkPainter(painter, self._theme)
        for index, row in enumerate(self._rows):
            labels = [self._label(c.key, c.shape, c.blocks, self._label_form) for c in row.drawing.columns]
            drawer.draw_row(row, self._marks(index), labels)
        bottom = self.height() - _READOUT_PX
        legend = QRectF(MARGIN, bottom - LINE_PX - 6, self.width() - 2 * MARGIN, LINE_PX)
        differs = self.tr("differs") if self._differing else ""
        scale = self.tr("height: size of the map, breadth: channels")
        drawer.draw_legend(legend, self._legend(), differs, scale)
        drawer.draw_readout(QRectF(1, bottom, self.width() - 2, _READOUT_PX), self.readout())

    def _marks(self, row: int) -> Marks:
        hovered = self._hovered[1] if self._hovered is not None and self._hovered[0] == row else None
        if row:
            return Marks(None, hovered, frozenset(), False)
        chosen = self._rows[0].drawing.box_of(self._selected)
        return Marks(chosen, hovered, self._differing, self.hasFocus())

    def _legend(self) -> list[tuple[Way, str]]:
        """The shortcuts that occur, with their words."""
        words: dict[Way, str] = {
            "identity": self.tr("identity shortcut"),
            "projection": self.tr("projection (1×1)"),
            "zero-pad": self.tr("zero-padded"),
        }
        first_parts = (box.parts[0] for row in self._rows for box in row.drawing.boxes if box.parts)
        occurring = {part.shortcut for part in first_parts if part.role == "block"}
        if occurring == {"none"}:
            return [("none", self.tr("no shortcuts"))]
        return [(kind, word) for kind, word in words.items() if kind in occurring]

    # Pointer and keys

    def _box_at(self, position: QPointF) -> tuple[int, Box] | None:
        for index, row in enumerate(self._rows):
            if row.top <= position.y() < row.bottom:
                box = row.drawing.box_at(position.x() - MARGIN)
                return None if box is None else (index, box)
        return None

    def _hover(self, found: tuple[int, Box] | None) -> None:
        if found != self._hovered:
            self._hovered = found
            self._tell()

    def _choose(self, name: str) -> None:
        if name != self._selected:
            self._selected = name
            self._tell()
            self.part_chosen.emit(name)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._box_at(event.position()))

    def leaveEvent(self, _event: QEvent) -> None:
        self._hover(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click beside all boxes chooses the whole network again."""
        found = self._box_at(event.position())
        if found is None:
            self._choose("")
        elif found[0] == 0 and found[1].parts:
            self._choose(found[1].parts[0].name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Home and End walk over the boxes; Escape chooses the whole network."""
        boxes = [box for box in self._rows[0].drawing.boxes if box.parts] if self._rows else []
        names = [box.parts[0].name for box in boxes]
        at = next((i for i, box in enumerate(boxes) if self._selected in box.names), None)
        last = len(names) - 1
        targets = {
            Qt.Key.Key_Left: last if at is None else max(0, at - 1),
            Qt.Key.Key_Right: 0 if at is None else min(last, at + 1),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        key = Qt.Key(event.key())
        if names and key in targets:
            self._hovered = None
            self._choose(names[targets[key]])
        elif key == Qt.Key.Key_Escape and self._selected:
            self._choose("")
        else:
            super().keyPressEvent(event)
