"""Every job that looks into a trained network: one function each, which knows where the engine does it.

The engine is imported inside the functions that the inspecting lane's thread calls.
"""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.core.dataset import ImageSet
from workbench.core.evaluation import Evaluation
from workbench.core.home import Home
from workbench.gui.work.job import Job, Work


def write_sheet(path: Path, evaluation: Evaluation, images: ImageSet, indices: NDArray[np.int64]) -> Job:
    """Draw test images with their answers into one PNG. Result: its path."""
    return Job(partial(_write_sheet, path, evaluation, images, indices))


def _write_sheet(
    path: Path, evaluation: Evaluation, images: ImageSet, indices: NDArray[np.int64], _home: Home
) -> Work:
    from workbench.engine.inspection import sheet

    return (yield from sheet.write_sheet(path, evaluation, images, indices))
