"""Runs that are exported: which format, where to, and what was written."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from workbench.core.export.exported import Exported
from workbench.core.export.formats import PYTHON, ExportFormat
from workbench.core.records.run_record import RunRecord
from workbench.gui.desks.writing import Writing
from workbench.gui.records.run_library import RunLibrary
from workbench.gui.runs.export_dialog import ExportDialog
from workbench.gui.widgets.file_dialogs import ask_code_path, ask_path
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.widgets.told import told
from workbench.gui.work import export_jobs
from workbench.gui.work.lane import Lane


class ExportDesk(QObject):
    """Asks, and has the inspecting lane write.

    Args:
        refuse: is told of what could not be written.
    """

    def __init__(
        self,
        library: RunLibrary,
        inspecting: Lane,
        message_bar: MessageBar,
        window: QWidget,
        refuse: Callable[[Exception], object],
    ) -> None:
        super().__init__(window)
        self.library, self.message_bar = library, message_bar
        self._window, self._refuse = window, refuse
        self._writing = Writing(inspecting, message_bar, self)

    @Slot(str)
    @told
    def export(self, run_id: str) -> None:
        """Ask for a format and a place, and have a run written."""
        record = self.library.record(run_id)
        dialog = ExportDialog(record, self._window)
        accepted = dialog.exec() == QDialog.DialogCode.Accepted
        wanted, with_training = dialog.chosen, dialog.with_training
        dialog.deleteLater()
        path = ask_export_path(self._window, record, wanted) if accepted else None
        if path is not None:
            job = export_jobs.export_run(run_id, wanted, path, with_training=with_training)
            self._writing.ask(job, self.library.home, self._say_written, self._refuse)

    @Slot(object)
    def _say_written(self, exported: Exported) -> None:
        first, *beside = exported.files
        words = self.tr("Written: {0}").format(first)
        if beside:
            names = self.tr(" and ").join(path.name for path in beside)
            words = self.tr("{0}, and {1} beside it").format(words, names)
        if exported.check is not None:
            words = self.tr("{0}; loaded anew, its logits differ by {1} at most").format(
                words, f"{exported.check.largest_difference:.1g}"
            )
        self.message_bar.tell("info", words)


def ask_export_path(window: QWidget, record: RunRecord, wanted: ExportFormat) -> Path | None:
    """Where to write a run; None if canceled."""
    title = window.tr("Export as {0}").format(wanted.title)
    if wanted.name == PYTHON:
        return ask_code_path(window, record.name)
    if wanted.is_folder:
        chosen = QFileDialog.getExistingDirectory(window, title)
        return Path(chosen) if chosen else None
    stem = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in record.name)
    return ask_path(window, title, f"{stem}{wanted.suffix}", f"{wanted.title} (*{wanted.suffix})")
