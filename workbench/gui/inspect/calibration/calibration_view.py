"""Whether confidence can be believed: reliability, scores, temperature, and accuracy over coverage."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from workbench.core.calibration import BINS, Calibration, bin_of
from workbench.core.evaluation import Evaluation
from workbench.core.formats import count, percent
from workbench.gui.inspect.calibration.score_table import ScoreTable
from workbench.gui.inspect.seen_words import absence, epoch_words
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.late_plot import LatePlot
from workbench.gui.widgets.segments import Segments
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme
from workbench.gui.widgets.work_bar import WorkBar

if TYPE_CHECKING:
    from workbench.gui.inspect.calibration.calibration_plots import CountsPlot, CoveragePlot, ReliabilityPlot

_READ_AT = 0.8
_COUNTS_PX = 96


class CalibrationView(QWidget):
    """Follows the selection at once while it can be seen: only the plots' data are set.

    `images_shown` comes when a bin was put into the gallery.
    """

    images_shown = Signal()

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._selection = theme, selection
        self._bins, self._read_at = BINS[0], _READ_AT
        self._bin: int | None = None
        self._is_built = False
        self._drawn: tuple[Evaluation, Evaluation | None, int] | None = None
        self._evaluation: Evaluation | None = None
        self._before: Calibration | None = None
        self._after: Calibration | None = None
        self._reliability: ReliabilityPlot | None = None
        self._counts: CountsPlot | None = None
        self._coverage: CoveragePlot | None = None
        self.bar = WorkBar(self, hides=True)
        self._lay_out()
        selection.epoch_changed.connect(self._follow)
        selection.epochs_changed.connect(self._follow)
        theme.changed.connect(self._restyle)
        self._follow()

    def _lay_out(self) -> None:
        self._empty = EmptyState()
        self._content = LatePlot(self._build_content, is_plot=False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, FIELD_GAP)
        layout.addWidget(self._content, 1)
        layout.addWidget(self._empty, 1)

    def _build_content(self) -> QWidget:
        self._title = ElidedLabel("secondary")
        self._scores = ScoreTable(self._theme)
        top = QHBoxLayout()
        top.setSpacing(FIELD_GAP)
        top.addWidget(self._title, 1)
        top.addWidget(labeled(self.tr("Bins"), "secondary"))
        top.addWidget(Segments(self.tr("Number of bins"), self._bin_actions()))
        plots = QHBoxLayout()
        plots.setSpacing(MARGIN)
        plots.addLayout(self._reliability_column(), 1)
        plots.addLayout(self._coverage_column(), 1)
        content = QWidget()
        inner = QVBoxLayout(content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(FIELD_GAP)
        inner.addLayout(top)
        inner.addWidget(self._scores)
        inner.addWidget(self.bar)
        inner.addLayout(plots, 1)
        self._is_built = True
        self._follow()
        return content

    def _bin_actions(self) -> list[QAction]:
        group = QActionGroup(self)
        actions = []
        for number in BINS:
            action = QAction(str(number), group)
            action.setCheckable(True)
            action.setChecked(number == self._bins)
            action.setData(number)
            action.setToolTip(self.tr("{0} bins of equal width").format(number))
            actions.append(action)
        group.triggered.connect(self._choose_bins)
        return actions

    def _reliability_column(self) -> QVBoxLayout:
        self._bin_words = ElidedLabel("")
        column = self._column(
            self.tr("Reliability"),
            self.tr("On the dashed line, the network is as often right as it is sure (Guo et al. 2017)"),
            self._bin_words,
        )
        counts = _late(self._build_counts)
        counts.setFixedHeight(_COUNTS_PX)
        column.insertWidget(1, _late(self._build_reliability), 1)
        column.insertWidget(2, counts)
        return column

    def _coverage_column(self) -> QVBoxLayout:
        self._coverage_words = ElidedLabel("")
        column = self._column(
            self.tr("Accuracy over coverage"),
            self.tr("What is gained by leaving out the images that the network is least sure of"),
            self._coverage_words,
        )
        column.insertWidget(1, _late(self._build_coverage), 1)
        return column

    def _column(self, title: str, tooltip: str, words: ElidedLabel) -> QVBoxLayout:
        """A tooltip on the plot itself would hide what one points at."""
        column = QVBoxLayout()
        column.setSpacing(GAP)
        heading = labeled(title, "heading")
        heading.setToolTip(tooltip)
        column.addWidget(heading)
        column.addWidget(words)
        return column

    def _build_reliability(self) -> QWidget:
        from workbench.gui.inspect.calibration.calibration_plots import ReliabilityPlot

        plot = self._reliability = ReliabilityPlot(self._theme)
        plot.pointed_at.connect(self._point_at_bin)
        plot.clicked_at.connect(self._show_bin)
        plot.left.connect(self._leave_bins)
        self._draw_bins()
        return plot

    def _build_counts(self) -> QWidget:
        from workbench.gui.inspect.calibration.calibration_plots import CountsPlot

        plot = self._counts = CountsPlot(self._theme)
        plot.pointed_at.connect(self._point_at_bin)
        plot.clicked_at.connect(self._show_bin)
        plot.left.connect(self._leave_bins)
        self._draw_bins()
        return plot

    def _build_coverage(self) -> QWidget:
        from workbench.gui.inspect.calibration.calibration_plots import CoveragePlot

        plot = self._coverage = CoveragePlot(self._theme)
        plot.pointed_at.connect(self._read_coverage)
        self._draw_coverage()
        return plot

    # What it follows

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        selection = self._selection
        reason = absence(selection, self.tr("How far its confidence can be believed appears here"))
        self._empty.show_text(reason)
        self._empty.setVisible(bool(reason))
        self._content.setVisible(not reason)
        self._evaluation = selection.evaluation
        if reason or self._evaluation is None or not self._is_built or not self.isVisible():
            return
        validation = selection.validation
        self._tell_title(self._evaluation)
        wanted = (self._evaluation, validation, self._bins)
        if self._drawn is None or any(a is not b for a, b in zip(self._drawn, wanted, strict=True)):
            self._drawn = wanted
            self._draw(self._evaluation, validation)

    def _tell_title(self, evaluation: Evaluation) -> None:
        said = epoch_words(self._selection)
        words = self.tr("{0}: {1} test images").format(said[:1].upper() + said[1:], count(len(evaluation.labels)))
        self._title.setText(words)
        self._title.setToolTip(words)

    def _draw(self, evaluation: Evaluation, validation: Evaluation | None) -> None:
        scores = evaluation.scores(self._bins)
        self._scores.show_row(0, self.tr("as it is"), scores)
        self._before, self._after = scores.bins, None
        if validation is None or not len(validation.labels):
            self._scores.show_row(1, self.tr("temperature"), None)
        else:
            scaled = evaluation.at_temperature(validation.temperature).scores(self._bins)
            name = self.tr("temperature {0}").format(f"{validation.temperature:.2f}")
            self._scores.show_row(1, name, scaled)
            self._after = scaled.bins
        self._draw_bins()
        self._draw_coverage()

    def _draw_bins(self) -> None:
        for plot in (self._reliability, self._counts):
            if plot is not None and self._before is not None:
                plot.show_bins(self._before, self._after)
        self._tell_bin()

    def _draw_coverage(self) -> None:
        if self._coverage is not None and self._evaluation is not None:
            self._coverage.show_curve(self._evaluation.coverage)
        self._tell_coverage()

    @Slot()
    def _restyle(self) -> None:
        for plot in (self._reliability, self._counts, self._coverage):
            if plot is not None:
                plot.restyle()

    @Slot(QAction)
    def _choose_bins(self, action: QAction) -> None:
        self._bins, self._bin = int(action.data()), None
        self._follow()

    # Bins

    @Slot(float)
    def _point_at_bin(self, confidence: float) -> None:
        self._bin = self._bin_at(confidence)
        for plot in (self._reliability, self._counts):
            if plot is not None:
                plot.show_cursor(100 * (self._bin + 0.5) / self._bins)
        self._tell_bin()

    def _bin_at(self, confidence: float) -> int:
        return min(max(int(confidence / 100 * self._bins), 0), self._bins - 1)

    @Slot()
    def _leave_bins(self) -> None:
        self._bin = None
        for plot in (self._reliability, self._counts):
            if plot is not None:
                plot.show_cursor(None)
        self._tell_bin()

    def _tell_bin(self) -> None:
        words = self._words_of_bin()
        self._bin_words.setText(words)
        self._bin_words.setToolTip(words)
        if self._reliability is not None:
            self._reliability.setAccessibleDescription(words)

    def _words_of_bin(self) -> str:
        bins = self._before
        if bins is None:
            return ""
        if self._bin is None:
            words = self.tr("expected calibration error {0} · click a bin to see its images")
            return words.format(percent(bins.expected_error))
        images = int(bins.counts[self._bin])
        if not images:
            return self.tr("{0}: no image").format(self._range_of(self._bin))
        words = self.tr("{0}: {1} images, {2} right")
        return words.format(self._range_of(self._bin), count(images), percent(float(bins.accuracy[self._bin])))

    def _range_of(self, number: int) -> str:
        low, high = (round(100 * edge / self._bins) for edge in (number, number + 1))
        return f"{low}–{percent(high / 100, 0)}"

    @Slot(float)
    def _show_bin(self, confidence: float) -> None:
        """Put the images of a bin into the gallery, most confidently wrong first."""
        evaluation = self._evaluation
        if evaluation is None:
            return
        number = self._bin_at(confidence)
        order = evaluation.indices()
        inside = order[bin_of(evaluation.confidence[order], self._bins) == number]
        if len(inside):
            self._selection.show_only(inside, self.tr("sure to {0}").format(self._range_of(number)))
            self.images_shown.emit()

    # Coverage

    @Slot(float)
    def _read_coverage(self, coverage: float) -> None:
        self._read_at = min(max(coverage / 100, 0.0), 1.0)
        self._tell_coverage()

    def _tell_coverage(self) -> None:
        evaluation = self._evaluation
        if evaluation is None or not len(evaluation.labels):
            return
        curve = evaluation.coverage
        right = curve.at(self._read_at)
        sure = float(curve.confidence[curve.count_at(self._read_at) - 1])
        words = self.tr("the surest {0} are right to {1}").format(percent(self._read_at, 0), percent(right))
        self._coverage_words.setText(words)
        self._coverage_words.setToolTip(
            self.tr("{0}: those that are sure to {1} or more").format(words, percent(sure))
        )
        if self._coverage is not None:
            self._coverage.show_point(self._read_at, right)
            self._coverage.setAccessibleDescription(words)


def _late(build: Callable[[], QWidget]) -> LatePlot:
    plot = LatePlot(build)
    plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
    return plot
