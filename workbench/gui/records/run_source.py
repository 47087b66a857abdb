"""Where evaluations, images and marks come from, for what looks at a run: the library of runs, or a test's."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from workbench.core.data.dataset import ImageSet
from workbench.core.data.image_marks import ImageMarks
from workbench.core.evaluation import Evaluation
from workbench.core.records.run_record import RunRecord


class RunSource(Protocol):
    """Asked on the window's thread. All of it may raise a UserError."""

    def evaluation(self, run_id: str, epoch: int | None = None) -> Evaluation | None:
        """What was said of the test images after `epoch`."""

    def validation(self, run_id: str, epoch: int) -> Evaluation | None:
        """What was said of the images that are held out."""

    def evaluated_epochs(self, run_id: str) -> Sequence[int]:
        """Those that have one of the test images."""

    def weights_by_epoch(self, run_id: str) -> Mapping[int, Path]:
        """The epochs whose weights lie in files of their own."""

    def images(self, record: RunRecord) -> ImageSet:
        """The test images of a run."""

    def marks(self, record: RunRecord) -> ImageMarks:
        """Where the marked images of a run's source are kept."""
