"""What blocks are made of, as data: convolutions, norms, activations, dropout and pooling."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Width = Literal["entry", "inner", "exit"]
"""Channels that enter the block, that it works on inside, or that leave it."""
Groups = Literal["one", "cardinality", "each channel"]


class Widths(NamedTuple):
    """The channels of one block of a network."""

    entry: int
    inner: int
    exit: int

    def of(self, width: Width) -> int:
        return int(getattr(self, width))


@dataclass(frozen=True)
class Convolution:
    """Padded by half its kernel, so that only its stride changes the maps' size."""

    name: str
    before: Width
    after: Width
    kernel: Literal[1, 3]
    strided: bool = False
    """Whether it takes the block's stride."""
    groups: Groups = "one"

    def group_count(self, widths: Widths, cardinality: int) -> int:
        return {"one": 1, "cardinality": cardinality, "each channel": widths.of(self.before)}[self.groups]


@dataclass(frozen=True)
class Norm:
    """The network's kind of norm."""

    name: str
    width: Width


@dataclass(frozen=True)
class Activation:
    """The network's function; one module serves all of a block's, so that the name is the table's alone."""

    name: str


@dataclass(frozen=True)
class Dropout:
    """Only where the network has dropout."""

    name: str = "dropout"


@dataclass(frozen=True)
class MaxPooling:
    """Of squares that touch, as wide as the block's stride; nothing at a stride of 1."""

    name: str


Step = Convolution | Norm | Activation | Dropout | MaxPooling
