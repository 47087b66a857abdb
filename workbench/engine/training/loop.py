"""The training loop: steps, evaluation and saving as events, and what ends them before the last epoch."""

import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path

import torch

from workbench.core.evaluation import Evaluation
from workbench.core.events import (
    CheckpointSaved,
    EpochMetrics,
    EvaluationReady,
    Progress,
    RateChanged,
    RunFinished,
    Warned,
)
from workbench.core.orders import Orders
from workbench.core.records.run_record import ENDED_EARLY
from workbench.core.uncut import uncut
from workbench.engine.data.device_images import DeviceImages
from workbench.engine.machine.processes import ALONE, Processes
from workbench.engine.training.block_taps import BlockTaps
from workbench.engine.training.divergence import Divergence, refuse_infinite_weights
from workbench.engine.training.gradient_norms import GradientNorms
from workbench.engine.training.inference import Evaluating, Logits, logits
from workbench.engine.training.pending_steps import PendingSteps
from workbench.engine.training.preparation import Prepared
from workbench.engine.training.recording import Events
from workbench.engine.training.trainer import Trainer

YIELD_INTERVAL_S = 0.05
_CHECKPOINT_INTERVAL_S = 300.0

Save = Callable[[Trainer, bool], Path]
KeepEpoch = Callable[[Trainer], None]


class TrainingLoop:
    """Trains from where the trainer is to the last epoch, or until it is ordered to end.

    Args:
        run_id: that events carry.
        orders: from the person.
        processes: all of which run this loop; the first one saves.
        save: writes a checkpoint; the second argument says whether it is the best.
        keep_epoch: keeps the weights of an epoch that has just been saved, for looking at them.
    """

    def __init__(
        self,
        run_id: str,
        prepared: Prepared,
        orders: Orders,
        processes: Processes = ALONE,
        save: Save | None = None,
        keep_epoch: KeepEpoch = lambda _trainer: None,
    ) -> None:
        self._id, self._prepared, self._trainer = run_id, prepared, prepared.trainer
        self._orders, self._processes = orders, processes
        self._write, self._keep_epoch = save, keep_epoch
        self._saved_at = time.monotonic()
        self._divergence = Divergence(prepared.config.training, len(prepared.dataset.class_names))
        if processes.is_first:
            # After the backward pass gradients are the same in all processes.
            network = prepared.trainer.network
            is_compiled = prepared.config.training.compile != "off"
            taps = None if is_compiled else BlockTaps(network)
            prepared.trainer.gradient_norms = GradientNorms(network, taps=taps)
        self._end: RunFinished | None = None
        """How the run ends before its last epoch."""

    def events(self) -> Events:
        """The last one is RunFinished. Closing the generator saves a checkpoint."""
        trainer = self._trainer
        epochs = self._prepared.config.training.epochs
        # Stopped after its last checkpoint, the run may have been about to end.
        self._end_early()
        try:
            while trainer.position.epoch < epochs and self._end is None:
                yield from self._steps()
                if self._end is None:
                    yield from self._finish_epoch()
                    self._end_between_epochs()
        except GeneratorExit:
            self.save(best=False)
            raise
        if self._end is None or self._end.status == "finished":
            self._divergence.refuse_end()
        yield self._end or RunFinished(self._id, "finished")

    def save(self, best: bool) -> Path | None:
        """None in the processes that only help."""
        refuse_infinite_weights(self._trainer)
        if self._write is None or not self._processes.is_first:
            return None
        self._saved_at = time.monotonic()
        with uncut():
            return self._write(self._trainer, best)

    def _steps(self) -> Events:
        trainer = self._trainer
        pending = PendingSteps(self._processes)
        while not trainer.epoch_is_done and self._end is None:
            pending.append(*trainer.step())
            is_due = pending.age_s >= YIELD_INTERVAL_S or trainer.epoch_is_done
            is_due, factor = self._agree(is_due)
            if not is_due:
                continue
            metrics = pending.flush(trainer, self._id)
            self._divergence.refuse(metrics)
            # All that changes the run comes before the first event, where it may be stopped and saved.
            changed = self._change_rate(factor)
            if self._end is not None:
                trainer.share_running_statistics()
                self.save(best=False)
            for warning in trainer.take_warnings():
                yield Warned(warning)
            yield from changed
            yield metrics
            yield from pending.take_gradients()
            yield from self._save_now_and_then()
            pending.restart_clock()

    def _change_rate(self, factor: float) -> list[RateChanged]:
        if factor == 1.0:
            return []
        self._trainer.change_rate(factor)
        return [RateChanged(self._id, self._trainer.step_number, factor, self._trainer.rate)]

    def _agree(self, is_due: bool) -> tuple[bool, float]:
        """After a step, in one exchange: whether its figures are due and what multiplies the rate, as the first
        process says; and whether any process wants the run to end."""
        orders, processes = self._orders, self._processes
        stop, finish, factor = orders.wants_stop, orders.wants_finish, 1.0
        if processes.is_first and (is_due or stop or finish):
            factor = orders.take_rate_factor()
        if processes.are_many:
            of_first = [is_due, math.log(factor)] if processes.is_first else [0.0, 0.0]
            said = processes.sum(torch.tensor([stop, finish, *of_first], dtype=torch.float64)).tolist()
            stop, finish, is_due = (number > 0 for number in said[:3])
            factor = math.exp(said[3]) if said[3] else 1.0
        self._end_by_order(stop, finish)
        return is_due or self._end is not None, factor

    def _end_by_order(self, stop: bool, finish: bool) -> None:
        position = self._trainer.position
        if finish and position.best_epoch:
            which = "best" if len(self._prepared.validation) else "last whole one"
            by_hand = f"ended by hand in epoch {position.epoch + 1}; the {which} was epoch {position.best_epoch}"
            self._end = RunFinished(self._id, "finished", self._orders.reason or by_hand)
        elif stop:
            self._end = RunFinished(self._id, "stopped")

    def _end_between_epochs(self) -> None:
        """Ordered at an epoch's end, it needs no step of the next one; several processes agree after a step."""
        if self._orders.reason and self._end is None and not self._processes.are_many:
            self._end_by_order(stop=False, finish=self._orders.wants_finish)

    def _finish_epoch(self) -> Events:
        """Evaluate, compare with the best, save. Stopped meanwhile, a resumed run evaluates again."""
        trainer, position, prepared = self._trainer, self._trainer.position, self._prepared
        if position.epoch + 1 == prepared.config.training.epochs:
            self._divergence.refuse_end()
        trainer.share_running_statistics()
        class_names = prepared.dataset.class_names
        validation = None
        if len(prepared.validation):
            said = yield from self._logits(prepared.validation, "Validating")
            labels = prepared.validation.labels.cpu().numpy()
            validation = Evaluation(labels, said, class_names, position.epoch + 1)
        said = yield from self._logits(prepared.test, "Testing")
        test = Evaluation(prepared.dataset.test.labels, said, class_names, position.epoch + 1)
        # Test images are looked at, never chosen by: without a split the last epoch counts.
        best = validation is None or validation.accuracy > position.best_accuracy
        yield EvaluationReady(self._id, test, validation)
        yield self._metrics(validation, test, best)
        # Only now is the epoch over: stopped at an event above, a resumed run repeats the end.
        if best:
            position.best_epoch = position.epoch + 1
            position.best_accuracy = position.best_accuracy if validation is None else validation.accuracy
        position.next_epoch()
        self._end_early()
        if (path := self.save(best)) is not None:
            self._keep_epoch(trainer)
            for warning in trainer.take_warnings():
                yield Warned(warning)
            yield CheckpointSaved(self._id, "best" if best else "last", path, trainer.step_number)

    def _logits(self, images: DeviceImages, activity: str) -> Generator[Progress, None, Logits]:
        trainer = self._trainer
        work = logits(trainer.evaluated_network, images, trainer.compute, activity, self._processes)
        said, seconds = yield from self._saved_when_asked_to_stop(work)
        trainer.position.elapsed_s += seconds
        return said

    def _saved_when_asked_to_stop(self, work: Evaluating) -> Evaluating:
        """A launcher kills its processes when they take too long to stop, and an evaluation may."""
        is_saved = False
        with closing(work):
            while True:
                try:
                    progress = next(work)
                except StopIteration as end:
                    result: tuple[Logits, float] = end.value
                    return result
                if self._orders.wants_stop and not is_saved:
                    self.save(best=False)
                    is_saved = True
                yield progress

    def _end_early(self) -> None:
        """Prechelt 1998, "Early Stopping - But When?", section 2.2, criterion UP, against the best epoch."""
        training, position = self._prepared.config.training, self._trainer.position
        is_last = position.epoch == training.epochs
        since = max(position.best_epoch, position.patience_from)
        if training.patience and not is_last and position.epoch - since >= training.patience:
            reason = f"{ENDED_EARLY}: no better validation accuracy since epoch {position.best_epoch}"
            self._end = RunFinished(self._id, "finished", reason)

    def _save_now_and_then(self) -> Iterator[CheckpointSaved]:
        """In long epochs, so that a power cut costs minutes at most."""
        is_late = time.monotonic() - self._saved_at > _CHECKPOINT_INTERVAL_S
        if is_late and self._processes.is_first and (path := self.save(best=False)) is not None:
            yield CheckpointSaved(self._id, "last", path, self._trainer.step_number)

    def _metrics(self, validation: Evaluation | None, test: Evaluation, best: bool) -> EpochMetrics:
        position = self._trainer.position
        # Checkpoints of earlier versions may lack the sums of the steps before a stop.
        images = max(1, position.images)
        return EpochMetrics(
            run_id=self._id,
            epoch=position.epoch + 1,
            step=self._trainer.step_number,
            train_loss=position.loss_sum / images,
            train_accuracy=position.correct / images,
            validation_loss=validation.loss if validation else None,
            validation_accuracy=validation.accuracy if validation else None,
            test_loss=test.loss,
            test_accuracy=test.accuracy,
            images_per_s=position.images / max(position.train_s, 1e-9),
            elapsed_s=position.elapsed_s,
            best=best,
        )
