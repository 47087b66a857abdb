"""What a network costs, and the table that sets two of them side by side."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from workbench.core.formats import count, memory, percent, short_count
from workbench.gui.widgets.tables import dress

_DASH, _MINUS = "\u2013", "\u2212"
_ROWS, _ROW_PX = 5, 24
_TITLE_PX = 150
# Less would be written as 0.0 %.
_LEAST_SHARE = 0.0005
_MINUTE_S, _HOUR_S = 60, 3600


@dataclass(frozen=True)
class Figures:
    """What a network costs to keep and to train."""

    parameters: int
    macs: int
    """Per image."""
    depth: int
    """Weighted layers."""
    activation_bytes: int
    """Memory of the activations of one batch while training."""
    batch_size: int
    epoch_s: float | None
    """None: not known yet."""
    is_measured: bool = False
    """Whether a run took so long; else `epoch_s` is an estimate."""

    @property
    def epoch_text(self) -> str:
        """`about 2 s`, or `16 s, measured`; a dash while it is not known."""
        if self.epoch_s is None or not self.is_measured:
            return about(self.epoch_s)
        return QCoreApplication.translate("Figures", "{0}, measured").format(length(self.epoch_s))


def about(seconds: float | None) -> str:
    """`about 12 s`; a dash while nothing is measured."""
    if seconds is None:
        return _DASH
    text = length(seconds)
    return text if seconds < 1 else QCoreApplication.translate("Figures", "about {0}").format(text)


def length(seconds: float) -> str:
    """`under 1 s`, `12 s`, `3 min`, `2.5 h`."""
    translate = QCoreApplication.translate
    if seconds < 1:
        return translate("Figures", "under 1 s")
    if seconds < 2 * _MINUTE_S:
        return translate("Figures", "{0} s").format(round(seconds))
    if seconds < 2 * _HOUR_S:
        return translate("Figures", "{0} min").format(round(seconds / _MINUTE_S))
    return translate("Figures", "{0} h").format(f"{seconds / _HOUR_S:.3g}")


def difference(value: float | None, base: float | None, text: Callable[[float], str]) -> str:
    """`+89.4 k (+0.8 %)`, or by how many times where it is twice or half."""
    if value is None or base is None:
        return _DASH
    if value == base:
        return QCoreApplication.translate("Figures", "the same")
    sign = "+" if value > base else _MINUS
    change = sign + text(abs(value - base))
    if not base:
        return change
    ratio = value / base
    if not 0.5 < ratio < 2:
        return f"{change} (×\u202f{ratio:.3g})"
    if abs(ratio - 1) < _LEAST_SHARE:
        return change
    return f"{change} ({sign}{percent(abs(ratio - 1))})"


def _seconds(value: float) -> str:
    return f"{value:.3g}\u202fs"


def _whole(value: float) -> str:
    return count(round(value))


class FiguresTable(QTableWidget):
    """Rows of figures: this network, the compared one, and how much more this one takes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_ROWS, 4, parent)
        self.setAccessibleName(self.tr("Figures of this network and the compared one"))
        dress(self, _ROW_PX)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.horizontalHeader()
        header.setSectionsClickable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.show_figures(None, "", None)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.setFixedHeight(_ROWS * _ROW_PX + self.horizontalHeader().sizeHint().height() + 2)

    def show_figures(self, figures: Figures | None, other_title: str, other: Figures | None) -> None:
        """Take both; without `other` only this network's column is shown."""
        metrics = QFontMetrics(self.font())
        title = metrics.elidedText(other_title, Qt.TextElideMode.ElideMiddle, _TITLE_PX)
        hint = self.tr("How much more this network takes than the compared one")
        batch = self.tr("Activations, batch of {0}").format(figures.batch_size if figures else _DASH)
        names = [self.tr("Parameters"), self.tr("MACs per image"), self.tr("Weighted layers"), batch,
                 self.tr("Time per epoch")]  # fmt: skip
        columns = (
            ("", "", names),
            (self.tr("This network"), "", _texts(figures)),
            (title, other_title, _texts(other)),
            (self.tr("Difference"), hint, _differences(figures, other)),
        )
        for column, (heading, tooltip, texts) in enumerate(columns):
            side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
            self.setHorizontalHeaderItem(column, _item(heading, side, tooltip))
            for row, text in enumerate(texts):
                self.setItem(row, column, _item(text, side))
            self.setColumnHidden(column, column > 1 and other is None)


def _item(text: str, side: Qt.AlignmentFlag, tooltip: str = "") -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    item.setToolTip(tooltip)
    return item


def _texts(figures: Figures | None) -> list[str]:
    if figures is None:
        return [_DASH] * _ROWS
    return [
        count(figures.parameters), short_count(figures.macs), str(figures.depth),
        memory(figures.activation_bytes), figures.epoch_text,
    ]  # fmt: skip


def _differences(figures: Figures | None, other: Figures | None) -> list[str]:
    if figures is None or other is None:
        return [_DASH] * _ROWS
    return [
        difference(figures.parameters, other.parameters, short_count),
        difference(figures.macs, other.macs, short_count),
        difference(figures.depth, other.depth, _whole),
        difference(figures.activation_bytes, other.activation_bytes, memory),
        difference(figures.epoch_s, other.epoch_s, _seconds),
    ]
