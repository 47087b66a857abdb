"""Writing a network with the loop that trains it: one file that needs PyTorch, one that needs torchvision too."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Literal

from workbench.core.data.dataset import Dataset, listed
from workbench.core.data.image_sources import IMAGE_SOURCES, ImageSource, trained_images
from workbench.core.errors import ConfigError, shown
from workbench.core.events import Progress
from workbench.core.export.code_file import check_output, check_training_output, training_path, write_code
from workbench.core.export.training_code import training_code
from workbench.core.export.training_script import ImagePlace, TrainingScript, refuse_fine_tuning
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.core.settings.presets import Presets
from workbench.engine.data import sources
from workbench.engine.data.device_images import normalization_of
from workbench.engine.data.official_archives import OFFICIAL_CIFAR10, OFFICIALS, official_at
from workbench.engine.data.run_split import split_of
from workbench.engine.training.completion import completed, normalized, with_normalization
from workbench.engine.weights import code_export
from workbench.engine.weights.code_export import ExportedCode, TrainedNetwork


def export_run(run_id: str, store: RunStore, output: Path, epoch: int | None = None) -> ExportedCode:
    """Write a run's network to `output`, its best weights to the `.pt` and its training to the script beside it.

    Args:
        epoch: of which the weights are, in place of the kept one.

    Raises:
        UserError: as `code_export.export_run`; the images are gone; the run did not begin with random weights.
    """
    code_export.check_run_output(output)
    check_training_output(output)
    refuse_fine_tuning(store.run(run_id).config)
    trained = code_export.read_trained(run_id, store, epoch)
    config = _trained_config(trained)
    text = training_code(
        TrainingScript(
            config=config,
            module=output.stem,
            title=trained.title,
            recipe=_recipe(Presets.load(store.home.presets), trained.record.config),
            images=_place(config.data.source, store.home),
            departures=tuple(_departures(run_id, store)),
        )
    )
    written = code_export.write_trained(trained, output)
    write_code(text, training_path(output))
    return ExportedCode((*written, training_path(output)), trained.epoch)


def export_model(
    config: RunConfig, title: str, output: Path, home: Home
) -> Generator[Progress, None, tuple[Path, Path]]:
    """Write a network to `output` and its training by a configuration to the script beside it.

    Images of the person's own are read, to know their classes.

    Returns:
        Both paths.

    Raises:
        UserError: a path cannot be written or belongs to another file; the configuration does not fit to the
            images, or no script can train by it; by field.
    """
    check_output(output)
    check_training_output(output)
    refuse_fine_tuning(config)
    recipe = _recipe(Presets.load(home.presets), config)
    place = _place(config.data.source, home)
    known = IMAGE_SOURCES.get(config.data.source)
    # Which of them would have been held out, and how many are left, only the images tell.
    if known is None or config.data.needs_images or config.data.excluded:
        config, class_names = yield from _completed_by_images(config, home)
    else:
        config, class_names = _completed_by_name(config, known)
    text = training_code(TrainingScript(config, output.stem, title, recipe, place))
    code_export.export_model(config.model, title, output, class_names)
    write_code(text, training_path(output))
    return output, training_path(output)


def _departures(run_id: str, store: RunStore) -> Iterator[str]:
    """What was done to the run by hand, which a script does not do."""
    for change in store.rate_changes(run_id):
        yield f"its rate was multiplied by {change.factor:.3g} after step {change.step}"
    record = store.run(run_id)
    # By patience, a script ends too.
    if record.status == "finished" and record.message and not record.config.training.patience:
        yield record.message


def _recipe(presets: Presets, config: RunConfig) -> str:
    recipe = presets.recipe_of(config)
    return "" if recipe is None else recipe.title


def _trained_config(trained: TrainedNetwork) -> RunConfig:
    """As it was trained: with a normalization, and the precision that `auto` was."""
    record = trained.record
    config = with_normalization(record.config, trained.normalization)
    if config.training.precision == "auto" and record.started.get("precision"):
        config = config.with_values({"training.precision": record.started["precision"]})
    images = record.started.get("images")
    return _without_split(config) if images and not images[1] else config


def _without_split(config: RunConfig) -> RunConfig:
    """Where a share is less than an image of each class, nothing is held out, and the last epoch counts."""
    return config.with_values({"data.validation_fraction": 0.0, "training.patience": 0})


def _place(source: str, home: Home) -> ImagePlace:
    """Where the script finds the images.

    Raises:
        UserError: they are not there, or lie in more than one place.
    """
    path, known = sources.locate(source, home), IMAGE_SOURCES.get(source)
    official = OFFICIALS.get(source) or official_at(path)
    if official is not None:
        # torchvision looks for them in a folder of its own.
        kind: Literal["cifar10", "cifar100"] = "cifar10" if official is OFFICIAL_CIFAR10 else "cifar100"
        return ImagePlace(kind, side=official.source.image_size)
    if not path.is_dir():
        return ImagePlace("archive", str(path), known.image_size if known else 0)
    # They may lie deeper, and in several such folders.
    folders = sorted({train.parent for train in path.rglob("train") if train.is_dir()})
    if len(folders) != 1:
        raise ConfigError(
            {
                "data.source": f"data.source is '{shown(source)}', which has {len(folders)} folders named train; "
                "training as code reads a folder with one train and one test in it"
            }
        )
    return ImagePlace("folder", str(folders[0]))


def _completed_by_name(config: RunConfig, source: ImageSource) -> tuple[RunConfig, tuple[str, ...]]:
    """Without reading a source whose classes and counts are known."""
    names = source.class_names
    config, _ = normalized(config.with_values({"model.num_classes": len(names)}), None)
    _refuse_too_few(config, trained_images(source.train, len(names), config.data.validation_fraction))
    return config, names


def _completed_by_images(
    config: RunConfig, home: Home
) -> Generator[Progress, None, tuple[RunConfig, tuple[str, ...]]]:
    folder = yield from sources.read(config.data.source, config.model.input_size, home)
    dataset = Dataset.require(folder)
    _refuse_what_is_not_read(dataset, config.data.source)
    config, _ = completed(config, dataset, None)
    training, validation = split_of(dataset, config)
    _refuse_too_few(config, len(training))
    if config.data.needs_images:
        config = with_normalization(config, normalization_of(dataset.train.images, training))
    return config if len(validation) else _without_split(config), dataset.class_names


def _refuse_what_is_not_read(dataset: Dataset, source: str) -> None:
    """
    Raises:
        ConfigError: a script that reads each file of two folders would train on other images.
    """
    why = ""
    if dataset.is_split_here:
        why = "has folders of classes alone; training as code reads one train and one test"
    elif dataset.unreadable:
        why = f"has files that cannot be read, which training as code would stop at: {listed(dataset.unreadable)}"
    if why:
        raise ConfigError({"data.source": f"data.source is '{shown(source)}', which {why}"})


def _refuse_too_few(config: RunConfig, available: int) -> None:
    """As before training, of which only a script would be left to say it.

    Args:
        available: images that are not held out.

    Raises:
        ConfigError: there are fewer images than the configuration needs, or one is left over for batch norm.
    """
    training, wanted = config.training, config.data.train_images
    count = wanted or available
    if wanted > available:
        sentence = (
            f"is {wanted}; it must be at most {available}, the number of training images that are not held out"
        )
        raise ConfigError({"data.train_images": f"data.train_images {sentence}, or 0 for all"})
    if training.batch_size > count:
        sentence = f"is {training.batch_size}; it must be at most {count}, the number of training images"
        raise ConfigError({"training.batch_size": f"training.batch_size {sentence}"})
    left = count % training.batch_size if training.keep_last_batch else 0
    if config.model.norm == "batch" and left % training.part_size == 1:
        sentence = "is true, but a single image is left over, over which batch norm has nothing to compare"
        raise ConfigError({"training.keep_last_batch": f"training.keep_last_batch {sentence}; give false"})
