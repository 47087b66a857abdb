"""What it takes to find odd labels and images: confident learning, and near-duplicates in all of CIFAR-10.

python -m tests.benchmarks.labels_time [--images 60000] [--repeats 5]

On one thread, as the window's lanes have. The images are those of the shipped source cifar10-jpeg in the home
folder (RESNET_WORKBENCH_HOME), decoded there if they are not yet. The budget of a short look is 1 s, that of a
search 60 s.
"""

import argparse
import statistics
import time
from collections.abc import Generator
from typing import Any

import numpy as np
import torch

from tests.benchmarks.table import machine, print_table
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.evaluation import Evaluation
from workbench.core.home import Home
from workbench.engine.data import sources
from workbench.engine.inspection import duplicates, labels

_BUDGET_LABELS_S, _BUDGET_SEARCH_S = 1.0, 60.0
# Of a step between two of which a job can be canceled, and its lane rest beside a run.
_BUDGET_STEP_S = 0.2


def answers(images: int, classes: int) -> Evaluation:
    """Of a good network, to labels of which one in twenty is wrong."""
    random = np.random.default_rng(0)
    truth = random.integers(0, classes, images)
    logits = random.normal(size=(images, classes)).astype(np.float32)
    logits[np.arange(images), truth] += 6
    given = np.where(random.random(images) < 0.05, random.integers(0, classes, images), truth)
    return Evaluation(given, logits, tuple(f"class {number}" for number in range(classes)))


def stepwise(work: Generator[Any, None, Any]) -> tuple[float, float, Any]:
    """Seconds of the processor in all, the longest step's, and the result."""
    total, longest = 0.0, 0.0
    while True:
        started = time.thread_time()
        try:
            next(work)
        except StopIteration as end:
            return total, longest, end.value
        took = time.thread_time() - started
        total, longest = total + took, max(longest, took)


def cifar(images: int) -> Dataset:
    work = sources.read("cifar10-jpeg", 32, Home.locate().prepare())
    while True:
        try:
            next(work)
        except StopIteration as end:
            dataset = Dataset.require(end.value)
            break
    test = min(len(dataset.test), images // 6)
    return Dataset(dataset.class_names, first(dataset.train, images - test), first(dataset.test, test))


def first(images: ImageSet, count: int) -> ImageSet:
    return ImageSet(images.images[:count], images.labels[:count], images.names[:count])


def verdict(seconds: float, budget_s: float) -> str:
    return f"{seconds / budget_s:.0%} of {budget_s:g} s"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(machine())
    started = time.perf_counter()
    labels.doubt(answers(100, 10))
    rows = [("cleanlab loaded", f"{time.perf_counter() - started:.2f} s", "once")]
    for images, classes in ((10_000, 10), (10_000, 100), (50_000, 10)):
        evaluation = answers(images, classes)
        times = []
        for _ in range(arguments.repeats):
            started = time.thread_time()
            labels.doubt(evaluation)
            times.append(time.thread_time() - started)
        took = statistics.median(times)
        rows.append((f"labels, {images} x {classes}", f"{1000 * took:.0f} ms", verdict(took, _BUDGET_LABELS_S)))
    dataset = cifar(arguments.images)
    took, longest, found = stepwise(duplicates.find(dataset))
    size = f"{len(dataset.train)} x {len(dataset.test)}"
    rows.append((f"near-duplicates, {size}", f"{took:.1f} s", verdict(took, _BUDGET_SEARCH_S)))
    rows.append(("longest step of it", f"{1000 * longest:.0f} ms", verdict(longest, _BUDGET_STEP_S)))
    print_table(("what", "processor time", "budget"), rows)
    share = found.flags(np.full(len(dataset.train), "training")).mean()
    print(f"\n{len(found)} pairs; {share:.2%} of the test images are like a training image")
