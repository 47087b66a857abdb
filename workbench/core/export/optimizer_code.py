"""Source text of the optimizer, as `engine/training/optimizers.py` makes it."""

from typing import assert_never

from workbench.core.export.calls import call
from workbench.core.settings.training_config import TrainingConfig

_FIRST_BETA = 0.9

MATRIX_MUON = '''\
class MatrixMuon(torch.optim.Muon):
    """Muon for convolutions: it takes each weight as a matrix with one row per filter."""

    def __init__(self, filters: list[nn.Parameter], **options: float | bool | str) -> None:
        self.filters = filters
        # Views: what changes in the matrix has changed in the weight.
        super().__init__([weight.detach().flatten(1) for weight in filters], **options)

    def step(self) -> None:
        for matrix, weight in zip(self.param_groups[0]["params"], self.filters):
            matrix.grad = weight.grad.flatten(1)
        super().step()'''


def has_many(training: TrainingConfig) -> bool:
    """Whether there are two optimizers, each for its kind of weights."""
    return training.optimizer == "muon"


def optimizer_code(training: TrainingConfig) -> list[str]:
    """Definitions; the last one makes what steps the weights."""
    if not has_many(training):
        lines = ["def make_optimizer(network: nn.Module) -> torch.optim.Optimizer:"]
        return [
            "\n".join([*lines, *call("    return " + _name(training), _options(training, "network.parameters()"))])
        ]
    options = [
        "filters",
        "lr=LEARNING_RATE",
        f"momentum={training.momentum!r}",
        f"nesterov={training.nesterov}",
        f"weight_decay={training.weight_decay!r}",
        'adjust_lr_fn="match_rms_adamw"',
    ]
    head = [
        "def make_optimizers(network: nn.Module) -> list[torch.optim.Optimizer]:",
        '    """Muon for convolutions (Jordan et al. 2024), AdamW for norms and the last layer."""',
        "    filters = [weight for weight in network.parameters() if weight.ndim == 4]",
        "    others = [weight for weight in network.parameters() if weight.ndim < 4]",
        "    # Steps as long as AdamW's (Liu et al. 2025), so that one learning rate suits both.",
        *call("    muon = MatrixMuon", options),
        *call(f"    adamw = {_name(training)}", _options(training, "others")),
        "    return [muon, adamw]",
    ]
    return [MATRIX_MUON, "\n".join(head)]


def _name(training: TrainingConfig) -> str:
    match training.optimizer:
        case "sgd":
            return "torch.optim.SGD"
        case "adam":
            return "torch.optim.Adam"
        case "adamw" | "muon":
            return "torch.optim.AdamW"
        case "rmsprop":
            return "torch.optim.RMSprop"
        case _:
            assert_never(training.optimizer)


def _options(training: TrainingConfig, weights: str) -> list[str]:
    """Those that differ from torch's, which begin with no momentum and no decay; AdamW with both."""
    momentum, options = training.momentum, [weights, "lr=LEARNING_RATE"]
    decay = [f"weight_decay={training.weight_decay!r}"]
    match training.optimizer:
        case "sgd":
            options += [f"momentum={momentum!r}"] if momentum else []
            decay = decay if training.weight_decay else []
            return [*options, *decay, *(["nesterov=True"] if training.nesterov and momentum else [])]
        case "rmsprop":
            options += [f"momentum={momentum!r}"] if momentum else []
            return options + (decay if training.weight_decay else [])
        case "adam":
            return options + _betas(momentum) + (decay if training.weight_decay else [])
        case "adamw" | "muon":
            return options + _betas(momentum) + decay
        case _:
            assert_never(training.optimizer)


def _betas(momentum: float) -> list[str]:
    return [f"betas=({momentum!r}, 0.999)"] if momentum != _FIRST_BETA else []
