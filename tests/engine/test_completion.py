"""What a configuration leaves open is filled in once, a record is read once, and progress learns its run."""

import gc
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest
import torch

from tests.engine.test_training import stop_after
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.errors import UserError
from workbench.core.events import Progress, RunFinished, StepMetrics, Warned
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.core.settings.normalization import Normalization, NormalizationName
from workbench.engine.network import resnet
from workbench.engine.training import training
from workbench.engine.training.completion import completed, lasting
from workbench.engine.weights.checkpoint_state import CheckpointState
from workbench.engine.weights.foreign_weights import Weights


def data(classes: int) -> Dataset:
    images = ImageSet(torch.zeros(1, 4, 4, 3).byte().numpy(), torch.zeros(1).long().numpy(), ("train/0/0.png",))
    return Dataset(tuple(str(index) for index in range(classes)), images, images)


@pytest.mark.parametrize(
    ("wanted", "known", "begun", "expected", "words"),
    [
        ("auto", None, None, "cifar10", "w.pt does not say"),
        ("auto", "imagenet", None, "imagenet", ""),
        ("cifar10", "imagenet", None, "cifar10", "normalized by imagenet, not by cifar10"),
        ("imagenet", "imagenet", None, "imagenet", ""),
        ("auto", "", "imagenet", "imagenet", ""),
        ("cifar10", "", "imagenet", "cifar10", ""),
        ("auto", "", None, "cifar10", ""),
    ],
)
def test_the_normalization_is_that_of_the_weights(
    wanted: str, known: NormalizationName | Literal[""] | None, begun: str | None, expected: str, words: str
) -> None:
    config = RunConfig().with_values({"data.normalization": wanted})
    by = Normalization.named(known) if known else None
    weights = Weights({}, "w.pt", by) if known != "" else None
    before = config.with_values({"data.normalization": begun}) if begun else None
    found, sentences = completed(config, data(10), weights, before)
    assert found == config.with_values({"data.normalization": expected})
    assert len(sentences) == (1 if words else 0)
    assert not words or words in sentences[0]


def test_the_outputs_are_those_of_the_data_and_what_is_complete_stays() -> None:
    found, sentences = completed(RunConfig(), data(4), None)
    assert found.model.num_classes == 4
    assert sentences == ["the data has 4 classes, so the network has 4 outputs, not 10"]
    assert completed(found, data(4), None) == (found, [])


def test_names_last(store: RunStore, image_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(image_folder.parent)
    (image_folder.parent / "w.pt").write_bytes(b"")
    config = RunConfig().with_values({"data.source": image_folder.name, "fine_tuning.weights": "w.pt"})
    found = lasting(config, store)
    assert found.data.source == str(image_folder)
    assert found.fine_tuning.weights == str(image_folder.parent / "w.pt")
    assert lasting(RunConfig(), store) == RunConfig()
    with pytest.raises(UserError, match="no such file"):
        lasting(RunConfig().with_values({"fine_tuning.weights": "other.pt"}), store)


def test_a_resumed_run_reads_its_record_once(
    tiny_config: RunConfig, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = stop_after(tiny_config, store, 4)
    read, reads = RunStore.run, []

    def counted(self: RunStore, each: str) -> object:
        reads.append(each)
        return read(self, each)

    monkeypatch.setattr(RunStore, "run", counted)
    assert list(training.resume(run_id, store=store))[-1] == RunFinished(run_id, "finished")
    assert reads == [run_id]


def test_what_a_run_starts_from_is_let_go_of(tiny_config: RunConfig, store: RunStore, tmp_path: Path) -> None:
    """Its tensors are copied; a second network and optimizer would stay in memory as long as it trains."""

    def kept() -> int:
        gc.collect()
        return sum(type(each) in (Weights, CheckpointState) for each in gc.get_objects())

    torch.save(resnet.build(tiny_config.model, seed=5).state_dict(), tmp_path / "w.pt")
    config = tiny_config.with_values({"fine_tuning.weights": str(tmp_path / "w.pt")})
    before = kept()
    with closing(training.train(config, store=store)) as events:
        run_id = next(event for event in events if isinstance(event, StepMetrics)).run_id
        assert kept() == before
    with closing(training.resume(run_id, store=store)) as events:
        assert next(event for event in events if isinstance(event, StepMetrics))
        assert kept() == before


def test_progress_and_warnings_learn_their_run_where_it_is_recorded(tiny_config: RunConfig, home: Home) -> None:
    config = tiny_config.with_values({"model.num_classes": 10, "training.epochs": 1})
    with closing(RunStore(home)) as store:
        events = list(training.train(config, store=store))
    assert {type(event) for event in events} >= {Progress, Warned}
    assert len({event.run_id for event in events}) == 1
    assert events[0].run_id
