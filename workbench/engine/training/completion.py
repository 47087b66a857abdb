"""What a configuration leaves open is filled in here, and nowhere else.

`lasting` before a run is recorded, from names alone; `completed` once its weights and images are known, for the
run itself, the trials before one, and the processes that help it.
"""

from workbench.core.data.dataset import Dataset
from workbench.core.records.store import RunStore
from workbench.core.settings.config import DataConfig, RunConfig
from workbench.core.settings.normalization import DEFAULT, Normalization
from workbench.engine.data import sources
from workbench.engine.weights import weight_sources
from workbench.engine.weights.foreign_weights import Weights


def lasting(config: RunConfig, store: RunStore) -> RunConfig:
    """Names of images and weights as they still mean the same later and from any folder.

    Raises:
        UserError: there are no such images or weights.
    """
    config = config.with_values({"data.source": sources.absolute(config.data.source, store.home)})
    config = without_found_numbers(config)
    source = config.fine_tuning.weights
    if not source:
        return config
    name = weight_sources.lasting_name(weight_sources.locate(source, config.model, store), source)
    return config.with_values({"fine_tuning.weights": name})


def without_found_numbers(config: RunConfig) -> RunConfig:
    """What `from-data` has may be of a run whose settings were taken; whatever begins anew finds its own."""
    if config.data.normalization != "from-data":
        return config
    return config.with_values({"data.mean": (), "data.std": ()})


def completed(
    config: RunConfig, dataset: Dataset, weights: Weights | None, begun: RunConfig | None = None
) -> tuple[RunConfig, list[str]]:
    """With the normalization of its weights, and as many outputs as the data has classes.

    Args:
        weights: that it starts from, if any.
        begun: what a run that is resumed began with, as its checkpoint knows it: killed between its first
            checkpoint and its start's record, the run knows it from there alone.

    Returns:
        Sentences too, for what is doubtful or was changed.
    """
    if begun is not None and config.data.known_normalization is None:
        known = begun.data.known_normalization
        config = config if known is None else with_normalization(config, known)
    config, doubt = normalized(config, weights)
    config, change = _with_classes(config, len(dataset.class_names))
    return config, [sentence for sentence in (doubt, change) if sentence]


def normalized(config: RunConfig, weights: Weights | None) -> tuple[RunConfig, str]:
    """`auto` becomes that of the weights, or the default; and a sentence where that is doubtful, else empty."""
    data, known = config.data, weights.normalization if weights else None
    sentence = ""
    if weights is not None and data.normalization == "auto" and known is None:
        sentence = (
            f"{weights.origin} does not say how its images were normalized; {DEFAULT} is taken "
            "(data.normalization changes it)"
        )
    elif weights is not None and known is not None and data.normalization != "auto" and not _is(data, known):
        wanted = data.normalization if data.needs_images else data.normalized_by.sentence
        sentence = f"{weights.origin} had its images normalized by {known.sentence}, not by {wanted}"
    if data.normalization != "auto":
        return config, sentence
    return with_normalization(config, known or data.normalized_by._replace(name=DEFAULT)), sentence


def with_normalization(config: RunConfig, normalization: Normalization) -> RunConfig:
    """With that one, and its numbers where its name does not tell them."""
    mean, std = ((), ()) if normalization.is_named else normalization[1:]
    return config.with_values({"data.normalization": normalization.name, "data.mean": mean, "data.std": std})


def _is(data: DataConfig, known: Normalization) -> bool:
    """Whether the numbers are the same, whatever they are called."""
    return not data.needs_images and data.normalized_by[1:] == known[1:]


def _with_classes(config: RunConfig, classes: int) -> tuple[RunConfig, str]:
    """The last layer has one output per class of the data."""
    configured = config.model.num_classes
    if classes == configured:
        return config, ""
    sentence = f"the data has {classes} classes, so the network has {classes} outputs, not {configured}"
    return config.with_values({"model.num_classes": classes}), sentence
