"""Labels that are probably wrong, by what a network says that has not learned them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.core.data.dataset import ImageSet
from workbench.core.evaluation import Evaluation

Part = Literal["test", "validation"]
"""Of which a network was told no label while it was trained, so that what it says is out of sample."""

_GOOD = 0.9


@dataclass(frozen=True, eq=False)
class DoubtfulLabels:
    """The labels of one part that are doubtful, the least believable first."""

    part: Part
    evaluation: Evaluation
    """Of all N images of the part."""
    numbers: NDArray[np.int64]
    """(N,) of these images within `images`."""
    images: ImageSet
    """Test images, or those that training and validation images are chosen from."""
    rows: NDArray[np.int64]
    """(M,) of the doubtful ones within the evaluation."""
    quality: NDArray[np.float64]
    """(N,) how believable each label is, 0 to 1: the probability that the network gives it."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def indices(self) -> NDArray[np.int64]:
        """(M,) of the doubtful ones within `images`."""
        return self.numbers[self.rows]

    @property
    def given(self) -> NDArray[np.int64]:
        """(M,) their labels."""
        return self.evaluation.labels[self.rows]

    @property
    def suggested(self) -> NDArray[np.int64]:
        """(M,) the classes that the network finds most probable."""
        return self.evaluation.predictions[self.rows]

    @property
    def scores(self) -> NDArray[np.float64]:
        """(M,) how believable their labels are, rising."""
        return self.quality[self.rows]

    @property
    def are_mostly_mistakes(self) -> bool:
        """Whether the network's own mistakes outnumber by far the wrong labels of any usual data set."""
        return len(self) > 0 and self.evaluation.accuracy < _GOOD

    @property
    def flags(self) -> NDArray[np.bool_]:
        """(N,) which images of the part have a doubtful label."""
        flags = np.zeros(len(self.numbers), np.bool_)
        flags[self.rows] = True
        return flags
