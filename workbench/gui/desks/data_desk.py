"""The images before training: read, shown as a gallery and by class, and which of them a run leaves out."""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QApplication, QMenu, QMenuBar, QWidget

from workbench.core.data.image_marks import excluded_numbers
from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.build.edit_history import EditHistory
from workbench.gui.data.images_view import ImagesView
from workbench.gui.data.when_read import WhenRead
from workbench.gui.desks.data_reading import DataReading
from workbench.gui.records.source_marks import SourceMarks, file_of
from workbench.gui.widgets.theme import Theme


class DataDesk(QObject):
    """Joins the gallery of a data set with the build panel, the marks of its source, and the menu Edit."""

    refused = Signal(object)
    """Marks could not be read or written."""
    image_chosen = Signal(int)
    """Number of the training image that is looked at."""

    def __init__(self, reading: DataReading, build_panel: BuildPanel, history: EditHistory, theme: Theme) -> None:
        super().__init__(reading)
        self._reading, self._build, self._history, self._theme = reading, build_panel, history, theme
        self._home: Home | None = None
        """Where marks are kept; None before the disk may be read, and where that cannot be."""
        self.marks = SourceMarks(self)
        self.marks.refused.connect(self.refused)
        self._is_following = False
        self._kept: tuple[str, tuple[int, ...]] | None = None
        """A source, and what a run left out of it whose settings were taken; None once others are excluded."""
        self._marked: tuple[int, ...] = ()
        """What was excluded by marks when these were last looked at."""
        self.marks.changed.connect(self._leave_out)
        history.replayed.connect(self._follow_replay)
        self.images: ImagesView | None = None
        """None before it is seen."""
        self._room: WhenRead | None = None
        reading.changed.connect(self._show)
        reading.split_changed.connect(self._show_split)
        build_panel.data_panel.config_changed.connect(self._open_marks)

    def build_images(self) -> QWidget:
        """The gallery, to be called when it is first seen."""
        self.images = ImagesView(self._theme, self.marks)
        self.images.training_image_chosen.connect(self.image_chosen)
        self._room = WhenRead(self.images)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._follow_focus)
        self.marks.changed.connect(self._renew_history)
        self._show()
        return self._room

    def set_home(self, home: Home | None) -> None:
        """From now on, marks are read from there."""
        self._home = home
        self._open_marks()

    def excluded(self, source: str) -> tuple[int, ...]:
        """Numbers of a source's training images that are left out of training, in order.

        Raises:
            UserError: the marks cannot be read.
        """
        if source == self._reading.source and self._reading.looked is not None:
            return self.marks.excluded
        return () if self._home is None else excluded_numbers(self._home, file_of(self._home, source).source)

    @Slot()
    def _open_marks(self) -> None:
        if self._home is not None:
            with self._following():
                self.marks.open(self._home, self._reading.source)

    @contextmanager
    def _following(self) -> Iterator[None]:
        """While marks only become known: settings that were taken from a run keep what that left out."""
        self._is_following = True
        try:
            yield
        finally:
            self._is_following = False

    @Slot()
    def _show(self) -> None:
        looked = self._reading.looked
        if looked is not None:
            dataset = looked.dataset
            with self._following():
                self.marks.learn({"train": dataset.train.names, "test": dataset.test.names})
        if self.images is None or self._room is None:
            return
        if looked is not None:
            self.images.show_images(looked)
        else:
            self.images.forget()
        self._room.show_absence(self._reading.absence)

    @Slot()
    def _show_split(self) -> None:
        if self.images is not None and self._reading.looked is not None:
            self.images.show_images(self._reading.looked)

    @Slot()
    def keep(self) -> None:
        """The settings are those of a run: what it left out stays until the person excludes something."""
        self._kept = self._left_out

    @property
    def _left_out(self) -> tuple[str, tuple[int, ...]]:
        panel = self._build.data_panel
        return panel.source, panel.excluded

    @Slot()
    def _leave_out(self) -> None:
        before, self._marked = self._marked, self.marks.excluded
        is_kept = self._left_out == self._kept
        if self._is_following:
            if self._build.data_panel.excluded or is_kept:
                return
        elif is_kept and self._marked == before:
            # Only what is doubtful has changed.
            return
        else:
            self._kept = None
        self._follow_marks()

    @Slot()
    def _follow_replay(self) -> None:
        """Settings as they were before may leave out what was marked then."""
        if self._left_out != self._kept:
            self._follow_marks()

    def _follow_marks(self) -> None:
        """Let the settings say what is marked: a run goes by these alone."""
        panel = self._build.data_panel
        try:
            panel.set_excluded(self.excluded(panel.source))
        except UserError as error:
            self.refused.emit(error)

    # Undo and redo mean marks while the gallery has the focus

    @property
    def _has_focus(self) -> bool:
        """The gallery, or what stands above it."""
        focus = QApplication.focusWidget()
        return self.images is not None and focus is not None and self.images.isAncestorOf(focus)

    @Slot(QWidget, QWidget)
    def _follow_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        """An open menu, or another window, takes the focus only for a while."""
        if now is not None and not isinstance(now, QMenu | QMenuBar):
            self._renew_history()

    @Slot()
    def _renew_history(self) -> None:
        self._history.lend(self.marks if self._has_focus else None)
