"""What is dropped on the window is taken for what it is: images, weights, a configuration, one image to try."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from workbench.core.errors import UserError, shown
from workbench.core.records.dropped_files import USABLE, Usable, configured, first_usable
from workbench.core.settings.config import SECTIONS
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.widgets.drop_overlay import DropOverlay
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.widgets.theme import Theme


class DropDesk(QObject):
    """Follows what is dragged over a window.

    `taken` follows a drop that has changed the build panel; `image_dropped` carries the path of an image to try,
    `counts_dropped` that of people's answers.

    Files are seen before Qt looks for the widget below the pointer: a text field would take the name of one. What
    else is dragged is left to the widgets.
    """

    taken = Signal()
    image_dropped = Signal(object)
    counts_dropped = Signal(object)

    def __init__(self, build_panel: BuildPanel, message_bar: MessageBar, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self._build, self._message_bar, self._window = build_panel, message_bar, window
        self.overlay = DropOverlay(theme, window)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window:
            # Only then the system knows of it; what it knows may be renewed.
            if event.type() in (QEvent.Type.Show, QEvent.Type.WinIdChange) and self._window.windowHandle():
                self._window.windowHandle().installEventFilter(self)
            return super().eventFilter(watched, event)
        match event.type():
            case QEvent.Type.DragEnter if isinstance(event, QDragEnterEvent) and event.mimeData().urls():
                self._announce(event)
            case QEvent.Type.DragMove if isinstance(event, QDragMoveEvent) and self.overlay.text:
                _accept(event)
            case QEvent.Type.DragLeave if self.overlay.text:
                self.overlay.hide()
            case QEvent.Type.Drop if isinstance(event, QDropEvent) and event.mimeData().urls():
                self.overlay.hide()
                _accept(event)
                self._take(event)
            case _:
                return super().eventFilter(watched, event)
        return True

    def _announce(self, event: QDropEvent) -> None:
        # What cannot be used is accepted too: only then the drag is followed, and its drop can be answered.
        _accept(event)
        try:
            usable = self._usable(event)
        except UserError as error:
            sentence = str(error)
            self.overlay.show_sentence(f"{sentence[:1].upper()}{sentence[1:]}", usable=False)
            return
        match usable.kind:
            case "images":
                words = self.tr("Drop to train on the images in '{0}'")
            case "weights":
                words = self.tr("Drop to start training from the weights '{0}'")
            case "configuration":
                words = self.tr("Drop to take the settings in '{0}'")
            case "image":
                words = self.tr("Drop to see what the network says of '{0}'")
            case "counts":
                words = self.tr("Drop to compare with the answers of people in '{0}'")
        self.overlay.show_sentence(words.format(shown(usable.path.name)) + self._others(event), usable=True)

    def _take(self, event: QDropEvent) -> None:
        try:
            usable = self._usable(event)
            elsewhere = {"image": self.image_dropped, "counts": self.counts_dropped}.get(usable.kind)
            if elsewhere is not None:
                elsewhere.emit(usable.path)
                return
            match usable.kind:
                case "images":
                    self._build.data_panel.choose_source(str(usable.path))
                    self._build.show_tab("data")
                    words = self.tr("The images in '{0}' are those to train on")
                case "weights":
                    self._build.fine_tuning_panel.take_weights(str(usable.path))
                    self._build.show_tab("fine_tuning")
                    words = self.tr("Training starts from the weights '{0}'")
                case "configuration":
                    self._configure(usable.path)
                    words = self.tr("The settings in '{0}' were taken; Undo takes them back")
        except UserError as error:
            self._message_bar.tell("error", str(error))
            return
        self._message_bar.tell("info", words.format(shown(usable.path.name)) + self._others(event))
        self.taken.emit()

    def _configure(self, path: Path) -> None:
        before = self._build.config
        after = configured(path, before)
        self._build.show_config(after)
        changed = [name for name in SECTIONS if before is None or getattr(before, name) != getattr(after, name)]
        self._build.show_tab(next(iter(changed), "model"))

    def _usable(self, event: QDropEvent) -> Usable:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if not paths:
            raise UserError(self.tr("only files of this computer can be used here; {0}").format(USABLE))
        return first_usable(paths)

    def _others(self, event: QDropEvent) -> str:
        """Of several files, that one is taken."""
        many = len(event.mimeData().urls())
        return self.tr(" (of {0} files, the first that can be used)").format(many) if many > 1 else ""


def _accept(event: QDropEvent) -> None:
    """As a copy: who moves a file removes it from where it was."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()
