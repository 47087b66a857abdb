"""How images become numbers for a network: (pixels / 255 - mean) / standard deviation, channel by channel."""

from typing import Literal, NamedTuple, get_args

from workbench.core.data.channels import Numbers

NormalizationName = Literal[
    "auto", "cifar10", "cifar10-per-image", "imagenet", "half", "none", "from-data", "custom"
]  # fmt: skip
NAMES: tuple[NormalizationName, ...] = get_args(NormalizationName)
# `auto`, where no weights say otherwise.
DEFAULT: NormalizationName = "cifar10"

_CIFAR10_MEAN = (0.4914, 0.4822, 0.4465)


class Normalization(NamedTuple):
    """A name and its numbers."""

    name: NormalizationName
    mean: Numbers
    std: Numbers

    @classmethod
    def named(cls, name: NormalizationName) -> "Normalization | None":
        """None where the name alone tells no numbers: auto, from-data, custom."""
        return _NAMED.get(name)

    @property
    def is_named(self) -> bool:
        """Whether its name says its numbers."""
        return self.name in _NAMED

    @property
    def sentence(self) -> str:
        """The name, and the numbers where it does not tell them."""
        return self.name if self.is_named else f"{self.name} ({self.numbers})"

    @property
    def numbers(self) -> str:
        """`mean 0.491 0.482 0.447, std 0.247 0.243 0.262`."""
        mean, std = self.texts
        return f"mean {mean}, std {std}"

    @property
    def texts(self) -> tuple[str, str]:
        """Mean and standard deviation, each as `0.491 0.482 0.447`."""
        return _listed(self.mean), _listed(self.std)


_NAMED = {
    each.name: each
    for each in (
        # The deviation is over all training pixels; in the one after it, often seen, it is the mean of the images'
        # own deviations.
        Normalization("cifar10", _CIFAR10_MEAN, (0.2470, 0.2435, 0.2616)),
        Normalization("cifar10-per-image", _CIFAR10_MEAN, (0.2023, 0.1994, 0.2010)),
        Normalization("imagenet", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        # From -1 to 1.
        Normalization("half", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        # From 0 to 1.
        Normalization("none", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    )
}
NAMED: tuple[Normalization, ...] = tuple(_NAMED.values())


def _listed(numbers: Numbers) -> str:
    return " ".join(f"{number:.3g}" for number in numbers)
