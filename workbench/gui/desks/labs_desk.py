"""Labs in the window: what there is of each, adding what is lacking to the queue, and what was seen."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from workbench.core.errors import UserError
from workbench.core.labs.catalog import LABS
from workbench.core.labs.plan import LabSettings
from workbench.core.labs.report import LabReport
from workbench.gui.desks.writing import Writing
from workbench.gui.labs.labs_view import LabsView
from workbench.gui.records.run_library import RunLibrary
from workbench.gui.widgets.file_dialogs import ask_path
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.widgets.told import sentence_of
from workbench.gui.work import lab_jobs
from workbench.gui.work.lab_jobs import Added, LabLook
from workbench.gui.work.lane import Lane

# Runs that are trained change the list once an epoch, and settings change at each step of a box.
_SETTLED_MS = 250


class LabsDesk(QObject):
    """Looks at the list of runs and the queue whenever the view is seen and one of them may be another.

    `run_asked` carries the id of a run to be looked at; `added`, how many runs were put into the queue.
    """

    run_asked = Signal(str)
    added = Signal(int)

    def __init__(
        self, view: LabsView, library: RunLibrary, lane: Lane, message_bar: MessageBar, window: QWidget
    ) -> None:
        super().__init__(window)
        self._view, self._library, self._lane, self._bar = view, library, lane, message_bar
        self._window, self._writing = window, Writing(lane, message_bar, self)
        # Askers of their own: a report that is asked for does not replace a look.
        self._reporter, self._adder = QObject(self), QObject(self)
        self._settings: dict[str, LabSettings] = {}
        """Of labs that the person has changed here."""
        self._looks: dict[str, LabLook] = {}
        self._lab = ""
        self._reported: LabLook | None = None
        """Of which the report is shown, or on its way."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLED_MS)
        self._timer.timeout.connect(self._renew)
        view.installEventFilter(self)
        view.list.opened.connect(self.open)
        view.page.back_asked.connect(self._on_back)
        view.page.form.changed.connect(self._on_changed)
        view.page.form.add_asked.connect(self._add)
        view.page.save_asked.connect(self._save)
        view.page.run_asked.connect(self.run_asked)
        library.runs_changed.connect(self._on_runs)

    # What is looked at

    @Slot(str)
    def open(self, name: str) -> None:
        """Show one lab."""
        self._lab, self._reported = name, None
        page = self._view.page
        page.show_lab(LABS[name])
        page.form.show_settings(self._settings_of(name))
        if name in self._looks:
            page.show_look(self._looks[name])
        self._view.show_page()
        self._renew()

    def _settings_of(self, name: str) -> LabSettings:
        if name in self._settings:
            return self._settings[name]
        look = self._looks.get(name)
        return look.bench.settings if look is not None else LabSettings.usual(LABS[name])

    @Slot()
    def _on_back(self) -> None:
        self._lab = ""
        self._renew()

    @Slot()
    def _on_changed(self) -> None:
        self._settings[self._lab] = self._view.page.form.settings
        self._looks.pop(self._lab, None)
        self._view.page.form.show_look(None)
        self._timer.start()

    @Slot(object)
    def _on_runs(self, _records: object) -> None:
        self.look_again()

    def look_again(self) -> None:
        """Runs or the queue are others."""
        if self._view.isVisible():
            self._timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._view and event.type() == QEvent.Type.Show:
            self._timer.start()
        return super().eventFilter(watched, event)

    @Slot()
    def _renew(self) -> None:
        """Look at all of them, and find out what the open one's runs say."""
        try:
            home = self._library.home
        except UserError:
            # The window says why it is not open.
            return
        handle = self._lane.ask(lab_jobs.look(self._settings), home, self)
        handle.finished.connect(self._take_looks)
        handle.refused.connect(self._refuse)

    @Slot(object)
    def _take_looks(self, looks: dict[str, LabLook]) -> None:
        self._looks = looks
        self._view.list.show_looks(looks)
        look = looks.get(self._lab)
        if look is None:
            return
        page = self._view.page
        if self._lab not in self._settings:
            page.form.show_settings(look.bench.settings)
        page.show_look(look)
        if look == self._reported:
            return
        self._reported = look
        job = lab_jobs.report(look.bench.lab, look.bench.settings)
        handle = self._lane.ask(job, self._library.home, self._reporter)
        handle.finished.connect(self._take_report)
        handle.refused.connect(self._refuse)

    @Slot(object)
    def _take_report(self, report: LabReport) -> None:
        if report.findings.lab.name == self._lab:
            self._view.page.bar.say("")
            self._view.page.show_report(report)

    @Slot(object)
    def _refuse(self, error: Exception) -> None:
        self._reported = None
        self._view.page.bar.say(sentence_of(error), self.tr("Try again"), "", self._renew)

    # What is asked for

    @Slot()
    def _add(self) -> None:
        """Put what is lacking into the queue, as it is now."""
        job = lab_jobs.add(LABS[self._lab], self._settings_of(self._lab))
        handle = self._lane.ask(job, self._library.home, self._adder)
        handle.finished.connect(self._on_added)
        handle.refused.connect(self._tell_error)
        handle.ended.connect(self._renew)
        # A second click would find nothing to add, and say so.
        self._view.page.form.show_look(None)

    @Slot(object)
    def _on_added(self, added: Added) -> None:
        words = (
            self.tr("{0}: 1 run was added to the queue")
            if added.count == 1
            else self.tr("{0}: {1} runs were added to the queue")
        )
        self._bar.tell("info", words.format(added.lab.title, added.count))
        self.added.emit(added.count)

    @Slot()
    def _save(self) -> None:
        name = f"lab-{self._lab}.html"
        path = ask_path(self._window, self.tr("Save report"), name, self.tr("Web page (*.html)"))
        if path is None:
            return
        job = lab_jobs.write_report(LABS[self._lab], self._settings_of(self._lab), path)
        self._writing.ask(job, self._library.home, self._say_written, self._tell_error)

    @Slot(object)
    def _say_written(self, path: Path) -> None:
        self._bar.tell("info", self.tr("The report was written to {0}").format(path))

    @Slot(object)
    def _tell_error(self, error: Exception) -> None:
        self._bar.tell("error", sentence_of(error))
