"""A lab: a question, the networks or settings that are trained to answer it, and what its paper says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Arm:
    """One of the things that are compared: it is trained once with each seed."""

    name: str
    """In names of runs and JSON: `plain56`."""
    title: str
    """For a person: `Plain-56`."""
    model: str
    """A shipped preset."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """By dotted fields: what it has in place of the preset's and the recipe's."""


@dataclass(frozen=True)
class Published:
    """One figure of a paper, as it stands there."""

    subject: str
    """What was trained: `ResNet-20`."""
    figure: str
    """`8.75 %`, with the words that it needs."""
    where: str
    """`table 6`, and that it was read from a drawing, if it was."""
    arm: str = ""
    """Name of the arm that was built alike; empty where none was."""


@dataclass(frozen=True)
class Lab:
    """All that is known before anything is trained."""

    name: str
    title: str
    question: str
    """In one sentence."""
    fields: tuple[str, ...]
    """Dotted fields in which the arms differ; nobody else may set them."""
    arms: tuple[Arm, ...]
    """In the order in which they are set beside each other."""
    paper: str
    """Which one asked the same; empty where none did."""
    paper_setting: str
    """How it was done there, and so what ours cannot be expected to repeat; a sentence or two."""
    published: tuple[Published, ...] = ()
    recipe: str = "paper-2015"
    epochs: int = 40
    seeds: int = 3
    values: Mapping[str, Any] = field(default_factory=dict)
    """By dotted fields, for all arms, where they differ from recipe and defaults."""

    @property
    def tag(self) -> str:
        """That its runs carry."""
        return f"lab:{self.name}"

    def arm(self, name: str) -> Arm:
        """By its name."""
        return next(arm for arm in self.arms if arm.name == name)
