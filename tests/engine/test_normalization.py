"""What images are normalized by: numbers from the data, kept with the run, and told from weights alone."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.conftest import SIDE
from tests.engine.test_training import stop_after
from tests.generators import result_of
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.events import EvaluationReady, RunFinished, RunStarted, Warned
from workbench.core.inspection.normalization_trial import verdict
from workbench.core.records.store import RunStore
from workbench.core.settings.config import DataConfig, RunConfig
from workbench.core.settings.normalization import NAMED, Normalization
from workbench.engine.data import sources
from workbench.engine.data.device_images import DeviceImages, normalization_of, split
from workbench.engine.machine.device import Compute
from workbench.engine.training import evaluation, training
from workbench.engine.weights import checkpoint

CPU = Compute(torch.device("cpu"), torch.float32)


def dataset_of(config: RunConfig, store: RunStore) -> Dataset:
    return Dataset.require(result_of(sources.read(config.data.source, SIDE, store.home)))


@pytest.mark.parametrize("normalization", NAMED, ids=lambda each: each.name)
def test_pixels_become_what_its_numbers_say_and_come_back(normalization: Normalization) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), np.uint8)
    images = ImageSet(pixels, np.zeros(5, np.int64), ("",) * 5)
    given = DeviceImages(images, DataConfig(normalization=normalization.name), CPU)
    expected = (pixels / 255 - np.array(normalization.mean)) / np.array(normalization.std)
    batch, _ = given.plain(0, 5)
    np.testing.assert_allclose(batch.numpy(), expected.transpose(0, 3, 1, 2), atol=1e-5)
    assert torch.equal(given.as_pixels(batch), torch.from_numpy(pixels))


def test_the_numbers_of_data_are_those_over_all_chosen_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5000, 4, 4, 3), np.uint8)
    pixels[..., 2] = 51
    chosen = np.arange(0, 5000, 2)
    found = normalization_of(pixels, chosen)
    shares = pixels[chosen].reshape(-1, 3) / 255
    assert found.mean == pytest.approx(shares.mean(0), abs=1e-6)
    # A channel that is the same everywhere, or nearly, becomes 0, not infinite.
    pixels[0, 0, 0, 2] = 60
    assert normalization_of(pixels, chosen).std[2] == 1.0
    assert found.std == pytest.approx([*shares.std(0)[:2], 1.0], abs=1e-6)


def test_numbers_from_the_data_are_kept_with_the_run(
    tiny_config: RunConfig, store: RunStore, tmp_path: Path
) -> None:
    config = tiny_config.with_values({"data.normalization": "from-data"})
    events = list(training.train(config, store=store))
    (started,) = (event for event in events if isinstance(event, RunStarted))
    dataset = dataset_of(config, store)
    trained, _ = split(dataset.train.labels, config.data.validation_fraction, config.training.seed)
    expected = normalization_of(dataset.train.images, trained)
    assert started.config.data.normalized_by == expected
    run_id = started.run_id
    assert store.run(run_id).config.data.normalized_by == expected
    assert checkpoint.load_best(store.checkpoints(run_id)).config.data.normalized_by == expected
    recorded = [event.evaluation for event in events if isinstance(event, EvaluationReady)]
    best = store.run(run_id).best
    assert best is not None
    # On another source too, whose training images have other numbers, it gets what it knows.
    other = tmp_path / "other"
    shutil.copytree(config.data.source, other)
    for path in (other / "train").rglob("*.png"):
        Image.new("RGB", (SIDE, SIDE), "white").save(path)
    for source in (None, str(other)):
        again = result_of(evaluation.evaluate_run(run_id, store, source))
        np.testing.assert_allclose(again.logits, recorded[best.epoch - 1].logits, atol=1e-4)


def test_a_new_run_by_the_settings_of_another_finds_numbers_of_its_own(
    tiny_config: RunConfig, store: RunStore
) -> None:
    stale = {"data.normalization": "from-data", "data.mean": (0.9, 0.9, 0.9), "data.std": (0.5, 0.5, 0.5)}
    events = list(training.train(tiny_config.with_values(stale), store=store))
    assert store.run(events[-1].run_id).config.data.mean != (0.9, 0.9, 0.9)


def test_resumed_it_goes_on_with_the_same_numbers(tiny_config: RunConfig, store: RunStore) -> None:
    config = tiny_config.with_values({"data.normalization": "from-data"})
    whole = list(training.train(config, store=store))[-1].run_id
    run_id = stop_after(config, store, 3)
    assert isinstance(list(training.resume(run_id, store=store))[-1], RunFinished)
    first, second = (checkpoint.load_last(store.checkpoints(each))[0] for each in (whole, run_id))
    assert first.config.data == second.config.data
    assert all(torch.equal(tensor, second.network[name]) for name, tensor in first.network.items())


def test_weights_say_what_they_were_normalized_by(tiny_config: RunConfig, store: RunStore, tmp_path: Path) -> None:
    """Those of a run do; a bare state dict does not, which is said, and can be found out."""
    config = tiny_config.with_values({"data.normalization": "none", "training.epochs": 6})
    run_id = list(training.train(config, store=store))[-1].run_id
    best = store.run(run_id).best
    assert best is not None
    of_run = result_of(evaluation.evaluate_weights(tiny_config, run_id, store))
    assert of_run.accuracy == pytest.approx(best.test_accuracy, abs=1e-6)
    bare = tmp_path / "bare.pt"
    torch.save(dict(checkpoint.load_best(store.checkpoints(run_id)).evaluated_weights), bare)
    said = [event.message for event in evaluation.evaluate_weights(tiny_config, str(bare), store)
            if isinstance(event, Warned)]  # fmt: skip
    assert said == [
        f"{bare} does not say how its images were normalized; cifar10 is taken (data.normalization changes it)"
    ]
    told = tiny_config.with_values({"data.normalization": "none"})
    assert result_of(evaluation.evaluate_weights(told, str(bare), store)).accuracy == of_run.accuracy
    tried = result_of(evaluation.try_normalizations(tiny_config, str(bare), store))
    assert {each.normalization.name for each in tried} == {*(named.name for named in NAMED), "from-data"}
    by_name = {each.normalization.name: each for each in tried}
    assert by_name["none"].evaluation.accuracy == of_run.accuracy
    assert by_name["none"].is_as_good_as(tried[0])
    accuracies = [each.evaluation.accuracy for each in tried]
    assert accuracies == sorted(accuracies, reverse=True)


def test_the_verdict_names_those_that_chance_cannot_tell_apart(tiny_config: RunConfig, store: RunStore) -> None:
    run_id = list(training.train(tiny_config.with_values({"training.epochs": 6}), store=store))[-1].run_id
    best, *others = result_of(evaluation.try_normalizations(tiny_config, run_id, store))
    wrong = replace(best.evaluation, labels=(best.evaluation.predictions + 1) % 3)
    tried = [best, replace(others[0], evaluation=best.evaluation), replace(others[1], evaluation=wrong)]
    sentence = verdict(tried)
    assert sentence.startswith(f"{best.normalization.sentence} fits best, with")
    assert others[0].normalization.name in sentence
    assert others[1].normalization.name not in sentence.partition("chance: ")[2]
    # What knows hardly more than chance may guess better by wrong numbers.
    truth = best.evaluation.labels
    guessed = replace(best.evaluation, labels=np.where(np.arange(len(truth)) % 5 < 2, truth, (truth + 1) % 3))
    assert verdict([replace(best, evaluation=guessed)]).startswith("these weights are right too seldom to tell: ")


def test_whatever_begins_anew_finds_numbers_of_its_own(tiny_config: RunConfig, store: RunStore) -> None:
    run_id = list(training.train(tiny_config, store=store))[-1].run_id
    stale = {"data.normalization": "from-data", "data.mean": (0.9, 0.9, 0.9), "data.std": (0.5, 0.5, 0.5)}
    fresh = tiny_config.with_values({"data.normalization": "from-data"})
    found = [
        result_of(evaluation.evaluate_weights(config, run_id, store)).loss
        for config in (fresh, fresh.with_values(stale))
    ]
    assert found[0] == found[1]
