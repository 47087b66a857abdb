"""What a configuration leaves open is filled in here, and nowhere else.

`lasting` before a run is recorded, from names alone; `completed` once its weights and images are known, for the
run itself, the trials before one, and the processes that help it.
"""

from workbench.core.config import RunConfig
from workbench.core.dataset import Dataset
from workbench.core.store import RunStore
from workbench.engine.data import sources
from workbench.engine.data.device_images import DEFAULT_NORMALIZATION
from workbench.engine.weights import weight_sources
from workbench.engine.weights.foreign_weights import Weights


def lasting(config: RunConfig, store: RunStore) -> RunConfig:
    """Names of images and weights as they still mean the same later and from any folder.

    Raises:
        UserError: there are no such images or weights.
    """
    config = config.with_values({"data.source": sources.absolute(config.data.source, store.home)})
    source = config.fine_tuning.weights
    if not source:
        return config
    name = weight_sources.lasting_name(weight_sources.locate(source, config.model, store), source)
    return config.with_values({"fine_tuning.weights": name})


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
    if begun is not None and config.data.normalization == "auto":
        config = config.with_values({"data.normalization": begun.data.normalization})
    config, doubt = normalized(config, weights)
    config, change = _with_classes(config, len(dataset.class_names))
    return config, [sentence for sentence in (doubt, change) if sentence]


def normalized(config: RunConfig, weights: Weights | None) -> tuple[RunConfig, str]:
    """`auto` becomes that of the weights, or the default; and a sentence where that is doubtful, else empty."""
    wanted, known = config.data.normalization, weights.normalization if weights else None
    if known == "auto":
        known = None
    sentence = ""
    if weights is not None and wanted == "auto" and known is None:
        sentence = (
            f"{weights.origin} does not say how its images were normalized; {DEFAULT_NORMALIZATION} is taken "
            "(data.normalization changes it)"
        )
    elif weights is not None and known is not None and wanted not in ("auto", known):
        sentence = f"{weights.origin} had its images normalized by {known}, not by {wanted}"
    chosen = (known or DEFAULT_NORMALIZATION) if wanted == "auto" else wanted
    return config.with_values({"data.normalization": chosen}), sentence


def _with_classes(config: RunConfig, classes: int) -> tuple[RunConfig, str]:
    """The last layer has one output per class of the data."""
    configured = config.model.num_classes
    if classes == configured:
        return config, ""
    sentence = f"the data has {classes} classes, so the network has {classes} outputs, not {configured}"
    return config.with_values({"model.num_classes": classes}), sentence
