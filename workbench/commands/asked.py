"""What the images decide of a new run: how large they are made, and which are left out as they are marked so."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Annotated

import typer

from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.errors import ConfigError, shown
from workbench.core.events import Progress, Warned
from workbench.core.formats import count
from workbench.core.home import Home
from workbench.core.network.stems import stem_of
from workbench.core.settings.config import RunConfig

AllImages = Annotated[
    bool, typer.Option("--all-images", help="Train also on the images that are marked as left out of training.")
]


@dataclass(frozen=True)
class Asked:
    """A configuration as it was asked for."""

    config: RunConfig
    says_excluded: bool
    """Whether data.excluded was given, if only as an empty list; else the marks of the source count."""
    says_size: bool
    """Whether model.input_size was given, or weights were, which know theirs; else it follows from the images."""

    def completed(self, home: Home) -> Generator[Progress | Warned, None, RunConfig]:
        """Of a new run, by its images; Warned says what has come of them."""
        config = yield from self.suited(home)
        return (yield from replace(self, config=config).left_out(home))

    def suited(self, home: Home) -> Generator[Progress | Warned, None, RunConfig]:
        """With an input of the size that suits images of one's own, unless it was given."""
        if self.says_size or self.config.data.source in IMAGE_SOURCES:
            return self.config
        from workbench.engine.data.survey import survey

        found = (yield from survey(self.config.data.source, home)).up_to(
            stem_of(self.config.model.stem).largest_images
        )
        size = found.size()
        if found.rule is None or size == self.config.model.input_size:
            return self.config
        try:
            config = self.config.with_values({"model.input_size": size})
        except ConfigError:
            # Such as of a network that would leave nothing of it.
            return self.config
        yield Warned(
            f"images are made {size} x {size} pixels, as {found.rule.words}; --set model.input_size=… takes "
            "another size"
        )
        return config

    def left_out(self, home: Home) -> Generator[Progress | Warned, None, RunConfig]:
        """Of a new run: with what is marked, which Warned says."""
        if self.says_excluded:
            return self.config
        from workbench.engine.data.marked_images import without_marked

        config = yield from without_marked(self.config, home)
        number = len(config.data.excluded)
        if number:
            yield Warned(_sentence(number, shown(config.data.source)))
        return config


def _sentence(number: int, source: str) -> str:
    if number == 1:
        said = f"1 image of {source} is left out of training as it is marked excluded"
        return f"{said}; --all-images trains on it"
    said = f"{count(number)} images of {source} are left out of training as they are marked excluded"
    return f"{said}; --all-images trains on them"
