"""What can be seen of the blocks of a trained network: what it is worth without them, and what goes on in them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QWidget

from workbench.core.records.run_record import RunRecord
from workbench.gui.desks.look_desk import Looking
from workbench.gui.widgets.late_plot import LatePlot

if TYPE_CHECKING:
    from workbench.gui.desks.lesion_desk import SweepDesk
    from workbench.gui.inspect.blocks.blocks_view import BlocksView


class BlocksDesk(QObject):
    """Builds the view and its desks, behind the first paint. `images_shown`: some were put into the gallery."""

    images_shown = Signal()

    def __init__(self, looking: Looking, window: QWidget) -> None:
        super().__init__(window)
        self._looking, self._window = looking, window
        self.view = LatePlot(self._build)
        # Controls stand in it, too; the role is inherited.
        self.view.setAutoFillBackground(False)
        self.view.setBackgroundRole(QPalette.ColorRole.Window)
        self.pages: BlocksView | None = None
        self._sweeps: SweepDesk | None = None
        self._records: Sequence[RunRecord] = ()
        looking.library.runs_changed.connect(self._take_runs)

    def _build(self) -> QWidget:
        from workbench.gui.desks.insides_desk import InsidesDesk
        from workbench.gui.desks.lesion_desk import LesionDesk, SweepDesk
        from workbench.gui.inspect.blocks.blocks_view import BlocksView

        self.pages = BlocksView(self._looking.theme)
        lesions = LesionDesk(self._looking, self.pages.lesions, self._window)
        lesions.images_shown.connect(self.images_shown)
        self._sweeps = SweepDesk(self._looking, self.pages.lesions, self._window)
        self._sweeps.take_runs(self._records)
        InsidesDesk(self._looking, self.pages.insides, self._window)
        return self.pages

    @Slot(object)
    def _take_runs(self, records: Sequence[RunRecord]) -> None:
        self._records = records
        if self._sweeps is not None:
            self._sweeps.take_runs(records)
