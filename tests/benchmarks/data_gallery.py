"""How smoothly the gallery of a data set scrolls through 60 000 images that are mapped from disk.

    python -m tests.benchmarks.data_gallery [--frames 600] [--size 1280 800]

A frame is one move of the scroll bar until all of it is painted: through all images in even steps, so that each
frame shows others, and slowly. Beside it: showing the images, marking one, filtering. By Qt's offscreen platform.
"""

import argparse
import gc
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication

from tests.benchmarks.table import machine, print_table
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.home import Home
from workbench.gui.data.images_view import ImagesView
from workbench.gui.data.looked_images import LookedImages
from workbench.gui.records.source_marks import SourceMarks
from workbench.gui.widgets.theme import Theme

_TRAIN, _TEST, _PIXELS, _CLASSES = 50_000, 10_000, 32, 10


def mapped(folder: Path) -> Dataset:
    """Noise, as it is decoded from a source of that size."""
    generator = np.random.default_rng(0)
    parts = []
    for part, images in (("train", _TRAIN), ("test", _TEST)):
        pixels = generator.integers(0, 256, (images, _PIXELS, _PIXELS, 3), dtype=np.uint8)
        names = tuple(f"{part}/class/{number:05d}.png" for number in range(images))
        parts.append(ImageSet(pixels, generator.integers(0, _CLASSES, images), names))
    Dataset(tuple(f"class {number}" for number in range(_CLASSES)), *parts).save(folder)
    return Dataset.require(folder)


def timed(application: QApplication, act: Callable[[], object]) -> float:
    """Milliseconds until what it changes is painted."""
    start = time.perf_counter()
    act()
    application.processEvents()
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--size", type=int, nargs=2, default=(1280, 800))
    options = parser.parse_args()
    application = QApplication([])
    theme = Theme(application, "light")
    with theme.put_on_last(), tempfile.TemporaryDirectory() as folder:
        home, marks = Home(Path(folder)).prepare(), SourceMarks()
        dataset = mapped(home.data / "noise")
        marks.open(home, "sample")
        marks.learn({"train": dataset.train.names, "test": dataset.test.names})
        view = ImagesView(theme, marks)
        view.resize(*options.size)
        view.show()
        looked = LookedImages(dataset, np.full(_TRAIN, "training"))
        rows = [("show 60 000 images", [timed(application, lambda: view.show_images(looked))])]
        bar = view.pictures.verticalScrollBar()
        deadline = time.monotonic() + 10
        # Laid out in batches: the last row is there a moment later.
        while view.pictures.visualRect(view.pictures.model().index(len(looked) - 1, 0)).top() < bar.maximum():
            if time.monotonic() > deadline:
                break
            application.processEvents()
        gc.collect()
        # As in the window, whose timer collects between frames.
        gc.disable()
        places = np.linspace(0, bar.maximum(), options.frames).astype(int).tolist()
        frames = [timed(application, lambda place=place: bar.setValue(place)) for place in places]
        rows.append((f"a frame of {options.frames}, through all", frames))
        slow = [timed(application, lambda place=place: bar.setValue(place)) for place in range(0, 6000, 20)]
        rows.append(("a frame of 20 pixels", slow))
        mark = [timed(application, lambda n=n: marks.toggle("excluded", {"train": [n]})) for n in range(20)]
        rows.append(("mark an image", mark))
        rows.append(("show one class", [timed(application, lambda n=n: view.show_class(n)) for n in range(5)]))
        said = [(what, f"{statistics.median(each):.1f} ms", f"{max(each):.1f} ms") for what, each in rows]
        print(machine())
        print_table(("", "median", "longest"), said)
        view.close()


if __name__ == "__main__":
    main()
