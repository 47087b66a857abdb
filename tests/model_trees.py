"""Random networks for property tests: plain trees, as a person could write them, allowed or not."""

from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from workbench.core.errors import ConfigError
from workbench.core.network.blocks import BLOCKS, description_of
from workbench.core.network.model_config import MAX_STAGES, ModelConfig
from workbench.core.settings.config import parse


@st.composite
def model_trees(draw: st.DrawFn, max_stages: int = MAX_STAGES, max_input: int = 48) -> dict[str, Any]:
    """Small enough to be built and run at once; about half of them fit together."""
    stages = draw(st.integers(1, max_stages))
    block = draw(st.sampled_from(BLOCKS))
    description = description_of(block)
    bottleneck = "cardinality" in description.options
    per_stage = {"min_size": stages, "max_size": stages}
    flags = st.one_of(st.just([]), st.lists(st.booleans(), **per_stage))
    return {
        "stem": draw(st.sampled_from(["3x3", "7x7"])),
        "stem_width": draw(st.sampled_from([0, 0, 4, 12])),
        "stem_activation": draw(st.sampled_from([True, True, False])) or description.is_preactivation,
        "block": block,
        "shortcut": draw(st.sampled_from(description.shortcuts)),
        "blocks": draw(st.lists(st.integers(1, 3), **per_stage)),
        "widths": draw(st.lists(st.sampled_from([1, 3, 4, 8, 12, 16, 24]), **per_stage)),
        "strides": draw(st.one_of(st.just([]), st.lists(st.integers(1, 3), **per_stage))),
        "expansion": draw(st.sampled_from([4, 4, 1, 2])) if bottleneck else 4,
        "cardinality": draw(st.sampled_from([1, 1, 2, 8])) if bottleneck else 1,
        "base_width": draw(st.sampled_from([64, 64, 16, 128])) if bottleneck else 64,
        "inner_expansion": draw(st.sampled_from([6, 1, 2])) if "inner_expansion" in description.options else 6,
        "residuals": draw(flags) if "residuals" in description.options else [],
        "activation": draw(st.sampled_from(["relu", "silu", "gelu", "none"])),
        "norm": draw(st.sampled_from(["batch", "group", "none"])),
        "se_reduction": draw(st.sampled_from([0, 0, 4, 16])),
        "dropout": draw(st.sampled_from([0.0, 0.0, 0.3])),
        "stochastic_depth": draw(st.sampled_from([0.0, 0.0, 0.2])),
        "zero_init_last": draw(st.booleans()),
        "initialization": draw(st.sampled_from(["kaiming", "pytorch"])),
        "head_pooling": draw(st.sampled_from(["average", "average", "max"])),
        "head_bias": draw(st.sampled_from([True, True, False])),
        "logit_scale": draw(st.sampled_from([1.0, 1.0, 0.125])),
        "num_classes": draw(st.integers(2, 12)),
        "input_size": draw(st.integers(8, max_input)),
    }


def allowed(tree: dict[str, Any]) -> ModelConfig:
    """The network of a tree; one that is refused is no example."""
    try:
        return parse(ModelConfig, tree, "model.")
    except ConfigError:
        reject()
