"""The most memory that a training start takes for its images, beside their decoded arrays.

    python -m tests.benchmarks.data_memory [--images 60000] [--side 32]

Each way in a process of its own, from the memory that it has after a start on few images, so that neither the
interpreter nor torch nor the network counts. A sixth are test images, a tenth of the rest is held out, as of
CIFAR-10. Linux only, where pages of the mapped copy count too, which the system takes back when it needs them.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.benchmarks.table import machine, print_table
from tests.generators import result_of
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.engine.data import pixel_stores, sources
from workbench.engine.training import preparation
from workbench.engine.training.trainer import Trainer

_CLASSES, _FEW = 10, "few"
_WAYS = {
    "in memory": {},
    "in memory, normalization from-data": {"data.normalization": "from-data"},
    "in memory, 12 images left out": {"data.excluded": range(12)},
    "streamed": {},
}


# Measured with what it holds.
_kept: list[Trainer] = []


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--way", choices=_WAYS)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.way:
        measure(arguments.way, arguments.folder, arguments.side)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / _FEW, 600, arguments.side)
        size = write(folder, arguments.images, arguments.side)
        rows = [row(way, folder, arguments.side, size) for way in _WAYS]
    print_table(("images", "arrays, MB", "before, MB", "most beside it, MB", "of the arrays", "kept, MB"), rows)
    print(machine())


def write(folder: Path, images: int, side: int) -> int:
    """A decoded copy; returns the bytes of its arrays."""
    generator = np.random.default_rng(0)

    def part(name: str, count: int) -> ImageSet:
        pixels = generator.integers(0, 256, (count, side, side, 3), np.uint8)
        names = tuple(f"{name}/a/{index}.png" for index in range(count))
        return ImageSet(pixels, np.arange(count) % _CLASSES, names)

    dataset = Dataset(tuple("abcdefghij"), part("train", images * 5 // 6), part("test", images // 6))
    dataset.save(folder)
    return sum(each.images.nbytes + each.labels.nbytes for each in (dataset.train, dataset.test))


def row(way: str, folder: Path, side: int, size: int) -> tuple[str, ...]:
    command = [sys.executable, "-m", __spec__.name, "--way", way, "--folder", str(folder), "--side", str(side)]
    before, most, after = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return (
        way, f"{size / 1e6:.0f}", f"{before / 1e6:.0f}", f"{(most - before) / 1e6:.0f}",
        f"{(most - before) / size:.2f}", f"{(after - before) / 1e6:.0f}",
    )  # fmt: skip


def measure(way: str, folder: Path, side: int) -> None:
    config = RunConfig().with_values(
        {"model.input_size": side, "training.device": "cpu", "training.threads": 1, "data.source": "cifar10-jpeg"}
    )
    config = config.with_values(_WAYS[way])
    start(config, folder / _FEW)
    if way == "streamed":
        pixel_stores._ALWAYS_HELD_BYTES = 0
        pixel_stores.free_bytes = lambda device: 0
    before = _memory("VmRSS")
    # The most from here on (man 5 proc_pid_clear_refs).
    Path("/proc/self/clear_refs").write_text("5")
    start(config, folder)
    print(json.dumps([before, _memory("VmHWM"), _memory("VmRSS")]))


def start(config: RunConfig, folder: Path) -> None:
    """All that a run does before its second step, with the copy in `folder`."""

    def read(*_: object):  # type: ignore[no-untyped-def]
        yield from ()
        return folder

    sources.read = read
    trainer = result_of(preparation.prepare(config, Home(folder))).trainer
    trainer.step()
    _kept.append(trainer)


def _memory(name: str) -> int:
    """Of this process: VmRSS is what it has, VmHWM the most that it ever had."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1]) * 1024


if __name__ == "__main__":
    main()
