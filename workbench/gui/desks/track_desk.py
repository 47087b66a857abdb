"""Whether the run that is looked at, while it is trained, goes as others of its configuration went."""

from PySide6.QtCore import QObject, Slot

from workbench.core.curves.on_track import TrackBand, track_band
from workbench.core.records.run_record import RunRecord
from workbench.gui.records.run_library import RunLibrary
from workbench.gui.records.selection import Selection
from workbench.gui.runs.plot_panel import PlotPanel


class TrackDesk(QObject):
    """Follows selection and list; the band is found once for a run, and again when another one has finished."""

    def __init__(self, library: RunLibrary, selection: Selection, plots: PlotPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._selection, self._plots = selection, plots
        self._records: list[RunRecord] = []
        self._found_for: object = None
        self._band: TrackBand | None = None
        library.runs_changed.connect(self._take_list)
        selection.run_changed.connect(self._show)

    @Slot(object)
    def _take_list(self, records: list[RunRecord]) -> None:
        self._records = records
        self._show()

    @Slot()
    def _show(self) -> None:
        run_id = self._selection.run_id
        record = next((each for each in self._records if each.id == run_id), None)
        if record is None or record.status != "running":
            self._found_for = self._band = None
            self._plots.show_track(None, None)
            return
        # Those that can count: the configuration in full is compared of these alone.
        alike = [each for each in self._records if _is_alike(each, record)]
        wanted = record.config, tuple(each.id for each in alike)
        if wanted != self._found_for:
            self._found_for, self._band = wanted, track_band(record.config, alike)
        track = self._band.track(record.epochs) if self._band is not None else None
        self._plots.show_track(self._band, track)


def _is_alike(other: RunRecord, record: RunRecord) -> bool:
    return other.is_whole and other.config.model == record.config.model
