"""Networks in the formats of others: what those load gives the logits that the run recorded, from plain pixels."""

import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from tests.trained import exhausted, opened, record_run
from workbench.core.errors import UserError
from workbench.core.export.exported import Exported
from workbench.core.export.formats import EXPORT_FORMATS, ONNX, SAFETENSORS, TORCH_EXPORT, TORCHSCRIPT
from workbench.core.home import Home
from workbench.core.network.model_config import ModelConfig
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.core.settings.normalization import Normalization
from workbench.engine.export import (
    conversion,
    network_export,
    onnx_file,
    run_export,
    torch_export_file,
    torchscript_file,
)
from workbench.engine.export.deployed import Deployed
from workbench.engine.network import resnet
from workbench.engine.training import evaluation
from workbench.engine.weights import foreign_weights

Logits = NDArray[np.float32]
MODULES = {ONNX: onnx_file, TORCHSCRIPT: torchscript_file, TORCH_EXPORT: torch_export_file}
GRAPHS = tuple(MODULES)
NETWORKS: dict[str, dict[str, Any]] = {
    "bottlenecks before their norms, weighed": {
        "block": "preact-bottleneck", "shortcut": "B", "norm": "group", "activation": "gelu", "se_reduction": 4,
    },
    "Page's": {
        "block": "page", "shortcut": "identity", "residuals": [True, False], "head_pooling": "max",
        "head_bias": False, "logit_scale": 0.125,
    },
    "large stem, parts left out in training": {
        "stem": "7x7", "dropout": 0.2, "stochastic_depth": 0.3, "shortcut": "A", "activation": "silu",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def trained(image_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    """A run of two epochs with a moving average, normalized by numbers of its own."""
    home = Home(tmp_path_factory.mktemp("exported")).prepare()
    config = RunConfig.build(
        {
            "model": {"blocks": [1, 1], "widths": [8, 8], "num_classes": 3, "input_size": 16},
            "data": {"source": str(image_folder), "validation_fraction": 0.2, "normalization": "from-data"},
            "training": {"epochs": 2, "batch_size": 16, "learning_rate": 0.2, "threads": 1, "device": "cpu",
                         "precision": "fp32", "ema_decay": 0.9},
        }
    )  # fmt: skip
    return home, record_run(home, config)


def exported(trained: tuple[Home, str], format_name: str, output: Path, epoch: int | None = None) -> Exported:
    home, run_id = trained
    with closing(RunStore.for_reading(home)) as store:
        return exhausted(run_export.export(run_id, store, EXPORT_FORMATS[format_name], output, epoch=epoch))


@contextmanager
def unwarned() -> Iterator[None]:
    """Without what torch says of its own exporters, which each version words otherwise."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def asked(path: Path, pixels: NDArray[np.uint8]) -> Logits:
    """A file, as somebody else would use it."""
    images = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2).astype(np.float32) / 255)
    if path.suffix == ".onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        said: Logits = session.run(["logits"], {"images": images})[0]
        return said
    with torch.no_grad(), unwarned():
        network = torch.export.load(path).module() if path.suffix == ".pt2" else torch.jit.load(path)
        found: Logits = network(torch.from_numpy(images)).numpy()
        return found


def below_largest(logits: Logits) -> Logits:
    """As a run keeps them, but for the rounding to 16 bits."""
    return logits - logits.max(1, keepdims=True)


def metadata_of(path: Path) -> dict[str, str]:
    if path.suffix == ".onnx":
        import onnx

        return {each.key: each.value for each in onnx.load(path).metadata_props}
    if path.suffix == ".safetensors":
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata())
    files = {"metadata.json": ""}
    with unwarned():
        if path.suffix == ".pt2":
            torch.export.load(path, extra_files=files)
        else:
            torch.jit.load(path, _extra_files=files)
    found: dict[str, str] = json.loads(files["metadata.json"])
    return found


@pytest.mark.parametrize("name", GRAPHS)
def test_a_file_gives_the_recorded_logits(trained: tuple[Home, str], tmp_path: Path, name: str) -> None:
    home, run_id = trained
    path = tmp_path / f"net{EXPORT_FORMATS[name].suffix}"
    done = exported(trained, name, path, epoch=1)
    subject = opened(home, run_id)
    pixels = subject.images("test").images
    with closing(RunStore.for_reading(home)) as store:
        recorded = store.answers(store.run(run_id), 1)
    # Of any number of images, one too.
    for chosen in (slice(None), slice(0, 1)):
        assert np.abs(below_largest(asked(path, pixels[chosen])) - recorded.logits[chosen]).max() < 0.01
    assert done.check is not None
    assert (done.check.images, done.check.are_real, done.check.same_answers) == (36, True, 36)
    assert done.check.largest_difference < 1e-5 < done.check.allowed
    assert (done.run_id, done.epoch, done.files) == (run_id, 1, (path,))
    about = metadata_of(path)
    assert (about["run"], about["epoch"], about["input_size"]) == (run_id, "1", "16")
    assert json.loads(about["class_names"]) == ["blue", "green", "red"]
    assert tuple(json.loads(about["mean"])) == subject.config.data.mean
    assert RunConfig.from_json(about["config"]) == subject.config


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("kind", NETWORKS)
def test_any_networks_graph_gives_its_logits(name: str, kind: str) -> None:
    common = {"blocks": [1, 2], "widths": [8, 16], "num_classes": 5, "input_size": 16}
    config = ModelConfig.model_validate(common | NETWORKS[kind])
    network = Deployed(
        resnet.build(config, 3).requires_grad_(False), Normalization("half", (0.5,) * 3, (0.5,) * 3)
    )
    images = torch.rand(5, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    with unwarned(), torch.no_grad():
        expected = network.eval()(images).numpy()
        content = MODULES[name].convert(network, images[:2], {"a": "b"})
        found = MODULES[name].logits_of(content, images)
    assert expected.std() > 0.001
    assert np.abs(found - expected).max() < 1e-5


def test_weights_under_their_names_can_be_started_from(trained: tuple[Home, str], tmp_path: Path) -> None:
    home, run_id = trained
    path = tmp_path / "net.safetensors"
    done = exported(trained, SAFETENSORS, path)
    subject = opened(home, run_id)
    assert done.epoch == subject.epoch
    assert metadata_of(path)["run"] == run_id
    read = foreign_weights.read(path)
    assert read.state.keys() == subject.weights.keys()
    assert all(torch.equal(read.state[name], tensor) for name, tensor in subject.weights.items())
    # Normalized as the run was, without being told.
    assert read.normalization == subject.config.data.normalized_by
    with closing(RunStore(home)) as store:
        config = subject.config.with_values({"data.normalization": "auto", "data.mean": (), "data.std": ()})
        again = exhausted(evaluation.evaluate_weights(config, str(path), store))
        recorded = store.answers(store.run(run_id))
        assert np.abs(below_largest(again.logits) - recorded.logits).max() < 0.01


def test_where_its_images_are_gone_noise_is_asked_about(
    trained: tuple[Home, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_arguments: object) -> Any:
        raise UserError("the images are gone")

    monkeypatch.setattr("workbench.engine.data.run_images.read", gone)
    done = exported(trained, TORCHSCRIPT, tmp_path / "net.pt")
    assert done.check is not None
    assert not done.check.are_real
    assert "images of noise" in done.check.sentence


@pytest.mark.parametrize("wrong", [0.05, float("nan")])
def test_another_network_is_not_written(
    trained: tuple[Home, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: float
) -> None:
    convert = conversion.convert

    def spoiled(*arguments: Any) -> Any:
        converted = yield from convert(*arguments)
        converted.logits[3, 1] += wrong
        return converted

    monkeypatch.setattr("workbench.engine.export.conversion.convert", spoiled)
    with pytest.raises(UserError, match=r"torchscript is another one: .* its logits differ by (0\.05|nan)"):
        exported(trained, TORCHSCRIPT, tmp_path / "net.pt")
    assert list(tmp_path.iterdir()) == []


def test_canceled_it_leaves_neither_a_process_nor_a_file(
    trained: tuple[Home, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, run_id = trained
    begun: list[Any] = []
    popen = conversion.subprocess.Popen

    def recorded(*arguments: Any, **options: Any) -> Any:
        begun.append(popen(*arguments, **options))
        return begun[-1]

    monkeypatch.setattr(conversion.subprocess, "Popen", recorded)
    with closing(RunStore.for_reading(home)) as store:
        work = run_export.export(run_id, store, EXPORT_FORMATS[ONNX], tmp_path / "net.onnx")
        while next(work).activity != "Converting to onnx":
            pass
        assert begun[0].poll() is None
        work.close()
    assert begun[0].returncode is not None
    assert list(tmp_path.iterdir()) == []


def test_what_breaks_in_the_process_is_told_whole(
    trained: tuple[Home, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion, "_MODULE", "workbench.nowhere")
    with pytest.raises(RuntimeError, match=r"(?s)as torchscript ended without a result \(code 1\): .*nowhere"):
        exported(trained, TORCHSCRIPT, tmp_path / "net.pt")


def test_a_full_temporary_folder_is_a_sentence(
    trained: tuple[Home, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = r"as torchscript cannot write to the temporary folder.*; free some space there, or name another"
    save = conversion.safetensors.save_file

    def saved_where_no_result_can_be_left(weights: Any, path: Path) -> None:
        save(weights, path)
        (path.parent / conversion.LOGITS).mkdir()

    def full(*_: Any, **_options: Any) -> None:
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    for spoiled in (saved_where_no_result_can_be_left, full):
        monkeypatch.setattr(conversion.safetensors, "save_file", spoiled)
        with pytest.raises(UserError, match=words):
            exported(trained, TORCHSCRIPT, tmp_path / "net.pt")
    monkeypatch.setattr(conversion.tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match=words):
        exported(trained, TORCHSCRIPT, tmp_path / "net.pt")
    assert list(tmp_path.iterdir()) == []


def test_what_is_allowed_goes_by_the_largest_logit() -> None:
    expected = np.array([[40.0, 1.0], [2.0, 3.0]], np.float32)
    found = expected.copy()
    found[1] = (3.02, 3.0)
    check: Callable[[Logits], Any] = lambda logits: network_export.compared(logits, found, "onnx", are_real=True)  # noqa: E731
    with pytest.raises(UserError, match=r"differ by 1, of which rounding explains 0.04;"):
        check(expected)
    expected[1, 0] = 2.99
    assert check(expected).same_answers == 1
