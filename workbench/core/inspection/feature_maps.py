"""The output channels of a block for one image, and how they are turned into pictures."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """(C, h, w) activations of a layer."""

    maps: NDArray[np.float32]
    layer: str
    epoch: int

    @cached_property
    def means(self) -> NDArray[np.float32]:
        """(C,) mean activation of each channel."""
        result: NDArray[np.float32] = self.maps.mean((1, 2))
        return result

    @cached_property
    def _limits(self) -> tuple[float, float]:
        return float(self.maps.min(initial=0.0)), float(self.maps.max(initial=0.0))

    def order(self, by_mean: bool) -> NDArray[np.int64]:
        """The channels, the most active first or as they are numbered."""
        count = len(self.maps)
        return np.argsort(-self.means, kind="stable").astype(np.int64) if by_mean else np.arange(count)

    def limits(self, channel: int, alike: bool) -> tuple[float, float]:
        """Which values are shown darkest and brightest: those of the channel, or those of all channels."""
        if alike:
            return self._limits
        return float(self.maps[channel].min()), float(self.maps[channel].max())

    def shares(self, channel: int, alike: bool) -> NDArray[np.float64]:
        """(h, w) from 0, darkest, to 1, brightest. A channel that is the same everywhere is dark."""
        low, high = self.limits(channel, alike)
        values = self.maps[channel].astype(np.float64)
        if high <= low:
            return np.zeros_like(values)
        result: NDArray[np.float64] = (values - low) / (high - low)
        return result
