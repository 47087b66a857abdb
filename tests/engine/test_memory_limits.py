"""Running out of memory: what is said, that what is offered works, and that the process lives on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.conftest import write_images
from workbench.core.home import Home
from workbench.core.settings.config import RunConfig
from workbench.engine.machine import memory_limits

# An address space that a batch of 1024 does not fit in. In a process of its own: the limit is for good.
_SCRIPT = """
import json, resource, sys
from pathlib import Path
from workbench.core.settings.config import RunConfig
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.engine.training import training

store = RunStore(Home(Path(sys.argv[1])).prepare())
config = RunConfig.from_json(sys.argv[2])
small = config.with_values({"training.batch_size": 32, "data.train_images": 64})
list(training.train(small, store=store))
pages = int(Path("/proc/self/statm").read_text().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 250_000_000,) * 2)
failed = list(training.train(config, store=store))[-1]
again = list(training.train(config.with_values(failed.remedy), store=store))[-1]
print(json.dumps([failed.message, failed.is_bug, failed.remedy, type(again).__name__]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of the address space are Linux's")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_out_of_memory_what_is_offered_works(home: Home, tmp_path: Path, precision: str) -> None:
    # Little to evaluate.
    images = write_images(tmp_path / "images", 342, 2)
    config = RunConfig.build(
        {
            # Narrow: much to keep, and little to compute.
            "model": {"blocks": [2, 2], "widths": [16, 16], "num_classes": 3},
            "data": {"source": str(images), "train_images": 1024, "validation_fraction": 0},
            "training": {"epochs": 1, "batch_size": 1024, "device": "cpu", "precision": precision, "threads": 1},
        }
    )
    command = [sys.executable, "-c", _SCRIPT, str(home.root), config.model_dump_json()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    message, is_bug, remedy, again = json.loads(done.stdout)
    assert message.startswith("the memory is not enough for 1024 images at once")
    assert not is_bug
    assert remedy["training.accumulation"] > 1
    assert again == "RunFinished"


def test_parts_divide_the_batch_and_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    config = RunConfig.build({"training": {"batch_size": 96, "device": "cpu", "precision": "fp32"}})
    needed = memory_limits.needed_bytes(config, 24, 4)
    monkeypatch.setattr(memory_limits, "free_bytes", lambda _: int(needed) + 1)
    sentence, remedy = memory_limits.what_fits(config)
    assert remedy == {"training.accumulation": 4}
    assert "4 parts of 24" in sentence


def test_nothing_is_offered_where_nothing_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_limits, "free_bytes", lambda _: 1000)
    sentence, remedy = memory_limits.what_fits(RunConfig.build({"training": {"device": "cpu"}}))
    assert remedy == {}
    assert "smaller network" in sentence


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (RuntimeError("std::bad_alloc"), True),
        (RuntimeError("shapes do not match"), False),
    ],
)
def test_it_is_told_from_other_errors(error: Exception, is_one: bool) -> None:
    assert memory_limits.is_out_of_memory(error) is is_one


def test_a_container_has_free_what_it_only_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        memory_limits, "_CONTROL_GROUPS",
        ((tmp_path / "none", "max", "now", "cached"), (tmp_path, "memory.max", "memory.current", "inactive_file")),
    )  # fmt: skip
    for name, text in (("max", "1000\n"), ("current", "900\n"), ("stat", "anon 300\ninactive_file 550\n")):
        (tmp_path / f"memory.{name}").write_text(text)
    assert memory_limits._free_of_container() == 650
    (tmp_path / "memory.max").write_text("max\n")
    assert memory_limits._free_of_container() == sys.maxsize
