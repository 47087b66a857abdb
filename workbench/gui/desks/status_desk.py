"""Joins the plan of the next run and the machine to the status bar."""

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStatusBar, QWidget

from workbench.core.events import RunStarted
from workbench.gui.desks.network_desk import NetworkDesk
from workbench.gui.desks.training_desk import TrainingDesk
from workbench.gui.widgets.elided_label import ElidedLabel
from workbench.gui.widgets.theme import MARGIN
from workbench.gui.work.jobs import Machine
from workbench.gui.work.training_session import State, TrainingSession


class StatusDesk(QObject):
    """Says on the left what Start would do, or why it does nothing; on the right what is computed on."""

    def __init__(
        self, bar: QStatusBar, session: TrainingSession, network: NetworkDesk, training: TrainingDesk
    ) -> None:
        super().__init__(bar)
        self._session, self._network = session, network
        self._reason = ""
        self._machine: Machine | None = None
        self._plan = ElidedLabel("secondary")
        # A label with a role gets its margins from the style sheet.
        plan = QWidget()
        row = QHBoxLayout(plan)
        row.setContentsMargins(MARGIN, 0, MARGIN, 0)
        row.addWidget(self._plan)
        self._computed_on = QLabel(self.tr("loading PyTorch…"))
        self._computed_on.setContentsMargins(MARGIN, 0, MARGIN, 0)
        bar.setSizeGripEnabled(False)
        bar.addWidget(plan, 1)
        bar.addPermanentWidget(self._computed_on)
        training.start_allowed.connect(self._allow_start)
        network.plan_changed.connect(self._tell_plan)
        session.state_changed.connect(self._on_state)

    def set_machine(self, machine: Machine) -> None:
        """What a run would be computed on, known once torch is loaded."""
        self._machine = machine
        self._tell_machine()

    def show_run(self, event: RunStarted) -> None:
        """What the run that begins is computed on, and from how many images."""
        self._computed_on.setText(
            self.tr("{0} · {1} · {2} ({3} / {4} / {5} images)").format(
                event.device, event.precision, event.config.data.source, *event.images
            )
        )

    def _tell_machine(self) -> None:
        if self._machine is not None:
            self._computed_on.setText(f"{self._machine.device} · {self._machine.precision}")

    @Slot(bool, str)
    def _allow_start(self, _allowed: bool, reason: str) -> None:
        self._reason = reason
        self._tell_plan()

    @Slot()
    def _tell_plan(self) -> None:
        is_idle = self._session.state is State.IDLE
        self._plan.setText((self._reason or self._network.plan) if is_idle else "")
        self._plan.setToolTip(self._plan.text())

    @Slot(object)
    def _on_state(self, state: State) -> None:
        if state is State.IDLE:
            self._tell_machine()
