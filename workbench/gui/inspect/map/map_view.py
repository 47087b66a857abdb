"""The map of the test images: near each other stands what the network takes for alike."""

from collections.abc import Callable
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.core.formats import count
from workbench.core.inspection.embedding import Embedding, Method
from workbench.gui.inspect.image_caption import Verdict
from workbench.gui.inspect.map import map_looks
from workbench.gui.inspect.map.map_canvas import Card, MapCanvas
from workbench.gui.inspect.map.map_legend import MapLegend
from workbench.gui.inspect.map.map_looks import ColorBy
from workbench.gui.records.selection import Selection
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.pictures import thumbnail
from workbench.gui.widgets.resting_bar import RestingBar
from workbench.gui.widgets.segments import Segments
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme

_PICTURE_PX = 96
# Characters of the box of colors.
_SHORT = 15
# Images of a t-SNE; 0: all there are.
_COUNTS = (2_000, 5_000, 0)


class MapView(QWidget):
    """Shows the map that it is given, and tells what is wanted."""

    wanted_changed = Signal()
    """Another method, or another number of images."""
    seen_changed = Signal(bool)
    """Whether it can be seen."""

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._selection = theme, selection
        self._embedding: Embedding | None = None
        self._method: Method = "pca"
        self._is_due = False
        self.bar = RestingBar()
        self.canvas, self._legend = MapCanvas(theme, self._card), MapLegend(theme)
        self._empty = EmptyState()
        self._lay_out()
        self.canvas.image_chosen.connect(selection.choose_image)
        self.canvas.circled.connect(self._choose_circled)
        self._legend.changed.connect(self._draw)
        selection.run_changed.connect(self._forget)
        selection.filter_changed.connect(self._draw)
        selection.image_changed.connect(self._follow_image)
        theme.changed.connect(self._show_all_anew)
        self.show_nothing()

    def _lay_out(self) -> None:
        self._map_page = QWidget()
        below = QHBoxLayout(self._map_page)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(FIELD_GAP)
        below.addWidget(self.canvas, 1)
        beside = QVBoxLayout()
        beside.setSpacing(GAP)
        beside.addWidget(self._legend, 1)
        self._all = QPushButton(self.tr("Show all"))
        self._all.setToolTip(self.tr("Tick every line of the legend"))
        self._all.clicked.connect(self._legend.show_all)
        beside.addWidget(self._all)
        beside.addStretch(0)
        below.addLayout(beside)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._map_page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, FIELD_GAP)
        layout.setSpacing(GAP)
        layout.addLayout(self._header())
        line = QHBoxLayout()
        line.setSpacing(FIELD_GAP)
        line.addWidget(self._count)
        line.addWidget(self.bar, 1)
        layout.addLayout(line)
        layout.addLayout(self._stack, 1)

    def _header(self) -> QHBoxLayout:
        self.methods = QActionGroup(self)
        for text, name, tip in (
            (self.tr("PCA"), "pca", self.tr("The two directions in which the features differ most; at once")),
            (self.tr("t-SNE"), "t-sne", self.tr("Keeps neighborhoods together rather than distances; takes long")),
        ):
            action = QAction(text, self.methods)
            action.setCheckable(True)
            action.setChecked(name == self._method)
            action.setData(name)
            action.setToolTip(tip)
        self.methods.triggered.connect(self._on_method)
        self._count = QComboBox()
        self._count.setAccessibleName(self.tr("Images of the t-SNE"))
        self._count.setToolTip(self.tr("Of how many test images; 10 000 take minutes"))
        for number in _COUNTS:
            self._count.addItem(self.tr("{0} images").format(count(number)) if number else self.tr("All"), number)
        self._count.activated.connect(self._on_count)
        self._color = QComboBox()
        self._color.setAccessibleName(self.tr("Color of the marks"))
        self._color.setToolTip(self.tr("What the colors of the marks say; crosses are wrong in any case"))
        for text, by in zip(
            (self.tr("Color: truth"), self.tr("Color: prediction"), self.tr("Color: right or wrong")),
            get_args(ColorBy),
            strict=True,
        ):
            self._color.addItem(text, by)
        self._color.activated.connect(self._show_all_anew)
        row = QHBoxLayout()
        row.setSpacing(FIELD_GAP)
        row.addWidget(Segments(self.tr("Kind of map"), self.methods.actions()))
        row.addStretch(1)
        for widget in (self._color, self._lasso_button(), self._fit_button()):
            row.addWidget(widget)
        self._count.hide()
        # The longest entry may be cut: the map is what needs the room.
        self._color.setMinimumContentsLength(_SHORT)
        self._color.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._color.view().setTextElideMode(Qt.TextElideMode.ElideNone)
        return row

    def _lasso_button(self) -> QToolButton:
        self._lasso = QToolButton()
        self._lasso.setText(self.tr("Lasso"))
        self._lasso.setCheckable(True)
        self._lasso.setProperty("role", "button")
        self._lasso.setToolTip(
            self.tr(
                "Draw around images to have them in the gallery (Ctrl+J, or drag with Shift); Escape: all again"
            )
        )
        self._lasso.toggled.connect(self.canvas.set_lasso)
        return self._lasso

    def _fit_button(self) -> QPushButton:
        fit = QPushButton(self.tr("Fit"))
        fit.setToolTip(self.tr("Bring the whole map in sight (0, or double-click beside the points)"))
        fit.clicked.connect(self.canvas.fit)
        fit.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        return fit

    # What is wanted

    @property
    def method(self) -> Method:
        return self._method

    @property
    def images(self) -> int:
        """Of a t-SNE."""
        number = int(self._count.currentData())
        return number or 2**31 - 1

    @property
    def embedding(self) -> Embedding | None:
        """What is shown, or was before what is computed now."""
        return self._embedding

    @property
    def text(self) -> str:
        """What is said of the map."""
        return self.canvas.accessibleDescription()

    @Slot(QAction)
    def _on_method(self, action: QAction) -> None:
        method: Method = action.data()
        if method != self._method:
            self._method = method
            self._count.setVisible(method == "t-sne")
            self.wanted_changed.emit()

    @Slot(int)
    def _on_count(self, _row: int) -> None:
        self.wanted_changed.emit()

    @Slot()
    def toggle_lasso(self) -> None:
        """Begin or end circling images by dragging."""
        self._lasso.toggle()

    # What is shown

    def show_map(self, embedding: Embedding) -> None:
        self._embedding = embedding
        self._stack.setCurrentWidget(self._map_page)
        self._show_all_anew()

    def show_stale(self) -> None:
        """What is shown is not what is selected now."""
        if self._embedding is None:
            self.show_nothing()
        else:
            self._stack.setCurrentWidget(self._map_page)
            self.canvas.set_stale(True)

    @Slot()
    def _forget(self) -> None:
        """Its images are those of another run."""
        self._embedding = None
        self.show_nothing()

    def show_nothing(
        self, sentence: str = "", action: str = "", tooltip: str = "", do: Callable[[], object] | None = None
    ) -> None:
        """A sentence in place of a map, with an action where there is one."""
        usual = self.tr("The test images appear here, those together that the network takes for alike.")
        self._empty.show_text(sentence or usual, action, tooltip, do)
        self.bar.set_rest("")
        self._stack.setCurrentWidget(self._empty)

    @property
    def color_by(self) -> ColorBy:
        by: ColorBy = self._color.currentData()
        return by

    @Slot()
    def _show_all_anew(self) -> None:
        if self._embedding is not None:
            self._legend.show_entries(map_looks.entries(self._embedding, self.color_by, self._theme))
            self._draw()
            self._follow_image()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_due:
            self._draw()
        self.seen_changed.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.seen_changed.emit(False)

    @Slot()
    def _draw(self) -> None:
        embedding = self._embedding
        self._all.setEnabled(bool(self._legend.hidden))
        # Every epoch that is passed changes the filter's images.
        self._is_due = not self.isVisible()
        if embedding is None or self._is_due:
            return
        chosen = self._selection.filter
        emphasized = None if chosen.is_any else self._selection.order
        shown = map_looks.points(embedding, self.color_by, self._legend.hidden, emphasized)
        self.canvas.show_points(shown, map_looks.palette(embedding, self.color_by, self._theme))
        self._say()

    def _say(self) -> None:
        """What is shown, in the line above it."""
        embedding, chosen = self._embedding, self._selection.filter
        if embedding is None:
            return
        words = [map_looks.about(embedding)]
        if not chosen.is_any:
            number = int(np.isin(embedding.indices, self._selection.order).sum())
            words.insert(0, self.tr("{0} in the gallery").format(count(number)))
        image = self._selection.image
        if image is not None and image not in embedding.indices:
            words.append(self.tr("without the chosen image"))
        self.canvas.setAccessibleDescription(" · ".join(words))
        self.bar.set_rest(self.text)
        if self.bar.text == self._empty_lasso:
            self.bar.say("")

    @Slot()
    def _follow_image(self) -> None:
        self.canvas.set_chosen(self._selection.image)
        self._say()

    @property
    def _empty_lasso(self) -> str:
        return self.tr("There is no image within the lasso.")

    @Slot(object)
    def _choose_circled(self, images: NDArray[np.int64]) -> None:
        """Into the gallery, the most confidently wrong first."""
        evaluation = self._selection.evaluation
        if not len(images):
            if not self.bar.is_working:
                self.bar.say(self._empty_lasso)
        elif evaluation is not None:
            order = evaluation.indices()
            self._selection.show_only(order[np.isin(order, images)], self.tr("chosen on the map"))

    def _card(self, image: int) -> Card:
        embedding, images = self._embedding, self._selection.images
        if embedding is None:
            return Card("", False, None)
        row = int(np.searchsorted(embedding.indices, image))
        truth, said = (embedding.class_names[each[row]] for each in (embedding.labels, embedding.predictions))
        is_wrong = bool(embedding.wrong[row])
        verdict = Verdict(truth, said if is_wrong else "", 0.0, embedding.class_names)
        picture = None if images is None else thumbnail(images, image, _PICTURE_PX)
        return Card(verdict.classes, is_wrong, picture)
