"""Seconds from a switched block to the new answers, against testing the whole network; and of a sweep of all.

    python -m tests.benchmarks.lesion_time [--model resnet20] [--images 2000] [--rounds 5] [--precision auto]

On one thread, as the window's lanes compute, with a network that was never trained: its weights cost as much. The
budget for a switch is 3 s. "Kept" means that what enters the blocks before is read from memory.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import torch

from tests.benchmarks.table import machine, print_table
from tests.generators import result_of
from workbench.core.data.dataset import Dataset
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.core.settings.presets import Presets
from workbench.engine.data import sources
from workbench.engine.inspection.kept_activations import BUDGET_BYTES
from workbench.engine.inspection.lesions import LesionBoard
from workbench.engine.inspection.subject import Subject
from workbench.engine.machine import device
from workbench.engine.network import resnet

_BUDGET_S = 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="resnet20")
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--precision", default="auto", choices=["auto", "bf16", "fp32"])
    options = parser.parse_args()
    device.use_one_thread()
    with tempfile.TemporaryDirectory() as folder:
        subject = _subject(options.model, options.precision, Home(Path(folder)).prepare())
        _measure(subject, options.images, options.rounds)


def _subject(model: str, precision: str, home: Home) -> Subject:
    config = RunConfig(model=Presets.load().model(model).config)
    config = config.with_values({"training.precision": precision, "training.device": "cpu"})
    dataset = Dataset.require(result_of(sources.read("sample", config.model.input_size, home)))
    weights = resnet.build(config.model, seed=0).state_dict()
    return Subject("00000000", 1, config, weights, dataset, device.resolve(config.training))


def _measure(subject: Subject, images: int, rounds: int) -> None:
    board, bare = LesionBoard(subject, images), LesionBoard(subject, images, budget_bytes=0)
    begun = _seconds(board.intact)
    result_of(bare.intact())
    names = [site.name for site in board.sites]
    whole_s = statistics.median(_seconds(lambda: subject.evaluate("test", board.indices)) for _ in range(rounds))
    rows = [
        ("whole network", f"{whole_s:.2f}", "", "1.00"),
        ("first look", f"{begun:.2f}", "", f"{begun / whole_s:.2f}"),
    ]
    for word, name in (("early", names[0]), ("middle", names[len(names) // 2]), ("late", names[-1])):
        kept_s, bare_s = (
            statistics.median(
                _seconds(lambda each=each, name=name: each.lesioned({name: 0.0})) for _ in range(rounds)
            )
            for each in (board, bare)
        )
        rows.append((f"{word}: {name}", f"{kept_s:.2f}", f"{bare_s:.2f}", f"{kept_s / whole_s:.2f}"))
    swept_s = _seconds(board.sweep)
    rows.append((f"each of {len(names)} in turn", f"{swept_s:.2f}", "", f"{swept_s / whole_s:.2f}"))
    print(f"{machine()}; one thread, {subject.compute.precision}, {len(board.indices)} images; "
          f"{BUDGET_BYTES / 1e6:.0f} MB kept at most; budget of a switch {_BUDGET_S:.0f} s")  # fmt: skip
    print_table(("what", "kept, s", "not kept, s", "of the whole"), rows)


def _seconds(work: Callable[[], Generator[Any, None, Any]]) -> float:
    started = time.perf_counter()
    result_of(work())
    return time.perf_counter() - started


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
