"""Images as points of a plane, near each other where a network takes them for alike."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Method = Literal["pca", "t-sne"]


@dataclass(frozen=True, eq=False)
class Embedding:
    """M test images on a map. Its axes mean nothing by themselves: it may be turned to look like a former map."""

    method: Method
    run_id: str
    epoch: int
    points: NDArray[np.float32]
    """(M, 2), centered, at a distance of 1 from the center in the quadratic mean."""
    indices: NDArray[np.int64]
    """(M,) among the test images, in ascending order."""
    labels: NDArray[np.int64]
    """(M,) true class of each."""
    predictions: NDArray[np.int64]
    """(M,) predicted class of each."""
    class_names: tuple[str, ...]
    images: int
    """Of which these are all, or a part."""
    explained: tuple[float, ...] = ()
    """PCA: the shares of the variance along both components."""
    trustworthiness: float = float("nan")
    """t-SNE: how far neighbors on the map are neighbors among the features, 0 to 1 (Venna and Kaski 2001)."""

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """(M,) whether the prediction is."""
        different: NDArray[np.bool_] = self.labels != self.predictions
        return different

    @property
    def nbytes(self) -> int:
        return self.points.nbytes + self.indices.nbytes + self.labels.nbytes + self.predictions.nbytes


def inside(points: NDArray[np.floating], polygon: NDArray[np.floating]) -> NDArray[np.bool_]:
    """(N,) which of (N, 2) points are within a closed (P, 2) polygon: a ray from them crosses it an odd number of
    times (Shimrat 1962, "Algorithm 112"). Fewer than three corners hold nothing.
    """
    result = np.zeros(len(points), bool)
    if len(polygon) < 3:
        return result
    x, y = points[:, 0], points[:, 1]
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        # Of the others, a side that is nearly level would be infinitely far away.
        rows = np.flatnonzero((y < y0) != (y < y1))
        result[rows] ^= x[rows] < x0 + (y[rows] - y0) / (y1 - y0) * (x1 - x0)
    return result
