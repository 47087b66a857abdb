"""How fast this machine multiplies matrices in the precision that training takes: the most a network can use.

python -m tests.benchmarks.matrix_rate
"""

import time

import torch

from workbench.core.network.architecture import Architecture
from workbench.core.settings.presets import Presets
from workbench.core.settings.training_config import TrainingConfig
from workbench.engine.machine.device import choose

_REPEATS = 20


def macs_per_s() -> float:
    """The best of several sizes and repetitions."""
    compute = choose(TrainingConfig())
    sizes = (4096, 8192) if compute.device.type == "cuda" else (512, 1024, 2048)
    best = 0.0
    for size in sizes:
        a = torch.randn(size, size, device=compute.device).to(compute.dtype)
        for _ in range(_REPEATS):
            compute.synchronize()
            started = time.perf_counter()
            torch.mm(a, a)
            compute.synchronize()
            best = max(best, size**3 / (time.perf_counter() - started))
    return best


def share(model: str, images_per_s: float, rate: float) -> float:
    """Part of that rate which training a model takes: backward counts twice forward."""
    return 3 * Architecture.of(Presets.load().model(model).config).macs * images_per_s / rate


if __name__ == "__main__":
    print(f"{macs_per_s() / 1e9:.0f} GMAC/s")
