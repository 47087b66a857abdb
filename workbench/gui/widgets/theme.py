"""The one source of colors, sizes and fonts, light and dark."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from string import Template

from PySide6.QtCore import QByteArray, QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from workbench.core.resources import resource_path

GAP, FIELD_GAP, MARGIN, GROUP_GAP = 4, 8, 12, 16
LARGE_NUMBER_PX = 22

# Petroff 2021, "Accessible Color Sequences for Data Visualization", ten colors, in order.
_PETROFF = (
    "#3F90DA", "#FFA90E", "#BD1F01", "#94A4A2", "#832DB6", "#A96B59", "#E76300", "#B9AC70", "#717581", "#92DADD",
)  # fmt: skip
_MARK_CONTRAST = 3.0


@dataclass(frozen=True)
class Colors:
    """Roles, as in a palette; every widget, plot and delegate reads them here."""

    window: str
    surface: str
    hairline: str
    text: str
    secondary: str
    accent: str
    right: str
    warning: str
    wrong: str
    on_accent: str


LIGHT = Colors(
    window="#F7F8FA", surface="#FFFFFF", hairline="#E3E6EB", text="#1C2430", secondary="#5B6675",
    accent="#2F6FED", right="#167A4C", warning="#9A6412", wrong="#C7372F", on_accent="#FFFFFF",
)  # fmt: skip
DARK = Colors(
    window="#14171C", surface="#1C2027", hairline="#2C323C", text="#E7EAF0", secondary="#9AA4B2",
    accent="#6EA0FF", right="#4CC38A", warning="#E2B04A", wrong="#F2777A", on_accent="#10131A",
)  # fmt: skip


class Theme(QObject):
    """The colors now in force. Widgets that paint by hand connect `changed` to their update.

    The style sheet comes with the first window (`put_on_last`).
    """

    changed = Signal()

    def __init__(self, application: QApplication, choice: str = "system") -> None:
        super().__init__()
        self._application = application
        self.choice = choice
        self.colors = LIGHT
        self._sheet = ""
        application.setStyle("Fusion")
        QGuiApplication.styleHints().colorSchemeChanged.connect(self.apply)
        self.apply()

    @property
    def is_dark(self) -> bool:
        return self.colors is DARK

    def choose(self, choice: str) -> None:
        """`system`, `light` or `dark`."""
        self.choice = choice
        self.apply()

    def apply(self) -> None:
        scheme = QGuiApplication.styleHints().colorScheme()
        dark = self.choice == "dark" or (self.choice == "system" and scheme == Qt.ColorScheme.Dark)
        self.colors = DARK if dark else LIGHT
        self._application.setPalette(self._palette())
        template = Template(resource_path("style/workbench.qss").read_text(encoding="utf-8"))
        icons = resource_path("icons").as_posix()
        self._sheet = template.substitute(asdict(self.colors), icons=icons)
        if self._application.styleSheet():
            self._put_on()
        self.changed.emit()

    @contextmanager
    def put_on_last(self) -> Iterator[None]:
        """Style what is built meanwhile at its end, all at once, if nothing has been styled yet.

        With the style sheet on, every parent that a widget gets styles anew all that stands in it: the main window
        took 430 ms in place of 210. It is never taken off again: Qt 6.11 then crashes at a later theme, on widgets
        that were deleted meanwhile (QStyleSheetStyle::repolish walks through what it has styled).
        """
        try:
            yield
        finally:
            self._put_on()

    def _put_on(self) -> None:
        if self._application.styleSheet() != self._sheet:
            self._application.setStyleSheet(self._sheet)

    def color(self, role: str) -> QColor:
        return QColor(getattr(self.colors, role))

    def series(self, index: int) -> QColor:
        """The fixed color of a class or a run; on dark, lifted where it would be hard to see."""
        color = QColor(_PETROFF[index % len(_PETROFF)])
        if self.is_dark:
            surface = self.color("surface")
            while contrast(color, surface) < _MARK_CONTRAST:
                color = color.lighter(108)
        return color

    def icon(self, name: str, role: str = "text") -> QIcon:
        """A shipped icon in a role's color, and in the secondary color when disabled."""
        icon = QIcon()
        icon.addPixmap(self._pixmap(name, self.color(role)), QIcon.Mode.Normal)
        faint = self.color("secondary")
        faint.setAlphaF(0.5)
        icon.addPixmap(self._pixmap(name, faint), QIcon.Mode.Disabled)
        return icon

    def _pixmap(self, name: str, color: QColor) -> QPixmap:
        text = resource_path(f"icons/{name}.svg").read_text(encoding="utf-8").replace("#000", color.name())
        ratio = 2
        pixmap = QPixmap(QSize(16, 16) * ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setOpacity(color.alphaF())
        QSvgRenderer(QByteArray(text.encode())).render(painter)
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def _palette(self) -> QPalette:
        roles = {
            QPalette.ColorRole.Window: "window",
            QPalette.ColorRole.Base: "surface",
            QPalette.ColorRole.AlternateBase: "window",
            QPalette.ColorRole.Button: "surface",
            QPalette.ColorRole.ToolTipBase: "surface",
            QPalette.ColorRole.Text: "text",
            QPalette.ColorRole.WindowText: "text",
            QPalette.ColorRole.ButtonText: "text",
            QPalette.ColorRole.ToolTipText: "text",
            QPalette.ColorRole.PlaceholderText: "secondary",
            QPalette.ColorRole.Highlight: "accent",
            QPalette.ColorRole.HighlightedText: "on_accent",
            QPalette.ColorRole.Link: "accent",
            QPalette.ColorRole.Mid: "hairline",
            QPalette.ColorRole.Dark: "hairline",
            QPalette.ColorRole.Light: "surface",
        }
        palette = QPalette()
        for role, name in roles.items():
            palette.setColor(role, self.color(name))
        faint = self.color("secondary")
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, faint)
        return palette


def tabular(font: QFont) -> QFont:
    """The same font with digits of equal width, for numbers that change or stand in columns."""
    result = QFont(font)
    result.setFeature(QFont.Tag("tnum"), 1)
    return result


def mixed(color: QColor, ground: QColor, share: float) -> QColor:
    """As `color` looks on `ground` where it covers a share of it."""

    def part(over: float, under: float) -> float:
        return share * over + (1 - share) * under

    return QColor.fromRgbF(
        part(color.redF(), ground.redF()),
        part(color.greenF(), ground.greenF()),
        part(color.blueF(), ground.blueF()),
    )


def contrast(first: QColor, second: QColor) -> float:
    """Contrast ratio of WCAG 2, 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: QColor) -> float:
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (color.redF(), color.greenF(), color.blueF())
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
