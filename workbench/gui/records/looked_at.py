"""The one image that is looked at."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class LookedAt:
    """A test image of the run, or one that the person has brought."""

    pixels: NDArray[np.uint8]
    """(H, W, 3), as large as the network takes it."""
    name: str
    """Of its file."""
    index: int | None = None
    """Among the test images; None of a brought one."""
    truth: int | None = None
    """Its class; None where that is not known."""
    words: str = ""
    """A sentence about where the pixels of a brought one come from: its size, and what was cut and scaled."""

    @property
    def is_brought(self) -> bool:
        return self.index is None
