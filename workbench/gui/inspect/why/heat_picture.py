"""An image with a map of what speaks for its answer laid over it."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.core.inspection.explanations import Explanation
from workbench.core.inspection.heat_colors import heat
from workbench.gui.widgets.pictures import to_qimage
from workbench.gui.widgets.theme import Theme

_SMALLEST, _LARGEST, _SAVED = 96, 512, 512


class HeatPicture(QWidget):
    """The image at a whole multiple of its pixels, the map smoothly over it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._image: QImage | None = None
        self._heat: QImage | None = None
        self._opacity = 1.0
        self._absence = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Image with what speaks for its answer"))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(256, 256)

    def minimumSizeHint(self) -> QSize:
        return QSize(_SMALLEST, _SMALLEST)

    @property
    def has_heat(self) -> bool:
        return self._heat is not None

    def show_image(self, pixels: NDArray[np.uint8] | None, absence: str = "") -> None:
        """An image without a map; or none, and the sentence that says why."""
        self._image = to_qimage(pixels) if pixels is not None else None
        self._heat, self._absence = None, absence
        self.setAccessibleDescription(absence)
        self.update()

    def show_heat(self, explanation: Explanation) -> None:
        colors = heat(explanation.values, explanation.scale_end)
        height, width, _ = colors.shape
        colors_format = QImage.Format.Format_RGBA8888
        straight = QImage(np.ascontiguousarray(colors).data, width, height, 4 * width, colors_format)
        # Premultiplied, so that enlarging mixes no color of what cannot be seen. It is a copy.
        self._heat = straight.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
        self.update()

    def hide_heat(self) -> None:
        self._heat = None
        self.update()

    def set_opacity(self, opacity: float) -> None:
        """From 0, the image alone, to 1."""
        self._opacity = opacity
        self.update()

    def rendered(self) -> QImage | None:
        """What is seen, at the whole multiple of its pixels that is nearest to 512."""
        if self._image is None:
            return None
        multiple = max(1, round(_SAVED / self._image.width()))
        size = self._image.size() * multiple
        picture = QImage(size, QImage.Format.Format_RGB888)
        painter = QPainter(picture)
        self._draw(painter, QRect(0, 0, size.width(), size.height()), self._image)
        painter.end()
        return picture

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image is None:
            painter.setPen(self._theme.color("secondary"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), flags, self._absence)
            return
        self._draw(painter, self._picture_rect(self._image), self._image)

    def _draw(self, painter: QPainter, where: QRect, image: QImage) -> None:
        painter.drawImage(where, image)
        if self._heat is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.setOpacity(self._opacity)
            painter.drawImage(where, self._heat)
            painter.setOpacity(1.0)

    def _picture_rect(self, image: QImage) -> QRect:
        room = min(self.width(), self.height(), _LARGEST)
        scale = max(1, room // image.width()) if image.width() <= room else room / image.width()
        width, height = round(image.width() * scale), round(image.height() * scale)
        return QRect(0, 0, width, height)
