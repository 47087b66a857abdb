"""Why the looked-at image got its answer: what in it speaks for a class and what against it."""

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QImage, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSlider, QVBoxLayout, QWidget

from workbench.core.class_names import all_isolated
from workbench.core.formats import percent
from workbench.core.inspection.explanations import Explanation
from workbench.gui.inspect.why.heat_legend import HeatLegend
from workbench.gui.inspect.why.heat_picture import HeatPicture
from workbench.gui.inspect.why.why_controls import WhyControls
from workbench.gui.records.looked_at import LookedAt
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.theme import FIELD_GAP, MARGIN, Theme
from workbench.gui.widgets.work_bar import WorkBar

_OPACITY = 70
# Of the room that is left: the picture takes all that it can use.
_MOST = 1000


class WhyView(QWidget):
    """`question_changed` comes when something else is asked, `save_asked` when the picture is to be kept."""

    question_changed = Signal()
    save_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controls, self.bar = WhyControls(), WorkBar()
        self.controls.changed.connect(self.question_changed)
        self._picture, self._legend = HeatPicture(theme), HeatLegend(theme)
        self._picture.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._picture.customContextMenuRequested.connect(self._show_menu)
        self._words = labeled("", "")
        self._words.setWordWrap(True)
        # Room for three lines, so that the picture keeps its place.
        self._words.setMinimumHeight(3 * self.fontMetrics().lineSpacing())
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, FIELD_GAP)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(self.controls)
        layout.addWidget(self._picture, _MOST)
        layout.addWidget(self._legend)
        layout.addWidget(self._words)
        layout.addLayout(self._tools())
        layout.addStretch(1)
        layout.addWidget(self.bar)
        self._allow()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # It is square: with more height, there would be a gap below it.
        self._picture.setMaximumHeight(self._picture.width())

    def _tools(self) -> QHBoxLayout:
        self._opacity = QSlider(Qt.Orientation.Horizontal)
        self._opacity.setRange(0, 100)
        self._opacity.setValue(_OPACITY)
        self._opacity.setAccessibleName(self.tr("Opacity of the map"))
        self._opacity.setToolTip(self.tr("How much of the image the map covers"))
        self._opacity.valueChanged.connect(self._on_opacity)
        self._picture.set_opacity(_OPACITY / 100)
        self._save = QPushButton(self.tr("Save…"))
        self._save.clicked.connect(self.save_asked)
        caption = labeled(self.tr("Opacity"), "secondary")
        caption.setBuddy(self._opacity)
        row = QHBoxLayout()
        row.setSpacing(FIELD_GAP)
        row.addWidget(caption)
        row.addWidget(self._opacity, 1)
        row.addWidget(self._save)
        return row

    @property
    def words(self) -> str:
        """What the sentence below the picture says."""
        return self._words.text()

    @property
    def has_map(self) -> bool:
        return self._picture.has_heat

    def picture(self) -> QImage | None:
        """The image with its map, enlarged; None without one."""
        return self._picture.rendered() if self.has_map else None

    def show_image(self, looked_at: LookedAt | None, absence: str = "") -> None:
        """The image alone, before it is known why; without one, the sentence that says so."""
        self._picture.show_image(looked_at.pixels if looked_at is not None else None, absence)
        self._say_nothing()

    def show_explanation(self, explanation: Explanation) -> None:
        """Lay the map over the image that is shown."""
        names = all_isolated(explanation.class_names)
        target = names[explanation.target]
        against = names[explanation.against] if explanation.against is not None else ""
        if not explanation.scale_end:
            self._picture.hide_heat()
            self._say_nothing()
            words = self.tr("Nothing in it speaks for {0} or against it: the map is 0 everywhere.")
            self._words.setText(words.format(explanation.target_words))
            return
        self._picture.show_heat(explanation)
        if against:
            words = self.tr("Warm: speaks for {0} rather than {1}. Cool: for {1}.").format(target, against)
            ends = (self.tr("for {0}").format(against), self.tr("for {0}").format(target))
        else:
            words = self.tr("Warm: speaks for {0}. Cool: speaks against it.").format(target)
            ends = (self.tr("against {0}").format(target), self.tr("for {0}").format(target))
        self._legend.show_ends(*ends)
        self._words.setText(f"{words} {self._answer(explanation)}")
        self._allow()

    def _answer(self, explanation: Explanation) -> str:
        names, said = all_isolated(explanation.class_names), explanation.prediction
        confidence = percent(float(explanation.probabilities[said]))
        if explanation.truth is None:
            return self.tr("It says {0}, {1}.").format(names[said], confidence)
        if explanation.truth == said:
            return self.tr("It says {0}, {1}, and is right.").format(names[said], confidence)
        words = self.tr("It says {0}, {1}; the truth is {2}.")
        return words.format(names[said], confidence, names[explanation.truth])

    def _say_nothing(self) -> None:
        self._legend.show_ends("", "")
        self._words.setText("")
        self._allow()

    def _allow(self) -> None:
        self._save.setEnabled(self.has_map)
        can, cannot = self.tr("Save the image with its map as PNG"), self.tr("There is no map to save yet")
        self._save.setToolTip(can if self.has_map else cannot)

    @Slot(int)
    def _on_opacity(self, value: int) -> None:
        self._picture.set_opacity(value / 100)

    @Slot(QPoint)
    def _show_menu(self, at: QPoint) -> None:
        if self.has_map:
            menu = QMenu(self)
            menu.addAction(self.tr("&Save as PNG…"), self.save_asked.emit)
            menu.addAction(self.tr("&Copy"), self._copy)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self._picture.mapToGlobal(at))

    @Slot()
    def _copy(self) -> None:
        picture = self.picture()
        if picture is not None:
            QGuiApplication.clipboard().setImage(picture)
