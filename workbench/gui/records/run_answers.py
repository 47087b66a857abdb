"""What the network of one run said of its images: after each epoch, and over all of them."""

from collections.abc import Iterable

from workbench.core.evaluation import Evaluation
from workbench.core.inspection.image_histories import Histories
from workbench.gui.records.epoch_evaluations import EpochEvaluations
from workbench.gui.records.run_source import RunSource


class RunAnswers:
    """Of one run at a time."""

    def __init__(self, source: RunSource) -> None:
        self._tests = EpochEvaluations(source.evaluation)
        self._held_out = EpochEvaluations(source.validation)
        self.histories: Histories | None = None
        """None until somebody has read them."""

    def take_run(self, run_id: str) -> None:
        """Another run is looked at; empty: none."""
        self._tests.take_run(run_id)
        self._held_out.take_run(run_id)
        self.histories = None

    def forget_after(self, epochs_done: int) -> None:
        """The run does its later epochs again."""
        self._tests.forget_after(epochs_done)
        self._held_out.forget_after(epochs_done)
        self.histories = None

    def add(self, evaluation: Evaluation) -> bool:
        """Take what was said of the test images after an epoch; returns whether the histories have one more."""
        self._tests.put(evaluation.epoch, evaluation)
        if self.histories is None or evaluation.epoch < self.histories.epochs[-1]:
            return False
        self.histories = self.histories.with_epoch(evaluation)
        return True

    def add_held_out(self, evaluation: Evaluation) -> None:
        self._held_out.put(evaluation.epoch, evaluation)

    def take_histories(self, histories: Histories | None, evaluated: Iterable[int]) -> None:
        """Take what was read of all epochs, and add those that were evaluated meanwhile."""
        for epoch in sorted(evaluated):
            if histories is not None and epoch <= histories.epochs[-1]:
                continue
            evaluation = self._tests.find(epoch)
            if evaluation is not None:
                histories = Histories.of([evaluation]) if histories is None else histories.with_epoch(evaluation)
        self.histories = histories

    def after(self, epoch: int) -> Evaluation | None:
        """Of the test images; None if there is none.

        Raises:
            UserError: its file is damaged.
        """
        return self._tests.get(epoch)

    def found_after(self, epoch: int) -> Evaluation | None:
        """The same; None also where it is damaged."""
        return self._tests.find(epoch)

    def held_out_after(self, epoch: int) -> Evaluation | None:
        """Of the images that are held out; None where that is not kept, or cannot be read."""
        return self._held_out.find(epoch)
