"""Whose weights lie in a run's folder: another run's are refused, although names and shapes fit."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.trained import exhausted, opened, record_run
from workbench.core.errors import UserError
from workbench.core.events import Warned
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.training import evaluation, training
from workbench.engine.weights import checkpoint, code_export, manifest, run_weights, weight_sources

USES: dict[str, Callable[[str, RunStore, Path], object]] = {
    "export": lambda run_id, store, folder: code_export.export_run(run_id, store, folder / "net.py"),
    "evaluate": lambda run_id, store, _: exhausted(evaluation.evaluate_run(run_id, store)),
    "look": lambda run_id, store, _: opened(store.home, run_id),
    "start from": lambda run_id, store, _: exhausted(weight_sources.read(run_id, store)),
    "resume": lambda run_id, store, _: list(training.resume(run_id, store=store, epochs=9)),
}
OTHERS = {
    "model.shortcut": ("none", "model.shortcut is 'none' there, and 'B' in this run"),
    "training.optimizer": ("adam", "training.optimizer is 'adam' there, and 'sgd' in this run"),
    "training.seed": (7, "training.seed is 7 there, and 0 in this run"),
    "fine_tuning.backbone_rate": (0.5, "fine_tuning.backbone_rate is 0.5 there, and 1.0 in this run"),
    "data.train_images": (60, "data.train_images is 60 there, and 0 in this run"),
    "data.normalization": ("imagenet", "data.normalization is 'imagenet' there, and 'cifar10' in this run"),
}


def put_checkpoints(store: RunStore, of: str, into: str) -> None:
    shutil.rmtree(store.checkpoints(into))
    shutil.copytree(store.checkpoints(of), store.checkpoints(into))


@pytest.mark.parametrize("field", OTHERS)
def test_another_runs_checkpoints_are_refused(
    home: Home, store: RunStore, tiny_config: RunConfig, tmp_path: Path, field: str
) -> None:
    config = tiny_config.with_values({"training.epochs": 1})
    value, words = OTHERS[field]
    run_id, other = record_run(home, config), record_run(home, config.with_values({field: value}))
    put_checkpoints(store, other, run_id)
    for name, use in USES.items():
        with pytest.raises(UserError, match="is of another run") as refused:
            use(run_id, store, tmp_path)
        assert f"the checkpoint in the folder of run {run_id} is of another run: {words}" in str(refused.value), (
            name
        )
    assert not list(tmp_path.glob("net*"))
    assert store.run(run_id).status == "finished"


@pytest.mark.parametrize("kind", ["last", "best"])
def test_the_runs_own_checkpoint_takes_the_place_of_anothers(
    home: Home, store: RunStore, tiny_config: RunConfig, kind: manifest.Kind
) -> None:
    """Also of a best one that is further than the run itself."""
    run_id = record_run(home, tiny_config.with_values({"training.epochs": 2}))
    epochs = 2 if kind == "last" else 3
    other = record_run(home, tiny_config.with_values({"training.seed": 7, "training.epochs": epochs}))
    theirs, ours = store.checkpoints(other), store.checkpoints(run_id)
    found = manifest.read(theirs, "last")
    assert found is not None
    shutil.copy(theirs / found.file, ours)
    manifest.write(found, ours, kind)
    events = list(training.resume(run_id, store=store, epochs=3))
    warnings = " ".join(event.message for event in events if isinstance(event, Warned))
    words = "is of another run: training.seed is 7 there, and 0 in this run; going on from the checkpoint before"
    assert (words in warnings) is (kind == "last")
    record = store.run(run_id)
    assert (record.status, len(record.epochs)) == ("finished", 3)
    state = checkpoint.load(ours, "last")
    run_weights.refuse_of_another(state.config, record)


def test_where_its_images_come_from_is_told_by_name(store: RunStore, tiny_config: RunConfig) -> None:
    """Folders move, and are the run's own wherever they lie; names of sources do not."""
    run_id = store.create(tiny_config, name="", model="m", recipe="r", machine={})
    record = store.run(run_id)
    saved = tiny_config.with_values({"data.source": "sample"})
    run_weights.refuse_of_another(saved, record)
    by_name = replace(record, config=tiny_config.with_values({"data.source": "cifar10-jpeg"}))
    with pytest.raises(UserError, match=r"data\.source is 'sample' there, and 'cifar10-jpeg' in this run"):
        run_weights.refuse_of_another(saved, by_name)


@pytest.mark.parametrize("there", ["", "/home/me/b.pt", "torchvision", "0a1b2c3d"])
def test_what_a_run_began_with_is_its_own(store: RunStore, tiny_config: RunConfig, there: str) -> None:
    """Names of weights last from before a run is recorded."""
    config = tiny_config.with_values({"fine_tuning.weights": "/home/me/a.pt"})
    record = store.run(store.create(config, name="", model="m", recipe="r", machine={}))
    run_weights.refuse_of_another(config, record)
    with pytest.raises(UserError) as refused:
        run_weights.refuse_of_another(config.with_values({"fine_tuning.weights": there}), record)
    assert f"fine_tuning.weights is '{there}' there, and '/home/me/a.pt' in this run" in str(refused.value)


def test_what_a_run_may_change_is_its_own(home: Home, store: RunStore, tiny_config: RunConfig) -> None:
    """More epochs, and what was completed when the images were read: classes and numbers from the data."""
    values = {"training.epochs": 1, "model.num_classes": 5, "data.normalization": "from-data"}
    asked = tiny_config.with_values(values)
    run_id = record_run(home, asked)
    list(training.resume(run_id, store=store, epochs=2))
    record = store.run(run_id)
    found = run_weights.read(record, store)
    assert found.epoch == record.best.epoch
    assert found.normalization == record.config.data.normalized_by
    # As of a list that was rebuilt from the run's beginning.
    run_weights.refuse_of_another(record.config, replace(record, config=asked))
