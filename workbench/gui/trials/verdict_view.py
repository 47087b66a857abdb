"""A sentence with a colored strip beside it; among them what a certificate says of resuming."""

import html

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.core.formats import count
from workbench.core.settings.trials import Certificate
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP, GAP

_MAX_DIFFERENCES = 3
_BREAK = "\u200b"
_STRIP_PX = 3


class VerdictView(QWidget):
    """A sentence beside a strip in the color of what it says, and what else to know below."""

    def __init__(self) -> None:
        super().__init__()
        self._strip, self._text, self._more = QFrame(), QLabel(), labeled("", "secondary")
        self._strip.setProperty("role", "strip")
        self._strip.setFixedWidth(_STRIP_PX)
        self._text.setTextFormat(Qt.TextFormat.RichText)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, GAP, 0, 0)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(self._strip)
        texts = QVBoxLayout()
        texts.setSpacing(GAP)
        for label in (self._text, self._more):
            label.setWordWrap(True)
            texts.addWidget(label)
        layout.addLayout(texts, 1)

    @property
    def text(self) -> str:
        return self._text.text()

    @property
    def level(self) -> str:
        """What the color of the strip says: right, warning or wrong."""
        return str(self._strip.property("level"))

    def show_text(self, level: str, rich_text: str, more: str = "") -> None:
        """`level` is right, warning or wrong."""
        self._text.setText(rich_text)
        self._more.setText(more)
        self._more.setVisible(bool(more))
        self._strip.setProperty("level", level)
        self._strip.style().unpolish(self._strip)
        self._strip.style().polish(self._strip)


class CertificateView(VerdictView):
    """Whether resuming is exact, and if not, what differs."""

    def show_certificate(self, result: Certificate) -> None:
        self.show_text("right" if result.is_exact else "warning", self._words(result), result.advice)
        self.setToolTip("\n".join(str(difference) for difference in result.differences))

    def _words(self, result: Certificate) -> str:
        machine = html.escape(f"({result.device}, {result.precision})")
        if result.is_exact:
            lines = [
                self.tr(
                    "<b>Exact:</b> stopped and resumed within {0} steps, every weight is the same bit for bit {1}."
                ).format(count(result.steps), machine)
            ]
        else:
            start = (
                self.tr("<b>Not exact:</b> a resumed run differs from an uninterrupted one {0} in:")
                if result.is_repeatable
                else self.tr("<b>Not repeatable:</b> the same run, done twice, differs {0} in:")
            )
            lines = [start.format(machine), *self._difference_lines(result)]
        return "<br>".join(lines)

    def _difference_lines(self, result: Certificate) -> list[str]:
        shown, rest = result.differences[:_MAX_DIFFERENCES], result.differences[_MAX_DIFFERENCES:]
        lines = [html.escape(_breakable(str(difference), difference.name)) for difference in shown]
        return lines + ([self.tr("and {0} more").format(len(rest))] if rest else [])


def _breakable(text: str, name: str) -> str:
    """Names of weights are long words: let them be broken behind a dot, and what follows only before it."""
    rest = text.removeprefix(name).strip().replace(" ", "\u00a0")
    return f"{name.replace('.', '.' + _BREAK)} {rest}"
