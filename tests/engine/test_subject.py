"""Opening a run's network after one of its epochs, to look at it."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.trained import exhausted, opened, record_run
from workbench.core.errors import UserError
from workbench.core.events import Warned
from workbench.core.home import Home
from workbench.core.records.run_folder import RunFolder
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.inspection.subject import Subjects
from workbench.engine.training import training
from workbench.engine.weights import epoch_weights


@pytest.fixture
def store(home: Home) -> Iterator[RunStore]:
    with closing(RunStore(home)) as store:
        yield store


def test_each_epoch_says_what_it_said_then(home: Home, store: RunStore, tiny_config: RunConfig) -> None:
    run_id = record_run(home, tiny_config.with_values({"training.epochs": 3, "training.precision": "fp32"}))
    subjects = Subjects()
    for epoch in (1, 2, 3):
        subject = exhausted(subjects.open(run_id, store, epoch))
        recorded = store.evaluation(run_id, epoch)
        assert subject.epoch == epoch
        assert np.abs(exhausted(subject.evaluate("test")).probabilities - recorded.probabilities).max() < 2e-3
        held_out = store.validation(run_id, epoch)
        assert (
            np.abs(exhausted(subject.evaluate("validation")).probabilities - held_out.probabilities).max() < 2e-3
        )
        assert subject.logits_of(subject.images("test").images[:3]).shape == (3, len(subject.class_names))


def test_the_kept_epoch_is_opened_unless_another_is_asked_for(
    home: Home, store: RunStore, tiny_config: RunConfig
) -> None:
    run_id = record_run(home, tiny_config.with_values({"training.epochs": 3}))
    assert opened(home, run_id).epoch == store.run(run_id).best.epoch


def test_the_last_subject_is_kept(home: Home, store: RunStore, tiny_config: RunConfig) -> None:
    run_id = record_run(home, tiny_config.with_values({"training.epochs": 2}))
    subjects = Subjects()
    first = exhausted(subjects.open(run_id, store, 1))
    assert exhausted(subjects.open(run_id, store, 1)) is first
    assert exhausted(subjects.open(run_id, store, 2)) is not first


def test_an_epoch_without_weights_names_the_nearest(home: Home, store: RunStore, tiny_config: RunConfig) -> None:
    run_id = record_run(home, tiny_config.with_values({"training.epochs": 3, "training.epoch_weights_mb": 0}))
    assert not store.weights_by_epoch(run_id)
    kept = store.run(run_id).best.epoch
    other = 1 if kept != 1 else 2
    with pytest.raises(UserError, match=f"no weights of epoch {other} .* are kept; .* epoch {kept} "):
        opened(home, run_id, other)
    with pytest.raises(UserError, match=r"epoch is 7; .* the epochs 1 to 3"):
        opened(home, run_id, 7)


def test_damaged_weights_are_refused(home: Home, store: RunStore, tiny_config: RunConfig) -> None:
    run_id = record_run(home, tiny_config.with_values({"training.epochs": 2}))
    path = store.weights_by_epoch(run_id)[1]
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    kept = store.run(run_id).best.epoch
    if kept == 1:
        # The checkpoint holds the same.
        assert opened(home, run_id, 1).epoch == 1
    else:
        with pytest.raises(UserError, match="damaged: their SHA-256"):
            opened(home, run_id, 1)
    opened(home, run_id, 2)


def test_where_the_file_of_the_kept_epoch_is_damaged_its_checkpoint_is_read(
    home: Home, store: RunStore, tiny_config: RunConfig
) -> None:
    run_id = record_run(home, tiny_config.with_values({"training.epochs": 2}))
    kept = store.run(run_id).best.epoch
    whole = opened(home, run_id, kept)
    store.weights_by_epoch(run_id)[kept].write_bytes(b"no weights")
    again = opened(home, run_id, kept)
    assert again.epoch == kept
    assert all(torch.equal(again.weights[name], tensor) for name, tensor in whole.weights.items())


def test_an_epoch_stays_open_while_others_are_saved(home: Home, store: RunStore, tiny_config: RunConfig) -> None:
    run_id = record_run(home, tiny_config.with_values({"training.epochs": 2}))
    subjects = Subjects()
    first = exhausted(subjects.open(run_id, store, 1))
    other = store.weights_by_epoch(run_id)[2]
    other.with_name(other.name.replace("00002", "00003")).write_bytes(other.read_bytes())
    assert exhausted(subjects.open(run_id, store, 1)) is first


@pytest.fixture
def own_images(home: Home, tiny_config: RunConfig, image_folder: Path, tmp_path: Path) -> tuple[str, Path]:
    """A run, and the folder that it was trained on, which may be changed."""
    source = tmp_path / "colors"
    shutil.copytree(image_folder, source)
    return record_run(home, tiny_config.with_values({"training.epochs": 1, "data.source": str(source)})), source


def test_a_run_s_images_are_those_that_it_was_tested_with(home: Home, own_images: tuple[str, Path]) -> None:
    run_id, source = own_images
    before = opened(home, run_id).images("test")
    first, second = sorted((source / "test" / "red").iterdir())[:2]
    first.rename(first.with_name("swap"))
    second.rename(first)
    first.with_name("swap").rename(second)
    # The source has the same classes, counts and labels, but another order.
    after = opened(home, run_id).images("test")
    assert after.names == before.names
    np.testing.assert_array_equal(after.images, before.images)


def test_images_are_read_again_unless_they_are_others(home: Home, own_images: tuple[str, Path]) -> None:
    run_id, source = own_images
    before = np.array(opened(home, run_id).images("test").images)
    shutil.rmtree(home.data)
    np.testing.assert_array_equal(opened(home, run_id).images("test").images, before)
    moved = sorted((source / "test" / "red").iterdir())[0]
    moved.rename(source / "test" / "blue" / "9999.png")
    shutil.rmtree(home.data)
    with pytest.raises(UserError, match=f"the images of .*colors have changed since run {run_id} was trained"):
        opened(home, run_id)


def test_weights_that_cannot_be_removed_end_no_run(
    home: Home, store: RunStore, tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".safetensors":
            raise PermissionError(13, "another process has it open", path)
        remove(path, missing_ok)

    remove = Path.unlink
    monkeypatch.setattr(epoch_weights, "chosen", lambda epochs, _places: {max(epochs)})
    monkeypatch.setattr(Path, "unlink", refuse)
    run_id = record_run(home, tiny_config.with_values({"training.epochs": 3}))
    assert store.run(run_id).status == "finished"
    assert sorted(store.weights_by_epoch(run_id)) == [1, 2, 3]


def test_weights_that_cannot_be_kept_are_told_of_every_epoch(
    home: Home, tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_named: object) -> None:
        raise UserError("the disk is full")

    monkeypatch.setattr(epoch_weights, "keep", refuse)
    with closing(RunStore(home)) as store:
        events = list(training.train(tiny_config.with_values({"training.epochs": 2}), store=store))
    told = [event.message for event in events if isinstance(event, Warned)]
    assert [f"of epoch {epoch} are not kept" in "".join(told) for epoch in (1, 2)] == [True, True]


def test_an_epoch_that_is_done_again_has_one_set_of_weights(tmp_path: Path) -> None:
    """That of the last time, whichever name comes first."""
    folder = RunFolder(tmp_path)
    for value in range(4):
        path = epoch_weights.keep(folder, {"w": torch.full((4,), value)}, epoch=1, room_bytes=10**6)
        assert [path] == list(folder.weights.iterdir())
    assert path is not None
    assert torch.equal(epoch_weights.load(path)["w"], torch.full((4,), 3))


@pytest.mark.parametrize(
    ("planned", "places", "kept"),
    [
        (5, 10, [1, 2, 3, 4, 5]),
        (6, 3, [2, 4, 6]),
        (7, 3, [2, 4, 7]),
        (5, 1, [5]),
    ],
)
def test_epochs_are_kept_evenly_and_always_the_newest(planned: int, places: int, kept: list[int]) -> None:
    there: set[int] = set()
    for epoch in range(1, planned + 1):
        there = set(epoch_weights.chosen({*there, epoch}, places))
        assert epoch in there
        assert len(there) <= places
    assert sorted(there) == kept


def test_a_run_that_is_trained_longer_keeps_to_its_room() -> None:
    there: set[int] = set()
    for planned in (10, 37):
        for epoch in range(max(there, default=0) + 1, planned + 1):
            before, there = there, set(epoch_weights.chosen({*there, epoch}, 12))
            assert len(there) == min(epoch, 12), "the room is used whole"
            assert there >= before or len(before) == 12, "nothing goes while there is room"
    # But for the newest one, which is there in any case.
    gaps = np.diff([0, *sorted(there)])[:-1]
    assert gaps.max() <= 2 * gaps.min()


def test_the_network_can_be_built_with_other_weights(home: Home, tiny_config: RunConfig) -> None:
    subject = opened(home, record_run(home, tiny_config))
    zeros = {name: torch.zeros_like(tensor) for name, tensor in subject.weights.items()}
    assert not subject.build(zeros).fc.weight.any()
    assert subject.network.fc.weight.any()
