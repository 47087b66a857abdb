"""A lab with its settings beside all runs and the queue: what is to be trained, and what is there."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.core.labs.lab import Lab
from workbench.core.labs.plan import LabRun, LabSettings, lab_runs, planned_runs, settings_of
from workbench.core.records.epoch_times import EpochTimes, total
from workbench.core.records.run_reader import RunReader
from workbench.core.records.run_record import RunRecord


@dataclass(frozen=True)
class Bench:
    """At one moment."""

    lab: Lab
    settings: LabSettings
    runs: tuple[LabRun, ...]

    @classmethod
    def of(
        cls, lab: Lab, settings: LabSettings, store: RunReader, records: Sequence[RunRecord] | None = None
    ) -> "Bench":
        """
        Args:
            records: of all runs, where they are read already.

        Raises:
            UserError: a setting is not allowed, or the list cannot be read.
        """
        planned = planned_runs(lab, settings)
        known = store.runs() if records is None else records
        return cls(lab, settings, lab_runs(planned, known, store.queue.listing().entries))

    @property
    def left(self) -> list[LabRun]:
        """Those that are neither finished nor failed."""
        return [run for run in self.runs if run.state not in ("finished", "failed")]

    def seconds_left(self, times: EpochTimes) -> tuple[float, bool]:
        """Of all that is left, as far as it is known; and whether all is."""
        return total(run.seconds_left(times) for run in self.left)


def remembered(lab: Lab, store: RunReader, records: Sequence[RunRecord]) -> LabSettings | None:
    """The settings that it was begun with last, told from its runs and entries; None if there are none."""
    tagged = [(record.created_utc, record.config) for record in records if lab.tag in record.tags]
    tagged += [(entry.added_utc, entry.config) for entry in store.queue.listing().entries if lab.tag in entry.tags]
    newest = sorted(tagged, key=lambda each: each[0], reverse=True)
    return settings_of(lab, [config for _, config in newest])
