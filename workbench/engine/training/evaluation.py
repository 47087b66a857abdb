"""Evaluating a finished network: a run's best checkpoint, or weights from a file."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from workbench.core.data.dataset import Dataset
from workbench.core.errors import UserError, shown
from workbench.core.evaluation import Evaluation
from workbench.core.events import Progress, Warned
from workbench.core.inspection.normalization_trial import TriedNormalization
from workbench.core.interludes import BESIDE_RUNS
from workbench.core.records.run_record import RunRecord
from workbench.core.records.store import RunStore
from workbench.core.settings.config import DataConfig, RunConfig
from workbench.core.settings.normalization import NAMED
from workbench.engine.data import run_images, sources
from workbench.engine.data.device_images import DeviceImages, normalization_of
from workbench.engine.machine.device import Compute, choose, resolve
from workbench.engine.network import folding, resnet
from workbench.engine.training.completion import normalized, with_normalization, without_found_numbers
from workbench.engine.training.inference import logits
from workbench.engine.weights import foreign_weights as weights
from workbench.engine.weights import run_weights, weight_sources

Evaluating = Generator[Progress | Warned, None, Evaluation]
Trying = Generator[Progress | Warned, None, list[TriedNormalization]]


def evaluate_state(
    run_id: str,
    store: RunStore,
    config: RunConfig,
    weights: Mapping[str, Tensor],
    epoch: int,
    source: str | None = None,
) -> Evaluating:
    """Evaluate a run's weights of an epoch, which are read already, by themselves.

    Args:
        config: with the numbers that images are normalized by.
        source: of test images; None: the run's own.
    """
    subject = _of_run(store.run(run_id), store, config, weights, epoch, source)
    evaluation = yield from _evaluate(subject, store, beside=False)
    store.count_test_look(run_id)
    return evaluation


def evaluate_run(run_id: str, store: RunStore, source: str | None = None, *, beside: bool = False) -> Evaluating:
    """Evaluate the best checkpoint of a run on its test images, or on those of another source.

    Args:
        beside: a run that is going on in this process: no settings of the whole process are touched, batches are
            so short that the work can be stopped at any time, norms are part of the convolutions, and the
            precision is that of the run's own training. Otherwise it is the full one: an evaluation by itself is
            asked for to compare figures, not for speed.

    Raises:
        UserError: the run has no checkpoint yet, or `source` has other classes than the run.
    """
    record = store.run(run_id)
    config = record.config
    reading = Progress("Reading the checkpoint", 0, 0)
    yield reading
    found = run_weights.read(record, store)
    if config.data.known_normalization is None:
        config = with_normalization(config, found.normalization)
    subject = _of_run(record, store, config, found.state, found.epoch, source)
    yield reading
    evaluation = yield from _evaluate(subject, store, beside)
    store.count_test_look(run_id)
    return evaluation


def evaluate_weights(config: RunConfig, source: str, store: RunStore) -> Evaluating:
    """Evaluate weights (a file, a run, or torchvision's) on the test images of `config.data.source`.

    With `data.normalization` auto, images are normalized as those were that the weights were trained on, if known.
    """
    located = weight_sources.locate(source, config.model, store)
    found = yield from weight_sources.read(located, store)
    config, doubt = normalized(without_found_numbers(config), found)
    if doubt:
        yield Warned(doubt)
    return (yield from _evaluate(_Subject(config, found.state, found.origin), store, beside=False))


def try_normalizations(config: RunConfig, source: str, store: RunStore) -> Trying:
    """Evaluate weights on the test images as each normalization gives them, the best one first.

    Weights do not say what their images were normalized by; the accuracy does, since a network sees other images
    than it knows by any other one.

    Raises:
        UserError: as `evaluate_weights`.
    """
    located = weight_sources.locate(source, config.model, store)
    found = yield from weight_sources.read(located, store)
    subject = _Subject(config, found.state, found.origin)
    compute = Compute(choose(config.training).device, torch.float32)
    dataset = yield from _images(subject, store)
    network = _network(subject, compute)
    all_images = np.arange(len(dataset.train))
    tried = [*NAMED, normalization_of(dataset.train.images, all_images)]
    given = config.data.known_normalization
    if given is not None and given not in tried:
        tried.append(given)
    images = DeviceImages(dataset.test, DataConfig(), compute)
    results = []
    for normalization in tried:
        images.normalize_by(normalization)
        said, _ = yield from logits(network, images, compute, f"Testing {normalization.name}")
        evaluation = Evaluation(dataset.test.labels, said, dataset.class_names)
        results.append(TriedNormalization(normalization, evaluation))
    return sorted(results, key=lambda each: (-each.evaluation.accuracy, each.evaluation.loss))


@dataclass(frozen=True)
class _Subject:
    """What is evaluated."""

    config: RunConfig
    weights: Mapping[str, Tensor]
    origin: str
    class_names: tuple[str, ...] | None = None
    """What the data must have; None: any."""
    epoch: int = 0
    """After which the weights were saved; 0: before the first."""
    record: RunRecord | None = None
    """The run whose own images are asked about; None: those of `config.data.source`, as they are now."""


def _of_run(
    record: RunRecord,
    store: RunStore,
    config: RunConfig,
    weights: Mapping[str, Tensor],
    epoch: int,
    source: str | None,
) -> _Subject:
    names = store.class_names(record)
    if not names:
        # With starting weights, a checkpoint is there before the classes of the data are recorded.
        raise UserError(f"run {record.id} has not begun; train it for an epoch at least")
    own: RunRecord | None = record
    if source is not None:
        config, own = config.with_values({"data.source": source}), None
    return _Subject(config, weights, f"run {record.id}", names, epoch, own)


def _evaluate(subject: _Subject, store: RunStore, beside: bool) -> Evaluating:
    config = subject.config
    compute = resolve(config.training) if beside else Compute(choose(config.training).device, torch.float32)
    dataset = yield from _images(subject, store)
    if config.data.needs_images:
        by = normalization_of(dataset.train.images, np.arange(len(dataset.train)))
        config = with_normalization(config, by)
    network = _network(subject, compute, beside)
    images = DeviceImages(dataset.test, config.data, compute)
    yield Progress("Testing", 0, len(images))
    said, _ = yield from logits(network, images, compute, "Testing", interludes=BESIDE_RUNS if beside else None)
    return Evaluation(dataset.test.labels, said, dataset.class_names, subject.epoch)


def _images(subject: _Subject, store: RunStore) -> Generator[Progress | Warned, None, Dataset]:
    config = subject.config
    if subject.record is not None:
        _, dataset = yield from run_images.read(subject.record, store)
    else:
        folder = yield from sources.read(config.data.source, config.model.input_size, store.home)
        dataset = Dataset.require(folder)
    _refuse_other_classes(subject, dataset.class_names)
    return dataset


def _network(subject: _Subject, compute: Compute, beside: bool = False) -> nn.Module:
    network = resnet.hollow(subject.config.model)
    weights.load_strictly(network, subject.weights, subject.origin)
    if beside:
        folding.fold_norms(network)
    # In fp32 too where it is to be quick: a single thread takes a quarter less for convolutions so.
    layout = torch.channels_last if beside else compute.memory_format
    return network.to(compute.device, memory_format=layout)  # type: ignore[call-overload,no-any-return]


def _refuse_other_classes(subject: _Subject, found: tuple[str, ...]) -> None:
    model, source, names = subject.config.model, shown(subject.config.data.source), subject.class_names
    if names is not None and names != found:
        raise UserError(
            f"data.source is '{source}' with the classes {_listed(found)}, but "
            f"{subject.origin} was trained on {_listed(names)}; they must be the same"
        )
    if len(found) != model.num_classes:
        raise UserError(
            f"model.num_classes is {model.num_classes}, but {source} has {len(found)} classes; they must be the "
            "same to evaluate"
        )


def _listed(class_names: tuple[str, ...]) -> str:
    return shown(", ".join(class_names), 200)
