"""Seconds of a loss landscape on one thread: the quick picture, and the fine one that goes on from it.

    python -m tests.benchmarks.landscape_time [--models resnet20 resnet56] [--images 256] [--share 0.1]

Weights are those that training begins with: their values cost no time. Only a share of the quick picture's points
is computed, and the rest is foretold from them. Seconds are of the thread's own work, which a busy machine does
not lengthen as much. The budget is that of a picture that one waits for: 30 s for 15 x 15 points of ResNet-20.
"""

import argparse
import time

import numpy as np
import torch

from tests.benchmarks.table import machine, print_table
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.inspection.landscape import FINE_SIZE, QUICK_SIZE, Grid
from workbench.core.settings.config import RunConfig
from workbench.core.settings.presets import Presets
from workbench.engine.inspection.landscape import ground_of
from workbench.engine.inspection.subject import Subject
from workbench.engine.machine.device import resolve, use_one_thread
from workbench.engine.network import resnet

_BUDGET_S = 30.0


def subject_of(model: str, images: int) -> Subject:
    """A network that was not trained, and images of noise."""
    values = {"data.validation_fraction": 0.0, "data.normalization": "cifar10"}
    config = RunConfig(model=Presets.load().model(model).config).with_values(values)
    side, classes = config.model.input_size, config.model.num_classes
    pixels = np.random.default_rng(0).integers(0, 256, (images, side, side, 3), dtype=np.uint8)
    part = ImageSet(pixels, np.arange(images) % classes, tuple(f"{number}.png" for number in range(images)))
    dataset = Dataset(tuple(f"class {number}" for number in range(classes)), part, part)
    weights = resnet.build(config.model, 0).state_dict()
    return Subject("benchmark", 1, config, weights, dataset, resolve(config.training))


def measure(model: str, images: int, share: float) -> tuple[float, float, float]:
    """Seconds to begin, per point, and per image of a point in milliseconds."""
    subject = subject_of(model, images)
    began = time.thread_time()
    ground = ground_of(subject, np.arange(images), 0)
    prepared_s = time.thread_time() - began
    grid = Grid()
    order = grid.order(QUICK_SIZE)
    points = order[:: max(1, round(1 / share))]
    for batch in range(len(ground.batches)):
        ground.ask(batch)
    began = time.thread_time()
    for row, column in points:
        ground.move_to(float(grid.axis[column]), float(grid.axis[row]))
        for batch in range(len(ground.batches)):
            ground.ask(batch)
    point_s = (time.thread_time() - began) / len(points)
    return prepared_s, point_s, 1000 * point_s / images


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", nargs="+", default=["resnet20", "resnet56"])
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--share", type=float, default=0.1)
    arguments = parser.parse_args()
    use_one_thread()
    rows = []
    for model in arguments.models:
        prepared_s, point_s, image_ms = measure(model, arguments.images, arguments.share)
        quick_s = prepared_s + QUICK_SIZE**2 * point_s
        rows.append((
            model, f"{prepared_s:.2f} s", f"{1000 * point_s:.0f} ms", f"{image_ms:.2f} ms", f"{quick_s:.0f} s",
            f"{prepared_s + FINE_SIZE**2 * point_s:.0f} s", f"{quick_s / _BUDGET_S:.2f}",
        ))  # fmt: skip
    sizes = (f"{size} x {size}" for size in (QUICK_SIZE, FINE_SIZE))
    columns = ("network", "to begin", "point", "image", *sizes, f"of {_BUDGET_S:.0f} s")
    print_table(columns, rows)
    print(f"{arguments.images} images; {machine()}, {torch.get_num_threads()} thread")


if __name__ == "__main__":
    main()
