"""How many images are taken at a time out of an array that may be larger than memory."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Some passes make numbers of eight bytes of a channel's, or four of all.
_BYTES = 16 << 20


def images_at_once(images: NDArray[Any], most: int = 4096) -> int:
    """At least one of (N, ...), at most `most`: however large they are, a piece takes as little memory."""
    return max(1, min(most, _BYTES // max(1, int(np.prod(images.shape[1:])) * images.itemsize)))
