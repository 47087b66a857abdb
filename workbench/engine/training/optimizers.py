"""The optimizers of a network, as one thing that steps, and that a checkpoint can hold."""

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

import torch
from torch import Tensor, nn

from workbench.core.errors import ConfigError, UserError
from workbench.core.settings.config import RunConfig
from workbench.core.settings.training_config import TrainingConfig
from workbench.engine.weights.checkpoint_state import Buffers

_SECOND_BETA = 0.999
# The one buffer that has not its parameter's shape: how often it was updated.
_STEP = "step"

Group = dict[str, Any]


class Optimizers:
    """Steps all weights of a network; the last layer may have another rate than the backbone.

    Args:
        config: optimizer, momentum, decay, and `fine_tuning.backbone_rate`.
        fused: use the device's fused kernels where the optimizer has one.

    Raises:
        ConfigError: this torch does not have the optimizer.
    """

    def __init__(self, network: nn.Module, config: RunConfig, fused: bool) -> None:
        named = list(network.named_parameters())
        backbone = [p for name, p in named if not name.startswith("fc.")]
        head = [p for name, p in named if name.startswith("fc.")]
        # In the order of the checkpoint's numbers.
        self._parameters = [*backbone, *head]
        self._matrices: dict[Tensor, Tensor] = {}
        shares = ((backbone, config.fine_tuning.backbone_rate), (head, 1.0))
        training = config.training
        if training.optimizer == "muon":
            self._matrices = {p: _as_matrix(p) for p in self._parameters if p.ndim > 2}
            self._optimizers = _muon(shares, self._matrices, training, fused)
        else:
            groups = [{"params": parameters, "share": share} for parameters, share in shares]
            self._optimizers = [_optimizer(training, groups, fused)]

    def step(self, rate: float) -> None:
        """Update all weights that have a gradient, by `rate` times their group's share."""
        for parameter, matrix in self._matrices.items():
            matrix.grad = None if parameter.grad is None else _rearranged(parameter.grad, parameter)
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate * group["share"]
            optimizer.step()

    def state(self) -> dict[int, Buffers]:
        """Buffers by the number of their parameter, in the parameter's shape."""
        state: dict[int, Buffers] = {}
        for index, parameter in enumerate(self._parameters):
            matrix = self._matrices.get(parameter)
            if matrix is None:
                state[index] = dict(self._state_of(parameter))
            else:
                state[index] = {
                    name: _restored(value, parameter) for name, value in self._state_of(matrix).items()
                }
        return state

    def restore(self, saved: Mapping[int, Buffers], origin: str) -> None:
        """Copy the buffers alone, into this machine's layout.

        Optimizer.load_state_dict would also take over the other machine's kernel (fused) and the strides of its
        memory format, which the fused kernel reads wrongly.

        Raises:
            UserError: they are of other parameters; `origin` names where they come from.
        """
        for index, parameter in enumerate(self._parameters):
            matrix = self._matrices.get(parameter)
            for name, value in saved.get(index, {}).items():
                if value is None:
                    continue
                if value.shape != (torch.Size() if name == _STEP else parameter.shape):
                    raise UserError(
                        f"{origin} is of another optimizer: {name} of parameter {index} is {tuple(value.shape)} "
                        f"there; the parameter is {tuple(parameter.shape)} here"
                    )
                if name == _STEP:
                    # Adam's count lives where its kernel runs.
                    on_device = self._optimizer_of(parameter).defaults.get("fused")
                    self._state_of(parameter)[name] = value.to(parameter.device if on_device else "cpu")
                elif matrix is not None:
                    self._state_of(matrix)[name] = _rearranged(value.to(parameter.device), parameter).clone()
                else:
                    self._state_of(parameter)[name] = torch.empty_like(parameter).copy_(value)

    def _optimizer_of(self, parameter: Tensor) -> torch.optim.Optimizer:
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                if any(parameter is known for known in group["params"]):
                    return optimizer
        raise KeyError("a parameter without an optimizer")

    def _state_of(self, parameter: Tensor) -> dict[str, Any]:
        state: dict[str, Any] = self._optimizer_of(parameter).state[parameter]
        return state


def _optimizer(config: TrainingConfig, groups: list[Group], fused: bool) -> torch.optim.Optimizer:
    rate, momentum, decay = config.learning_rate, config.momentum, config.weight_decay
    match config.optimizer:
        case "adam":
            betas = (momentum, _SECOND_BETA)
            return torch.optim.Adam(groups, lr=rate, betas=betas, weight_decay=decay, fused=fused)
        case "adamw" | "muon":
            betas = (momentum, _SECOND_BETA)
            return torch.optim.AdamW(groups, lr=rate, betas=betas, weight_decay=decay, fused=fused)
        case "rmsprop":
            return torch.optim.RMSprop(groups, lr=rate, momentum=momentum, weight_decay=decay)
        case "sgd":
            nesterov = config.nesterov and momentum > 0
            return torch.optim.SGD(
                groups, lr=rate, momentum=momentum, weight_decay=decay, nesterov=nesterov, fused=fused
            )
        case _:
            assert_never(config.optimizer)


def _muon(
    shares: Iterable[tuple[list[nn.Parameter], float]],
    matrices: Mapping[Tensor, Tensor],
    config: TrainingConfig,
    fused: bool,
) -> list[torch.optim.Optimizer]:
    """Muon for convolutions as matrices (Jordan et al. 2024), AdamW for norms and the last layer.

    Its steps are scaled to the size of AdamW's (Liu et al. 2025, "Muon is Scalable for LLM Training", equation 4),
    so that one learning rate suits both.
    """
    if not hasattr(torch.optim, "Muon"):
        raise ConfigError(
            {"training.optimizer": f"training.optimizer is 'muon', which torch {torch.__version__} does not have"}
        )
    convolutions: list[Group] = []
    others: list[Group] = []
    for parameters, share in shares:
        found = [matrices[p] for p in parameters if p in matrices]
        if found:
            convolutions.append({"params": found, "share": share})
        others.append({"params": [p for p in parameters if p not in matrices], "share": share})
    muon = torch.optim.Muon(
        convolutions,
        lr=config.learning_rate,
        momentum=config.momentum,
        nesterov=config.nesterov,
        weight_decay=config.weight_decay,
        adjust_lr_fn="match_rms_adamw",
    )
    return [muon, _optimizer(config, others, fused)]


def _as_matrix(weight: Tensor) -> Tensor:
    """(out, in, height, width) as (out, rest), sharing its memory whatever its layout is."""
    weight = weight.detach()
    if weight.is_contiguous():
        return weight.view(len(weight), -1)
    return weight.permute(0, 2, 3, 1).view(len(weight), -1)


def _rearranged(tensor: Tensor, like: Tensor) -> Tensor:
    """A tensor of a weight's shape with its columns in the order of that weight's matrix."""
    if like.is_contiguous():
        return tensor.reshape(len(tensor), -1)
    return tensor.permute(0, 2, 3, 1).reshape(len(tensor), -1)


def _restored(matrix: Tensor, like: Tensor) -> Tensor:
    """The inverse of `_rearranged`."""
    if like.is_contiguous():
        return matrix.view(like.shape)
    out, channels, height, width = like.shape
    return matrix.view(out, height, width, channels).permute(0, 3, 1, 2).contiguous()
