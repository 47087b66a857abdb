"""Training as a generator of events.

    for event in train(config, store=store):
        ...

The consumer drives. To pause is not to ask for the next event; to stop is to close the generator, which
saves a checkpoint and records the run as stopped.
"""

import math
import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.config import RunConfig
from workbench.core.dataset import Dataset
from workbench.core.errors import ConfigError, UserError
from workbench.core.evaluation import Evaluation
from workbench.core.events import (
    CheckpointSaved,
    EpochMetrics,
    EvaluationReady,
    Progress,
    RunStarted,
    StepMetrics,
    Warned,
)
from workbench.core.memory import keep_large_blocks
from workbench.core.store import RunStore
from workbench.engine import checkpoint, resnet, sources, weight_sources, weights
from workbench.engine.data import DEFAULT_NORMALIZATION, DeviceImages, split, subset
from workbench.engine.device import Compute, choose, describe_machine, device_name
from workbench.engine.inference import logits
from workbench.engine.recording import Events, recorded
from workbench.engine.trainer import PendingSteps, Trainer
from workbench.engine.weights import Weights

YIELD_INTERVAL_S = 0.05
_CHECKPOINT_INTERVAL_S = 300.0


def train(
    config: RunConfig,
    *,
    store: RunStore,
    name: str = "",
    model: str = "custom",
    recipe: str = "custom",
) -> Events:
    """Train a new run from the start and record it.

    Args:
        config: what to train; the number of classes follows the data, `auto` normalization the weights.
        store: of the calling thread.
        name: what the person calls the run; by default the model's name.
        model: name of the model preset, for the list of runs.
        recipe: name of the recipe, for the list of runs.

    Once the run is recorded, an error ends it with RunFailed, never with an exception. Before, while weights are
    downloaded, Progress has an empty `run_id`.

    Raises:
        UserError: the data, the weights or the device are not there, or the weights are of another network;
            nothing is recorded then.
    """
    choose(config.training)
    config = config.with_values({"data.source": sources.absolute(config.data.source, store.home)})
    initial = None
    if config.fine_tuning.weights:
        located = weight_sources.locate(config.fine_tuning.weights, config.model, store)
        name_for_good = weight_sources.lasting_name(located, config.fine_tuning.weights)
        config = config.with_values({"fine_tuning.weights": name_for_good})
        try:
            initial = yield from weight_sources.read(located, store)
            weights.start_from(resnet.build(config.model, seed=0), initial)
        except UserError as error:
            raise ConfigError({"fine_tuning.weights": f"fine_tuning.weights: {error}"}) from error
    run_id = store.create(config, name=name, model=model, recipe=recipe, machine=describe_machine())
    yield from recorded(run_id, _Run(run_id, config, store, weights=initial).events(), store)


def resume(run_id: str, *, store: RunStore, epochs: int | None = None) -> Events:
    """Go on with a stopped, failed or interrupted run, or with a finished one up to more `epochs`.

    Raises:
        UserError: nothing is left to train, or the run is being trained.
    """
    if store.run(run_id).status == "running":
        raise UserError(f"run {run_id} is being trained by another process; stop it there first")
    store.claim(run_id)
    try:
        yield from _resumed(run_id, store, epochs)
    finally:
        store.release(run_id)


def _resumed(run_id: str, store: RunStore, epochs: int | None) -> Events:
    record = store.run(run_id)
    config = record.config
    if epochs is not None:
        config = config.with_values({"training.epochs": epochs})
    done = len(record.epochs)
    if done > config.training.epochs or (done == config.training.epochs and record.status == "finished"):
        raise UserError(f"run {run_id} has {done} epochs already; give --epochs above {done} to go on")
    # Read before anything is recorded, so that a run that cannot be resumed stays as it is.
    choose(config.training)
    sources.locate(config.data.source, store.home)
    folder = store.checkpoints(run_id)
    state, warning = None, ""
    # Stopped before its first checkpoint, a run starts anew; later there must be one.
    if record.epochs or checkpoint.exists(folder):
        state, warning = checkpoint.load_last(folder)
    store.reopen(run_id, config)
    run = _Run(run_id, config, store, resume_from=state, warning=warning)
    yield from recorded(run_id, run.events(), store)


class _Run:
    """One pass of the generator, from reading images to the last epoch."""

    def __init__(
        self,
        run_id: str,
        config: RunConfig,
        store: RunStore,
        *,
        weights: Weights | None = None,
        resume_from: dict[str, Any] | None = None,
        warning: str = "",
    ) -> None:
        self._id, self._config, self._store = run_id, config, store
        self._weights, self._resume_from = weights, resume_from
        self._warnings = [warning] if warning else []
        self._saved_at = time.monotonic()

    def events(self) -> Events:
        keep_large_blocks()
        compute = choose(self._config.training)
        yield from self._find_weights()
        source, size = self._config.data.source, self._config.model.input_size
        folder = yield from sources.read(source, size, self._store.home, self._id)
        dataset = Dataset.require(folder)
        yield from self._fit_classes(dataset)
        trainer = self._prepare(dataset, compute)
        for warning in self._warnings:
            yield Warned(self._id, warning)
        if self._weights is not None and self._resume_from is None:
            # Stopped before its first epoch, the run must not go on from random weights.
            self._save(trainer, best=False)
        yield self._started(trainer, dataset, folder)
        try:
            yield from self._train(trainer, dataset)
        except GeneratorExit:
            self._save(trainer, best=False)
            raise

    def _find_weights(self) -> Generator[Progress, None, None]:
        """The normalization follows the weights. A run stopped before its first checkpoint reads them again."""
        config = self._config
        if config.fine_tuning.weights and self._weights is None and self._resume_from is None:
            located = weight_sources.locate(config.fine_tuning.weights, config.model, self._store)
            self._weights = yield from weight_sources.read(located, self._store, self._id)
        if config.data.normalization == "auto" and self._resume_from is not None:
            # Killed between its first checkpoint and its start's record, the run knows it from the former alone.
            saved = RunConfig.from_json(self._resume_from["config"], "the checkpoint's configuration")
            config = config.with_values({"data.normalization": saved.data.normalization})
        self._config, doubt = weight_sources.resolved_normalization(config, self._weights, DEFAULT_NORMALIZATION)
        if doubt:
            self._warnings.append(doubt)

    def _fit_classes(self, dataset: Dataset) -> Iterator[Warned]:
        """The last layer has one output per class of the data."""
        classes, configured = len(dataset.class_names), self._config.model.num_classes
        if classes == configured:
            return
        self._config = self._config.with_values({"model.num_classes": classes})
        yield Warned(
            self._id,
            f"the data has {classes} classes, so the network has {classes} outputs, not {configured}",
        )

    def _prepare(self, dataset: Dataset, compute: Compute) -> Trainer:
        config = self._config
        training, validation = split(dataset.train.labels, config.data.validation_fraction, config.training.seed)
        training = self._limited(training, dataset)
        if config.training.batch_size > len(training):
            raise ConfigError(
                {
                    "training.batch_size": f"training.batch_size is {config.training.batch_size}; it must be "
                    f"at most {len(training)}, the number of training images"
                }
            )
        self._validation = DeviceImages(dataset.train, config.data, compute, validation)
        self._test = DeviceImages(dataset.test, config.data, compute)
        trainer = Trainer(config, compute, DeviceImages(dataset.train, config.data, compute, training))
        if len(validation) == 0 and config.data.validation_fraction > 0:
            self._warnings.append(
                f"data.validation_fraction is {config.data.validation_fraction:g}, less than one image per class: "
                "nothing is held out, and the last epoch counts as the best"
            )
        if self._resume_from is not None:
            self._refuse_other_data(dataset, (len(training), len(validation), len(dataset.test)))
            trainer.restore(self._resume_from, f"the checkpoint of run {self._id}")
            self._warn_of_other_device(compute)
        elif self._weights is not None:
            self._warnings += weights.start_from(trainer.network, self._weights)
        return trainer

    def _limited(self, training: NDArray[np.int64], dataset: Dataset) -> NDArray[np.int64]:
        wanted = self._config.data.train_images
        if not wanted:
            return training
        if wanted > len(training):
            raise ConfigError(
                {
                    "data.train_images": f"data.train_images is {wanted}; it must be at most {len(training)}, the "
                    "number of training images that are not held out, or 0 for all"
                }
            )
        return subset(training, dataset.train.labels, wanted, self._config.training.seed)

    def _refuse_other_data(self, dataset: Dataset, images: tuple[int, int, int]) -> None:
        """A run goes on only with the images that it began with."""
        before = self._store.run(self._id).started
        if not before:
            return
        if tuple(before["class_names"]) != dataset.class_names or tuple(before["images"]) != images:
            then = _counts(before["class_names"], before["images"])
            raise UserError(
                f"data.source is '{self._config.data.source}', whose images have changed since the run began: "
                f"{then} then, {_counts(dataset.class_names, images)} now; bring them back or start a new run"
            )

    def _warn_of_other_device(self, compute: Compute) -> None:
        """Threads, device and precision change the order of sums, and with it the last bits of every gradient."""
        before = self._store.run(self._id).started
        then = f"{before['device']}, {before['precision']}" if before else ""
        now = f"{device_name(compute.device)}, {compute.precision}"
        if before and then != now:
            self._warnings.append(
                f"the run began on {then} and goes on with {now}: its result will differ slightly from that of "
                "an uninterrupted run"
            )

    def _started(self, trainer: Trainer, dataset: Dataset, folder: Path) -> RunStarted:
        return RunStarted(
            run_id=self._id,
            name=self._store.run(self._id).name,
            config=self._config,
            device=device_name(trainer.compute.device),
            precision=trainer.compute.precision,
            parameters=sum(p.numel() for p in trainer.network.parameters()),
            class_names=dataset.class_names,
            images=(len(trainer.images), len(self._validation), len(self._test)),
            dataset_path=folder,
            steps_per_epoch=trainer.steps_per_epoch,
            first_step=trainer.step_number,
            elapsed_s=trainer.position.elapsed_s,
        )

    def _train(self, trainer: Trainer, dataset: Dataset) -> Events:
        while trainer.position.epoch < self._config.training.epochs:
            yield from self._steps(trainer)
            yield from self._finish_epoch(trainer, dataset)

    def _steps(self, trainer: Trainer) -> Events:
        pending = PendingSteps()
        while not trainer.epoch_is_done:
            pending.append(*trainer.step())
            if pending.age_s >= YIELD_INTERVAL_S or trainer.epoch_is_done:
                metrics = pending.flush(trainer, self._id)
                self._refuse_divergence(metrics)
                yield metrics
                yield from self._save_now_and_then(trainer)
                pending.restart_clock()

    def _refuse_divergence(self, metrics: StepMetrics) -> None:
        for step, loss, rate in zip(metrics.steps, metrics.loss, metrics.learning_rate, strict=True):
            if not math.isfinite(loss):
                raise UserError(
                    f"the loss became {loss} at step {step} with learning rate {rate:.3g}; choose a smaller "
                    "training.learning_rate (the last good checkpoint is kept)"
                )

    def _finish_epoch(self, trainer: Trainer, dataset: Dataset) -> Events:
        """Evaluate, compare with the best, save. Stopped meanwhile, a resumed run evaluates again."""
        compute, position = trainer.compute, trainer.position
        validation = None
        if len(self._validation):
            said, seconds = yield from logits(trainer.network, self._validation, compute, self._id, "Validating")
            position.elapsed_s += seconds
            validation = Evaluation(self._validation.labels.cpu().numpy(), said, dataset.class_names)
        said, seconds = yield from logits(trainer.network, self._test, compute, self._id, "Testing")
        position.elapsed_s += seconds
        test = Evaluation(dataset.test.labels, said, dataset.class_names, position.epoch + 1)
        # Test images are looked at, never chosen by: without a split the last epoch counts.
        best = validation is None or validation.accuracy > position.best_accuracy
        yield EvaluationReady(self._id, test)
        yield _epoch_metrics(self._id, trainer, validation, test, best)
        # Only now is the epoch over: stopped at an event above, a resumed run repeats the end.
        if validation is not None and best:
            position.best_accuracy = validation.accuracy
        position.next_epoch()
        path = self._save(trainer, best)
        yield CheckpointSaved(self._id, "best" if best else "last", path, trainer.step_number)

    def _save(self, trainer: Trainer, best: bool) -> Path:
        # The loss may still be a number when the running statistics no longer are.
        if not trainer.is_finite():
            raise UserError(
                f"the weights are no longer finite numbers after step {trainer.step_number}; choose a smaller "
                "training.learning_rate (the last good checkpoint is kept)"
            )
        self._saved_at = time.monotonic()
        return checkpoint.save(
            self._store.checkpoints(self._id),
            trainer.state(),
            step=trainer.step_number,
            epoch=trainer.position.epoch,
            best=best,
        )

    def _save_now_and_then(self, trainer: Trainer) -> Iterator[CheckpointSaved]:
        """In long epochs, so that a power cut costs minutes at most."""
        if time.monotonic() - self._saved_at > _CHECKPOINT_INTERVAL_S:
            yield CheckpointSaved(self._id, "last", self._save(trainer, best=False), trainer.step_number)


def _epoch_metrics(
    run_id: str, trainer: Trainer, validation: Evaluation | None, test: Evaluation, best: bool
) -> EpochMetrics:
    position = trainer.position
    return EpochMetrics(
        run_id=run_id,
        epoch=position.epoch + 1,
        step=trainer.step_number,
        train_loss=position.loss_sum / position.images,
        train_accuracy=position.correct / position.images,
        validation_loss=validation.loss if validation else None,
        validation_accuracy=validation.accuracy if validation else None,
        test_loss=test.loss,
        test_accuracy=test.accuracy,
        images_per_s=position.images / position.train_s,
        elapsed_s=position.elapsed_s,
        best=best,
    )


def _counts(class_names: Sequence[str], images: Sequence[int]) -> str:
    return f"{len(class_names)} classes with {sum(images)} images"
