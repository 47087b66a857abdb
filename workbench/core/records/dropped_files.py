"""What a file or folder that is handed over is meant for: images, weights, a configuration, an image, or counts.

Told by its kind and name. Only configurations are read, as text; weights are left to who loads them safely.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workbench.core.data.image_layout import IMAGE_SUFFIXES, is_archive
from workbench.core.errors import UserError, reason, shown
from workbench.core.files import read_text, require_file
from workbench.core.inspection.human_counts import COUNTS_SUFFIXES
from workbench.core.records.run_folder import RunFolder, is_run_id
from workbench.core.settings.config import SECTIONS, RunConfig, model_from_json
from workbench.core.settings.presets import Presets

Kind = Literal["images", "weights", "configuration", "image", "counts"]

WEIGHTS_SUFFIXES = (".pt", ".pth", ".th", ".bin", ".safetensors")
CONFIGURATION_SUFFIXES = (".json", ".toml")
USABLE = (
    "what can be used is a folder, .zip or .tar of images, weights "
    f"({', '.join(WEIGHTS_SUFFIXES)}), a configuration ({', '.join(CONFIGURATION_SUFFIXES)}), an image to try "
    f"({', '.join(IMAGE_SUFFIXES[:3])} and others) or people's answers ({', '.join(COUNTS_SUFFIXES)})"
)
"""The end of a refusal."""

# A configuration has a few thousand; a data set in JSON is read by nobody here.
_LONGEST_BYTES = 4_000_000


@dataclass(frozen=True)
class Usable:
    """A path and what it is meant for."""

    kind: Kind
    path: Path


def recognized(path: Path) -> Usable:
    """By kind of file and name, without reading; the folder of a run stands for its configuration.

    Raises:
        UserError: it cannot be used, or is not there; the sentence says what can.
    """
    try:
        if path.is_dir():
            settings = RunFolder(path).config
            is_of_run = is_run_id(path.name) and settings.is_file()
            return Usable("configuration", settings) if is_of_run else Usable("images", path)
        require_file(path)
    except OSError as error:
        raise UserError(f"cannot use {shown(path)}: {reason(error)}; {USABLE}") from error
    suffix = path.suffix.lower()
    if is_archive(path):
        return Usable("images", path)
    if suffix in WEIGHTS_SUFFIXES:
        return Usable("weights", path)
    if suffix in CONFIGURATION_SUFFIXES:
        return Usable("configuration", path)
    if suffix in IMAGE_SUFFIXES:
        return Usable("image", path)
    if suffix in COUNTS_SUFFIXES:
        return Usable("counts", path)
    raise UserError(f"cannot use '{shown(path.name)}'; {USABLE}")


def first_usable(paths: Iterable[Path]) -> Usable:
    """The first that can be used.

    Raises:
        UserError: none can; of the first one, or because there is none.
    """
    refusal = UserError(f"nothing was handed over; {USABLE}")
    for index, path in enumerate(paths):
        try:
            return recognized(path)
        except UserError as error:
            refusal = refusal if index else error
    raise refusal


def configured(path: Path, config: RunConfig | None) -> RunConfig:
    """What a file makes of `config`: it holds all of a run, a network, or presets, the first of each kind.

    Args:
        config: what stays as it is where the file does not say; None: not known.

    Raises:
        UserError: the file is no configuration, or what it says does not fit to the rest; names the field.
    """
    text = _text(path)
    if path.suffix.lower() == ".toml":
        return _with_presets(Presets.of_file(path), _known(config, path), path)
    if _is_of_whole_run(text):
        return RunConfig.from_json(text, shown(path))
    model = model_from_json(text, shown(path)).model_dump()
    return _known(config, path).with_values({f"model.{name}": value for name, value in model.items()})


def _with_presets(presets: Presets, config: RunConfig, path: Path) -> RunConfig:
    if not presets.models and not presets.recipes:
        raise UserError(f"{shown(path)} holds no preset; expected [model.NAME] or [recipe.NAME]")
    for preset in list(presets.models.values())[:1]:
        # How many classes there are is the data's to say.
        model = preset.config.model_dump(exclude={"num_classes"})
        config = config.with_values({f"model.{name}": value for name, value in model.items()})
    for recipe in list(presets.recipes.values())[:1]:
        config = recipe.applied_to(config)
    return config


def _known(config: RunConfig | None, path: Path) -> RunConfig:
    if config is None:
        raise UserError(
            f"{shown(path)} holds a part of a configuration, and another part is not allowed as it is; correct "
            "the marked field first"
        )
    return config


def _is_of_whole_run(text: str) -> bool:
    """Whether it says more than a network; of what is no JSON, either reader says so."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return True
    if not isinstance(tree, dict):
        return True
    settings = tree["config"] if isinstance(tree.get("config"), dict) else tree
    return any(isinstance(settings.get(section), dict) for section in SECTIONS if section != "model")


def _text(path: Path) -> str:
    try:
        require_file(path)
        if path.stat().st_size > _LONGEST_BYTES:
            raise UserError(f"{shown(path)} is too long for a configuration; {USABLE}")
        return read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read the configuration {shown(path)}: {reason(error)}") from error
