"""How long it takes to read images for the first time, and again, against the loop that tutorials write.

python -m tests.benchmarks.reading_time [--photos 10000] [--repeats 3]

The rival opens each image of an archive or folder, converts it to RGB, resizes it to 32 x 32 pixels and puts it
into a list, in one process. Every turn is a process of its own, with a home of its own; the two take turns.
Photographs are JPEGs of 640 x 480 pixels, drawn here, of 120 kB each. Memory is told on Linux alone.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from tests.benchmarks.table import machine, print_table

_SIDE = 32

_RIVAL = """
import io, json, sys, tarfile, time
import numpy as np
from pathlib import Path
from PIL import Image

def contents(path):
    if path.is_dir():
        yield from (file.read_bytes() for file in sorted(path.rglob("*.jpg")))
        return
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(".jpg"):
                yield archive.extractfile(member).read()

began = time.perf_counter()
images = [np.asarray(Image.open(io.BytesIO(content)).convert("RGB").resize((32, 32)))
          for content in contents(Path(sys.argv[1]))]
images = np.stack(images)
print(json.dumps({"first_s": time.perf_counter() - began, "images": len(images)}))
"""

_OURS = """
import json, re, sys, time
from pathlib import Path

def peak():
    status = Path("/proc/self/status")
    return int(re.search("VmHWM:\\s+(\\d+)", status.read_text())[1]) if status.exists() else 0

def read(source, home):
    began, longest = time.perf_counter(), 0.0
    paused = began
    work = sources.read(source, 32, home)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value, time.perf_counter() - began, longest
        longest, paused = max(longest, time.perf_counter() - paused), time.perf_counter()

if __name__ == "__main__":
    from workbench.core.data.dataset import Dataset
    from workbench.core.home import Home
    from workbench.engine.data import sources

    home = Home(Path(sys.argv[2])).prepare()
    before = peak()
    folder, first_s, longest_s = read(sys.argv[1], home)
    highest = peak() - before

    import torch
    from workbench.core.settings.config import RunConfig
    from workbench.engine.data.augmentation import EpochPlan
    from workbench.engine.data.device_images import DeviceImages, split
    from workbench.engine.machine.device import Compute

    config, compute = RunConfig(), Compute(torch.device("cpu"), torch.float32)
    began = time.perf_counter()
    folder, _, _ = read(sys.argv[1], home)
    dataset = Dataset.require(folder)
    training, _ = split(dataset.train.labels, 0.1, 0)
    images = DeviceImages(dataset.train, config.data, compute, training)
    images.batch(EpochPlan.draw(len(images), 32, 0, config.training, compute.device), 0, 128)
    again_s = time.perf_counter() - began
    decoded = dataset.train.images.nbytes + dataset.test.images.nbytes
    print(json.dumps({"first_s": first_s, "again_s": again_s, "longest_s": longest_s,
                      "images": len(dataset.train) + len(dataset.test),
                      "peak": highest * 1024 / decoded}))
"""


def photographs(root: Path, number: int) -> Path:
    """In ten classes, a sixth of them for testing."""
    generator = np.random.default_rng(0)
    noise = [generator.normal(0, 12, (480, 640, 1)) for _ in range(8)]
    for index in range(number):
        part = "test" if index // 10 % 6 == 5 else "train"
        few = Image.fromarray(generator.integers(0, 256, (24, 32, 3), np.uint8))
        smooth = np.asarray(few.resize((640, 480), Image.Resampling.BICUBIC), np.float32)
        folder = root / part / f"class {index % 10}"
        folder.mkdir(parents=True, exist_ok=True)
        pixels = (smooth + np.roll(noise[index % 8], index * 7, 1)).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:05d}.jpg", quality=88)
    return root


def measured(script: str, arguments: Sequence[str], folder: Path) -> dict[str, float]:
    """What a script that is run in its own process says of itself."""
    path = folder / "measured.py"
    path.write_text(script)
    done = subprocess.run([sys.executable, str(path), *arguments], capture_output=True, text=True, check=True)
    said: dict[str, float] = json.loads(done.stdout)
    return said


def compare(name: str, rivals_source: str, source: str, repeats: int, folder: Path) -> list[str]:
    rivals, ours = [], []
    for _ in range(repeats):
        rivals.append(measured(_RIVAL, [rivals_source], folder))
        with tempfile.TemporaryDirectory() as home:
            ours.append(measured(_OURS, [source, home], folder))
    if {each["images"] for each in (*rivals, *ours)} != {ours[0]["images"]}:
        raise ValueError("they have not read the same images")
    rival = statistics.median(each["first_s"] for each in rivals)
    first, again, longest, peak = (
        statistics.median(each[key] for each in ours) for key in ("first_s", "again_s", "longest_s", "peak")
    )
    return [
        f"{name}, {ours[0]['images']:.0f} images", f"{rival:.1f} s", f"{first:.1f} s", f"{first / rival:.2f}",
        f"{again:.2f} s", f"{longest:.2f} s", f"{peak:.2f}",
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    archive = Path(__file__).parents[2] / "resources" / "data" / "cifar10-jpeg.tar.xz"
    print(machine())
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        rows.append(compare("cifar10-jpeg", str(archive), "cifar10-jpeg", arguments.repeats, folder))
        root = photographs(folder / "photographs", arguments.photos)
        rows.append(compare("photographs", str(root), str(root), arguments.repeats, folder))
    columns = ["", "plain loop", "first reading", "ratio", "again, to the first batch", "longest silence",
               "peak memory above the start, of the decoded arrays"]  # fmt: skip
    print_table(columns, rows)


if __name__ == "__main__":
    main()
