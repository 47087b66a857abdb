"""What can be seen of the blocks of a trained network: what it is worth without them, and what goes on in them."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from workbench.gui.desks.insides_desk import InsidesDesk
from workbench.gui.desks.lesion_desk import LesionDesk, SweepDesk
from workbench.gui.desks.look_desk import Looking
from workbench.gui.inspect.blocks_view import BlocksView


class BlocksDesk(QObject):
    """Builds the view and its desks. `images_shown`: some were put into the gallery."""

    images_shown = Signal()

    def __init__(self, looking: Looking, window: QWidget) -> None:
        super().__init__(window)
        self.view = BlocksView(looking.theme)
        self.lesions = LesionDesk(looking, self.view.lesions, window)
        self.lesions.images_shown.connect(self.images_shown)
        self.sweeps = SweepDesk(looking, self.view.lesions, window)
        self.insides = InsidesDesk(looking, self.view.insides, window)
