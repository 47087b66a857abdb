"""From a configuration to a trainer with its images: what training, trials and measurements begin with."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from workbench.core.data.dataset import Dataset, listed
from workbench.core.errors import ConfigError
from workbench.core.events import Progress, Warned
from workbench.core.formats import memory
from workbench.core.home import Home
from workbench.core.network.memory import keep_large_blocks
from workbench.core.orders import Orders
from workbench.core.settings.config import RunConfig
from workbench.engine.data import sources
from workbench.engine.data.device_images import DeviceImages, normalization_of, split
from workbench.engine.data.run_split import split_of
from workbench.engine.machine.device import Compute, choose
from workbench.engine.machine.processes import ALONE, Processes
from workbench.engine.training.completion import completed, with_normalization
from workbench.engine.training.trainer import Trainer
from workbench.engine.weights.foreign_weights import Weights, start_from


@dataclass
class Prepared:
    """Everything that a run trains and evaluates with."""

    config: RunConfig
    """Completed: with as many classes as the data has, and a normalization."""
    compute: Compute
    dataset: Dataset
    folder: Path
    """Of the decoded images."""
    trainer: Trainer
    validation: DeviceImages
    test: DeviceImages

    @property
    def images(self) -> tuple[int, int, int]:
        """Number of training, validation and test images."""
        return len(self.trainer.images), len(self.validation), len(self.test)


Preparing = Generator[Progress | Warned, None, Prepared]


def prepare(
    config: RunConfig,
    home: Home,
    *,
    processes: Processes = ALONE,
    weights: Weights | None = None,
    begun: RunConfig | None = None,
) -> Preparing:
    """Read the images, split them, and build the network on its device; what is doubtful is said by Warned.

    Args:
        processes: that will train it together.
        weights: that the network starts from; None: random ones.
        begun: of a run that is resumed, as its checkpoint knows it.

    Raises:
        UserError: the images or the device are not there, or do not fit to the configuration.
    """
    keep_large_blocks()
    compute = choose(config.training, processes)
    folder = yield from sources.read(config.data.source, config.model.input_size, home)
    dataset = Dataset.require(folder)
    if config.data.unreadable == "refuse":
        dataset.require_readable(config.data.source)
    config, sentences = completed(config, dataset, weights, begun)
    sentences += _left_out(dataset)
    training, validation = split_of(dataset, config)
    if config.data.needs_images:
        config = with_normalization(config, normalization_of(dataset.train.images, training))
    if config.training.batch_size > len(training):
        raise ConfigError(
            {
                "training.batch_size": f"training.batch_size is {config.training.batch_size}; it must be "
                f"at most {len(training)}, the number of training images"
            }
        )
    if len(validation) == 0 and config.data.validation_fraction > 0:
        sentences.append(f"{_why_none_is_held_out(dataset, config)}, and the last epoch is the one that counts")
    trainer = Trainer(config, compute, DeviceImages(dataset.train, config.data, compute, training), processes)
    if weights is not None:
        sentences += start_from(trainer.network, weights)
        trainer.restart_average()
    prepared = Prepared(
        config=config,
        compute=compute,
        dataset=dataset,
        folder=folder,
        trainer=trainer,
        validation=DeviceImages(dataset.train, config.data, compute, validation),
        test=DeviceImages(dataset.test, config.data, compute),
    )
    for sentence in [*sentences, *_streaming(prepared)]:
        yield Warned(sentence)
    return prepared


def _streaming(prepared: Prepared) -> Iterator[str]:
    """That images are read while the run trains, if any are."""
    sets = (prepared.trainer.images, prepared.validation, prepared.test)
    size = sum(images.streamed_bytes for images in sets)
    if size:
        where = "on the GPU" if prepared.compute.device.type == "cuda" else "in memory"
        said = f"{memory(size, ' ')} of images would take too much room {where}"
        yield f"{said}: they are read from their decoded copy batch by batch, which changes no result"


def _left_out(dataset: Dataset) -> list[str]:
    files = len(dataset.unreadable)
    if not files:
        return []
    words = "file cannot be read and is" if files == 1 else "files cannot be read and are"
    return [f"{files} image {words} left out: {listed(dataset.unreadable)}"]


def _why_none_is_held_out(dataset: Dataset, config: RunConfig) -> str:
    fraction = config.data.validation_fraction
    if len(split(dataset.train.labels, fraction, config.training.seed)[1]):
        return "data.excluded leaves out all images that would be held out: nothing is held out"
    return f"data.validation_fraction is {fraction:g}, less than one image per class: nothing is held out"


def unless_stopped(work: Preparing, orders: Orders) -> Generator[Progress | Warned, None, Prepared | None]:
    """None if it is ordered to stop meanwhile."""
    with closing(work):
        while not orders.wants_stop:
            try:
                yield next(work)
            except StopIteration as end:
                prepared: Prepared = end.value
                return prepared
    return None
