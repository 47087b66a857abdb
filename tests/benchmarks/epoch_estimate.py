"""Seconds per training step, foretold by `core/speed.py` from a probe, against steps that are really made.

python -m tests.benchmarks.epoch_estimate [--precisions auto fp32] [--seconds 2]
"""

import argparse
import statistics
import time

import numpy as np

from tests.benchmarks.table import machine, print_table
from tests.generators import result_of
from workbench.core.data.dataset import ImageSet
from workbench.core.network.architecture import Architecture
from workbench.core.network.model_config import ModelConfig
from workbench.core.settings.config import DataConfig, RunConfig
from workbench.core.settings.presets import Presets
from workbench.core.settings.training_config import TrainingConfig
from workbench.core.speed import Speed, seconds_per_step
from workbench.engine.data.device_images import DeviceImages
from workbench.engine.machine.device import Compute, choose
from workbench.engine.training.trainer import Trainer
from workbench.engine.trials import speed_probe

# Name and images per step: 128, or as many as take about a fifth of a second.
_PRESETS = {
    "resnet8": 128, "resnet20": 128, "resnet56": 128, "resnet110": 64, "plain20": 128, "three-block": 128,
    "conv8": 128, "wrn-16-4": 64, "resnet18": 32, "se-resnet18": 32, "preact-resnet18": 32,
    "resnet18-imagenet": 128, "preact-resnet164": 32, "resnet50": 16, "resnext29-8x64d": 8,
}  # fmt: skip


def networks() -> list[tuple[str, ModelConfig, int]]:
    presets = Presets.load()
    rows = [(name, presets.model(name).config, batch_size) for name, batch_size in _PRESETS.items()]
    small, wide = presets.model("resnet8").config, ModelConfig(blocks=(2, 2, 2), widths=(32, 64, 128))
    rows += [
        ("resnet8, batches of 512", small, 512),
        ("resnet20, batches of 16", presets.model("resnet20").config, 16),
        ("resnet8 separable", small.model_copy(update={"block": "separable"}), 128),
        ("resnet8 of 10, 20, 40 channels", small.model_copy(update={"widths": (10, 20, 40)}), 128),
    ]
    options = [("block", "separable"), ("activation", "silu"), ("activation", "gelu"), ("norm", "group"),
               ("dropout", 0.3), ("stochastic_depth", 0.3)]  # fmt: skip
    for field, value in options:
        rows.append((f"2-2-2 of 32 to 128, {field} {value}", wide.model_copy(update={field: value}), 64))
    imagenet = presets.model("resnet18-imagenet").config.model_copy(update={"input_size": 224})
    return [*rows, ("resnet18-imagenet, 224 pixels", imagenet, 8)]


def measured(model: ModelConfig, batch_size: int, compute: Compute, seconds_wanted: float) -> float:
    """Median seconds of a step."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (4 * batch_size, model.input_size, model.input_size, 3), np.uint8)
    images = ImageSet(pixels, generator.integers(0, model.num_classes, len(pixels)), ())
    config = RunConfig(model=model, training=TrainingConfig(batch_size=batch_size, learning_rate=1e-3))
    trainer = Trainer(config, compute, DeviceImages(images, DataConfig(), compute))
    taken: list[float] = []
    started = time.perf_counter()
    while len(taken) < 4 or time.perf_counter() - started < seconds_wanted:
        if trainer.epoch_is_done:
            trainer.position.next_epoch()
        compute.synchronize()
        before = time.perf_counter()
        loss, *_ = trainer.step()
        loss.item()
        compute.synchronize()
        taken.append(time.perf_counter() - before)
    # The first step plans its kernels.
    return statistics.median(taken[1:])


def quiet_probe(compute: Compute) -> Speed:
    while True:
        started = time.perf_counter()
        speed = result_of(speed_probe.probe(compute))
        print(f"{compute.precision}: the probe took {time.perf_counter() - started:.2f} s")
        if speed is not None:
            print({unit: float(f"{seconds:.3g}") for unit, seconds in speed.seconds_per.items()})
            return speed
        print("the machine is too busy; once more")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--precisions", nargs="+", default=["auto", "fp32"])
    parser.add_argument("--seconds", type=float, default=2.0)
    arguments = parser.parse_args()
    for precision in arguments.precisions:
        compute = choose(TrainingConfig(precision=precision))
        speed = quiet_probe(compute)
        rows, ratios = [], []
        for name, model, batch_size in networks():
            foretold = seconds_per_step(Architecture.of(model), batch_size, speed)
            taken = measured(model, batch_size, compute, arguments.seconds)
            ratios.append(foretold / taken)
            rows.append((name, str(batch_size), f"{foretold:.4f}", f"{taken:.4f}", f"{ratios[-1]:.2f}"))
        print_table(("network", "batch", "foretold, s per step", "measured", "ratio"), rows)
        close = sum(0.8 <= ratio <= 1.25 for ratio in ratios)
        print(f"{speed.device}, {speed.precision}: {close} of {len(ratios)} within 25 %, ", end="")
        print(f"all from {min(ratios):.2f} to {max(ratios):.2f}")
    print(machine())


if __name__ == "__main__":
    main()
