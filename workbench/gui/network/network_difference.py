"""In what two networks differ: their parts, and their configurations in words."""

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QCoreApplication

from workbench.core.network.architecture import Architecture, Part
from workbench.core.network.model_config import ModelConfig

_PER_STAGE = ("blocks", "widths", "strides", "residuals")


def differing_parts(architecture: Architecture, compared: Architecture) -> frozenset[str]:
    """Names of the parts of `architecture` that `compared` lacks, or has with other layers."""
    others = {part.name: part for part in compared.parts}
    return frozenset(
        part.name
        for part in architecture.parts
        if part.name not in others or _signature(part) != _signature(others[part.name])
    )


def _signature(part: Part) -> list[tuple[object, ...]]:
    # Not what a layer sees: a deeper first stage would mark all blocks behind it.
    return [
        (layer.kind, layer.detail, layer.input_shape, layer.output_shape, layer.parameters)
        for layer in part.layers
    ]


def changes(base: ModelConfig, config: ModelConfig) -> list[str]:
    """One phrase per difference, such as `width of stage 2: 32 → 64`."""
    return [f"{what}: {before} → {after}" for what, before, after in _changes(base, config)]


def _changes(base: ModelConfig, config: ModelConfig) -> Iterator[tuple[str, str, str]]:
    for field in ModelConfig.model_fields:
        if field == "blocks":
            yield from _stage_changes(base, config)
        elif field not in _PER_STAGE:
            before, after = getattr(base, field), getattr(config, field)
            if before != after:
                yield _words(field), _value(field, before), _value(field, after)


def _stage_changes(base: ModelConfig, config: ModelConfig) -> Iterator[tuple[str, str, str]]:
    translate = QCoreApplication.translate
    words = (
        translate("NetworkDifference", "blocks of stage {0}"),
        translate("NetworkDifference", "width of stage {0}"),
        translate("NetworkDifference", "stride of stage {0}"),
        translate("NetworkDifference", "residual of stage {0}"),
    )
    before, after = _stages(base), _stages(config)
    if len(before) != len(after):
        yield translate("NetworkDifference", "stages"), str(len(before)), str(len(after))
    for stage in range(max(len(before), len(after))):
        if stage < min(len(before), len(after)):
            for word, old, new in zip(words, before[stage], after[stage], strict=True):
                if old != new:
                    yield word.format(stage + 1), _value("", old), _value("", new)
        else:
            name = translate("NetworkDifference", "stage {0}").format(stage + 1)
            yield name, _stage(before, stage), _stage(after, stage)


def _stages(config: ModelConfig) -> list[tuple[int, int, int, bool]]:
    residuals = map(config.has_residual, range(len(config.blocks)))
    return list(zip(config.blocks, config.widths, config.stage_strides, residuals, strict=True))


def _stage(stages: list[tuple[int, int, int, bool]], index: int) -> str:
    if index >= len(stages):
        return QCoreApplication.translate("NetworkDifference", "none")
    blocks, width, _, _ = stages[index]
    return QCoreApplication.translate("NetworkDifference", "{0} × {1} channels").format(blocks, width)


def _words(field: str) -> str:
    translate = QCoreApplication.translate
    known = {
        "stem_width": translate("NetworkDifference", "width of the stem"),
        "inner_expansion": translate("NetworkDifference", "expansion inside"),
        "cardinality": translate("NetworkDifference", "groups (cardinality)"),
        "base_width": translate("NetworkDifference", "base width of a group"),
        "se_reduction": translate("NetworkDifference", "squeeze-and-excitation"),
        "stochastic_depth": translate("NetworkDifference", "stochastic depth"),
        "zero_init_last": translate("NetworkDifference", "blocks begin as identity"),
        "head_bias": translate("NetworkDifference", "bias in the last layer"),
        "num_classes": translate("NetworkDifference", "classes"),
        "input_size": translate("NetworkDifference", "input size"),
    }
    return known.get(field, field.replace("_", " "))


def _value(field: str, value: Any) -> str:
    translate = QCoreApplication.translate
    if isinstance(value, bool):
        return translate("NetworkDifference", "yes") if value else translate("NetworkDifference", "no")
    if field == "stem_width" and not value:
        return translate("NetworkDifference", "as stage 1")
    if field == "se_reduction":
        return translate("NetworkDifference", "1/{0}").format(value) if value else _none()
    if isinstance(value, float):
        return f"{value:.3g}" if value else _none()
    return str(value)


def _none() -> str:
    return QCoreApplication.translate("NetworkDifference", "none")
