"""What can be seen of the blocks of a trained network: what it is worth without them, and what goes on in them."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from workbench.gui.desks.lesion_desk import LesionDesk, SweepDesk
from workbench.gui.desks.look_desk import Looking
from workbench.gui.inspect.lesion_view import LesionView


class BlocksDesk(QObject):
    """Builds the view and its desks."""

    def __init__(self, looking: Looking, window: QWidget) -> None:
        super().__init__(window)
        self.view = LesionView(looking.theme)
        self.lesions = LesionDesk(looking, self.view, window)
        self.sweeps = SweepDesk(looking, self.view, window)
