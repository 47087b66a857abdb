"""Trying an image of one's own: from a file, from the clipboard, dropped on the window."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from workbench.core.data.image_layout import IMAGE_SUFFIXES
from workbench.core.errors import UserError, shown
from workbench.core.inspection.image_changes import UNCHANGED
from workbench.gui.desks.look_desk import LookDesk, Looking
from workbench.gui.inspect.image.answer_page import AnswerPage
from workbench.gui.inspect.image.image_view import ImageView
from workbench.gui.records.looked_at import LookedAt
from workbench.gui.widgets.field_form import plain_tip
from workbench.gui.widgets.menus import Menus
from workbench.gui.work import inspection_jobs


class AnswerDesk(LookDesk):
    """Asks what the network says of an image that is tried: no evaluation knows it."""

    def __init__(self, looking: Looking, view: ImageView, page: AnswerPage, window: QWidget) -> None:
        super().__init__(looking, page, page.bar, window, of_image=True)
        self._image_view = view

    def renew(self) -> None:
        looked = self.selection.looked_at
        if looked is None or not looked.is_brought:
            return
        place = self.place()
        if place is not None:
            job = inspection_jobs.answer(self.looker, place, looked.pixels, UNCHANGED)
            handle = self.ask(job, self.tr("Asking the network"))
            if handle is not None:
                handle.finished.connect(self._image_view.show_answer)


class TryingDesk(QObject):
    """Reads one image at a time and puts it where test images are looked at.

    `taken` follows an image that was read, `refused` carries an exception.
    """

    taken = Signal()
    refused = Signal(object)

    def __init__(self, looking: Looking, window: QWidget) -> None:
        super().__init__(window)
        self._looking, self._window = looking, window
        self._name = ""

    def add_to(self, menus: Menus) -> QAction:
        """Fill the menus File and Edit; returns what is of the workspace Inspect alone."""
        entry = menus.add(menus.file, self.tr("&Try an image…"), self.ask_file, "Ctrl+T")
        entry.setToolTip(self.tr("See what the network says of an image of your own"))
        return menus.add(menus.edit, self.tr("Paste an &image"), self.paste, "Ctrl+V")

    @Slot()
    def ask_file(self) -> None:
        """Ask for a file, and try the image in it."""
        kinds = self.tr("Images ({0})").format(" ".join(f"*{suffix}" for suffix in IMAGE_SUFFIXES))
        every = self.tr("All files (*)")
        path, _ = QFileDialog.getOpenFileName(self._window, self.tr("Try an image"), filter=f"{kinds};;{every}")
        if path:
            self.try_file(Path(path))

    @Slot(object)
    def try_file(self, path: Path) -> None:
        """Look at the image in a file."""
        self._read(path, path.name)

    @Slot()
    def paste(self) -> None:
        """Look at the image on the clipboard, or in the file that was copied."""
        data = QGuiApplication.clipboard().mimeData()
        files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if files:
            self.try_file(files[0])
            return
        image = QGuiApplication.clipboard().image()
        if image.isNull():
            sentence = self.tr("there is no image on the clipboard; copy an image, or the file of one")
            self.refused.emit(UserError(sentence))
            return
        self._read(image, self.tr("pasted image"))

    def _read(self, source: Path | QImage, name: str) -> None:
        record = self._looking.selection.run.record
        if record is None:
            sentence = self.tr("no run is chosen that could say something of '{0}'; choose a run, or train one")
            self.refused.emit(UserError(sentence.format(shown(name))))
            return
        try:
            home = self._looking.library.home
        except UserError as error:
            self.refused.emit(error)
            return
        self._name = plain_tip(shown(name, 255))
        job = inspection_jobs.read_image(source, record.config.model.input_size)
        handle = self._looking.lane.ask(job, home, self)
        handle.finished.connect(self._take)
        handle.refused.connect(self.refused)

    @Slot(object)
    def _take(self, given: inspection_jobs.ReadImage) -> None:
        """The run may be another one by now, which takes images of another size."""
        record = self._looking.selection.run.record
        if record is not None and record.config.model.input_size == len(given.pixels):
            self._looking.selection.try_image(LookedAt(given.pixels, self._name, words=given.words))
            self.taken.emit()
