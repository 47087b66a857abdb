"""The pictures of a run's test images: read once, and checked to be those that something is said of."""

import numpy as np
from PySide6.QtCore import QCoreApplication

from workbench.core.data.dataset import ImageSet
from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.records.run_record import RunRecord
from workbench.gui.records.run_source import RunSource


class RunPictures:
    """Of one run at a time."""

    def __init__(self, source: RunSource) -> None:
        self._source = source
        self.images: ImageSet | None = None
        """None where they are gone, or nothing is said of them."""
        self.problem = ""
        """Why there are none though something is said of them."""

    def forget(self) -> None:
        """Another run is looked at."""
        self.images, self.problem = None, ""

    def load(self, record: RunRecord, evaluation: Evaluation) -> None:
        """Have those of a run that the evaluation is of."""
        try:
            images = self.images if self.images is not None else self._source.images(record)
        except UserError as error:
            self.images, self.problem = None, str(error)
            return
        self.images, self.problem = images, ""
        if not np.array_equal(images.labels, evaluation.labels):
            words = QCoreApplication.translate(
                "RunPictures", "The images of {0} have changed since run {1} was trained: its pictures are others"
            )
            self.images, self.problem = None, words.format(record.source, record.name)
