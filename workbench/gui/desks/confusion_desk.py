"""Has classes ordered so that those confused stand together: on a lane, as scipy takes half a second to load."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.gui.desks.look_desk import Looking
from workbench.gui.inspect.matrix.confusion_panel import ConfusionPanel
from workbench.gui.work import inspection_jobs
from workbench.gui.work.job import Handle


class ConfusionDesk(QObject):
    """A newer evaluation replaces the one that waits."""

    def __init__(self, looking: Looking, panel: ConfusionPanel, window: QWidget) -> None:
        super().__init__(window)
        self._looking, self._panel = looking, panel
        self._evaluation: Evaluation | None = None
        self._handle: Handle | None = None
        panel.clustering_asked.connect(self._cluster)

    @Slot(object)
    def _cluster(self, evaluation: Evaluation) -> None:
        if evaluation is self._evaluation and self._handle is not None:
            return
        try:
            home = self._looking.library.home
        except UserError:
            # The list is closed, to be repaired; classes stay as they are.
            return
        self._evaluation = evaluation
        job = inspection_jobs.cluster_classes(evaluation.confusion)
        handle = self._handle = self._looking.lane.ask(job, home, self)
        handle.finished.connect(self._show)
        handle.ended.connect(self._end)

    @Slot(object)
    def _show(self, order: NDArray[np.int64]) -> None:
        if self._evaluation is not None:
            self._panel.take_order(self._evaluation, order)

    @Slot()
    def _end(self) -> None:
        self._handle = None
