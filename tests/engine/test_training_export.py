"""Exported training scripts against our own engine: same order, same rates, same losses, nothing of ours."""

import ast
import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from ruff import find_ruff_bin
from torch import nn

from tests.conftest import CLASSES, write_images
from tests.generators import result_of
from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.errors import ConfigError, UserError
from workbench.core.events import EpochMetrics, StepMetrics
from workbench.core.export import schedule_code
from workbench.core.export.training_code import training_code
from workbench.core.export.training_script import ImagePlace, TrainingScript
from workbench.core.home import Home
from workbench.core.orders import Orders
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.core.settings.presets import Presets
from workbench.core.settings.schedule import learning_rate
from workbench.engine.data import sources
from workbench.engine.data.augmentation import EpochPlan
from workbench.engine.data.device_images import DeviceImages
from workbench.engine.machine.device import Compute
from workbench.engine.training import training, training_export
from workbench.engine.training.preparation import prepare
from workbench.engine.weights import checkpoint

PRESETS = Presets.load()
CPU = Compute(torch.device("cpu"), torch.float32)
ALLOWED_IMPORTS = {
    "argparse", "copy", "math", "os", "shutil", "collections", "pathlib",
    "numpy", "torch", "torchvision", "PIL", "net",
}  # fmt: skip
PLACES = (
    ImagePlace("cifar10", side=32),
    ImagePlace("folder", "/pictures/of flowers"),
    ImagePlace("archive", "/pictures/" + "of many flowers/" * 5 + "all.tar.xz", 32),
    ImagePlace("archive", "flowers.zip"),
    ImagePlace("cifar100", side=32),
)
# Trains by several scripts, and writes the losses of their steps.
DRIVER = """
import json, sys
from pathlib import Path
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("workbench", "tests"):
            raise ImportError(f"{name} is imported by the exported file")
sys.meta_path.insert(0, Refuse())
folder, *names = sys.argv[1:]
sys.path.insert(0, folder)
import importlib, torch
torch.set_num_threads(1)
losses = {}
for name in names:
    script = importlib.import_module(name + "_train")
    output = Path(folder, name + "_trained.pt")
    losses[name] = script.train(script.DATA, epochs=2, seed=script.SEED, workers=0, output=output)
Path(folder, "losses.json").write_text(json.dumps(losses))
"""
STILL = {"training.crop_padding": 0, "training.horizontal_flip": False, "training.epochs": 2}


def script_of(config: RunConfig, place: ImagePlace = PLACES[1], module: str = "net") -> TrainingScript:
    return TrainingScript(config, module, "Network", "Recipe", place)


@contextmanager
def executed(
    config: RunConfig, classes: tuple[str, ...] = CLASSES, place: ImagePlace = PLACES[1]
) -> Iterator[Any]:
    """The script's definitions, beside a network of which only the classes matter."""
    code = training_code(script_of(config, place))
    script, network = ModuleType("net_train"), ModuleType("net")
    script.__file__ = "/nowhere/net_train.py"
    vars(network).update(CLASSES=classes, build=nn.Identity)
    before = sys.modules.get("net")
    sys.modules["net"] = network
    try:
        exec(compile(code, script.__file__, "exec"), script.__dict__)
        yield script
    finally:
        sys.modules.pop("net")
        if before is not None:
            sys.modules["net"] = before


def assert_readable(code: str) -> None:
    """It compiles, imports what it may, uses all that it imports and defines, and keeps its lines short."""
    tree = ast.parse(code)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
            assert str(module).split(".")[0] in ALLOWED_IMPORTS
            assert {alias.asname or alias.name for alias in node.names} <= used
        if isinstance(node, ast.FunctionDef):
            inside = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
            assert {argument.arg for argument in node.args.args} - {"self"} <= inside, node.name
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            assert node.name in used, node.name
        if isinstance(node, ast.Assign):
            assert {target.id for target in node.targets if isinstance(target, ast.Name)} <= used
    # A literal cannot be broken.
    lines = [line for line in code.splitlines() if not line.lstrip().startswith('"')]
    assert max(map(len, lines)) <= 100
    assert not any(line != line.rstrip() for line in code.splitlines())


def assert_formatted(files: dict[str, str], folder: Path) -> None:
    """ruff would change nothing, and has nothing to say."""
    ruff = find_ruff_bin()
    (folder / "net.py").write_text("CLASSES = build = None\n")
    for name, code in files.items():
        (folder / name).write_text(code, encoding="utf-8")
    for command in (["format", "--diff"], ["check", "--no-cache"]):
        done = subprocess.run(
            [ruff, *command, "--isolated", "--line-length", "100", "."], cwd=folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.kind} {place.path[-3:]}")
def test_every_recipes_script_reads_well(place: ImagePlace, tmp_path: Path) -> None:
    codes = {}
    for name in PRESETS.recipes:
        code = training_code(script_of(PRESETS.run_config("resnet20", name), place))
        assert_readable(code)
        codes[f"{name.replace('-', '_')}.py"] = code
    assert_formatted(codes, tmp_path)


def test_a_plain_recipes_script_is_short() -> None:
    code = training_code(script_of(PRESETS.run_config("resnet20", "tutorial-constant"), PLACES[0]))
    assert len(code.splitlines()) < 160
    for word in (
        "scheduler",
        "autocast",
        "clip",
        "average",
        "AUGMENTED",
        "Subset",
        "Normalize(",
        "v2",
        "label_smoothing",
    ):
        assert (word in code) == (word == "Normalize("), word


@st.composite
def run_trees(draw: st.DrawFn) -> dict[str, Any]:
    """Every field that says how to train, mostly as it is off."""

    def mostly(usual: Any, *others: Any) -> Any:
        return draw(st.sampled_from([usual, usual, *others]))

    epochs = draw(st.integers(3, 12))
    training = {
        "epochs": epochs,
        "batch_size": draw(st.sampled_from([4, 6, 128])),
        "keep_last_batch": draw(st.booleans()),
        "accumulation": mostly(1, 2),
        "optimizer": draw(st.sampled_from(["sgd", "adam", "adamw", "rmsprop", "muon"])),
        "learning_rate": draw(st.floats(1e-6, 10)),
        "momentum": mostly(0.9, 0.0, 0.123456789012345),
        "nesterov": draw(st.booleans()),
        "weight_decay": mostly(0.0, 5e-4, 1e-5, 0.1234567890123456),
        "clip_norm": mostly(0.0, 1.0, 0.333),
        "ema_decay": mostly(0.0, 0.999),
        "schedule": draw(st.sampled_from(["constant", "step", "multi-step", "cosine", "one-cycle"])),
        "warmup_epochs": mostly(0.0, 1.0, 0.7),
        "step_epochs": draw(st.integers(1, 4)),
        "milestones": sorted(draw(st.sets(st.floats(0.01, 0.99), min_size=1, max_size=20))),
        "decay_factor": draw(st.sampled_from([0.1, 0.2, 1.0])),
        "schedule_moves": draw(st.sampled_from(["each-step", "each-epoch"])),
        "crop_padding": mostly(4, 0, 1),
        "crop_border": draw(st.sampled_from(["reflect", "zeros"])),
        "horizontal_flip": draw(st.booleans()),
        "rotation": mostly(0.0, 15.0),
        "brightness_jitter": mostly(0.0, 0.4),
        "contrast_jitter": mostly(0.0, 0.123456789),
        "saturation_jitter": mostly(0.0, 0.5),
        "hue_jitter": mostly(0.0, 0.1),
        "trivial_augment": draw(st.booleans()),
        "random_erasing": mostly(0.0, 0.25),
        "mixup": mostly(0.0, 0.2),
        "cutmix": mostly(0.0, 1.0),
        "label_smoothing": mostly(0.0, 0.1),
        "deterministic": draw(st.booleans()),
        "precision": draw(st.sampled_from(["auto", "fp32", "bf16"])),
        "compile": mostly("off", "on", "cuda-graphs"),
        "seed": draw(st.integers(0, 2**31 - 1)),
    }
    data = {
        "validation_fraction": mostly(0.1, 0.0, 0.123),
        "train_images": mostly(0, 5000),
        "excluded": mostly([], [3], range(0, 40_000, 999)),
        "normalization": mostly("cifar10", "none", "custom"),
    }
    if data["normalization"] == "custom":
        data |= {
            "mean": [0.1234567890123456] * 3,
            "std": draw(st.lists(st.floats(0.001, 10), min_size=3, max_size=3)),
        }
    training["patience"] = mostly(0, 3) if data["validation_fraction"] else 0
    model = {"input_size": draw(st.sampled_from([32, 48])), "dropout": mostly(0.0, 0.1), "num_classes": 3}
    return {"model": model, "data": data, "training": training}


def test_any_recipes_script_reads_well(tmp_path: Path) -> None:
    codes: dict[str, str] = {}

    @settings(max_examples=60)
    @given(run_trees(), st.sampled_from(PLACES), st.text(max_size=60))
    def check(tree: dict[str, Any], place: ImagePlace, title: str) -> None:
        config = RunConfig.build(tree)
        code = training_code(TrainingScript(config, "net", title, title, place))
        assert_readable(code)
        assert_only_what_is_used(code, config)
        codes[f"net_{len(codes)}.py"] = code

    check()
    assert_formatted(codes, tmp_path)


def assert_only_what_is_used(code: str, config: RunConfig) -> None:
    said = config.training
    words = {
        "RandomCrop": said.crop_padding,
        "RandomHorizontalFlip": said.horizontal_flip,
        "RandomRotation": said.rotation,
        "ColorJitter": any(said.jitters),
        "TrivialAugmentWide": said.trivial_augment,
        "RandomErasing": said.random_erasing,
        "MixUp": said.mixup,
        "CutMix": said.cutmix,
        "label_smoothing=": said.label_smoothing,
        "clip_grad_norm_": said.clip_norm,
        "deepcopy": said.ema_decay,
        "bfloat16": said.precision != "fp32",
        "torch.compile": said.compile != "off",
        "drop_last": not said.keep_last_batch,
        "use_deterministic_algorithms": said.deterministic,
        "split(labels": config.data.validation_fraction,
        "some(": config.data.train_images,
        "EXCLUDED": config.data.excluded,
        "images.split(": said.accumulation > 1,
    }
    for word, is_used in words.items():
        assert (word in code) == bool(is_used), word


RATES = [
    {"schedule": schedule, "schedule_moves": moves, "warmup_epochs": warmup, "epochs": epochs}
    for schedule in ("constant", "step", "multi-step", "cosine", "one-cycle")
    for moves in ("each-step", "each-epoch")
    for warmup in (0, 1.5)
    for epochs in (4, 10, 37)
]


@pytest.mark.parametrize("fields", RATES, ids=lambda fields: "-".join(map(str, fields.values())))
def test_the_rate_of_every_step_is_ours(fields: dict[str, Any]) -> None:
    """As the script steps its scheduler: where its text says so."""
    fields = fields | {"step_epochs": 3, "milestones": [0.3, 0.55, 0.7], "decay_factor": 0.3, "learning_rate": 0.7}
    config = RunConfig.build({"training": fields})
    code = training_code(script_of(config))
    with executed(config) as script:
        for steps_per_epoch in (2, 7, 50):
            optimizer = script.make_optimizer(nn.Linear(2, 2))
            epochs = config.training.epochs
            has_scheduler = "make_scheduler" in code
            lengths = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
            lengths = {name: lengths[name] for name in schedule_code.lengths(config.training)}
            scheduler = script.make_scheduler(optimizer, **lengths) if has_scheduler else None
            by_step = bool(re.search(r"^ {12}scheduler\.step\(\)$", code, re.M))
            assert has_scheduler == (by_step or bool(re.search(r"^ {8}scheduler\.step\(\)$", code, re.M)))
            for step in range(epochs * steps_per_epoch):
                expected = learning_rate(config.training, step, steps_per_epoch)
                assert optimizer.param_groups[0]["lr"] == pytest.approx(expected, rel=1e-9, abs=1e-9), step
                optimizer.step()
                if scheduler is not None and (by_step or (step + 1) % steps_per_epoch == 0):
                    scheduler.step()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "return torch.optim.SGD(\n"),
        ({"schedule": "cosine"}, "return CosineAnnealingLR(optimizer, T_max=epochs * steps_per_epoch)"),
        (
            {"schedule": "cosine", "schedule_moves": "each-epoch"},
            "return CosineAnnealingLR(optimizer, T_max=epochs)",
        ),
        ({"schedule": "step"}, "return StepLR(optimizer, step_size=30, gamma=0.1)"),
        ({"schedule": "multi-step"}, "return MultiStepLR(optimizer, milestones=falls, gamma=0.1)"),
        ({"schedule": "one-cycle"}, "return OneCycleLR("),
        ({"schedule": "cosine", "warmup_epochs": 2}, "return LambdaLR("),
        (
            {"optimizer": "adam", "weight_decay": 0},
            "return torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)\n",
        ),
    ],
)
def test_torchs_own_are_taken_where_they_do_the_same(fields: dict[str, Any], expected: str) -> None:
    assert expected in training_code(script_of(RunConfig.build({"training": fields})))


def image_of(side: int = 8) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (side, side, 3), np.uint8)


def ours(config: RunConfig, pixels: np.ndarray, copies: int) -> torch.Tensor:
    """The same image as often as wanted, as the engine augments it."""
    images = ImageSet(np.stack([pixels] * copies), np.zeros(copies, np.int64), ("",) * copies)
    device_images = DeviceImages(images, config.data, CPU)
    plan = EpochPlan.draw(copies, len(pixels), 0, config.training, CPU.device)
    return device_images.batch(plan, 0, copies).images


@pytest.mark.parametrize("normalization", ["cifar10", "half", "none"])
def test_plain_images_are_normalized_as_ours(normalization: str) -> None:
    config = RunConfig.build({"data": {"normalization": normalization}, "training": {"crop_padding": 0}})
    config = config.with_values({"training.horizontal_flip": False})
    with executed(config) as script:
        assert not hasattr(script, "AUGMENTED")
        theirs = script.PLAIN(Image.fromarray(image_of()))
    torch.testing.assert_close(theirs, ours(config, image_of(), 1)[0], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("border", ["reflect", "zeros"])
@pytest.mark.parametrize("flip", [True, False])
def test_crops_and_flips_give_the_same_images(border: str, flip: bool) -> None:
    """Each possible one comes, and no other."""
    training_fields = {"crop_padding": 1, "crop_border": border, "horizontal_flip": flip, "batch_size": 400}
    config = RunConfig.build({"model": {"input_size": 8}, "training": training_fields})
    expected = {tuple(image.flatten().mul(1e3).round().tolist()) for image in ours(config, image_of(), 400)}
    with torch.random.fork_rng(), executed(config) as script:
        torch.manual_seed(0)
        theirs = [script.AUGMENTED(Image.fromarray(image_of())) for _ in range(400)]
    assert {tuple(image.flatten().mul(1e3).round().tolist()) for image in theirs} == expected
    assert len(expected) == (18 if flip else 9)


AUGMENTATIONS = {
    "rotation": {"rotation": 40.0},
    "jitter": {"brightness_jitter": 0.4, "contrast_jitter": 0.3, "saturation_jitter": 0.5, "hue_jitter": 0.1},
    "trivial": {"trivial_augment": True},
    "erasing": {"random_erasing": 0.6},
}


@pytest.mark.parametrize("fields", AUGMENTATIONS.values(), ids=AUGMENTATIONS)
def test_other_augmentations_are_alike_on_average(fields: dict[str, Any]) -> None:
    still = {"crop_padding": 0, "horizontal_flip": False, "batch_size": 1500}
    config = RunConfig.build({"model": {"input_size": 16}, "training": still | fields})
    # Smooth, so that rounding to another neighbor makes no difference.
    line = np.linspace(20, 230, 16)
    pixels = np.stack(
        [line[None] + 0 * line[:, None], line[:, None] + 0 * line[None], 0.5 * (line + line[:, None])], 2
    )
    expected = ours(config, pixels.astype(np.uint8), 1500)
    with torch.random.fork_rng(), executed(config) as script:
        torch.manual_seed(0)
        theirs = torch.stack([script.AUGMENTED(Image.fromarray(pixels.astype(np.uint8))) for _ in range(1500)])
    for statistic in (torch.mean, torch.std):
        ours_by_pixel, theirs_by_pixel = statistic(expected, 0), statistic(theirs, 0)
        assert (ours_by_pixel - theirs_by_pixel).abs().mean() < 0.04
    # Erased pixels have the mean color, which is 0.
    assert (theirs == 0).float().mean().item() == pytest.approx((expected == 0).float().mean().item(), abs=0.01)
    assert (theirs.std(0) > 0.01).any()


@pytest.mark.parametrize("fields", [{"mixup": 0.4}, {"cutmix": 1.0}, {"mixup": 0.4, "cutmix": 1.0}], ids=str)
def test_mixing_and_smoothing_give_our_loss(fields: dict[str, Any]) -> None:
    """Of the same mixture: a row of shares as target is the sum of both labels' losses by their shares."""
    config = RunConfig.build({"training": fields | {"label_smoothing": 0.1}})
    code = training_code(script_of(config))
    (mixing,) = re.findall(r"^    criterion = .*\n(?:.*\n)*?(?=    losses: )", code, re.M)
    lines = [line.strip() for line in mixing.splitlines() if re.match(r" +(criterion|mixup|cutmix|mix) = ", line)]
    with torch.random.fork_rng(), executed(config) as script:
        torch.manual_seed(1)
        exec("\n".join(lines), script.__dict__)
        images, labels = torch.randn(6, 3, 8, 8), torch.tensor([0, 1, 2, 0, 1, 2])
        for _ in range(20):
            mixed, targets = script.mix(images, labels)
            assert mixed.shape == images.shape
            share = targets.max()
            logits, partners = torch.randn(6, 3), labels.roll(1)
            own = targets.gather(1, labels[:, None])[0].item()
            loss = nn.functional.cross_entropy(logits, labels, label_smoothing=0.1)
            other = nn.functional.cross_entropy(logits, partners, label_smoothing=0.1)
            assert script.criterion(logits, targets).item() == pytest.approx(
                (own * loss + (1 - own) * other).item()
            )
            assert 0.5 <= share <= 1


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The images of the other tests, below a folder of their own."""
    folder = write_images(tmp_path_factory.mktemp("packed") / "colors", 20, 6)
    path = folder.with_name("packed.tar.gz")
    with tarfile.open(path, "w:gz") as file:
        file.add(folder, "some/colors")
    return path


# By the names of their scripts.
LOSSES: dict[str, dict[str, Any]] = {
    "plain": {"data.validation_fraction": 0.0, "training.schedule": "constant"},
    "held_out": {"training.schedule": "cosine", "training.schedule_moves": "each-epoch", "training.seed": 7},
    "elaborate": {
        "training.optimizer": "adam", "training.learning_rate": 0.01, "training.clip_norm": 0.5,
        "training.ema_decay": 0.9, "training.accumulation": 4, "training.label_smoothing": 0.1,
        "training.warmup_epochs": 0.5, "training.keep_last_batch": True, "training.weight_decay": 0.01,
    },
    # Of 120 images; those from 101 to 119 are red.
    "left_out": {"data.excluded": [0, 5, 8, 41, 42, 43, *range(101, 118)], "training.schedule": "constant"},
    "some_left_out": {"data.excluded": range(0, 80, 2), "data.train_images": 50, "data.validation_fraction": 0.0,
                      "training.schedule": "constant", "training.learning_rate": 0.01},
    "muon": {"training.optimizer": "muon", "training.learning_rate": 0.02,
             "training.schedule_moves": "each-epoch"},
    "some": {
        "training.optimizer": "rmsprop", "training.learning_rate": 0.001, "data.train_images": 70,
        "data.normalization": "from-data", "training.schedule": "step", "training.step_epochs": 1,
    },
    "decayed": {"training.optimizer": "adamw", "training.learning_rate": 0.003, "training.schedule": "multi-step",
                "model.norm": "group", "model.initialization": "pytorch", "model.se_reduction": 2},
    "half": {"training.precision": "bf16", "training.learning_rate": 0.01},
}  # fmt: skip


@pytest.fixture(scope="module")
def trained(
    tmp_path_factory: pytest.TempPathFactory, image_folder: Path, archive: Path
) -> Iterator[SimpleNamespace]:
    """Runs of the engine and, in one process of their own, their exported scripts."""
    folder = tmp_path_factory.mktemp("scripts")
    with closing(RunStore(Home(folder / "home").prepare())) as store:
        runs = {name: train(store, values, image_folder) for name, values in LOSSES.items()}
        # Images are resized, and unpacked.
        runs["packed"] = train(store, {"model.input_size": 12, "training.schedule": "cosine"}, archive)
        for name, run_id in runs.items():
            training_export.export_run(run_id, store, folder / f"{name}.py")
        done = subprocess.run(
            [sys.executable, "-c", DRIVER, str(folder), *runs], capture_output=True, text=True, timeout=240,
            cwd=folder / "home", env=os.environ | {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        losses = json.loads((folder / "losses.json").read_text())
        yield SimpleNamespace(folder=folder, store=store, runs=runs, losses=losses, said=done.stdout)


RECORDED: dict[str, list[float]] = {}
"""Losses of the engine's steps, by run."""


def train(store: RunStore, values: dict[str, Any], source: Path) -> str:
    config = RunConfig.build(
        {
            "model": {"blocks": [1, 1], "widths": [8, 8], "num_classes": 3, "input_size": 16},
            "data": {"source": str(source), "validation_fraction": 0.2},
            "training": {
                "batch_size": 16,
                "learning_rate": 0.05,
                "threads": 1,
                "device": "cpu",
                "precision": "fp32",
            },
        }
    ).with_values(STILL | values)
    events = list(training.train(config, store=store))
    run_id = str(events[-1].run_id)
    RECORDED[run_id] = [loss for event in events if isinstance(event, StepMetrics) for loss in event.loss.tolist()]
    return run_id


@pytest.mark.parametrize("name", [*LOSSES, "packed"])
def test_a_script_has_our_losses(trained: SimpleNamespace, name: str) -> None:
    expected, theirs = RECORDED[trained.runs[name]], trained.losses[name]
    assert len(theirs) == len(expected) > 5
    tolerance = 1e-5 if name != "half" else 1e-2
    assert theirs[:5] == pytest.approx(expected[:5], rel=tolerance)
    # No step was done twice.
    assert len(set(theirs)) == len(theirs)


@pytest.mark.parametrize("name", ["plain", "held_out", "elaborate"])
def test_a_scripts_weights_are_ours(trained: SimpleNamespace, name: str) -> None:
    """Of the best epoch, and of the average where there is one."""
    saved = checkpoint.load_best(trained.store.checkpoints(trained.runs[name])).evaluated_weights
    theirs = torch.load(trained.folder / f"{name}_trained.pt", weights_only=True)
    assert theirs.keys() == dict(saved).keys()
    for key, tensor in saved.items():
        torch.testing.assert_close(theirs[key], tensor, rtol=1e-2, atol=1e-3, msg=key)


def test_an_epoch_is_told_as_a_tutorial_does(trained: SimpleNamespace) -> None:
    lines = trained.said.splitlines()
    pattern = r"epoch [12]: loss \d\.\d{3}, accuracy \d+\.\d%, (held out \d+\.\d%, )?test \d+\.\d%"
    assert sum(bool(re.fullmatch(pattern, line)) for line in lines) == 2 * len(trained.runs)


def test_other_images_are_refused_by_the_script(image_folder: Path, tmp_path: Path) -> None:
    config = RunConfig.build({"model": {"num_classes": 3}, "data": {"source": str(image_folder)}})
    with executed(config, ("blue", "green", "violet")) as script, pytest.raises(SystemExit, match="violet"):
        script.loaders(image_folder, 0, 0)


def export(config: RunConfig, output: Path, home: Home) -> tuple[Path, Path]:
    return result_of(training_export.export_model(config, "Network", output, home))


@pytest.mark.parametrize("excluded", [(), (3, 4, 50, 51, 52, 119)])
def test_held_out_images_and_subset_are_ours(image_folder: Path, home: Home, excluded: tuple[int, ...]) -> None:
    values = {
        "data.source": str(image_folder),
        "data.train_images": 50,
        "data.excluded": excluded,
        "training.seed": 3,
        "model.num_classes": 3,
    }
    config = RunConfig().with_values(values | {"training.batch_size": 16})
    dataset = Dataset.require(result_of(sources.read(str(image_folder), 32, home)))
    prepared = result_of(prepare(config, home))
    with executed(config) as script:
        train_loader, validation_loader, _ = script.loaders(image_folder, 3, 0)
    assert (len(train_loader.dataset), len(validation_loader.dataset)) == prepared.images[:2]
    assert prepared.images[0] == 50
    seen = {*train_loader.dataset.indices, *validation_loader.dataset.indices}
    assert not seen.intersection(excluded)
    for subset, expected in (
        (train_loader.dataset, prepared.trainer.images.labels),
        (validation_loader.dataset, prepared.validation.labels),
    ):
        names = [Path(subset.dataset.samples[index][0]).name for index in subset.indices]
        assert names == [Path(dataset.train.names[index]).name for index in subset.indices]
        assert [subset.dataset.targets[index] for index in subset.indices] == expected.tolist()
    order = EpochPlan.draw(50, 32, 1, config.training, CPU.device).order.tolist()
    list(train_loader.sampler)
    assert list(train_loader.sampler) == order


@pytest.mark.parametrize(
    ("source", "kind", "first"), [("cifar10", "CIFAR10", "airplane"), ("cifar100", "CIFAR100", "apple")]
)
def test_a_network_of_a_named_source_needs_no_images(
    home: Home, tmp_path: Path, source: str, kind: str, first: str
) -> None:
    """The official ones would be downloaded."""
    config = PRESETS.run_config("resnet8", "kuangliu", source)
    network, script = export(config, tmp_path / "net.py", home)
    assert sorted(tmp_path.glob("*.py")) == [network, script]
    assert f"from torchvision.datasets import {kind}\n" in script.read_text()
    assert f"= {kind}(data, train=True, transform=" in script.read_text()
    assert re.search(rf'CLASSES = \(\s*"{first}"', network.read_text())
    assert not list(home.data.iterdir())


def test_an_official_archive_by_its_path_is_left_to_torchvision(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "cifar-100-python.tar.gz"
    path.write_bytes(b"")
    assert training_export._place(str(path), home) == ImagePlace("cifar100", side=32)


@pytest.mark.parametrize("name", ["my-net.py", "20layers.py", "class.py", "torch.py", "random.py", "a b.py"])
def test_a_name_that_cannot_be_imported(name: str, home: Home, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="its script imports the network as") as refused:
        export(PRESETS.run_config("resnet8"), tmp_path / "new" / name, home)
    assert str(tmp_path / "new" / name) in str(refused.value)
    assert not (tmp_path / "new").exists()


def test_a_script_of_somebody_else_is_not_written_over(
    trained: SimpleNamespace, home: Home, tmp_path: Path
) -> None:
    own = tmp_path / "net_train.py"
    own.write_text("print('mine')\n")
    for work in (
        lambda: export(PRESETS.run_config("resnet8"), tmp_path / "net.py", home),
        lambda: training_export.export_run(trained.runs["plain"], trained.store, tmp_path / "net.py"),
    ):
        with pytest.raises(UserError, match=r"net_train\.py: no export wrote the file"):
            work()
    assert own.read_text() == "print('mine')\n"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["net_train.py"]


def test_an_exported_script_is_written_over(home: Home, tmp_path: Path) -> None:
    for recipe in ("quick", "adam"):
        _, script = export(PRESETS.run_config("resnet8", recipe), tmp_path / "net.py", home)
    assert "torch.optim.Adam(" in script.read_text()


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"fine_tuning.weights": "torchvision"}, "fine_tuning.weights", "begins with random weights"),
        ({"fine_tuning.backbone_rate": 0.5}, "fine_tuning.backbone_rate", "is 0.5, but training as code"),
        ({"data.source": "/nowhere"}, "data.source", "there is no such file"),
        ({"training.batch_size": 20_000}, "training.batch_size", "it must be at most 9000"),
        ({"data.train_images": 20_000}, "data.train_images", "it must be at most 9000"),
        (
            {"training.batch_size": 8_999, "training.keep_last_batch": True},
            "training.keep_last_batch",
            "a single image is left over",
        ),
    ],
)
def test_what_no_script_can_do(values: dict[str, Any], field: str, words: str, home: Home, tmp_path: Path) -> None:
    config = PRESETS.run_config("resnet8").with_values(values)
    with pytest.raises(ConfigError, match=words) as refused:
        export(config, tmp_path / "new" / "net.py", home)
    assert list(refused.value.fields) == [field]
    assert not (tmp_path / "new").exists()


def test_a_run_that_began_with_other_weights(trained: SimpleNamespace, image_folder: Path, tmp_path: Path) -> None:
    run_id = train(trained.store, {"fine_tuning.weights": trained.runs["plain"]}, image_folder)
    with pytest.raises(ConfigError, match=r"fine_tuning\.weights is .*; export the network alone"):
        training_export.export_run(run_id, trained.store, tmp_path / "net.py")
    assert list(tmp_path.iterdir()) == []


def test_folders_below_each_other(home: Home, image_folder: Path, tmp_path: Path) -> None:
    deep = tmp_path / "pictures" / "of" / "colors"
    deep.parent.mkdir(parents=True)
    deep.symlink_to(image_folder, target_is_directory=True)
    small = {"model.input_size": 16, "training.batch_size": 16}
    above = RunConfig().with_values({"data.source": str(deep.parent / "colors"), **small})
    _, script = export(above, tmp_path / "net.py", home)
    assert f'DATA = Path("{image_folder}")' in script.read_text().replace('(\n    "', '("').replace('"\n)', '")')
    empty = tmp_path / "none"
    empty.mkdir()
    with pytest.raises(ConfigError, match="has 0 folders named train"):
        export(above.with_values({"data.source": str(empty)}), tmp_path / "net.py", home)


def test_what_was_done_to_the_run_by_hand_is_said_and_nothing_promised(
    tiny_config: RunConfig, store: RunStore, tmp_path: Path
) -> None:
    """A script does not do it."""
    still = {"training.crop_padding": 0, "training.horizontal_flip": False}
    orders = Orders()
    events = training.train(tiny_config.with_values(still), store=store, orders=orders)
    for event in events:
        if isinstance(event, StepMetrics) and not store.rate_changes(event.run_id):
            orders.change_rate(0.1)
        if isinstance(event, EpochMetrics):
            orders.finish()
    training_export.export_run(event.run_id, store, tmp_path / "net.py")
    said = " ".join((tmp_path / "net_train.py").read_text().split('"""')[1].split())
    (change,) = store.rate_changes(event.run_id)
    assert f"its rate was multiplied by 0.1 after step {change.step}; ended by hand in epoch" in said
    assert "and so the same losses" not in said
    assert_formatted({"net_train.py": (tmp_path / "net_train.py").read_text()}, tmp_path)
