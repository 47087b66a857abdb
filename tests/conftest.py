"""What all tests share: a home of their own and tiny images that can be learned in seconds."""

import os
import shutil

# Before any Qt import: no test needs a screen.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig

# How long an example takes is what else the machine does, and speed is measured elsewhere.
settings.register_profile("workbench", deadline=None)
settings.load_profile("workbench")

CLASSES = ("blue", "green", "red")
SIDE = 16


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").prepare()


@pytest.fixture
def store(home: Home) -> Iterator[RunStore]:
    with closing(RunStore(home)) as store:
        yield store


@pytest.fixture(scope="session")
def decoded_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped sample as a home keeps it; to read it takes seconds."""
    from workbench.engine.data import sources

    home = Home(tmp_path_factory.mktemp("decoded")).prepare()
    for _ in sources.read("sample", 32, home):
        pass
    return home.data


@pytest.fixture
def sample_home(home: Home, decoded_sample: Path) -> Home:
    """`home`, which has read the shipped sample already."""
    shutil.copytree(decoded_sample, home.data, dirs_exist_ok=True, copy_function=os.link)
    return home


def colored_image(label: int, generator: np.random.Generator) -> Image.Image:
    """Noise with one color channel brighter: separable, but not at first sight."""
    pixels = generator.integers(0, 120, (SIDE, SIDE, 3))
    pixels[:, :, 2 - label] += 60
    return Image.fromarray(pixels.astype(np.uint8))


def write_images(root: Path, train: int, test: int) -> Path:
    """A folder of PNG images: `train` and `test` per class."""
    generator = np.random.default_rng(0)
    for part, count in (("train", train), ("test", test)):
        for label, name in enumerate(CLASSES):
            folder = root / part / name
            folder.mkdir(parents=True)
            for index in range(count):
                colored_image(label, generator).save(folder / f"{label * count + index:04d}.png")
    return root


@pytest.fixture(scope="session")
def image_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 training and 12 test images of each of three classes."""
    return write_images(tmp_path_factory.mktemp("images") / "colors", 40, 12)


@pytest.fixture
def tiny_config(image_folder: Path) -> RunConfig:
    """A network and a recipe that learn `image_folder` in a second on one core."""
    return RunConfig.build(
        {
            "model": {"blocks": [1, 1], "widths": [8, 8], "num_classes": 3, "input_size": SIDE},
            "data": {"source": str(image_folder), "validation_fraction": 0.2},
            "training": {"epochs": 3, "batch_size": 16, "learning_rate": 0.2, "crop_padding": 2, "threads": 1,
                         "device": "cpu", "precision": "fp32"},
        }
    )  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def _no_datasets_of_this_machine() -> Iterator[None]:
    """What torchvision or Keras left here would be taken in place of a download; processes of tests inherit it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESNET_WORKBENCH_DATASETS", "")
        yield
