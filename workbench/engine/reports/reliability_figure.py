"""Confidence against accuracy as SVG."""

import numpy as np
from markupsafe import Markup

from workbench.core.calibration import Calibration
from workbench.core.formats import count, percent
from workbench.engine.reports.axes import Axis
from workbench.engine.reports.plot import Plot


def reliability_figure(bins: Calibration) -> Markup:
    """A bar per bin that has images, and the line on which a calibrated network's would end."""
    edges = np.linspace(0, 1, len(bins.counts) + 1)
    titles = [
        f"confidence {percent(low, 0)} to {percent(high, 0)}: {_images(int(images))}, {percent(right)} right"
        for low, high, images, right in zip(edges[:-1], edges[1:], bins.counts, bins.accuracy, strict=True)
    ]
    plot = Plot(
        Axis("confidence, %", 0.0, 1.0, is_share=True),
        Axis("accuracy, %", 0.0, 1.0, is_share=True),
        size=(380, 300),
    )
    plot.bars(edges, np.where(bins.counts > 0, bins.accuracy, np.nan), "bar", titles)
    plot.line(np.array([0.0, 1.0]), np.array([0.0, 1.0]), "ideal")
    plot.points(bins.confidence, bins.accuracy, "bin")
    said = f"Expected calibration error {percent(bins.expected_error)} over {len(bins.counts)} bins"
    return plot.svg("Reliability", said)


def _images(number: int) -> str:
    return "1 image" if number == 1 else f"{count(number)} images"
