"""Measured time and memory of a run, in words and as a table."""

import math
from datetime import datetime, timedelta

from PySide6.QtCore import QCoreApplication, QDate, QLocale, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from workbench.core.formats import count, memory
from workbench.core.settings.trials import Preflight
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP, GAP, tabular

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_WEEK_DAYS, _YEAR_DAYS = 7, 365
_SPACE = "\u00a0"


class PreflightFigures(QWidget):
    """A row per figure: what it is, and right of it the number, with one that explains it below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(FIELD_GAP)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)
        self._rows: dict[str, tuple[QLabel, QLabel, QLabel]] = {}
        for name, caption in (
            ("total", self.tr("Whole run")),
            ("epoch", self.tr("One epoch")),
            ("speed", self.tr("Training")),
            ("memory", self.tr("Peak memory")),
            ("free", self.tr("Free memory")),
            ("batch", self.tr("Largest batch")),
            ("device", self.tr("Device")),
            ("precision", self.tr("Precision")),
        ):
            self._add(name, caption)
        font = QFont(self._rows["total"][1].font())
        font.setWeight(QFont.Weight.DemiBold)
        self._rows["total"][1].setFont(font)

    def _add(self, name: str, caption: str) -> None:
        labels = labeled(caption, "secondary"), QLabel(), labeled("", "secondary")
        top = self._grid.rowCount()
        for label, row, column in zip(labels, (top, top, top + 1), (0, 1, 1), strict=True):
            if column:
                label.setAlignment(Qt.AlignmentFlag.AlignRight)
                label.setFont(tabular(label.font()))
                label.setWordWrap(True)
            self._grid.addWidget(label, row, column, Qt.AlignmentFlag.AlignTop)
        # Space between rows, but none between a figure and its explanation.
        labels[0].setContentsMargins(0, GAP, 0, 0)
        labels[1].setContentsMargins(0, GAP, 0, 0)
        labels[1].setAccessibleName(caption)
        self._rows[name] = labels

    def text(self, name: str) -> str:
        """What is written in a row, such as `total` or `memory`."""
        _, value, detail = self._rows[name]
        return " ".join(label.text() for label in (value, detail) if label.text())

    def show_result(self, result: Preflight, now: datetime | None) -> None:
        """Fill the rows; of what does not fit only the machine is known."""
        total = span(result.total_s) if result.fits else ""
        end = finish(result.total_s, now or datetime.now()) if result.fits else ""
        self._show("epoch", span(result.seconds_per_epoch) if result.fits else "", "", self._epoch_help(result))
        self._show("total", total, end, self.tr("All epochs, with the evaluation after each; if started now"))
        speed = self.tr("{0} images/s").format(_rate(result.images_per_s)) if result.images_per_s > 0 else ""
        self._show("speed", speed, "", self.tr("Training images per second, without evaluation"))
        self._show_memory(result)
        batch = self.tr("about {0} images").format(count(result.largest_batch)) if result.largest_batch else ""
        self._show("batch", batch, "", self._batch_help(result))
        self._show("device", result.device, "", self.tr("What computes"))
        self._show("precision", result.precision, "", self.tr("Number format of the activations"))

    def _show(self, name: str, value: str, detail: str, tooltip: str) -> None:
        labels = self._rows[name]
        labels[1].setText(value)
        labels[2].setText(detail)
        for label in labels:
            label.setToolTip(tooltip)
            label.setVisible(bool(value))
        labels[2].setVisible(bool(detail))

    def _show_memory(self, result: Preflight) -> None:
        free = memory(result.free_bytes)
        self._show("free", "" if result.fits else free, "", self.tr("Memory of the device before the run"))
        if not result.fits:
            self._show("memory", "", "", "")
            return
        peak = memory(result.peak_bytes)
        how = (
            self.tr("The most that the measured steps held at once")
            if result.is_measured
            else self.tr("By arithmetic: this device does not tell what is in use")
        )
        text = peak if result.is_measured else self.tr("about {0}").format(peak)
        self._show("memory", text, self.tr("of {0} free").format(free), how)

    def _epoch_help(self, result: Preflight) -> str:
        if not result.fits:
            return ""
        return self.tr("{0} steps of {1} each, and evaluation at {2} images/s").format(
            count(result.steps_per_epoch), span(result.step_s), _rate(result.evaluation_images_per_s)
        )

    def _batch_help(self, result: Preflight) -> str:
        return self.tr("About the largest batch that fits into the free memory; this run has {0}").format(
            count(result.batch_size)
        )


def span(seconds: float) -> str:
    """`42 ms`, `12.4 s`, `6 min 12 s`, `2 h 05 min` or `3 d 4 h`; a dash where nothing is known."""
    translate = QCoreApplication.translate
    if not math.isfinite(seconds):
        return "\u2013"
    if seconds < 1:
        text = translate("Preflight", "{0} ms").format(f"{1000 * seconds:.3g}")
    elif seconds < _MINUTE_S - 0.05:
        text = translate("Preflight", "{0} s").format(f"{seconds:.1f}")
    elif seconds < _HOUR_S - 0.5:
        text = translate("Preflight", "{0} min {1:02} s").format(*divmod(round(seconds), _MINUTE_S))
    elif seconds < _DAY_S - _MINUTE_S / 2:
        text = translate("Preflight", "{0} h {1:02} min").format(*divmod(round(seconds / _MINUTE_S), 60))
    else:
        text = translate("Preflight", "{0} d {1} h").format(*divmod(round(seconds / _HOUR_S), 24))
    return text.replace(" ", _SPACE)


def finish(seconds: float, now: datetime) -> str:
    """`done at 14:32`, `done tomorrow 02:10`, `done Friday 02:10`, `done 8 August`; empty if nobody can say."""
    if not seconds < _YEAR_DAYS * _DAY_S:
        return ""
    translate = QCoreApplication.translate
    # With the zone, so that an hour that the clocks skip is no hour of work.
    end = (now.astimezone() + timedelta(seconds=seconds)).astimezone()
    time, date = f"{end:%H:%M}", QDate(end.year, end.month, end.day)
    days = (end.date() - now.astimezone().date()).days
    if days == 0:
        return translate("Preflight", "done at {0}").format(time)
    if days == 1:
        return translate("Preflight", "done tomorrow {0}").format(time)
    if days < _WEEK_DAYS:
        return translate("Preflight", "done {0} {1}").format(QLocale().toString(date, "dddd"), time)
    return translate("Preflight", "done {0}").format(QLocale().toString(date, "d MMMM"))


def _rate(images_per_s: float) -> str:
    return count(round(images_per_s)) if math.isfinite(images_per_s) else "\u2013"
