"""The curves that are drawn, written to a file."""

from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from workbench.gui.desks.writing import Writing
from workbench.gui.records.run_library import RunLibrary
from workbench.gui.runs.curve_picture import write_png, write_svg
from workbench.gui.runs.plot_panel import PlotPanel
from workbench.gui.widgets.file_dialogs import ask_path
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.widgets.told import sentence_of, told
from workbench.gui.work import jobs


class CurveExport(QObject):
    """Asks where to; pictures are painted here, and a table of all points is written on a lane."""

    def __init__(
        self, panel: PlotPanel, writing: Writing, library: RunLibrary, message_bar: MessageBar, window: QWidget
    ) -> None:
        super().__init__(window)
        self._panel, self._writing, self.library = panel, writing, library
        self.message_bar, self._window = message_bar, window
        panel.export_asked.connect(self.export)

    @Slot(str)
    @told
    def export(self, kind: str) -> None:
        """As `png`, `svg` or `csv`."""
        filters = {
            "png": self.tr("Picture (*.png)"),
            "svg": self.tr("Drawing (*.svg)"),
            "csv": self.tr("Table (*.csv)"),
        }
        path = ask_path(self._window, self.tr("Export curves"), f"curves.{kind}", filters[kind])
        if path is None:
            return
        if kind == "csv":
            job = jobs.write_curves(path, self._panel.tables())
            self._writing.ask(job, self.library.home, self._say_written, self._tell_error)
            return
        write = write_png if kind == "png" else write_svg
        write(self._panel, path, self._panel.ground)
        self._say_written(path)

    @Slot(object)
    def _say_written(self, path: Path) -> None:
        self.message_bar.tell("info", self.tr("Written: {0}").format(path))

    @Slot(object)
    def _tell_error(self, error: Exception) -> None:
        self.message_bar.tell("error", sentence_of(error))
