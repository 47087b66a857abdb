"""torch.compile, where it is asked for and works; else the network as it is."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from workbench.core.settings.training_config import TrainingConfig
from workbench.engine.machine.device import Compute

_MODES = {"on": "default", "cuda-graphs": "reduce-overhead"}


def compiled(
    forward: nn.Module, network: nn.Module, config: TrainingConfig, compute: Compute, images: Tensor
) -> tuple[Callable[[Tensor], Tensor], str]:
    """`forward` compiled, and a warning why it is not, empty if all is well.

    Args:
        forward: the network, or what is wrapped around it for several processes.
        network: its weights and running statistics are as before when this returns.
        images: a batch to try it with: whether compiling works is known only by doing it.
    """
    if config.compile == "off":
        return forward, ""
    mode, warning = _MODES[config.compile], ""
    if config.compile == "cuda-graphs" and (config.accumulation > 1 or forward is not network):
        # A graph's memory is its own again at the next replay, also what gradients of an earlier part lie in
        # (pytorch#96693, pytorch#169545).
        mode = _MODES["on"]
        warning = "training.compile is 'cuda-graphs', which needs whole batches in one process; compiled without"
    if config.compile == "cuda-graphs" and compute.device.type != "cuda":
        return (
            forward,
            f"training.compile is 'cuda-graphs', which the {compute.device.type} has not",
        )
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    fast: Callable[[Tensor], Tensor]
    try:
        fast = torch.compile(forward, mode=mode)
        # What dropout draws here, a resumed run would draw at another step.
        with torch.random.fork_rng(_gpus(compute)), compute.autocast():
            logits = fast(images)
        functional.cross_entropy(logits.float(), logits.argmax(1)).backward()  # type: ignore[no-untyped-call]
    # Whatever a compiler can stumble over: no C++ compiler, no space, an unknown operation.
    except Exception as error:  # noqa: BLE001
        fast = forward
        first_line = str(error).strip().split("\n")[0]
        warning = f"the network could not be compiled, so it runs as it is: {first_line}"
    network.load_state_dict(before)
    network.zero_grad(set_to_none=True)
    return fast, warning


def _gpus(compute: Compute) -> list[int]:
    """Whose generators a step draws from."""
    return [compute.device.index or 0] if compute.device.type == "cuda" else []
