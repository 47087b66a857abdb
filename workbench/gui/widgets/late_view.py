"""Room for a view that is built when it is first seen, so that the window does not open later because of it."""

from collections.abc import Callable

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget


class LateView(QWidget):
    """Holds what `build` returns, which is called once."""

    def __init__(self, build: Callable[[], QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._build: Callable[[], QWidget] | None = build
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    @property
    def is_built(self) -> bool:
        return self._build is None

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.build()

    def build(self) -> None:
        """Now, unless it is built."""
        if self._build is not None:
            build, self._build = self._build, None
            view = build()
            self._layout.addWidget(view)
            view.show()
