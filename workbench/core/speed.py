"""How long an epoch will take, by arithmetic alone: a network's work times what this machine needs for it.

The engine measures a machine once (`engine/speed_probe.py`); its figures are kept in the home folder.
"""

import functools
import json
import math
import platform
from dataclasses import asdict, dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, Literal, assert_never, get_args

from workbench.core.files import read_text, write_atomically
from workbench.core.home import Home
from workbench.core.network.architecture import Architecture
from workbench.core.network.layers import Kind, Layer
from workbench.core.network.model_config import Norm
from workbench.core.settings.training_config import TrainingConfig

Unit = Literal[
    "step", "layer", "parameter", "pixel", "mac", "convolved value", "unaligned value", "depthwise value",
    "pass value", "group-norm value", "silu value", "gelu value", "dropout value",
]  # fmt: skip
"""What costs time in a training step.

Pixels are those of the images, to augment. Convolved values enter or leave a convolution; pass values are read by
batch norm, pooling and other light layers. Both make narrow layers slow for their MACs.
"""
UNITS: tuple[Unit, ...] = get_args(Unit)
DISPATCH_UNITS: tuple[Unit, ...] = ("step", "layer")

# Vector registers and tensor cores hold this many channels: 24 take as long as 32, and are copied besides.
_LANES = 16
# Raised whenever the meaning of a unit changes: older figures are then measured anew.
_VERSION = 1
# A container has another host name at each start.
_MOST_KEPT = 16


@dataclass(frozen=True)
class Speed:
    """What one device needs in training: forward, backward and optimizer together."""

    device: str
    """As a person calls it, for example `CPU, 2 threads`."""
    precision: str
    """fp32 or bf16."""
    overlaps: bool
    """Whether layers are computed while the next ones are being dispatched, as on GPUs."""
    seconds_per: dict[Unit, float]
    """Seconds for each unit of work; none is negative."""


def work(architecture: Architecture, batch_size: int) -> dict[Unit, int]:
    """What one training step consists of: how many of each unit, for a whole batch."""
    counts: dict[Unit, int] = dict.fromkeys(UNITS, 0)
    for layer in architecture.layers:
        unit = _unit(layer.kind, architecture.config.norm)
        if unit == "mac":
            _add_product(counts, layer)
        elif unit is not None:
            counts[unit] += _values(layer.input_shape)
    counts["pixel"] = architecture.config.input_size**2
    counts = {unit: batch_size * count for unit, count in counts.items()}
    return counts | {"step": 1, "layer": len(architecture.layers), "parameter": architecture.parameters}


def _unit(kind: Kind, norm: Norm) -> Unit | None:
    """What the layer's time goes by; None where it is part of another layer's."""
    match kind:
        case "conv" | "linear":
            return "mac"
        case "norm":
            return _norm_unit(norm)
        case "silu":
            return "silu value"
        case "gelu":
            return "gelu value"
        case "dropout":
            return "dropout value"
        case "squeeze-excitation" | "max-pool" | "zero-pad" | "drop-path" | "average-pool" | "scale":
            return "pass value"
        # They come with norms in nearly fixed numbers: measured apart, their costs cannot be told from the norms'.
        case "relu" | "add":
            return None
        case _:
            assert_never(kind)


def _norm_unit(norm: Norm) -> Unit:
    match norm:
        case "batch":
            return "pass value"
        case "group":
            return "group-norm value"
        case "none":
            raise ValueError("a network without norms has no layer of this kind")
        case _:
            assert_never(norm)


def _add_product(counts: dict[Unit, int], layer: Layer) -> None:
    """A convolution or the linear layer."""
    channels_in, channels_out = layer.input_shape[0], layer.output_shape[0]
    if layer.groups > 1:
        # Each channel by itself; in wider groups the MACs take about as long as in one.
        if layer.groups == channels_in:
            counts["depthwise value"] += _values(layer.input_shape) + _values(layer.output_shape)
        else:
            counts["mac"] += layer.macs
        return
    # The image's three channels and the classes have kernels of their own.
    if channels_in == 3 or layer.kind == "linear":
        counts["mac"] += layer.macs
        return
    values = _values(layer.input_shape) + _values(layer.output_shape)
    counts["convolved value"] += values
    lanes_in, lanes_out = _filled(channels_in), _filled(channels_out)
    counts["mac"] += layer.macs // (channels_in * channels_out) * lanes_in * lanes_out
    if (lanes_in, lanes_out) != (channels_in, channels_out):
        counts["unaligned value"] += values


def _filled(channels: int) -> int:
    """Rounded up to whole vector registers."""
    return -(-channels // _LANES) * _LANES


def _values(shape: tuple[int, int, int]) -> int:
    channels, height, width = shape
    return channels * height * width


def seconds_per_step(architecture: Architecture, batch_size: int, speed: Speed) -> float:
    """Of one training step: forward, backward and optimizer."""
    seconds = {unit: count * speed.seconds_per[unit] for unit, count in work(architecture, batch_size).items()}
    dispatch = sum(seconds[unit] for unit in DISPATCH_UNITS)
    computing = sum(seconds.values()) - dispatch
    return max(dispatch, computing) if speed.overlaps else dispatch + computing


def seconds_per_epoch(architecture: Architecture, *, images: int, training: TrainingConfig, speed: Speed) -> float:
    """Of one epoch's training steps, without evaluation and checkpoints; nothing is frozen, SGD is assumed.

    Args:
        images: those trained on, without the ones held out. A last batch that is not full counts as in training:
            where it is left out, fewer images than one batch take no time.
    """
    size = training.batch_size
    full, left = divmod(images, size)
    seconds = full * seconds_per_step(architecture, size, speed)
    return seconds + (seconds_per_step(architecture, left, speed) if left and training.keep_last_batch else 0)


def key_of(training: TrainingConfig) -> str:
    """What decides a machine's speed, as far as it can be known without loading torch.

    Whether `auto` still means the same device is seen from `Speed.device` once torch is loaded.
    """
    chosen = f"{training.device}, {training.precision}, {training.threads} threads"
    return f"{platform.node()}: {chosen}, torch {_torch_version()}"


@functools.cache
def _torch_version() -> str:
    """From the name of the folder where its installer says so; read once, as the key is wanted at every edit.

    `importlib.metadata` would parse all that is said there, which takes 10 ms of the wait for the first paint; it
    is asked where there is no such folder.
    """
    spec = PathFinder.find_spec("torch")
    if spec is not None and spec.origin is not None:
        names = [folder.name for folder in Path(spec.origin).parents[1].glob("torch-*.dist-info")]
        if len(names) == 1:
            return names[0].removeprefix("torch-").removesuffix(".dist-info")
    from importlib import metadata

    try:
        return metadata.version("torch")
    except metadata.PackageNotFoundError:
        return "unknown"


def read(home: Home, key: str) -> Speed | None:
    """The figures kept under `key`; None if there are none, or none that can be read."""
    entry = _entries(home).get(key)
    try:
        return _parsed(entry)
    except (TypeError, KeyError, ValueError, OverflowError):
        return None


def write(home: Home, key: str, speed: Speed) -> None:
    """Keep `speed` beside the figures of other devices.

    Raises:
        UserError: the file cannot be written.
    """
    entries = {name: entry for name, entry in _entries(home).items() if name != key}
    newest = dict([*entries.items(), (key, asdict(speed))][-_MOST_KEPT:])
    text = json.dumps({"version": _VERSION, "speeds": newest}, indent=1)
    write_atomically(home.root / "speed.json", lambda file: file.write(text.encode()))


def _entries(home: Home) -> dict[str, Any]:
    """The file's entries, unchecked; empty if it is missing, damaged or of another version."""
    try:
        tree = json.loads(read_text(home.root / "speed.json"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(tree, dict) or tree.get("version") != _VERSION or not isinstance(tree.get("speeds"), dict):
        return {}
    return dict(tree["speeds"])


def _parsed(entry: Any) -> Speed | None:
    """Raises TypeError, KeyError, ValueError or OverflowError where `entry` is not what `write` wrote."""
    texts = (entry["device"], entry["precision"])
    if not isinstance(entry["seconds_per"], dict) or not all(isinstance(text, str) for text in texts):
        return None
    seconds_per: dict[Unit, float] = {unit: float(entry["seconds_per"][unit]) for unit in UNITS}
    if not all(math.isfinite(seconds) and seconds >= 0 for seconds in seconds_per.values()):
        return None
    return Speed(*texts, bool(entry["overlaps"]), seconds_per)
