"""A recorded run: what it starts from, and where it is saved. `loop` does the training."""

from collections.abc import Generator, Sequence
from pathlib import Path

from workbench.core.config import RunConfig
from workbench.core.errors import UserError, shown
from workbench.core.events import Progress, RunFinished, RunStarted, Warned
from workbench.core.orders import Orders
from workbench.core.store import RunStore
from workbench.engine.data.device_images import DEFAULT_NORMALIZATION
from workbench.engine.machine.device import Compute, device_name
from workbench.engine.machine.processes import ALONE, Processes
from workbench.engine.training.loop import TrainingLoop
from workbench.engine.training.preparation import Prepared, prepare, unless_stopped
from workbench.engine.training.recording import Events
from workbench.engine.training.trainer import Trainer
from workbench.engine.weights import checkpoint, weight_sources
from workbench.engine.weights import foreign_weights as weights
from workbench.engine.weights.checkpoint_state import CheckpointState
from workbench.engine.weights.foreign_weights import Weights


class Run:
    """Brings together a run's weights, images and checkpoints, and trains it.

    Args:
        run_id: of a run that the store knows and this process has claimed.
        weights: to start from, if any.
        resume_from: the checkpoint, if any.
    """

    def __init__(
        self,
        run_id: str,
        config: RunConfig,
        store: RunStore,
        *,
        orders: Orders | None = None,
        processes: Processes = ALONE,
        weights: Weights | None = None,
        resume_from: CheckpointState | None = None,
    ) -> None:
        self._id, self._config, self._store = run_id, config, store
        self._orders, self._processes = orders or Orders(), processes
        self._weights, self._resume_from = weights, resume_from
        self.warnings: list[str] = []
        """To be said at the start."""

    def events(self) -> Events:
        """Until the run is over; the last event is RunFinished. Closing the generator saves a checkpoint."""
        yield from self._find_weights()
        preparing = prepare(self._config, self._store.home, self._id, self._processes)
        prepared = yield from unless_stopped(preparing, self._orders)
        if prepared is None:
            self._processes.tell_no_start()
            yield RunFinished(self._id, "stopped")
            return
        self._config = prepared.config
        self._set_weights(prepared)
        for warning in self.warnings + prepared.warnings:
            yield Warned(self._id, warning)
        loop = TrainingLoop(self._id, prepared, self._orders, self._processes, self._save)
        if self._weights is not None and self._resume_from is None:
            # Stopped before its first epoch, the run must not go on from random weights.
            loop.save(best=False)
        # Their tensors are copied.
        self._weights = self._resume_from = None
        if self._processes.are_many:
            self._processes.tell_start(prepared.trainer.state().to_file())
        for ready in self._processes.wait_for_others(prepared.images):
            if self._orders.wants_stop:
                yield RunFinished(self._id, "stopped")
                return
            yield Progress(self._id, "Waiting for the other processes", ready, self._processes.count - 1)
        yield self._started(prepared)
        yield from loop.events()

    def _find_weights(self) -> Generator[Progress, None, None]:
        """The normalization follows the weights. A run stopped before its first checkpoint reads them again."""
        config = self._config
        if config.fine_tuning.weights and self._weights is None and self._resume_from is None:
            located = weight_sources.locate(config.fine_tuning.weights, config.model, self._store)
            self._weights = yield from weight_sources.read(located, self._store, self._id)
        if config.data.normalization == "auto" and self._resume_from is not None:
            # Killed between its first checkpoint and its start's record, the run knows it from the former alone.
            saved = self._resume_from.config.data.normalization
            config = config.with_values({"data.normalization": saved})
        self._config, doubt = weight_sources.resolved_normalization(config, self._weights, DEFAULT_NORMALIZATION)
        if doubt:
            self.warnings.append(doubt)

    def _set_weights(self, prepared: Prepared) -> None:
        if self._resume_from is not None:
            self._refuse_other_data(prepared)
            prepared.trainer.restore(self._resume_from, f"the checkpoint of run {self._id}")
            self._warn_of_other_device(prepared.compute)
        elif self._weights is not None:
            prepared.warnings += weights.start_from(prepared.trainer.network, self._weights)
            prepared.trainer.restart_average()

    def _refuse_other_data(self, prepared: Prepared) -> None:
        """A run goes on only with the images that it began with."""
        before = self._store.run(self._id).started
        if not before:
            return
        class_names, images = prepared.dataset.class_names, prepared.images
        if tuple(before["class_names"]) != class_names or tuple(before["images"]) != images:
            then = _counts(before["class_names"], before["images"])
            source = shown(self._config.data.source)
            raise UserError(
                f"data.source is '{source}', whose images have changed since the run began: "
                f"{then} then, {_counts(class_names, images)} now; bring them back or start a new run"
            )

    def _warn_of_other_device(self, compute: Compute) -> None:
        """Threads, device and precision change the order of sums, and with it the last bits of every gradient."""
        before = self._store.run(self._id).started
        then = f"{before['device']}, {before['precision']}" if before else ""
        now = f"{self._device(compute)}, {compute.precision}"
        if before and then != now:
            self.warnings.append(
                f"the run began on {then} and goes on with {now}: its result will differ slightly from that of "
                "an uninterrupted run"
            )

    def _device(self, compute: Compute) -> str:
        name = device_name(compute.device)
        return f"{self._processes.count} x {name}" if self._processes.are_many else name

    def _started(self, prepared: Prepared) -> RunStarted:
        trainer = prepared.trainer
        return RunStarted(
            run_id=self._id,
            name=self._store.run(self._id).name,
            config=self._config,
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
            self._store.checkpoints(self._id),
            trainer.state(),
            step=trainer.step_number,
            epoch=trainer.position.epoch,
            best=best,
        )


def _counts(class_names: Sequence[str], images: Sequence[int]) -> str:
    return f"{len(class_names)} classes with {sum(images)} images"
