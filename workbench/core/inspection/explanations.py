"""Why an image got its answer: what can be asked, and what comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import UserError, did_you_mean, shown
from workbench.core.network.model_config import ModelConfig
from workbench.core.softmax import softmax

Method = Literal["gradcam", "integrated-gradients", "occlusion"]
METHODS: tuple[Method, ...] = get_args(Method)
Side = Literal["prediction", "truth", "rival"] | int
"""A class by its number, or by what it is of the image. The rival is the truth of a wrong answer, and the second
most probable class of a right one, or of an image whose truth is not known."""

STEM = "stem"
# Of a sentence that lists layers: enough to see how they are called.
_MOST_LISTED = 12
_COLORED = 0.99


@dataclass(frozen=True)
class Question:
    """Why this class, or why this one rather than another."""

    method: Method = "gradcam"
    target: Side = "prediction"
    against: Side | None = None
    """The class whose logit is subtracted; None: none is."""
    layer: str = ""
    """Whose maps Grad-CAM weighs, as in the table of layers; empty: the last block's."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """What in an image spoke for a class and what against it."""

    values: NDArray[np.float32]
    """(H, W), as large as the image: above 0 what speaks for the target, below 0 what speaks against it."""
    method: Method
    layer: str
    """Of Grad-CAM; empty for other methods."""
    target: int
    against: int | None
    truth: int | None
    logits: NDArray[np.float32]
    """(K,) in fp32."""
    class_names: tuple[str, ...]
    epoch: int

    @property
    def target_words(self) -> str:
        """`dog`, or `dog minus cat`."""
        name = self.class_names[self.target]
        return name if self.against is None else f"{name} minus {self.class_names[self.against]}"

    @property
    def prediction(self) -> int:
        return int(self.logits.argmax())

    @cached_property
    def probabilities(self) -> NDArray[np.float32]:
        """(K,) softmax of the logits."""
        return softmax(self.logits)

    @cached_property
    def scale_end(self) -> float:
        """The value, of either sign, at which the scale of colors ends; 0 if the map is 0 everywhere.

        All but a hundredth of the values are smaller: single pixels would leave all others pale.
        """
        sizes = np.abs(self.values)
        return float(np.quantile(sizes, _COLORED)) or float(sizes.max(initial=0.0))


def explained_layers(model: ModelConfig) -> tuple[str, ...]:
    """Those that Grad-CAM can look at, in their order: `stem`, `layer1.0` and so on."""
    blocks = (f"layer{stage}.{index}" for stage, count in enumerate(model.blocks, 1) for index in range(count))
    return (STEM, *blocks)


def layer_of(name: str, model: ModelConfig) -> str:
    """The layer that a name means: a block's own, a stage's (`layer3`: its last block), or none: the last block's.

    Raises:
        UserError: the network has no such layer.
    """
    allowed = explained_layers(model)
    if not name:
        return allowed[-1]
    if name in allowed:
        return name
    stages = {f"layer{stage}": f"layer{stage}.{count - 1}" for stage, count in enumerate(model.blocks, 1)}
    if name in stages:
        return stages[name]
    listed = allowed if len(allowed) <= _MOST_LISTED else (*allowed[:3], "…", *allowed[-2:])
    raise UserError(
        f"layer is '{shown(name)}'; this network has {', '.join(listed)}{did_you_mean(name, (*allowed, *stages))}"
    )


def sides_of(question: Question, logits: NDArray[np.float32], truth: int | None) -> tuple[int, int | None]:
    """The classes that a question means of an image: the target, and the one that it is held against.

    Raises:
        UserError: the truth is asked for and not known.
    """
    target = _class_of(question.target, logits, truth)
    if question.against is None:
        return target, None
    against = _class_of(question.against, logits, truth)
    return target, against if against != target else None


def parse_side(text: str, class_names: Sequence[str], field: str = "target") -> Side:
    """`prediction`, `truth`, or the name of a class.

    Raises:
        UserError: there is no such class.
    """
    if text in class_names:
        return class_names.index(text)
    if text in ("prediction", "truth"):
        return "prediction" if text == "prediction" else "truth"
    folded = [name.casefold() for name in class_names]
    if text.casefold() in folded:
        return folded.index(text.casefold())
    words = ("prediction", "truth", "difference") if field == "target" else ("prediction", "truth")
    listed = [shown(name) for name in class_names[:_MOST_LISTED]]
    more = ", …" if len(class_names) > _MOST_LISTED else ""
    raise UserError(
        f"{field} is '{shown(text)}'; allowed are {', '.join(words)}, and a class: "
        f"{', '.join(listed)}{more}{did_you_mean(text, (*words, *class_names))}"
    )


def _class_of(side: Side, logits: NDArray[np.float32], truth: int | None) -> int:
    prediction = int(logits.argmax())
    if side == "prediction":
        return prediction
    if side == "truth":
        if truth is None:
            allowed = "prediction, difference, and a class"
            raise UserError(f"target is 'truth', which is not known of this image; allowed are {allowed}")
        return truth
    if side == "rival":
        if truth is not None and truth != prediction:
            return truth
        return int(np.argsort(-logits, kind="stable")[1]) if len(logits) > 1 else prediction
    return side
