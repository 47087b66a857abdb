"""What each class lost by a lesion, and which classes are confused more, as small bars."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.core.class_names import pair_words, short_names
from workbench.core.formats import count, percent
from workbench.core.inspection.lesions import Lesioned
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme, mixed, tabular

_ROW_PX, _BAR_PX = 18, 8
_MOST_ROWS = 10
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
# Below that, names are short ones.
_LEAST_TRACK_PX = 60


@dataclass(frozen=True)
class LossRow:
    """One bar that has grown or shrunk, of shares from 0 to 1."""

    name: str
    short: str
    before: float
    now: float
    text: str
    is_worse: bool


class LossBars(QWidget):
    """Rows of bars under a heading: solid what is now, pale with an edge what was before."""

    def __init__(self, theme: Theme, heading: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._heading = theme, heading
        self._rows: list[LossRow] = []
        self._is_stale, self._absence = False, ""
        self.setAccessibleName(heading)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_rows(self, rows: list[LossRow], is_stale: bool, absence: str = "") -> None:
        """Draw them; `absence` is said where there are none."""
        self._rows, self._is_stale, self._absence = rows, is_stale, absence
        self.setAccessibleDescription("; ".join(f"{row.name} {row.text}" for row in rows))
        self.updateGeometry()
        self.update()

    @property
    def rows(self) -> tuple[LossRow, ...]:
        return tuple(self._rows)

    def sizeHint(self) -> QSize:
        return QSize(300, 2 * FIELD_GAP + (1 + max(_MOST_ROWS, len(self._rows))) * _ROW_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        painter.setPen(self._theme.color("text"))
        heading = QRectF(MARGIN, FIELD_GAP, self.width() - 2 * MARGIN, _ROW_PX)
        painter.drawText(heading, _LEFT, self._heading)
        self._draw_legend(painter, heading)
        painter.setFont(tabular(self.font()))
        if not self._rows:
            painter.setPen(self._theme.color("secondary"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._absence)
            return
        metrics = QFontMetricsF(painter.font())
        room = self.width() - 2 * MARGIN
        value = max((metrics.horizontalAdvance(row.text) for row in self._rows), default=0) + FIELD_GAP
        names = [row.name for row in self._rows]
        widest = max((metrics.horizontalAdvance(name) for name in names), default=0) + FIELD_GAP
        if room - widest - value < _LEAST_TRACK_PX:
            names = [row.short for row in self._rows]
            widest = max((metrics.horizontalAdvance(name) for name in names), default=0) + FIELD_GAP
        for number, (row, name) in enumerate(zip(self._rows, names, strict=True)):
            line = QRectF(MARGIN, FIELD_GAP + (number + 1) * _ROW_PX, room, _ROW_PX)
            self._draw(painter, line, row, name, widest, value)

    def _draw_legend(self, painter: QPainter, heading: QRectF) -> None:
        """What the mark across a bar means."""
        painter.setFont(self.font())
        painter.setPen(self._theme.color("secondary"))
        words = self.tr("before")
        breadth = painter.fontMetrics().horizontalAdvance(words)
        painter.drawText(heading, _RIGHT, words)
        x = round(heading.right() - breadth - GAP - 2)
        painter.fillRect(
            QRectF(x, heading.center().y() - _BAR_PX / 2 - 2, 2, _BAR_PX + 4), self._theme.color("text")
        )

    def _draw(self, painter: QPainter, line: QRectF, row: LossRow, name: str, widest: float, value: float) -> None:
        theme = self._theme
        painter.setPen(theme.color("secondary" if self._is_stale else "text"))
        painter.drawText(line, _LEFT, name)
        track = QRectF(
            line.left() + widest, round(line.center().y() - _BAR_PX / 2), line.width() - widest - value, _BAR_PX
        )
        painter.fillRect(track, theme.color("hairline"))
        role = "secondary" if self._is_stale or row.before == row.now else "wrong" if row.is_worse else "right"
        low, high = sorted((row.before, row.now))
        changed = QRectF(track.left() + low * track.width(), track.top(), (high - low) * track.width(), _BAR_PX)
        solid = theme.color("secondary")
        painter.fillRect(QRectF(track.left(), track.top(), low * track.width(), _BAR_PX), solid)
        painter.fillRect(changed, mixed(theme.color(role), theme.color("surface"), 0.55))
        # Where it was: a mark beside the color.
        painter.fillRect(
            QRectF(round(track.left() + row.before * track.width()) - 1, track.top() - 2, 2, _BAR_PX + 4),
            theme.color("text"),
        )
        painter.setPen(theme.color("secondary" if self._is_stale else "text"))
        painter.drawText(line, _RIGHT, row.text)


def class_rows(found: Lesioned) -> list[LossRow]:
    """A row per class; of many, those that lost most."""
    names = found.intact.class_names
    short = short_names(names)
    before, now = found.intact.per_class(), found.now.per_class()
    known = [n for n in range(len(names)) if before[n].images]
    if len(known) > _MOST_ROWS:
        known = sorted(sorted(known, key=lambda n: now[n].accuracy - before[n].accuracy)[:_MOST_ROWS])
    return [
        LossRow(
            names[n], short[n], before[n].accuracy, now[n].accuracy,
            f"{percent(before[n].accuracy, 0)} → {percent(now[n].accuracy, 0)}",
            now[n].accuracy < before[n].accuracy,
        )
        for n in known
    ]  # fmt: skip


def pair_rows(found: Lesioned) -> list[LossRow]:
    """The pairs of classes whose confusion changed most."""
    names = found.intact.class_names
    short = short_names(names)
    pairs = found.most_changed(_MOST_ROWS)
    most = max((max(pair.before, pair.now) for pair in pairs), default=1)
    return [
        LossRow(
            pair_words(names[pair.truth], names[pair.prediction]),
            pair_words(short[pair.truth], short[pair.prediction]),
            pair.before / most, pair.now / most, f"{count(pair.before)} → {count(pair.now)}",
            pair.now > pair.before,
        )
        for pair in pairs
    ]  # fmt: skip
