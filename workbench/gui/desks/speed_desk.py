"""Has this machine timed when an estimate needs it, and nothing else goes on."""

from PySide6.QtCore import QObject, Slot

from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.desks.network_desk import NetworkDesk
from workbench.gui.work import jobs
from workbench.gui.work.lane import Lane
from workbench.gui.work.training_session import State, TrainingSession


class SpeedDesk(QObject):
    """Connects the estimates with the training lane, which a measurement leaves as soon as another job waits."""

    def __init__(
        self, network_desk: NetworkDesk, build_panel: BuildPanel, session: TrainingSession, training: Lane
    ) -> None:
        super().__init__(session)
        self.engine_is_ready = False
        self._network, self._build, self._session, self._lane = network_desk, build_panel, session, training
        network_desk.speed_wanted.connect(self.measure)

    @Slot()
    def measure(self) -> None:
        """Time the machine for the chosen device."""
        config = self._build.config
        if config is not None and self._session.state is State.IDLE and self.engine_is_ready:
            handle = self._lane.ask(jobs.measure_speed(config.training), self._network.home, self._network)
            handle.finished.connect(self._on_measured)

    @Slot(object)
    def _on_measured(self, is_new: bool) -> None:
        if is_new:
            self._network.forget_speeds()
