"""Exports by command: what is written, what is printed, and what is refused before the work."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.commands import call, refused
from workbench.core.export.formats import EXPORT_FORMATS
from workbench.core.home import Home


@pytest.fixture
def trained(home: Home, trained_home: tuple[Home, str]) -> str:
    """A run of two epochs in a home that is the test's own."""
    shutil.copytree(trained_home[0].root, home.root, dirs_exist_ok=True)
    return trained_home[1]


@pytest.mark.parametrize("name", ["onnx", "safetensors", "csv", "tensorboard", "html"])
def test_every_format_is_written(trained_home: tuple[Home, str], tmp_path: Path, name: str) -> None:
    home, run_id = trained_home
    output = tmp_path / f"net{EXPORT_FORMATS[name].suffix}"
    done = call(home, "export", run_id, "--format", name, "--output", str(output), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert (document["run"], document["format"]) == (run_id, name)
    assert all(Path(path).stat().st_size for path in document["files"])
    assert output in (Path(document["files"][0]), Path(document["files"][0]).parent)
    # What is written for others has their rights, and nothing else is left.
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(map(str, left)) == sorted(document["files"])
    assert EXPORT_FORMATS[name].has_weights == (document["epoch"] in (1, 2))
    if name == "onnx":
        check = document["check"]
        assert check["largest_difference"] <= check["allowed_difference"]
        assert (check["images"], check["real_images"]) == (36, True)


def test_what_a_person_needs_to_know_is_printed(trained_home: tuple[Home, str], tmp_path: Path) -> None:
    home, run_id = trained_home
    output = tmp_path / "net.pt"
    said = call(home, "export", run_id, "--format", "torchscript", "--epoch", "1", "--output", str(output)).stdout
    assert f"written to {output}" in said
    assert f"weights of epoch 1 of run {run_id}" in said
    assert "input 'images': float32 (batch, 3, 16, 16), red, green, blue from 0 to 1, normalized inside" in said
    assert "loaded anew and asked about 36 test images: logits differ by" in said
    said = call(home, "export", run_id, "--format", "html", "--output", str(tmp_path / "run.html")).stdout
    assert "the report is of epoch" in said
    assert "weights" not in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "onx", "--output", "x.onnx"], "--format is 'onx' (did you mean 'onnx'?); it must be python"),
        (["--format", "safetensors", "--output", "x.pt"], "for safetensors it must end in .safetensors"),
        (["--format", "csv", "--output", "/proc/nowhere/x.csv"], "cannot write /proc/nowhere/x.csv"),
        (
            ["--format", "csv", "--epoch", "1", "--output", "x.csv"],
            "of all epochs; give it without --epoch",
        ),
        (
            ["--format", "torchscript", "--with-training", "--output", "x.pt"],
            "--with-training is of --format",
        ),
        (["--format", "torchscript", "--epoch", "9", "--output", "x.pt"], "epoch is 9; run"),
        (["--format", "tensorboard", "--output", "taken"], "taken is no folder"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    trained_home: tuple[Home, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("taken").write_text("mine")
    assert words in refused(call(trained_home[0], "export", trained_home[1], *arguments))
    assert os.listdir() == ["taken"]


def test_a_preset_has_nothing_for_other_formats(home: Home) -> None:
    arguments = ("export", "--model", "resnet8", "--format", "onnx", "--output", "x.onnx")
    assert "--model has neither weights nor figures for onnx" in refused(call(home, *arguments))


@pytest.mark.parametrize(("name", "package"), [("onnx", "onnxruntime"), ("tensorboard", "tensorboardX")])
def test_what_is_not_installed_is_named(
    trained_home: tuple[Home, str], tmp_path: Path, name: str, package: str
) -> None:
    """Simulated by a finder that knows no such package, in an interpreter of its own."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util\n"
        "found = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name, *more: None if name == {package!r} else found(name, *more)\n"
    )
    output = tmp_path / f"x{EXPORT_FORMATS[name].suffix}"
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    done = call(trained_home[0], "export", "latest", "--format", name, "--output", str(output), PYTHONPATH=path)
    sentence = refused(done)
    assert f'{name} needs {package}, which is not installed: pip install "resnet-workbench[{name}]"' in sentence
    assert not output.exists()


@pytest.mark.parametrize("name", ["python", "safetensors", "torchscript"])
def test_a_damaged_checkpoint_is_not_exported(home: Home, trained: str, tmp_path: Path, name: str) -> None:
    for path in (home.runs / trained / "checkpoints").glob("*.pt"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    output = tmp_path / f"net{EXPORT_FORMATS[name].suffix}"
    sentence = refused(call(home, "export", trained, "--format", name, "--output", str(output)))
    assert "is damaged: its SHA-256 is not the one in best.json" in sentence
    assert not list(tmp_path.glob("net*"))


def test_another_runs_checkpoints_are_not_exported(home: Home, trained: str, tmp_path: Path) -> None:
    """Of the same shapes: what is read fits, and would be the weights of another run."""
    config = home.runs / trained / "config.json"
    done = call(home, "train", "--config", str(config), "--set", "training.seed=5", "--epochs", "1", "--json")
    other = json.loads(done.stdout)["run"]
    folders = [home.runs / run_id / "checkpoints" for run_id in (other, trained)]
    shutil.rmtree(folders[1])
    shutil.copytree(*folders)
    for name in ("python", "safetensors", "torchscript"):
        output = tmp_path / f"net{EXPORT_FORMATS[name].suffix}"
        sentence = refused(call(home, "export", trained, "--format", name, "--output", str(output)))
        assert "is of another run: training.seed is 5 there, and 0 in this run" in sentence
    assert not list(tmp_path.glob("net*"))


def test_figures_are_there_before_weights_are_needed(home: Home, trained: str, tmp_path: Path) -> None:
    shutil.rmtree(home.runs / trained / "checkpoints")
    done = call(home, "export", trained, "--format", "csv", "--output", str(tmp_path / "run.csv"))
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "run.csv").read_text().splitlines()) > 10
