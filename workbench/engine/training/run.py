"""A recorded run: what it starts from, and where it is saved. `loop` does the training."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from workbench.core.errors import UserError, shown
from workbench.core.events import Progress, RunFinished, RunStarted, Warned
from workbench.core.orders import Orders
from workbench.core.records.run_folder import RunFolder
from workbench.core.records.run_record import RunRecord
from workbench.core.records.store import RunStore
from workbench.engine.machine.device import Compute, device_name
from workbench.engine.machine.processes import ALONE, Processes
from workbench.engine.training.loop import TrainingLoop
from workbench.engine.training.preparation import Prepared, Preparing, prepare, unless_stopped
from workbench.engine.training.recording import Events
from workbench.engine.training.trainer import Trainer
from workbench.engine.weights import checkpoint, epoch_weights, weight_sources
from workbench.engine.weights.checkpoint_state import CheckpointState
from workbench.engine.weights.foreign_weights import Weights


class Run:
    """Brings together a run's weights, images and checkpoints, and trains it.

    Args:
        record: of a run that this process has claimed, with the configuration to train by.
        weights: to start from, if any.
        resume_from: the checkpoint, if any.
        warnings: to be said at the start.
    """

    def __init__(
        self,
        record: RunRecord,
        store: RunStore,
        *,
        orders: Orders | None = None,
        processes: Processes = ALONE,
        weights: Weights | None = None,
        resume_from: CheckpointState | None = None,
        warnings: Sequence[str] = (),
    ) -> None:
        self._record, self._store = record, store
        self._orders, self._processes = orders or Orders(), processes
        self._weights, self._resume_from, self._warnings = weights, resume_from, warnings

    def events(self) -> Events:
        """Until the run is over; the last event is RunFinished. Closing the generator saves a checkpoint."""
        run_id = self._record.id
        for warning in self._warnings:
            yield Warned(warning)
        prepared = yield from unless_stopped(self._prepare(), self._orders)
        if prepared is None:
            self._processes.tell_no_start()
            yield RunFinished(run_id, "stopped")
            return
        yield from self._restore(prepared)
        loop = TrainingLoop(run_id, prepared, self._orders, self._processes, self._save, self._keep_epoch)
        if self._weights is not None:
            # Stopped before its first epoch, the run must not go on from random weights.
            loop.save(best=False)
        # Their tensors are copied.
        is_resumed, self._weights, self._resume_from = self._resume_from is not None, None, None
        if self._processes.are_many:
            self._processes.tell_start(prepared.trainer.state().to_file())
        for ready in self._processes.wait_for_others(prepared.images):
            if self._orders.wants_stop:
                yield RunFinished(run_id, "stopped")
                return
            yield Progress("Waiting for the other processes", ready, self._processes.count - 1)
        yield self._started(prepared)
        if is_resumed:
            self._keep_what_is_lacking(prepared.trainer)
        yield from loop.events()

    def _prepare(self) -> Preparing:
        """A run stopped before its first checkpoint reads its weights again."""
        config, saved = self._record.config, self._resume_from
        if saved is None and self._weights is None:
            self._weights = yield from weight_sources.starting(config, self._store)
        begun = saved.config if saved is not None else None
        return (
            yield from prepare(
                config, self._store.home, processes=self._processes, weights=self._weights, begun=begun
            )
        )

    def _restore(self, prepared: Prepared) -> Iterator[Warned]:
        """Go on from the checkpoint, if there is one."""
        if self._resume_from is None:
            return
        self._refuse_other_data(prepared)
        prepared.trainer.restore(self._resume_from, f"the checkpoint of run {self._record.id}")
        warning = self._other_device(prepared.compute)
        if warning:
            yield Warned(warning)

    def _keep_what_is_lacking(self, trainer: Trainer) -> None:
        """The weights of the checkpoint's epoch: the run may have been killed between the two.

        To be called when what came after it is forgotten.
        """
        position = trainer.position
        is_between_epochs = position.epoch > 0 and position.batch == 0
        if is_between_epochs and position.epoch not in self._store.weights_by_epoch(self._record.id):
            self._keep_epoch(trainer)

    def _refuse_other_data(self, prepared: Prepared) -> None:
        """A run goes on only with the images that it began with."""
        before = self._record.started
        if not before:
            return
        class_names, images = prepared.dataset.class_names, prepared.images
        if tuple(before["class_names"]) != class_names or tuple(before["images"]) != images:
            then = _counts(before["class_names"], before["images"])
            source = shown(prepared.config.data.source)
            raise UserError(
                f"data.source is '{source}', whose images have changed since the run began: "
                f"{then} then, {_counts(class_names, images)} now; bring them back or start a new run"
            )

    def _other_device(self, compute: Compute) -> str:
        """Threads, device and precision change the order of sums, and with it the last bits of every gradient."""
        before = self._record.started
        then = f"{before['device']}, {before['precision']}" if before else ""
        now = f"{self._device(compute)}, {compute.precision}"
        if not before or then == now:
            return ""
        return (
            f"the run began on {then} and goes on with {now}: its result will differ slightly from that of "
            "an uninterrupted run"
        )

    def _device(self, compute: Compute) -> str:
        name = device_name(compute.device)
        return f"{self._processes.count} x {name}" if self._processes.are_many else name

    def _started(self, prepared: Prepared) -> RunStarted:
        trainer = prepared.trainer
        return RunStarted(
            run_id=self._record.id,
            name=self._record.name,
            config=prepared.config,
            device=self._device(prepared.compute),
            precision=prepared.compute.precision,
            parameters=sum(p.numel() for p in trainer.network.parameters()),
            class_names=prepared.dataset.class_names,
            images=prepared.images,
            dataset_path=prepared.folder,
            steps_per_epoch=trainer.steps_per_epoch,
            first_step=trainer.step_number,
            elapsed_s=trainer.position.elapsed_s,
        )

    def _save(self, trainer: Trainer, best: bool) -> Path:
        return checkpoint.save(
            self._store.checkpoints(self._record.id),
            trainer.state(),
            step=trainer.step_number,
            epoch=trainer.position.epoch,
            best=best,
        )

    def _keep_epoch(self, trainer: Trainer) -> None:
        """A run does not end for what is only looked at."""
        training = trainer.config.training
        try:
            epoch_weights.keep(
                RunFolder(self._store.folder(self._record.id)),
                trainer.evaluated_network.state_dict(),
                epoch=trainer.position.epoch,
                room_bytes=training.epoch_weights_mb * 10**6,
            )
        except UserError as error:
            trainer.warnings.append(f"{error}; the weights of epoch {trainer.position.epoch} are not kept")


def _counts(class_names: Sequence[str], images: Sequence[int]) -> str:
    return f"{len(class_names)} classes with {sum(images)} images"
