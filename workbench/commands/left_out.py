"""What `train`, `queue add` and `search start` leave out: the images of the source that are marked so."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated

import typer

from workbench.core.errors import shown
from workbench.core.events import Progress, Warned
from workbench.core.formats import count
from workbench.core.home import Home
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
