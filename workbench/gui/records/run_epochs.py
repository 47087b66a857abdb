"""The epochs of one run: which there are, which one it keeps, and which have an evaluation."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from workbench.core.events import EpochMetrics
from workbench.core.inspection.evaluation_changes import Bump, bumps
from workbench.core.records.run_record import RunRecord
from workbench.gui.records.run_source import RunSource


@dataclass(frozen=True)
class RunEpochs:
    """What is known of a run by now; of none at first. Epochs are counted from 1, 0 is none."""

    record: RunRecord | None = None
    evaluated: frozenset[int] = field(default_factory=frozenset)
    """Those of which it is known what the network said of the test images."""
    in_files: frozenset[int] = field(default_factory=frozenset)
    """Those whose weights lie in files of their own."""

    @classmethod
    def read(cls, source: RunSource, record: RunRecord, evaluated: frozenset[int] = frozenset()) -> "RunEpochs":
        """What lies on the disk, and `evaluated`; while a run trains, a later epoch is of a former attempt."""
        last = record.last.epoch if record.last is not None else 0

        def counting(epochs: Iterable[int]) -> frozenset[int]:
            return frozenset(epoch for epoch in epochs if record.status != "running" or epoch <= last)

        weights = counting(source.weights_by_epoch(record.id))
        return cls(record, evaluated | counting(source.evaluated_epochs(record.id)), weights)

    @property
    def is_training(self) -> bool:
        """Whether the run goes on, here or elsewhere, so that its newest figures are live."""
        return self.record is not None and self.record.status == "running"

    @cached_property
    def every(self) -> tuple[int, ...]:
        """All that are finished, in order, whether they have an evaluation or not."""
        finished = {epoch.epoch for epoch in self.record.epochs} if self.record is not None else set()
        return tuple(sorted(finished | self.evaluated))

    @property
    def newest(self) -> int:
        return self.every[-1] if self.every else 0

    @property
    def kept(self) -> int:
        """The best by validation; without a split, the last."""
        best = self.record.best if self.record is not None else None
        return best.epoch if best is not None else 0

    @property
    def weighted(self) -> frozenset[int]:
        """Those whose network can be looked into: what it was then is kept."""
        return self.in_files | {self.kept} if self.kept else self.in_files

    @property
    def followed(self) -> int:
        """The one to look at unless another is asked for."""
        return self.newest if self.is_training else self.kept or self.newest

    @property
    def planned(self) -> int:
        return self.record.config.training.epochs if self.record is not None else 0

    def before(self, epoch: int) -> int:
        """The last one before it."""
        return max((each for each in self.every if each < epoch), default=0)

    def nearest(self, epoch: int) -> int:
        return min(self.every, key=lambda each: abs(each - epoch), default=0)

    def figures(self, epoch: int) -> EpochMetrics | None:
        """What was measured after it."""
        epochs = self.record.epochs if self.record is not None else ()
        return next((each for each in epochs if each.epoch == epoch), None)

    @cached_property
    def bumps(self) -> list[Bump]:
        """After which validation was clearly worse than before."""
        if self.record is None:
            return []
        _train, validation, test = self.record.started.get("images", (0, 0, 0))
        return bumps(self.record.epochs, validation or test)
