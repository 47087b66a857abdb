"""Evaluating a finished network: a run's best checkpoint, or weights from a file."""

from collections.abc import Generator, Mapping

import torch
from torch import Tensor

from workbench.core.config import RunConfig
from workbench.core.dataset import Dataset
from workbench.core.errors import UserError, shown
from workbench.core.evaluation import Evaluation
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.core.store import RunStore
from workbench.engine.data import sources
from workbench.engine.data.device_images import DEFAULT_NORMALIZATION, DeviceImages
from workbench.engine.machine.device import choose
from workbench.engine.network import resnet
from workbench.engine.training.inference import logits
from workbench.engine.weights import checkpoint, weight_sources
from workbench.engine.weights import foreign_weights as weights

Evaluating = Generator[Progress, None, Evaluation]


def evaluate_run(run_id: str, store: RunStore, source: str | None = None) -> Evaluating:
    """Evaluate the best checkpoint of a run on the test images of its source, or of another one.

    Raises:
        UserError: the run has no checkpoint yet, or `source` has other classes than the run.
    """
    record = store.run(run_id)
    config = record.config
    if source is not None:
        config = config.with_values({"data.source": source})
    state = checkpoint.load_best(store.checkpoints(run_id))
    names = tuple(record.started["class_names"])
    weights_of_run = checkpoint.network_weights(state)
    evaluation = yield from _evaluate(config, weights_of_run, f"run {run_id}", store.home, names)
    store.count_test_look(run_id)
    return evaluation


def evaluate_weights(config: RunConfig, source: str, store: RunStore) -> Evaluating:
    """Evaluate weights (a file, a run, or torchvision's) on the test images of `config.data.source`.

    With `data.normalization` auto, images are normalized as those were that the weights were trained on, if known.
    """
    located = weight_sources.locate(source, config.model, store)
    found = yield from weight_sources.read(located, store)
    config, _ = weight_sources.resolved_normalization(config, found, DEFAULT_NORMALIZATION)
    return (yield from _evaluate(config, found.state, found.origin, store.home, None))


def _evaluate(
    config: RunConfig, state: Mapping[str, Tensor], origin: str, home: Home, class_names: tuple[str, ...] | None
) -> Evaluating:
    compute = choose(config.training)
    folder = yield from sources.read(config.data.source, config.model.input_size, home)
    dataset = Dataset.require(folder)
    if class_names is not None and class_names != dataset.class_names:
        raise UserError(
            f"data.source is '{shown(config.data.source)}' with the classes {_listed(dataset.class_names)}, but "
            f"{origin} was trained on {_listed(class_names)}; they must be the same"
        )
    if len(dataset.class_names) != config.model.num_classes:
        raise UserError(
            f"model.num_classes is {config.model.num_classes}, but {shown(config.data.source)} has "
            f"{len(dataset.class_names)} classes; they must be the same to evaluate"
        )
    network = resnet.build(config.model, seed=0)
    weights.load_strictly(network, state, origin)
    network.to(compute.device, memory_format=compute.memory_format)  # type: ignore[call-overload]
    # Full precision: an evaluation by itself is asked for to compare figures, not for speed.
    exact = type(compute)(compute.device, torch.float32)
    images = DeviceImages(dataset.test, config.data, exact)
    said, _ = yield from logits(network, images, exact, "", "Testing")
    return Evaluation(dataset.test.labels, said, dataset.class_names)


def _listed(class_names: tuple[str, ...]) -> str:
    return shown(", ".join(class_names), 200)
