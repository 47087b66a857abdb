"""Exported Python files against our own networks: same weights, same logits, nothing of ours, nothing unused."""

import ast
import io
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn

from tests.generators import result_of
from tests.model_trees import allowed, model_trees
from workbench.core.data.dataset import Dataset
from workbench.core.errors import UserError
from workbench.core.export.network_code import network_code
from workbench.core.network.blocks import BLOCKS, description_of
from workbench.core.network.model_config import ModelConfig
from workbench.core.records.store import RunStore
from workbench.core.settings.config import DataConfig, RunConfig
from workbench.core.settings.presets import Presets
from workbench.engine.data import sources
from workbench.engine.data.device_images import DeviceImages
from workbench.engine.machine.device import choose
from workbench.engine.network import resnet
from workbench.engine.training import training
from workbench.engine.weights import checkpoint, code_export

PRESETS = Presets.load()
_, MEAN, STD = DataConfig(normalization="imagenet").normalized_by
# What a file may import: PyTorch, what comes with Python, and where it reads images Pillow and NumPy.
ALLOWED_IMPORTS = {"torch", "sys", "pathlib", "typing", "numpy", "PIL"}
ENTRY_POINTS = {"build", "load", "prepare", "main"}
DRIVER = """
import importlib.util, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("workbench", "torchvision", "tests"):
            raise ImportError(f"{name} is imported by the exported file")
sys.meta_path.insert(0, Refuse())
script, image, output = sys.argv[1:]
spec = importlib.util.spec_from_file_location("exported", script)
exported = importlib.util.module_from_spec(spec)
spec.loader.exec_module(exported)
import torch
from PIL import Image
torch.set_num_threads(1)
with torch.inference_mode():
    torch.save(exported.load()(exported.prepare(Image.open(image))[None]), output)
exported.main([])
exported.main([image])
"""


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for each other on a busy machine make small networks five times slower."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def names_of(config: ModelConfig) -> tuple[str, ...]:
    return tuple(f"class {index}" for index in range(config.num_classes))


def code_of(config: ModelConfig, weights_file: str | None = "network.pt", title: str = "Network") -> str:
    return network_code(
        config, title=title, class_names=names_of(config), mean=MEAN, std=STD, weights_file=weights_file
    )


def executed(code: str) -> ModuleType:
    module = ModuleType("exported")
    module.__file__ = "/nowhere/exported.py"
    exec(compile(code, module.__file__, "exec"), module.__dict__)
    return module


def fill(network: nn.Module) -> None:
    """Weights and statistics of which each one counts, none of them an initial value."""
    for tensor in (*network.parameters(), *network.buffers()):
        if tensor.dim() > 1:
            nn.init.normal_(tensor, std=tensor[0].numel() ** -0.5)
        elif tensor.is_floating_point():
            nn.init.uniform_(tensor, 0.5, 1.5)
        else:
            tensor.zero_()


def assert_equal_logits(ours: nn.Module, theirs: nn.Module, images: torch.Tensor) -> None:
    with torch.inference_mode():
        expected = ours(images)
        assert expected.isfinite().all()
        assert expected.std() > 0
        assert torch.equal(theirs(images), expected)


def assert_nothing_unused(code: str) -> None:
    """Every import, function, class, parameter and attribute is used."""
    tree = ast.parse(code)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    # Quoted annotations.
    used |= {word for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
             for word in node.value.split(".")[:1]}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
            assert str(module).split(".")[0] in ALLOWED_IMPORTS
            for alias in node.names:
                assert (alias.asname or alias.name.split(".")[0]) in used, alias.name
        if isinstance(node, ast.FunctionDef):
            inside = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
            assert {argument.arg for argument in node.args.args} - {"self"} <= inside, node.name
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            assert node.name in used | ENTRY_POINTS, node.name
        if isinstance(node, ast.ClassDef):
            attributes = [a for a in ast.walk(node) if isinstance(a, ast.Attribute)]
            read = {a.attr for a in attributes if isinstance(a.ctx, ast.Load)}
            assert {a.attr for a in attributes if isinstance(a.ctx, ast.Store)} <= read, node.name


@pytest.mark.parametrize("name", PRESETS.models)
def test_every_presets_file_gives_the_same_logits(name: str) -> None:
    config = PRESETS.model(name).config
    code = code_of(config)
    assert_nothing_unused(code)
    assert max(map(len, code.splitlines())) <= 100
    # Built without memory; both networks then share one set of weights, the largest has 0.5 GB of them.
    with torch.device("meta"):
        ours, theirs = resnet.build(config, seed=0), executed(code).ResNet()
    ours.to_empty(device="cpu")
    with torch.no_grad():
        fill(ours)
    images = torch.randn(2, 3, 32, 32) if config.stem == "7x7" else torch.randn(2, 3, 12, 12)
    # Statistics of these images keep the signal of a thousand layers within numbers that fp32 can hold.
    for module in ours.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        ours.train()(images)
    theirs.load_state_dict(ours.state_dict(), strict=True, assign=True)
    assert_equal_logits(ours.eval(), theirs.eval(), images[:1])


def with_few_weights(config: ModelConfig) -> ModelConfig:
    """The same kinds of layers in the same order."""
    few = {
        "stem_width": 8,
        "blocks": tuple(min(blocks, 2) for blocks in config.blocks),
        "widths": tuple(range(8, 8 + 8 * len(config.widths), 8)),
        "cardinality": min(config.cardinality, 2),
        "base_width": 64,
    }
    return ModelConfig.model_validate(config.model_dump() | few)


@pytest.mark.parametrize("initialization", ["kaiming", "pytorch"])
@pytest.mark.parametrize("name", PRESETS.models)
def test_the_same_seed_gives_the_same_first_weights(name: str, initialization: str) -> None:
    """Else a training written as code would begin elsewhere."""
    config = with_few_weights(PRESETS.model(name).config)
    for se_reduction in (0, 4):
        changed = {"initialization": initialization, "se_reduction": se_reduction}
        config = ModelConfig.model_validate(config.model_dump() | changed)
        with torch.random.fork_rng():
            torch.manual_seed(5)
            theirs = executed(code_of(config)).build().state_dict()
        for weight, tensor in resnet.build(config, seed=5).state_dict().items():
            assert torch.equal(theirs[weight], tensor), weight


@settings(max_examples=100, deadline=None)
@given(model_trees(max_stages=4, max_input=24))
def test_any_networks_file_is_that_network(tree: dict[str, object]) -> None:
    config = allowed(tree)
    code = code_of(config)
    assert_nothing_unused(code)
    assert max(map(len, code.splitlines())) <= 100
    assert not any(line != line.rstrip() for line in code.splitlines())
    torch.manual_seed(0)
    ours, theirs = resnet.build(config, seed=0), executed(code).build()
    initial = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        assert torch.equal(initial[name], parameter), name
    with torch.no_grad():
        fill(ours)
    theirs.load_state_dict(ours.state_dict(), strict=True)
    images = torch.randn(2, 3, config.input_size, config.input_size)
    with torch.inference_mode():
        # In a network of a few channels all ReLUs may end up at zero, and without a bias all logits too.
        assume(config.head_bias or bool(ours.eval()(images).any()))
    assert_equal_logits(ours.eval(), theirs.eval(), images)
    if not ours.is_random:
        assert torch.equal(ours.train()(images), theirs.train()(images))
        after = theirs.state_dict()
        assert all(torch.equal(tensor, after[name]) for name, tensor in ours.state_dict().items())


@settings(max_examples=100, deadline=None)
@given(model_trees(max_stages=3, max_input=16))
def test_options_are_in_the_text_if_the_network_has_them(tree: dict[str, object]) -> None:
    config = allowed(tree)
    code = code_of(config)
    ours = resnet.build(config, seed=0)
    kinds = Counter(type(module).__name__ for module in ours.modules())
    kinds[config.description.class_name] = kinds.pop("Block")
    called = {node.id if isinstance(node, ast.Name) else node.attr for node in ast.walk(ast.parse(code))
              if isinstance(node, ast.Name | ast.Attribute)}  # fmt: skip
    blocks = [description_of(block).class_name for block in BLOCKS]
    for kind in ("ZeroPadShortcut", "SqueezeExcitation", "DropPath", "GroupNorm", "BatchNorm2d", "Dropout",
                 "MaxPool2d", "SiLU", "GELU", "ReLU", *blocks):  # fmt: skip
        assert (kind in called) == bool(kinds[kind]), kind
    has_shortcut_layer = any(".downsample" in name for name, _ in ours.named_modules())
    assert ("downsample" in code) == has_shortcut_layer
    assert ("kaiming" in code) == (config.initialization == "kaiming")
    assert (f"groups={config.cardinality}" in code) == (config.cardinality > 1)
    theirs = executed(code).ResNet()
    for kind, value in (("DropPath", "probability"), ("Dropout", "p")):
        expected, said = (
            [getattr(m, value) for m in network.modules() if type(m).__name__ == kind]
            for network in (ours, theirs)
        )
        assert said == expected


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=30), min_size=2, max_size=40))
def test_no_title_or_class_name_breaks_the_text(title: str, names: list[str]) -> None:
    config = ModelConfig(num_classes=len(names), blocks=(1,), widths=(4,))
    code = network_code(config, title=title, class_names=names, mean=MEAN, std=STD, weights_file="a\"b'.pt")
    module = executed(code.encode().decode())
    assert names == list(module.CLASSES)
    assert module.WEIGHTS == "a\"b'.pt"
    assert (module.MEAN, module.STD) == (MEAN, STD)
    assert len(code.splitlines()[0]) <= 100


def test_class_names_are_one_per_output() -> None:
    with pytest.raises(ValueError, match="2 class names for 10 outputs"):
        network_code(ModelConfig(), title="", class_names=("a", "b"), mean=MEAN, std=STD, weights_file=None)


@pytest.fixture
def run_id(tiny_config: RunConfig, store: RunStore) -> str:
    return list(training.train(tiny_config, store=store))[-1].run_id


def test_a_runs_file_classifies_by_itself(
    run_id: str, store: RunStore, image_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    output = tmp_path / "out" / "colors.py"
    kept = store.run(run_id).best.epoch
    assert code_export.export_run(run_id, store, output) == ((output, output.with_suffix(".pt")), kept)
    picture = image_folder / "test" / "green" / "0012.png"
    done = subprocess.run(
        [sys.executable, "-I", "-c", DRIVER, str(output), str(picture), str(tmp_path / "logits.pt")],
        cwd=tmp_path / "elsewhere", capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    config = store.run(run_id).config
    network = resnet.build(config.model, seed=1)
    network.load_state_dict(checkpoint.load(store.checkpoints(run_id), "best").network)
    dataset = Dataset.require(result_of(sources.read(config.data.source, config.model.input_size, store.home)))
    images, _ = DeviceImages(dataset.test, config.data, choose(config.training)).plain(12, 13)
    with torch.inference_mode():
        expected = network.eval()(images)
    assert torch.equal(torch.load(tmp_path / "logits.pt"), expected)
    # First what the network is, then the picture's classes, the most probable first.
    *about, file, first, second, third = done.stdout.splitlines()
    parameters = sum(parameter.numel() for parameter in network.parameters())
    assert about[-1] == f"colors.pt has {parameters:,} parameters for 3 classes."
    assert file == str(picture)
    order = expected[0].argsort(descending=True)
    assert [line.split()[1] for line in (first, second, third)] == [dataset.class_names[i] for i in order]
    assert float(first.split()[0][:-1]) / 100 == pytest.approx(float(expected.softmax(1).max()), abs=6e-4)


@pytest.mark.parametrize("name", ["resnet9-page", "inverted29"])
def test_a_run_of_blocks_that_may_have_no_shortcut_is_exported(
    name: str, tiny_config: RunConfig, store: RunStore, tmp_path: Path
) -> None:
    small = PRESETS.model(name).config.model_copy(update={"stem_width": 4, "widths": (4, 6, 8), "input_size": 16})
    config = tiny_config.model_copy(update={"model": small}).with_values({"training.epochs": 1})
    run_id = list(training.train(config, store=store))[-1].run_id
    output, weights = code_export.export_run(run_id, store, tmp_path / "network.py").files
    ours, theirs = resnet.build(store.run(run_id).config.model, seed=1), executed(output.read_text()).ResNet()
    state = torch.load(weights, weights_only=True)
    ours.load_state_dict(state, strict=True)
    theirs.load_state_dict(state, strict=True)
    assert_equal_logits(ours.eval(), theirs.eval(), torch.randn(2, 3, 16, 16))


def test_images_are_prepared_as_for_training(store: RunStore, tmp_path: Path) -> None:
    """Of every kind: transparent, 16 bits, gray, palette, held upright, wide."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (21, 40, 4), np.uint8)
    rotated = Image.Exif()
    rotated[0x0112] = 6
    pictures = [
        Image.fromarray(pixels[:16, :16, :3].copy()),
        Image.fromarray(pixels),
        Image.fromarray(generator.integers(0, 65536, (20, 30), np.uint16)),
        Image.fromarray(pixels[..., 0].copy()),
        Image.fromarray(pixels[..., :3].copy()).quantize(16),
        Image.fromarray(pixels[..., :3].copy()),
    ]
    for label in ("a", "b"):
        for part in ("train", "test"):
            (tmp_path / "kinds" / part / label).mkdir(parents=True)
            for index, picture in enumerate(pictures):
                exif = {"exif": rotated} if index == 5 else {}
                picture.save(tmp_path / "kinds" / part / label / f"{index}.png", **exif)
    config = RunConfig.build({"model": {"input_size": 16}, "data": {"source": str(tmp_path / "kinds")},
                              "training": {"device": "cpu", "precision": "fp32"}})  # fmt: skip
    dataset = Dataset.require(result_of(sources.read(config.data.source, 16, store.home)))
    images, _ = DeviceImages(dataset.test, config.data, choose(config.training)).plain(0, len(dataset.test))
    _, mean, std = DataConfig(normalization="cifar10").normalized_by
    code = network_code(config.model, title="", class_names=names_of(config.model), mean=mean, std=std,
                        weights_file="a.pt")  # fmt: skip
    prepare = executed(code).prepare
    for name, expected in zip(dataset.test.names, images, strict=True):
        with Image.open(tmp_path / "kinds" / name) as picture:
            assert torch.equal(prepare(picture), expected), name


def test_weights_of_another_network_are_not_exported(run_id: str, store: RunStore, tmp_path: Path) -> None:
    folder = store.checkpoints(run_id)
    state = replace(checkpoint.load(folder, "best"), network={"w": torch.zeros(1)})
    checkpoint.save(folder, state, step=99, epoch=9, best=True)
    with pytest.raises(UserError, match=f"the checkpoint of run {run_id} is of another network: it has no conv1"):
        code_export.export_run(run_id, store, tmp_path / "a.py")
    assert list(tmp_path.glob("a.*")) == []


def test_the_weights_are_plain_tensors_of_the_best_epoch(run_id: str, store: RunStore, tmp_path: Path) -> None:
    folder = store.checkpoints(run_id)
    state = checkpoint.load(folder, "best")
    network = dict(state.network)
    network["conv1.weight"] = network["conv1.weight"].to(memory_format=torch.channels_last)
    checkpoint.save(folder, replace(state, network=network), step=99, epoch=9, best=True)
    worse = replace(state, network={name: torch.zeros_like(tensor) for name, tensor in network.items()})
    checkpoint.save(folder, worse, step=100, epoch=10, best=False)
    _, weights = code_export.export_run(run_id, store, tmp_path / "a.py").files
    exported = torch.load(weights, weights_only=True)
    assert exported.keys() == network.keys()
    for name, tensor in exported.items():
        assert tensor.is_contiguous()
        assert torch.equal(tensor, network[name])


def test_the_normalization_is_the_runs(tiny_config: RunConfig, store: RunStore, tmp_path: Path) -> None:
    config = tiny_config.with_values({"data.normalization": "imagenet", "training.epochs": 1})
    run_id = list(training.train(config, store=store))[-1].run_id
    output, _ = code_export.export_run(run_id, store, tmp_path / "a.py").files
    exported = executed(output.read_text(encoding="utf-8"))
    assert (exported.MEAN, exported.STD) == (MEAN, STD)
    assert exported.CLASSES == ("blue", "green", "red")


def test_a_second_export_replaces_the_first_but_not_other_weights(
    run_id: str, store: RunStore, tmp_path: Path
) -> None:
    code_export.export_run(run_id, store, tmp_path / "a.py")
    code_export.export_run(run_id, store, tmp_path / "a.py")
    (tmp_path / "b.pt").write_bytes(b"mine")
    with pytest.raises(UserError, match=r"b\.pt is there already; choose another name"):
        code_export.export_run(run_id, store, tmp_path / "b.py")
    assert (tmp_path / "b.pt").read_bytes() == b"mine"


def test_a_network_without_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = PRESETS.model("resnet8").config
    output = code_export.export_model(config, "ResNet-8", tmp_path / "a.py")
    code = output.read_text(encoding="utf-8")
    assert_nothing_unused(code)
    assert list(tmp_path.iterdir()) == [output]
    module = executed(code)
    assert not hasattr(module, "load")
    module.main()
    assert "78,042 parameters; (1, 3, 32, 32) to (1, 10)" in capsys.readouterr().out


def test_a_run_without_checkpoint(tiny_config: RunConfig, store: RunStore, tmp_path: Path) -> None:
    run_id = store.create(tiny_config, name="", model="custom", recipe="custom", machine={})
    with pytest.raises(UserError, match=f"run {run_id} has no checkpoint to export"):
        code_export.export_run(run_id, store, tmp_path / "a.py")
    assert not any(path.suffix in (".py", ".pt") for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.txt", "must end in .py"),
        ("a", "must end in .py"),
        ("folder.py", "is a folder"),
        ("file/a.py", "is a file, not a folder"),
    ],
)
def test_wrong_outputs(name: str, reason: str, tmp_path: Path, store: RunStore) -> None:
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "file").touch()
    for export in (
        lambda: code_export.export_model(ModelConfig(), "", tmp_path / name),
        lambda: code_export.export_run("none", store, tmp_path / name),
    ):
        with pytest.raises(UserError, match=reason) as refused:
            export()
        assert str(tmp_path / name) in str(refused.value)


def test_a_full_disk_leaves_no_half_export(
    run_id: str, store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(state: object, file: io.BytesIO) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(UserError, match="No space left on device"):
        code_export.export_run(run_id, store, tmp_path / "out" / "a.py")
    assert list((tmp_path / "out").iterdir()) == []
