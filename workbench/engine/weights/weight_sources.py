"""Where starting weights come from: a file, a recorded run, or torchvision's published ones."""

import hashlib
import re
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import torch

from workbench.core.errors import LONGEST_PATH, UserError, did_you_mean, reason, shown
from workbench.core.events import Progress
from workbench.core.files import require_file
from workbench.core.home import Home
from workbench.core.network.model_config import ModelConfig
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.core.settings.presets import Presets
from workbench.engine.data.download import download
from workbench.engine.weights import foreign_weights as weights
from workbench.engine.weights import run_weights
from workbench.engine.weights.foreign_weights import Weights

TORCHVISION = "torchvision"
_FIELD = "fine_tuning.weights"
_IMAGENET = "-imagenet"
# torchvision writes the beginning of the SHA-256 into the file's name.
_HASH = re.compile(r"-([0-9a-f]{8,})\.")


@dataclass(frozen=True)
class Published:
    """One set of torchvision's weights."""

    url: str
    path: Path

    @property
    def digest(self) -> str:
        found = _HASH.search(self.path.name)
        return found.group(1) if found else ""


Located = Path | Published | str
"""A file, weights to download, or the id of a run."""


def locate(source: str, model: ModelConfig, store: RunStore) -> Located:
    """What `fine_tuning.weights` means, without reading it.

    Raises:
        UserError: it is neither a file nor a run, or torchvision has no such network.
    """
    if source == TORCHVISION or source.startswith(TORCHVISION + ":"):
        return _published(source.partition(":")[2], model, store.home)
    shortened = shown(source, LONGEST_PATH)
    path = Path(source)
    try:
        path = path.expanduser()
        require_file(path)
        return path.absolute()
    except FileNotFoundError as error:
        if path.suffix or path.name != source:
            raise UserError(f"{_FIELD} is '{shortened}', but there is no such file") from error
    # A pipe, no right to read it, a user who is not known, a name too long for a file.
    except (RuntimeError, OSError) as error:
        raise UserError(f"{_FIELD} is '{shortened}', but that cannot be read: {reason(error)}") from error
    try:
        return store.find(source)
    except UserError as error:
        raise UserError(f"{_FIELD} is '{shortened}', but there is no such file, and {error}") from error


def lasting_name(located: Located, source: str) -> str:
    """`source` as it still means the same later and elsewhere: an absolute path, a whole id."""
    return source if isinstance(located, Published) else str(located)


def starting(config: RunConfig, store: RunStore) -> Generator[Progress, None, Weights | None]:
    """The weights that a run starts from; None: random ones.

    Raises:
        UserError: as `locate` and `read`.
    """
    if not config.fine_tuning.weights:
        return None
    return (yield from read(locate(config.fine_tuning.weights, config.model, store), store))


def read(located: Located, store: RunStore) -> Generator[Progress, None, Weights]:
    """Read, after a download where one is needed.

    Raises:
        UserError: no network, or the weights cannot be read.
    """
    if isinstance(located, Path):
        return weights.read(located)
    if isinstance(located, Published):
        cached = _cached(located)
        if cached is not None:
            return weights.read(cached)
        by_hand = f"get it by hand and give the file as {_FIELD}"
        yield from _downloaded(located, by_hand)
        return weights.read(located.path)
    return _of_run(located, store)


def _cached(published: Published) -> Path | None:
    """A whole copy: of an earlier download, put there by hand, or in the cache of torch.hub.

    Raises:
        UserError: there is one that is damaged.
    """
    for path in (published.path, Path(torch.hub.get_dir()) / "checkpoints" / published.path.name):
        if path.is_file():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest.startswith(published.digest):
                return path
    if published.path.is_file():
        raise UserError(
            f"the weights {published.path} are damaged: their SHA-256 does not begin with {published.digest}; "
            "delete the file to download it again"
        )
    return None


def _downloaded(published: Published, by_hand: str) -> Generator[Progress, None, None]:
    # Not torchvision's own get_state_dict: it prints to standard output and cannot be cancelled.
    # https://github.com/pytorch/pytorch/blob/main/torch/hub.py (load_state_dict_from_url)
    yield from download(
        published.url,
        published.path,
        algorithm="sha256",
        digest=published.digest,
        activity="Downloading weights",
        by_hand=by_hand,
    )


def _of_run(run_id: str, store: RunStore) -> Weights:
    found = run_weights.read(store.run(run_id), store)
    return Weights(found.state, f"run {run_id}", found.normalization)


def _published(name: str, model: ModelConfig, home: Home) -> Published:
    # Imported here: torchvision takes half a second that most runs do not need.
    import torchvision

    builder = _torchvision_name(model)
    kinds = torchvision.models.get_model_weights(builder)
    chosen = name or "DEFAULT"
    if chosen not in kinds.__members__:
        known = list(kinds.__members__)
        raise UserError(
            f"{_FIELD} is '{TORCHVISION}:{shown(name)}', but torchvision's {builder} has no such weights"
            f"{did_you_mean(name, known)}; it has {', '.join(known)}"
        )
    url = kinds[chosen].url
    return Published(url, home.data / "weights" / url.rpartition("/")[2])


def _torchvision_name(model: ModelConfig) -> str:
    """The builder of the same network; another stem, input size or number of classes is not another network."""
    usual = ModelConfig()
    free = ("num_classes", "input_size", "zero_init_last", "dropout", "stochastic_depth", "initialization")
    wanted = model.model_copy(update={"stem": "7x7"} | {name: getattr(usual, name) for name in free})
    names = []
    for preset in Presets.load().models.values():
        if preset.name.endswith(_IMAGENET):
            names.append(preset.name.removesuffix(_IMAGENET))
            if preset.config == wanted:
                return names[-1].replace("-", "_")
    raise UserError(
        f"{_FIELD} is '{TORCHVISION}', but torchvision has no such network; it has {', '.join(names)}, "
        "here the presets of these names"
    )
