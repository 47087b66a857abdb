"""Weights of others: every layout, named mismatches, never code."""

import argparse
import hashlib
import pickle
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.generators import result_of
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.core.settings.normalization import Normalization
from workbench.core.settings.presets import Presets
from workbench.engine.network import resnet
from workbench.engine.training import evaluation as evaluating
from workbench.engine.training import training
from workbench.engine.weights import foreign_weights as weights
from workbench.engine.weights import weight_sources

PRESETS = Presets.load()


def network(name: str = "resnet8", **fields: object) -> resnet.ResNet:
    return resnet.build(PRESETS.model(name).config.model_copy(update=fields), seed=0)


def akamaster(state: dict[str, Tensor]) -> dict[str, object]:
    renamed = {f"module.{k.replace('fc.', 'linear.')}": v for k, v in state.items() if "num_batches" not in k}
    return {"best_prec1": 91.7, "state_dict": renamed}


def kuangliu(state: dict[str, Tensor]) -> dict[str, object]:
    renamed = {
        "module." + name.replace("fc.", "linear.").replace("downsample", "shortcut"): tensor
        for name, tensor in state.items()
    }
    return {"net": renamed, "acc": 95.1, "epoch": 199}


@pytest.mark.parametrize(
    ("wrap", "normalization"),
    [
        (lambda state: state, None),
        (lambda state: {"model": state}, None),
        (lambda state: {"state_dict": state, "epoch": 3}, None),
        (akamaster, "imagenet"),
        (kuangliu, "cifar10-per-image"),
        (lambda state: {f"_orig_mod.module.{k}": v for k, v in state.items()}, None),
    ],
)
def test_every_layout_comes_back(
    tmp_path: Path, wrap: Callable[[dict[str, Tensor]], object], normalization: str | None
) -> None:
    source = network()
    torch.save(wrap(source.state_dict()), tmp_path / "w.pt")
    found = weights.read(tmp_path / "w.pt")
    target = resnet.build(PRESETS.model("resnet8").config, seed=1)
    weights.load_strictly(target, found.state, "w.pt")
    assert (found.normalization and found.normalization.name) == normalization
    images = torch.randn(2, 3, 32, 32)
    assert torch.equal(target.eval()(images), source.eval()(images))


def test_safetensors_come_back(tmp_path: Path) -> None:
    source = network()
    save_file(source.state_dict(), tmp_path / "w.safetensors")
    found = weights.read(tmp_path / "w.safetensors")
    assert weights.start_from(network(), found) == []
    (tmp_path / "w.safetensors").write_bytes(b"cut")
    with pytest.raises(UserError, match=r"cannot read weights from .*w\.safetensors"):
        weights.read(tmp_path / "w.safetensors")


def test_the_published_cifar_network_evaluates_as_measured(sample_home: Home) -> None:
    """Idelbayev's ResNet-20 on the sample's 2 000 test images; on all 10 000 of cifar10-jpeg it reaches 0.8103."""
    path = Path(__file__).parents[1] / "data" / "resnet20-12fca82f.th"
    config = RunConfig(model=PRESETS.model("resnet20").config)
    with closing(RunStore(sample_home)) as store:
        evaluation = result_of(evaluating.evaluate_weights(config, str(path), store))
    assert evaluation.accuracy == pytest.approx(0.81, abs=0.02)


def test_other_classes_replace_the_head_and_are_said() -> None:
    source, target = network(num_classes=100), network()
    head = target.fc.weight.clone()
    (sentence,) = weights.start_from(target, weights.Weights(source.state_dict(), "w.pt"))
    assert "w.pt: its last layer has 100 outputs, the data 10 classes" in sentence
    assert torch.equal(target.fc.weight, head)
    assert torch.equal(target.layer3[0].conv1.weight, source.layer3[0].conv1.weight)


@pytest.mark.parametrize("has_bias", [True, False])
def test_a_last_layer_without_bias_is_replaced_too(has_bias: bool) -> None:
    source, target = network(num_classes=100, head_bias=has_bias), network(head_bias=False)
    (sentence,) = weights.start_from(target, weights.Weights(source.state_dict(), "w.pt"))
    assert "its last layer has 100 outputs, the data 10 classes" in sentence
    assert torch.equal(target.layer3[0].conv1.weight, source.layer3[0].conv1.weight)


def test_another_stem_says_what_cannot_be_kept() -> None:
    source, target = network("resnet18-imagenet"), network("resnet18")
    (sentence,) = weights.start_from(target, weights.Weights(source.state_dict(), "w.pt"))
    assert "its stem is 7x7, the network's 3x3; conv1 (64, 3, 3, 3) starts from random weights" in sentence
    assert torch.equal(target.bn1.weight, source.bn1.weight)


def test_another_network_is_named_with_both_shapes() -> None:
    with pytest.raises(
        UserError, match=r"it has layer1\.1\.conv1\.weight \(16, 16, 3, 3\), which this network lacks"
    ):
        weights.load_strictly(network("resnet8"), network("resnet20-b").state_dict(), "x")
    with pytest.raises(UserError, match=r"it has no layer1\.1\.conv1\.weight \(16, 16, 3, 3\)"):
        weights.load_strictly(network("resnet20-b"), network("resnet8").state_dict(), "x")
    state = network().state_dict()
    state["fc.weight"] = torch.zeros(100, 64)
    with pytest.raises(UserError, match=r"fc\.weight is \(100, 64\) there and \(10, 64\) here"):
        weights.load_strictly(network(), state, "x")
    with pytest.raises(UserError, match=r"conv1\.weight is \(64, 3, 7, 7\) there and \(16, 3, 3, 3\) here"):
        weights.start_from(network(), weights.Weights(network("resnet18-imagenet").state_dict(), "x"))


@pytest.mark.parametrize("content", [b"", b"junk", b"junk\n", b"some text", b"dear diary", b"PK\x03\x04 cut"])
def test_a_file_that_is_no_state_dict_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(UserError, match=r"w\.pt: it is cut, damaged, or no file of PyTorch's; expected"):
        weights.read(tmp_path / "w.pt")


class Harmful:
    """Would create a file when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_code_in_a_file_is_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    torch.save({"model": Harmful(mark)}, tmp_path / "w.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Harmful(mark)))
    for name in ("w.pt", "plain.pt"):
        with pytest.raises(UserError, match="cannot read weights"):
            weights.read(tmp_path / name)
    assert not mark.exists()


# Said by torch itself of any sparse tensor that it reads.
@pytest.mark.filterwarnings("ignore:Validating sparse tensor invariants")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([torch.zeros(1)], "holds a list"),
        ({}, "holds an empty dict"),
        ({"lr": 0.1}, "holds 'lr', a float"),
        ({0: torch.zeros(1)}, "holds 0, a Tensor"),
        ({"a": torch.eye(3).to_sparse()}, "a is a sparse_coo tensor; expected dense real numbers"),
        ({"a": torch.zeros(2, dtype=torch.complex64)}, "a is a complex64 tensor"),
        ({"a": torch.tensor([1.0, float("nan")])}, "a has values that are not finite"),
    ],
)
def test_tensors_elsewhere_are_not_a_state_dict(tmp_path: Path, content: object, words: str) -> None:
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(UserError, match=words):
        weights.read(tmp_path / "w.pt")


def test_python_objects_in_a_file_are_said_without_bad_advice(tmp_path: Path) -> None:
    torch.save({"args": argparse.Namespace(lr=0.1), "state_dict": network().state_dict()}, tmp_path / "w.pt")
    with pytest.raises(UserError) as caught:
        weights.read(tmp_path / "w.pt")
    assert "it has Python objects (argparse.Namespace), which may run code" in str(caught.value)
    assert "weights_only" not in str(caught.value)


@pytest.mark.parametrize("config", ["configs/resnet20.yaml", '{"lr": 0.1}'])
def test_another_programs_config_does_no_harm(tmp_path: Path, config: str) -> None:
    torch.save({"state_dict": network().state_dict(), "config": config}, tmp_path / "w.pt")
    assert weights.read(tmp_path / "w.pt").normalization is None


def test_a_scalar_bias_is_another_network(tmp_path: Path) -> None:
    torch.save({"fc.bias": torch.tensor(1.0)}, tmp_path / "w.pt")
    with pytest.raises(UserError, match="of another network"):
        weights.start_from(network(), weights.read(tmp_path / "w.pt"))


def test_a_recorded_run_is_a_source(tiny_config: RunConfig, home: Home) -> None:
    config = tiny_config.with_values({"data.normalization": "imagenet", "training.epochs": 1})
    with closing(RunStore(home)) as store:
        run_id = list(training.train(config, store=store))[-1].run_id
        found = result_of(weight_sources.read(weight_sources.locate("latest", config.model, store), store))
    assert found.origin == f"run {run_id}"
    assert found.normalization == Normalization.named("imagenet")
    assert weights.start_from(resnet.build(config.model, 1), found) == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("/nowhere.pt", "there is no such file"),
        ("nonsense", r"there is no such file, and .*nonsense"),
        ("torchvision", "torchvision has no such network; it has resnet18, "),
    ],
)
def test_a_source_that_is_not_there_is_said(source: str, words: str, home: Home) -> None:
    with closing(RunStore(home)) as store, pytest.raises(UserError, match=words):
        weight_sources.locate(source, PRESETS.model("resnet8").config, store)


def test_torchvisions_weights_are_known_by_the_network(home: Home) -> None:
    with closing(RunStore(home)) as store:
        for preset in PRESETS.models.values():
            if preset.name.endswith("-imagenet"):
                located = weight_sources.locate("torchvision", preset.config, store)
                assert isinstance(located, weight_sources.Published)
                assert preset.name.split("-")[0] in located.url.replace("wide_resnet", "wide")
                assert len(located.digest) >= 8
        odd = PRESETS.model("resnet18").config.model_copy(
            update={"initialization": "pytorch", "stochastic_depth": 0.1}
        )
        assert weight_sources.locate("torchvision", odd, store)
        small_stem = PRESETS.model("resnet18").config.model_copy(update={"num_classes": 3})
        assert weight_sources.locate("torchvision:IMAGENET1K_V1", small_stem, store)
        with pytest.raises(UserError, match=r"no such weights \(did you mean 'IMAGENET1K_V1'\?\)"):
            weight_sources.locate("torchvision:IMAGENET1K_V3", small_stem, store)


def test_published_weights_are_downloaded_checked_and_kept(tmp_path: Path, home: Home) -> None:
    source = network("resnet18-imagenet", num_classes=1000)
    torch.save(source.state_dict(), tmp_path / "served.pth")
    digest = hashlib.sha256((tmp_path / "served.pth").read_bytes()).hexdigest()[:8]
    url = (tmp_path / "served.pth").as_uri()
    published = weight_sources.Published(url, home.data / "weights" / f"resnet18-{digest}.pth")
    assert published.digest == digest
    with closing(RunStore(home)) as store:
        work = weight_sources.read(published, store)
        assert isinstance(next(work), Progress)
        assert result_of(work).normalization == Normalization.named("imagenet")
        (tmp_path / "served.pth").unlink()
        assert list(weight_sources.read(published, store)) == []
        published.path.write_bytes(b"cut")
        with pytest.raises(UserError, match=r"are damaged: .* delete the file to download it again"):
            list(weight_sources.read(published, store))
        damaged = weight_sources.Published(url, home.data / "weights" / "resnet18-00000000.pth")
        with pytest.raises(UserError, match=r"cannot download .* give the file as fine_tuning\.weights"):
            list(weight_sources.read(damaged, store))
