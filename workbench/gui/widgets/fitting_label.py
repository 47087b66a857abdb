"""A label that says the same in fewer words where there is less room."""

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from workbench.gui.widgets.elided_label import ElidedLabel


class FittingLabel(ElidedLabel):
    """Shows the first of its forms that fits, or else the last; it asks for no width of its own.

    An ellipsis could leave half a number.
    """

    def __init__(self, role: str, parent: QWidget | None = None) -> None:
        super().__init__(role, parent)
        self._forms: tuple[str, ...] = ("",)

    def say(self, *forms: str) -> None:
        """Take the forms of one text, the longest first."""
        if forms != self._forms:
            self._forms = forms
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        metrics = self.fontMetrics()
        fitting = (form for form in self._forms if metrics.horizontalAdvance(form) <= self.width())
        text = next(fitting, self._forms[-1])
        if text != self.text():
            self.setText(text)
