"""What there is to draw of a line between two places of an axis."""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Places: TypeAlias = NDArray[np.float64]
"""(P,) on the axis that was asked for, never falling."""
Figures: TypeAlias = NDArray[np.floating]
"""(P,) values there, NaN in a gap."""


class Points(NamedTuple):
    """Single points."""

    x: Places
    y: Figures


class Envelope(NamedTuple):
    """The least and the greatest value of each stretch of many points, at its middle."""

    x: Places
    low: Figures
    high: Figures

    def points(self) -> Points:
        """A line through all of them. It goes on at the side where it is: from top to bottom of each stretch and
        back up again, it would be twice as long."""
        values = np.stack((self.low, self.high), axis=1)
        values[1::2] = values[1::2, ::-1].copy()
        return Points(np.repeat(self.x, 2), values.ravel())


class Band(NamedTuple):
    """The mean of several runs, and their range from the least to the greatest value."""

    x: Places
    y: Figures
    low: Figures
    high: Figures


Drawn: TypeAlias = Points | Envelope | Band
