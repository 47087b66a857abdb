"""What goes on inside the network: branches against shortcuts, activations by depth, the first layer's filters."""

from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from workbench.core.formats import percent, two_digits
from workbench.core.inspection.insides import Insides, filter_pictures
from workbench.gui.inspect.blocks.depth_chart import DepthChart, DepthSeries
from workbench.gui.inspect.blocks.first_filters import FilterView
from workbench.gui.widgets.theme import FIELD_GAP, MARGIN, Theme
from workbench.gui.widgets.work_bar import WorkBar


class InsidesView(QWidget):
    """Shows an Insides, or none."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Where the page has room for it.
        self.bar = WorkBar()
        self.ratios = DepthChart(theme, self.tr("Branch against shortcut (RMS)"), _ratio, mark=1.0)
        self.sizes = DepthChart(theme, self.tr("Activations"), _text)
        self.zeros = DepthChart(theme, self.tr("Share of zeros among activations"), _share, most=1.0)
        self.filters = FilterView(theme)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, 0, MARGIN, FIELD_GAP)
        layout.setSpacing(FIELD_GAP)
        grid = QGridLayout()
        grid.setSpacing(FIELD_GAP)
        for number, widget in enumerate((self.ratios, self.filters, self.sizes, self.zeros)):
            grid.addWidget(widget, number // 2, number % 2)
        layout.addLayout(grid, 1)
        self.show_insides(None)

    def show_insides(self, found: Insides | None) -> None:
        """Values are of the images that were looked at; None: nothing is known."""
        waiting = self.tr("Appears once the network is looked into.")
        blocks = found.blocks if found is not None else ()
        plain = self.tr("No block of this network has a shortcut.") if blocks else waiting
        ratios = DepthSeries("", [each.ratio for each in blocks])
        self.ratios.show_series([each.name for each in blocks], [ratios], plain)
        figures = found.activations if found is not None else ()
        names = [each.name for each in figures]
        sizes = [
            DepthSeries(self.tr("mean"), [each.mean for each in figures]),
            DepthSeries(self.tr("standard deviation"), [each.deviation for each in figures]),
        ]
        self.sizes.show_series(names, sizes, waiting)
        self.zeros.show_series(names, [DepthSeries("", [each.zeros for each in figures])], waiting)
        self.filters.show_filters(filter_pictures(found.filters) if found is not None else None)


def _ratio(value: float) -> str:
    return f"{value:.2f}"


def _text(value: float) -> str:
    return two_digits(value) if value else "0"


def _share(value: float) -> str:
    return percent(value, 0)
