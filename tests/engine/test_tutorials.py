"""Recipes named after scripts, against those scripts typed in plain PyTorch: first weights, images, steps."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
import torch
import torchvision
from torch import Tensor, nn, optim
from torch.nn import functional
from torchvision.transforms import functional as transforms

from workbench.core.data.dataset import ImageSet
from workbench.core.settings.config import RunConfig
from workbench.core.settings.presets import Presets
from workbench.core.settings.schedule import learning_rate
from workbench.engine.data.augmentation import EpochPlan
from workbench.engine.data.device_images import DeviceImages
from workbench.engine.machine.device import Compute
from workbench.engine.network import resnet
from workbench.engine.training.trainer import Trainer

CPU = Compute(torch.device("cpu"), torch.float32)
STEPS = 5
PLANES = (8, 16, 24, 32)
PRESETS = Presets.load()


class BasicBlock(nn.Module):
    def __init__(self, in_planes: int, planes: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=1, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_planes != planes:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_planes, planes, kernel_size=1, stride=stride, bias=False), nn.BatchNorm2d(planes)
            )

    def forward(self, x: Tensor) -> Tensor:
        out = functional.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return functional.relu(out)


class ResNet(nn.Module):
    """Two blocks in each of four stages; `stem` is the script's first layers."""

    def __init__(self, stem: list[nn.Module], pool: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.stem, self.pool = nn.Sequential(*stem), pool
        layers, before = [], PLANES[0]
        for stage, planes in enumerate(PLANES):
            layers += [BasicBlock(before, planes, 1 if stage == 0 else 2), BasicBlock(planes, planes, 1)]
            before = planes
        self.layers = nn.Sequential(*layers)
        self.linear = nn.Linear(before, 10)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.linear(self.pool(self.layers(self.stem(x))))
        return logits


def small_stem() -> list[nn.Module]:
    return [nn.Conv2d(3, PLANES[0], kernel_size=3, stride=1, padding=1, bias=False), nn.BatchNorm2d(PLANES[0]),
            nn.ReLU()]  # fmt: skip


def imagenet_stem() -> list[nn.Module]:
    return [nn.Conv2d(3, PLANES[0], kernel_size=7, stride=2, padding=3, bias=False), nn.BatchNorm2d(PLANES[0]),
            nn.ReLU(), nn.MaxPool2d(kernel_size=3, stride=2, padding=1)]  # fmt: skip


class Bare(nn.Module):
    """Eight convolutions, as a first script types them."""

    def __init__(self, pool: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.pool = pool
        widths = (3, 16, 16, 32, 32, 64, 64, 128, 128)
        self.convolutions = nn.ModuleList(nn.Conv2d(*channels, 3, padding=1) for channels in pairwise(widths))
        self.fc = nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        for convolution in self.convolutions:
            x = functional.relu(convolution(x))
        logits: Tensor = self.fc(self.pool(x))
        return logits


def mean(x: Tensor) -> Tensor:
    return x.mean((2, 3))


def average_pool_4(x: Tensor) -> Tensor:
    return functional.avg_pool2d(x, 4).view(len(x), -1)


def sgd(network: nn.Module, **kernel: bool) -> optim.Optimizer:
    return optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, **kernel)


def plain_sgd(network: nn.Module, **kernel: bool) -> optim.Optimizer:
    return optim.SGD(network.parameters(), lr=0.01, **kernel)


def adam(network: nn.Module, **kernel: bool) -> optim.Optimizer:
    return optim.Adam(network.parameters(), lr=0.001, **kernel)


@dataclass(frozen=True)
class Script:
    """What is typed there, and the preset that is the same network here."""

    build: Callable[[Callable[[Tensor], Tensor]], nn.Module]
    preset: str
    optimizer: Callable[..., optim.Optimizer]
    batch_size: int
    side: int = 32
    """Of the images. The networks without strides take long, and do not care."""


SCRIPTS = {
    "kuangliu": Script(lambda pool: ResNet(small_stem(), pool), "resnet18", sgd, 128),
    "tutorial-constant": Script(lambda pool: ResNet(small_stem(), pool), "resnet18", sgd, 128),
    "tutorial-imagenet-stem": Script(lambda pool: ResNet(imagenet_stem(), pool), "resnet18-imagenet", sgd, 100),
    "plain-sgd": Script(Bare, "conv8-bare", plain_sgd, 128, side=12),
    "adam": Script(Bare, "conv8-bare", adam, 128, side=12),
}
"""By the recipe's name."""


def config_of(recipe: str) -> RunConfig:
    script = SCRIPTS[recipe]
    config = PRESETS.run_config(script.preset, recipe)
    values: dict[str, object] = {"training.precision": "fp32", "model.input_size": script.side}
    if script.preset.startswith("resnet18"):
        values["model.widths"] = PLANES
    return config.with_values(values)


def images_of(config: RunConfig, count: int) -> DeviceImages:
    side, generator = config.model.input_size, np.random.default_rng(0)
    pixels = generator.integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    return DeviceImages(ImageSet(pixels, generator.integers(0, 10, count), ("",) * count), config.data, CPU)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def pairs(ours: nn.Module, theirs: nn.Module) -> list[tuple[Tensor, Tensor]]:
    """Parameters and running statistics of both, in the order of a script, where a block's shortcut comes last."""
    state = ours.state_dict()

    def place(name: str) -> tuple[bool, list[str], bool]:
        parts = name.split(".")
        return parts[0] == "fc", parts[:2] if parts[0].startswith("layer") else [], "downsample" in parts

    names = sorted(state, key=place)
    return list(zip((state[name] for name in names), theirs.state_dict().values(), strict=True))


def both(
    recipe: str, pool: Callable[[Tensor], Tensor], steps: int = STEPS, **kernel: bool
) -> list[tuple[Tensor, Tensor]]:
    """Some steps of ours and of the script, on the same batches."""
    script, config = SCRIPTS[recipe], config_of(recipe)
    assert config.training.batch_size == script.batch_size
    trainer = Trainer(config, CPU, images_of(config, STEPS * script.batch_size))
    torch.manual_seed(config.training.seed)
    network = script.build(pool)
    assert all(torch.equal(mine, theirs) for mine, theirs in pairs(trainer.network, network))
    optimizer = script.optimizer(network, **kernel)
    plan = EpochPlan.draw(len(trainer.images), script.side, 0, config.training, CPU.device)
    for index in range(steps):
        batch = trainer.images.batch(plan, index, script.batch_size)
        optimizer.zero_grad()
        functional.cross_entropy(network(batch.images), batch.labels).backward()
        optimizer.step()
        trainer.step()
    return pairs(trainer.network, network)


@pytest.mark.parametrize("recipe", SCRIPTS)
def test_the_same_operations_give_the_same_weights_bit_for_bit(recipe: str) -> None:
    """From the same seed on. Fused kernels round once where the others round twice."""
    assert all(torch.equal(mine, theirs) for mine, theirs in both(recipe, mean, fused=True))


@pytest.mark.parametrize("recipe", ["kuangliu", "adam"])
def test_as_typed_there_the_weights_are_the_same_but_for_rounding(recipe: str) -> None:
    """At first; on noise, each step makes of a difference a hundred times as much."""
    pool = average_pool_4 if recipe == "kuangliu" else mean
    for mine, theirs in both(recipe, pool, steps=2):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=2e-4)


@pytest.mark.parametrize("recipe", ["kuangliu", "tutorial-constant", "tutorial-imagenet-stem"])
def test_images_are_those_of_the_scripts_transforms(recipe: str) -> None:
    config = config_of(recipe)
    images = images_of(config, 40)
    plan = EpochPlan.draw(40, 32, 0, config.training, CPU.device)
    mean, std = {
        "kuangliu": ((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)),
        "tutorial-constant": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
        "tutorial-imagenet-stem": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    }[recipe]
    expected = []
    for position, index in enumerate(plan.order.tolist()):
        image = images.pixels_nhwc[index].permute(2, 0, 1)
        if recipe != "tutorial-constant":
            top, left = int(plan.shift_y[position]) + 4, int(plan.shift_x[position]) + 4
            image = transforms.crop(transforms.pad(image, [4]), top, left, 32, 32)
            if plan.mirrored[position]:
                image = transforms.hflip(image)
        expected.append(transforms.normalize(image / 255, list(mean), list(std)))
    assert (plan.shift_y.abs().max() > 0) == (recipe != "tutorial-constant")
    torch.testing.assert_close(images.batch(plan, 0, 40).images, torch.stack(expected), rtol=0, atol=2e-6)


def test_steps_and_rates_are_those_of_the_script() -> None:
    """`DataLoader` keeps the last batch, and the scheduler moves once an epoch."""
    training = config_of("kuangliu").training
    assert training.steps_per_epoch(50_000) == 391
    parameter = nn.Parameter(torch.zeros(1))
    optimizer = optim.SGD([parameter], lr=0.1)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=200)
    for epoch in range(200):
        first, last = (learning_rate(training, step, 391) for step in (391 * epoch, 391 * epoch + 390))
        assert first == last == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9)
        optimizer.step()
        scheduler.step()


@pytest.mark.parametrize("preset", ["resnet18-imagenet", "resnet34-imagenet", "resnet50-imagenet"])
def test_a_seed_draws_torchvisions_first_weights(preset: str) -> None:
    ours = resnet.build(PRESETS.model(preset).config.model_copy(update={"num_classes": 1000}), seed=3)
    torch.manual_seed(3)
    theirs = getattr(torchvision.models, preset.removesuffix("-imagenet"))().state_dict()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.state_dict().items())
