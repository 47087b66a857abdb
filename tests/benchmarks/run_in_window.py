"""A run that begins in the real window as soon as it can."""

from PySide6.QtCore import QObject, QTimer, Slot

from workbench.gui.main_window import MainWindow


class RunInWindow(QObject):
    """Starts the run when the engine is ready; who measures it says in `receive` what to do with its events."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__()
        self.window = window
        self._starter = QTimer(self)
        self._starter.timeout.connect(self._start)
        self._starter.start(100)
        window.session.event_said.connect(self.receive)

    @Slot()
    def _start(self) -> None:
        if self.window.engine_is_ready:
            self._starter.stop()
            self.window.training_desk.start()

    @Slot(object)
    def receive(self, event: object) -> None:
        raise TypeError(f"{type(self).__name__} does not say what it does with events")

    def stop_listening(self) -> None:
        """Before the window is closed: what follows is not measured."""
        self.window.session.event_said.disconnect(self.receive)
