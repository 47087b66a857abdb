"""Weights from files of others: read without running code, renamed to torchvision's names, fitted into a network.

Layouts that are understood, beside torchvision's own: those of akamaster/pytorch_resnet_cifar10 and
kuangliu/pytorch-cifar (`linear.*`, `shortcut.*`), with the `module.` of DataParallel and inside a checkpoint.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from workbench.core.errors import UserError, literal, reason, shown
from workbench.core.files import require_file
from workbench.core.settings.config import RunConfig
from workbench.core.settings.normalization import Normalization
from workbench.engine.network.resnet import ResNet
from workbench.engine.weights.tensor_file import read_tensors

# What wraps a state dict in a checkpoint, and what torch's wrappers put in front of every name.
_WRAPPERS = ("state_dict", "model", "net", "model_state_dict")
_PREFIXES = ("module.", "_orig_mod.", "model.", "net.")
_IMAGENET_CLASSES = 1000


@dataclass(frozen=True)
class Weights:
    """Tensors under torchvision's names, and what is known of where they come from."""

    state: Mapping[str, Tensor]
    origin: str
    """Names them in sentences: a path, or `run <id>`."""
    normalization: Normalization | None = None
    """What their images were normalized by; None: not known."""


def read(path: Path) -> Weights:
    """Weights from a .safetensors file, a PyTorch state dict, or a checkpoint that holds one.

    Raises:
        UserError: the file is missing, damaged, or not made of tensors alone.
    """
    try:
        require_file(path)
    except OSError as error:
        raise UserError(f"cannot read weights from {shown(path)}: {reason(error)}") from error
    if path.suffix == ".safetensors":
        tensors, about = _read_safetensors(path)
        _refuse_odd_tensors(tensors, path)
        return Weights(_renamed(tensors), shown(path), _said_normalization(about))
    expected = "expected a PyTorch state dict of tensors alone, or .safetensors"
    tree = read_tensors(path, f"cannot read weights from {shown(path)}", expected)
    state: Any = tree
    for wrapper in _WRAPPERS:
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    if not isinstance(state, dict) or not state or not all(map(_is_entry, state.items())):
        raise UserError(f"{shown(path)} holds {_described(state)}; expected a state dict of names and tensors")
    _refuse_odd_tensors(state, path)
    renamed = _renamed(state)
    return Weights(renamed, shown(path), _normalization(tree, renamed))


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], Mapping[str, str]]:
    """Tensors, and what the file's header says of them."""
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a dict
            return tensors, file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"cannot read weights from {shown(path)}: {reason(error)}; expected a .safetensors file"
        ) from error


def _is_entry(item: tuple[Any, Any]) -> bool:
    return isinstance(item[0], str) and isinstance(item[1], Tensor)


def _described(state: Any) -> str:
    if not isinstance(state, dict):
        return f"a {type(state).__name__}"
    odd = next((item for item in state.items() if not _is_entry(item)), None)
    return "an empty dict" if odd is None else f"{literal(odd[0])}, a {type(odd[1]).__name__}"


def _refuse_odd_tensors(state: Mapping[str, Tensor], path: Path) -> None:
    """Tensors that cannot be copied into a network, or that would spoil it."""
    for name, tensor in state.items():
        is_plain = tensor.layout == torch.strided and tensor.device.type == "cpu" and not tensor.is_quantized
        if not is_plain or tensor.is_complex():
            kind = str(tensor.layout if tensor.layout != torch.strided else tensor.dtype).removeprefix("torch.")
            raise UserError(f"{shown(path)}: {shown(name)} is a {kind} tensor; expected dense real numbers")
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise UserError(
                f"{shown(path)}: {shown(name)} has values that are not finite; the training that made it diverged"
            )


def _renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors under torchvision's names."""
    for prefix in (*_PREFIXES, *_PREFIXES):
        if all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    renamed = {}
    for name, tensor in state.items():
        if name.startswith("linear."):
            name = "fc." + name.removeprefix("linear.")
        renamed[name.replace(".shortcut.", ".downsample.")] = tensor
    return renamed


def _normalization(tree: Mapping[str, Any], state: Mapping[str, Tensor]) -> Normalization | None:
    """How the images were normalized, where the kind of checkpoint tells it."""
    if isinstance(tree.get("config"), str):
        return _said_normalization(tree)
    if "best_prec1" in tree:
        return Normalization.named("imagenet")  # akamaster/pytorch_resnet_cifar10, trainer.py
    if "net" in tree and "acc" in tree:
        return Normalization.named("cifar10-per-image")  # kuangliu/pytorch-cifar, main.py
    classes = state.get("fc.weight")
    is_imagenet = classes is not None and classes.shape[:1] == (_IMAGENET_CLASSES,)
    return Normalization.named("imagenet") if is_imagenet else None


def _said_normalization(about: Mapping[str, Any]) -> Normalization | None:
    """Of a checkpoint or an export of ours, which holds the run's configuration."""
    # A hint alone: another program may write a config of its own.
    with suppress(UserError):
        return RunConfig.from_json(about["config"]).data.known_normalization if "config" in about else None
    return None


def load_strictly(network: nn.Module, state: Mapping[str, Tensor], origin: object) -> None:
    """Load `state` if names and shapes are exactly those of `network`.

    Raises:
        UserError: as `fitting`.
    """
    network.load_state_dict(fitting(network, state, origin))


def fitting(network: nn.Module, state: Mapping[str, Tensor], origin: object) -> dict[str, Tensor]:
    """`state`, whose names and shapes must be exactly those of `network`.

    Raises:
        UserError: names the first difference, with both shapes.
    """
    expected = network.state_dict()
    state = _with_counters(state, expected)
    for name, tensor in expected.items():
        if name not in state:
            raise UserError(f"{origin} is of another network: it has no {name} {_shape(tensor)}")
        if state[name].shape != tensor.shape:
            raise UserError(
                f"{origin} is of another network: {name} is {_shape(state[name])} there and {_shape(tensor)} here"
            )
    unknown = next((name for name in state if name not in expected), None)
    if unknown is not None:
        shape = _shape(state[unknown])
        raise UserError(
            f"{origin} is of another network: it has {shown(unknown)} {shape}, which this network lacks"
        )
    return state


def start_from(network: ResNet, weights: Weights) -> list[str]:
    """Load weights to train on from; a last layer of other classes and a stem of another size stay random.

    Returns: a sentence for each part that could not be kept.

    Raises:
        UserError: anything else differs; names the first difference, with both shapes.
    """
    own = network.state_dict()
    state, sentences = dict(weights.state), []
    replaceable: tuple[tuple[tuple[str, ...], Callable[[Tensor, Tensor], str]], ...] = (
        (("fc.weight", "fc.bias"), _other_classes),
        (("conv1.weight",), _other_stem),
    )
    for names, describe in replaceable:
        theirs, ours = state.get(names[0]), own[names[0]]
        # Other channels are another network, not another stem or another number of classes.
        fits = theirs is not None and theirs.dim() == ours.dim() and theirs.numel() != 0
        if theirs is not None and fits and theirs.shape != ours.shape and _same_channels(names[0], theirs, ours):
            sentences.append(f"{weights.origin}: {describe(theirs, ours)}")
            state = {name: tensor for name, tensor in state.items() if name not in names}
            # A last layer may have no bias.
            state |= {name: own[name] for name in names if name in own}
    load_strictly(network, state, weights.origin)
    return sentences


def _same_channels(name: str, theirs: Tensor, ours: Tensor) -> bool:
    same = (theirs.shape[1:], ours.shape[1:]) if name == "fc.weight" else (theirs.shape[:2], ours.shape[:2])
    return same[0] == same[1]


def _other_classes(theirs: Tensor, ours: Tensor) -> str:
    return (
        f"its last layer has {len(theirs)} outputs, the data {len(ours)} classes; "
        "the last layer starts from random weights"
    )


def _other_stem(theirs: Tensor, ours: Tensor) -> str:
    there, here = (f"{tensor.shape[2]}x{tensor.shape[3]}" for tensor in (theirs, ours))
    return f"its stem is {there}, the network's {here}; conv1 {_shape(ours)} starts from random weights"


def _with_counters(state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights older than PyTorch 0.4.1 lack batch norm's counters, which nothing here depends on."""
    missing = {
        name: torch.zeros_like(tensor)
        for name, tensor in expected.items()
        if name.endswith(".num_batches_tracked") and name not in state
    }
    return {**state, **missing}


def _shape(tensor: Tensor) -> tuple[int, ...]:
    return tuple(tensor.shape)
