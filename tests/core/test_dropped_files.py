"""What a file or folder that is handed over is meant for."""

import json
import os
from pathlib import Path

import pytest

from workbench.core.errors import UserError
from workbench.core.records.dropped_files import USABLE, Usable, configured, first_usable, recognized
from workbench.core.settings.config import RunConfig
from workbench.core.settings.presets import Presets

CONFIG = RunConfig().with_values({"model.widths": [8, 8, 8], "training.epochs": 3, "data.source": "/pets"})
NETWORK = Presets.load().model("conv8").config


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.zip", "images"), ("a.tar", "images"), ("a.tar.gz", "images"), ("a.TGZ", "images"),
        ("a.tar.xz", "images"), ("a.pt", "weights"), ("a.pth", "weights"), ("a.th", "weights"),
        ("a.bin", "weights"), ("A.SafeTensors", "weights"), ("config.json", "configuration"),
        ("mine.toml", "configuration"), ("a.png", "image"), ("A.JPEG", "image"), ("木.webp", "image"),
        ("cifar10h-counts.npy", "counts"), ("counts.NPZ", "counts"),
        ("counts.csv", "counts"),
    ],
)  # fmt: skip
def test_files_are_told_by_their_names_and_not_read(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    assert recognized(path) == Usable(kind, path)


def test_a_folder_is_one_of_images_but_that_of_a_run_stands_for_its_configuration(tmp_path: Path) -> None:
    for name in ("pets", "weights.pt", "0123abcd"):
        (tmp_path / name).mkdir()
        assert recognized(tmp_path / name) == Usable("images", tmp_path / name)
    settings = tmp_path / "0123abcd" / "config.json"
    settings.write_text("{}")
    assert recognized(tmp_path / "0123abcd") == Usable("configuration", settings)


def test_what_cannot_be_used_is_refused_with_what_can(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(UserError) as refused:
        recognized(tmp_path / "notes.txt")
    assert str(refused.value) == f"cannot use 'notes.txt'; {USABLE}"
    assert all(word in USABLE for word in ("folder", ".zip", ".tar", ".safetensors", ".pth", ".json", ".toml"))
    for missing in (tmp_path / "gone.pt", tmp_path / "nul\0.pt"):
        with pytest.raises(UserError, match="No such file"):
            recognized(missing)


@pytest.mark.skipif(os.name == "nt", reason="pipes with a name are Unix's")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.json")
    with pytest.raises(UserError, match="it is a pipe, not a file"):
        recognized(tmp_path / "config.json")
    with pytest.raises(UserError, match="it is a pipe, not a file"):
        configured(tmp_path / "config.json", CONFIG)


def test_of_several_the_first_that_can_be_used_is_taken(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("notes.txt", "b.pt", "a.zip")]
    for path in paths:
        path.touch()
    assert first_usable(paths) == Usable("weights", paths[1])
    with pytest.raises(UserError, match=r"'notes\.txt'"):
        first_usable([paths[0], tmp_path / "gone.txt"])
    with pytest.raises(UserError, match="nothing was handed over"):
        first_usable([])


def written(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize("config", [CONFIG, None])
def test_a_whole_run_replaces_everything(tmp_path: Path, config: RunConfig | None) -> None:
    other = CONFIG.with_values({"training.epochs": 5, "model.widths": [4, 4, 4]})
    tree = other.model_dump(mode="json")
    for content in (tree, {"name": "mine", "config": tree, "machine": {}}):
        assert configured(written(tmp_path / "config.json", content), config) == other


def test_a_network_replaces_the_network_alone(tmp_path: Path) -> None:
    tree = NETWORK.model_dump(mode="json")
    for content in (tree, {"model": tree}):
        taken = configured(written(tmp_path / "network.json", content), CONFIG)
        assert taken == CONFIG.model_copy(update={"model": NETWORK})


def test_presets_give_the_first_network_and_the_first_recipe(tmp_path: Path) -> None:
    config = CONFIG.with_values({"model.num_classes": 37})
    taken = configured(
        written(
            tmp_path / "mine.toml",
            "[model.first]\nblocks = [2]\nwidths = [5]\n[model.second]\nblocks = [3]\nwidths = [6]\n"
            '[recipe.mine]\nepochs = 77\ndata = { normalization = "half" }\n',
        ),
        config,
    )
    assert (taken.model.blocks, taken.model.widths, taken.model.num_classes) == ((2,), (5,), 37)
    assert (taken.training.epochs, taken.data.normalization, taken.data.source) == (77, "half", "/pets")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", "{", "is not JSON"),
        ("a.json", "[1]", r"holds \[1\]; expected an object"),
        ("a.json", "{}", "holds no network"),
        ("a.json", {"nodes": [], "edges": []}, r"model\.nodes is not a known field"),
        ("a.json", {"training": {"epochs": 0}}, r"training\.epochs is 0"),
        ("a.json", {"training": {}, "trainig": {}}, "trainig is not a known field"),
        ("a.json", {"config": {"model": {"widths": []}}}, r"model\.widths"),
        ("a.toml", "[", "cannot read presets from"),
        ("a.toml", "[project]\nname = 'x'\n", r"\[project\] is not a preset"),
        ("a.toml", "", r"holds no preset; expected \[model\.NAME\]"),
        ("a.json", "\0" * 5_000_000, "too long for a configuration"),
    ],
)
def test_what_is_no_configuration_is_refused(tmp_path: Path, name: str, content: object, words: str) -> None:
    with pytest.raises(UserError, match=words):
        configured(written(tmp_path / name, content), CONFIG)


def test_a_part_needs_a_rest_that_is_allowed(tmp_path: Path) -> None:
    for path in (
        written(tmp_path / "network.json", NETWORK.model_dump(mode="json")),
        written(tmp_path / "mine.toml", "[recipe.mine]\nepochs = 2\n"),
    ):
        with pytest.raises(UserError, match="correct the marked field first"):
            configured(path, None)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match=r"a\.json: it is no text in UTF-8"):
        configured(tmp_path / "a.json", CONFIG)
