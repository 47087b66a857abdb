"""Images that are left out of training are never seen, and change the place of no other image."""

import shutil
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.conftest import CLASSES, SIDE
from tests.engine.test_exact_resume import assert_same_end
from tests.generators import result_of
from tests.trained import record_run
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.data.image_marks import ImageMarks, marks_of
from workbench.core.errors import ConfigError
from workbench.core.events import StepMetrics, Warned
from workbench.core.home import Home
from workbench.core.records.run_copies import are_of
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.data import sources
from workbench.engine.data.marked_images import without_marked
from workbench.engine.data.preview import examples
from workbench.engine.data.run_split import split_of, uses_of
from workbench.engine.reports.reported_run import read_run
from workbench.engine.reports.run_settings import images, settings
from workbench.engine.training import training
from workbench.engine.training.preparation import prepare
from workbench.engine.weights import checkpoint

LEFT_OUT = (0, 7, 41, 80, 119)


def dataset_of(labels: list[int]) -> Dataset:
    kept = ImageSet(np.zeros((len(labels), 4, 4, 3), np.uint8), np.array(labels), ("",) * len(labels))
    return Dataset(tuple("abc"), kept, kept)


@given(
    st.lists(st.integers(0, 2), min_size=30, max_size=60),
    st.sets(st.integers(0, 29), max_size=8),
    st.sampled_from([0.0, 0.2, 0.5]),
    st.integers(0, 5),
)
def test_all_others_keep_their_places(labels: list[int], left_out: set[int], fraction: float, seed: int) -> None:
    # Enough of each class that none is lost.
    dataset = dataset_of(labels + [0, 1, 2] * 20)
    config = RunConfig().with_values({"data.validation_fraction": fraction, "training.seed": seed})
    before = split_of(dataset, config)
    config = config.with_values({"data.excluded": left_out})
    for part, whole in zip(split_of(dataset, config), before, strict=True):
        assert part.tolist() == [index for index in whole.tolist() if index not in left_out]
    uses = uses_of(dataset, config)
    assert np.flatnonzero(uses == "excluded").tolist() == sorted(left_out)
    assert set(uses) <= {"training", "validation", "excluded"}


def test_so_many_images_are_chosen_from_what_is_left() -> None:
    dataset = dataset_of([0, 1, 2] * 20)
    config = RunConfig().with_values({"data.train_images": 30, "data.excluded": range(12)})
    training_, validation = split_of(dataset, config)
    assert len(training_) == 30
    assert min(*training_, *validation) >= 12
    wanted = len(split_of(dataset, config.with_values({"data.train_images": 0}))[0])
    with pytest.raises(ConfigError, match=rf"data\.train_images is 59; it must be at most {wanted}"):
        split_of(dataset, config.with_values({"data.train_images": 59}))


def test_what_cannot_be_left_out_is_refused_by_field() -> None:
    dataset = dataset_of([0, 1, 2] * 20)
    for number in (60, 10**30):
        config = RunConfig().with_values({"data.excluded": [3, number]})
        with pytest.raises(
            ConfigError, match="sample has only 60 training images; give numbers from 0 to 59"
        ) as no:
            split_of(dataset, config)
        assert no.value.fields.keys() == {"data.excluded"}
    held_out = split_of(dataset, RunConfig())[1]
    of_b = [index for index in range(1, 60, 3) if index not in held_out]
    with pytest.raises(
        ConfigError, match="leaves out all 18 images of class 'b' that would be trained on"
    ) as refusal:
        split_of(dataset, RunConfig().with_values({"data.excluded": of_b}))
    assert refusal.value.fields.keys() == {"data.excluded"}
    assert len(split_of(dataset, RunConfig().with_values({"data.excluded": of_b[1:]}))[0]) == 54 - 17


@pytest.fixture(scope="module")
def poisoned(image_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same images, but those that are left out are noise."""
    folder = tmp_path_factory.mktemp("poisoned") / image_folder.name
    shutil.copytree(image_folder, folder)
    generator = np.random.default_rng(5)
    for index in LEFT_OUT:
        pixels = generator.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
        (path,) = (folder / "train").glob(f"*/{index:04d}.png")
        Image.fromarray(pixels).save(path)
    return folder


def weights_of(home: Home, config: RunConfig) -> dict[str, torch.Tensor]:
    run_id = record_run(home, config)
    with closing(RunStore.for_reading(home)) as store:
        return dict(checkpoint.load(store.checkpoints(run_id), "last").network)


def test_whatever_they_show_changes_nothing(tiny_config: RunConfig, home: Home, poisoned: Path) -> None:
    values = {"training.epochs": 2, "data.normalization": "from-data"}
    config = tiny_config.with_values(values)
    other = config.with_values({"data.source": str(poisoned)})
    clean, noisy = weights_of(home, config), weights_of(home, other)
    assert not all(torch.equal(clean[name], noisy[name]) for name in clean), "else the test could not fail"
    without = {"data.excluded": LEFT_OUT}
    clean, noisy = weights_of(home, config.with_values(without)), weights_of(home, other.with_values(without))
    assert [name for name in clean if not torch.equal(clean[name], noisy[name])] == []


def test_the_preview_shows_none(tiny_config: RunConfig, home: Home, poisoned: Path) -> None:
    dataset = Dataset.require(result_of(sources.read(str(poisoned), SIDE, home)))
    config = tiny_config.with_values({"data.excluded": LEFT_OUT})
    plain, _ = examples(config, dataset, 1000)
    prepared = result_of(prepare(config, home))
    assert len(plain) == len(prepared.trainer.images)
    shown = {image.tobytes() for image in plain}
    assert shown.isdisjoint(dataset.train.images[index].tobytes() for index in LEFT_OUT)


@pytest.mark.parametrize("steps", [2, 8])
def test_a_run_is_resumed_exactly(tiny_config: RunConfig, store: RunStore, steps: int) -> None:
    config = tiny_config.with_values({"training.epochs": 2, "data.excluded": LEFT_OUT})
    whole = list(training.train(config, store=store))[-1].run_id
    with closing(training.train(config, store=store)) as events:
        stopped = next(e for e in events if isinstance(e, StepMetrics) and e.steps[-1] >= steps)
    # What is marked meanwhile is not this run's.
    names = tuple(f"train/{CLASSES[index // 40]}/{index:04d}.png" for index in range(120))
    ImageMarks(store.home, config.data.source).change_excluded(added=marks_of("train", [3, 4], names))
    list(training.resume(stopped.run_id, store=store))
    assert_same_end(store, stopped.run_id, whole)
    record = store.run(whole)
    assert record.config.data.excluded == LEFT_OUT
    assert sum(record.started["images"][:2]) == 120 - len(LEFT_OUT)
    dataset = Dataset.require(Path(record.started["dataset_path"]))
    assert are_of(record, None, dataset)


def test_a_report_says_how_many(tiny_config: RunConfig, home: Home) -> None:
    run_id = record_run(home, tiny_config.with_values({"training.epochs": 1, "data.excluded": range(12)}))
    with closing(RunStore.for_reading(home)) as store:
        run = result_of(read_run(run_id, store))
    assert "; 12 images left out" in str(images(run))
    assert "12 images: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …]" in str(settings(run))


def test_nothing_held_out_that_is_not_left_out_is_said(tiny_config: RunConfig, home: Home) -> None:
    dataset = Dataset.require(result_of(sources.read(tiny_config.data.source, SIDE, home)))
    held_out = split_of(dataset, tiny_config)[1].tolist()
    work = prepare(tiny_config.with_values({"data.excluded": held_out}), home)
    said = [event.message for event in work if isinstance(event, Warned)]
    assert said == [
        "data.excluded leaves out all images that would be held out: nothing is held out, and the last epoch is "
        "the one that counts"
    ]


def test_marked_images_are_found_by_their_names_as_files_are_now(
    tiny_config: RunConfig, home: Home, image_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "colors"
    shutil.copytree(image_folder, folder)
    config = tiny_config.with_values({"data.source": str(folder)})
    dataset = Dataset.require(result_of(sources.read(str(folder), SIDE, home)))
    ImageMarks(home, str(folder)).change_excluded(added=marks_of("train", [3, 50, 60], dataset.train.names))
    assert result_of(without_marked(config, home)).data.excluded == (3, 50, 60)
    (folder / "train" / CLASSES[1] / "0044.png").unlink()
    (folder / "train" / CLASSES[1] / "0060.png").unlink()
    assert result_of(without_marked(config, home)).data.excluded == (3, 49)
    sample = RunConfig()
    assert result_of(without_marked(sample, home)) == sample
    ImageMarks(home, "sample").change_excluded(added=marks_of("train", [3], dataset.train.names))
    assert result_of(without_marked(sample, home)).data.excluded == (3,)
