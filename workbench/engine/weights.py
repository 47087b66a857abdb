"""Reading weights from files. Nothing is ever unpickled as code."""

from pathlib import Path

import torch
from torch import Tensor, nn

from workbench.core.errors import UserError


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """A PyTorch state dict (.pt, .pth), also one inside a checkpoint under `model` or `state_dict`.

    Raises:
        UserError: the file is missing, damaged, or not made of tensors alone.
    """
    if not path.is_file():
        raise UserError(f"there is no weights file {path}")
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    # An empty file gives EOFError, a cut one RuntimeError, a text KeyError, code UnpicklingError.
    except Exception as error:
        reason = str(error).split("\n")[0] or type(error).__name__
        raise UserError(f"cannot read weights from {path}: {reason}; expected a PyTorch state dict") from error
    for wrapper in ("model", "state_dict"):
        if isinstance(loaded, dict) and isinstance(loaded.get(wrapper), dict):
            loaded = loaded[wrapper]
    if not isinstance(loaded, dict) or not all(isinstance(value, Tensor) for value in loaded.values()):
        raise UserError(f"{path} holds {type(loaded).__name__}; expected a state dict of names and tensors")
    return loaded


def load_strictly(network: nn.Module, state: dict[str, Tensor], origin: object) -> None:
    """Load `state` if names and shapes are exactly those of `network`.

    Raises:
        UserError: names the first difference, with both shapes.
    """
    expected = network.state_dict()
    for name, tensor in expected.items():
        if name not in state:
            raise UserError(f"{origin} is of another network: it has no {name} {tuple(tensor.shape)}")
        if state[name].shape != tensor.shape:
            raise UserError(
                f"{origin} is of another network: {name} is {tuple(state[name].shape)} there "
                f"and {tuple(tensor.shape)} here"
            )
    unknown = next((name for name in state if name not in expected), None)
    if unknown is not None:
        raise UserError(f"{origin} is of another network: it has {unknown}, which this network lacks")
    network.load_state_dict(state)
