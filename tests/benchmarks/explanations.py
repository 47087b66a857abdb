"""How long it takes to say why an image got its answer, beside a budget: each method, and a block's maps.

python -m tests.benchmarks.explanations [HOME]

HOME holds a run; without one, a ResNet-20 is trained for an epoch on the shipped sample. Milliseconds of the whole
job, the network opened anew each time, on one thread as the window's lane computes; the median of seven.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import torch

from tests.benchmarks.table import machine, print_table
from tests.trained import exhausted, record_run
from workbench.core.home import Home
from workbench.core.inspection.explanations import METHODS, Question
from workbench.core.records.store import RunStore
from workbench.core.settings.presets import Presets
from workbench.engine.inspection.attribution import explain
from workbench.engine.inspection.feature_maps import feature_maps
from workbench.engine.inspection.subject import Subject, Subjects

_REPEATS = 7
_BUDGET_MS = {"gradcam": 300, "maps of layer1.0": 300, "integrated-gradients": 2_000, "occlusion": 2_000}


def measure(store: RunStore, run_id: str, work: Callable[[Subject], Generator[Any, None, Any]]) -> float:
    """Milliseconds of opening and of `work`, at the median."""
    took = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        exhausted(work(exhausted(Subjects().open(run_id, store))))
        took.append(time.perf_counter() - started)
    return 1000 * statistics.median(took)


def works() -> dict[str, Callable[[Subject], Generator[Any, None, Any]]]:
    def asked(question: Question) -> Callable[[Subject], Generator[Any, None, Any]]:
        return lambda subject: explain(subject, subject.images("test").images[3], 0, question)

    explained = {method: asked(Question(method)) for method in METHODS}
    return explained | {
        "maps of layer1.0": lambda subject: feature_maps(subject, subject.images("test").images[3], "layer1.0")
    }


def trained(folder: Path) -> tuple[Home, str]:
    """The newest run of a home; one of its own where there is none."""
    home = Home(folder).prepare()
    with closing(RunStore(home)) as store:
        runs = store.runs()
    if runs:
        return home, runs[0].id
    config = Presets.load(home.presets).run_config("resnet20", "quick")
    return home, record_run(home, config.with_values({"training.epochs": 1, "data.source": "sample"}))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        home, run_id = trained(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(temporary))
        torch.set_num_threads(1)
        rows = []
        with closing(RunStore.for_reading(home)) as store:
            exhausted(works()["gradcam"](exhausted(Subjects().open(run_id, store))))
            for name, work in works().items():
                took, budget = measure(store, run_id, work), _BUDGET_MS[name]
                rows.append((name, f"{took:.0f} ms", f"{budget} ms", f"{took / budget:.2f}"))
        print_table(("what", "opening and computing", "budget", "share"), rows)
        print(f"\n{machine()}")
