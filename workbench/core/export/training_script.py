"""What a training script is written from: a run's configuration, its network's file, and where the images are."""

from dataclasses import dataclass
from typing import Literal

from workbench.core.errors import ConfigError, literal
from workbench.core.settings.config import RunConfig
from workbench.core.settings.training_config import TrainingConfig


@dataclass(frozen=True)
class ImagePlace:
    """Where a script finds its images, unless it is told another place."""

    kind: Literal["cifar10", "cifar100", "folder", "archive"]
    """cifar10, cifar100: torchvision downloads them."""
    path: str = ""
    """Of the folder that holds `train` and `test`, or of the archive of one."""
    side: int = 0
    """Height and width of all images in pixels; 0: they differ, or nobody knows."""

    @property
    def is_tar(self) -> bool:
        return self.kind == "archive" and not self.path.lower().endswith(".zip")


@dataclass(frozen=True)
class TrainingScript:
    """All that the text depends on."""

    config: RunConfig
    """Completed: its network has an output per class, its normalization has numbers."""
    module: str
    """Of the network: `net` for net.py."""
    title: str
    """Of the network."""
    recipe: str
    """Title of the recipe; empty: it has none."""
    images: ImagePlace
    departures: tuple[str, ...] = ()
    """How the run that it is written from went another way than its configuration says, each in a few words."""

    @property
    def training(self) -> TrainingConfig:
        return self.config.training

    @property
    def holds_out(self) -> bool:
        return self.config.data.validation_fraction > 0

    @property
    def leaves_out(self) -> bool:
        """Whether there are images that it neither trains on nor holds out."""
        return bool(self.config.data.excluded)

    @property
    def changes_images(self) -> bool:
        """Whether training images are changed, each by itself."""
        training = self.training
        return bool(
            training.crop_padding
            or training.horizontal_flip
            or training.rotation
            or any(training.jitters)
            or training.trivial_augment
            or training.random_erasing
        )

    @property
    def mixes(self) -> bool:
        return self.training.mixup > 0 or self.training.cutmix > 0

    @property
    def resizes(self) -> bool:
        """Whether the transforms resize; images of different sizes are resized while they are read."""
        return self.images.side not in (0, self.config.model.input_size)

    @property
    def draws(self) -> list[str]:
        """What draws random numbers in an order of its own."""
        model = self.config.model
        drawn = {
            "augmentation": self.changes_images or self.mixes,
            "dropout": model.dropout > 0,
            "stochastic depth": model.stochastic_depth > 0,
        }
        return [name for name, is_used in drawn.items() if is_used]


def refuse_fine_tuning(config: RunConfig) -> None:
    """A script begins with random weights.

    Raises:
        ConfigError: the configuration says otherwise; by field.
    """
    usual = RunConfig().fine_tuning.model_dump()
    said = {name: value for name, value in config.fine_tuning.model_dump().items() if value != usual[name]}
    fields = {
        f"fine_tuning.{name}": f"fine_tuning.{name} is {literal(value)}, but training as code begins with random "
        f"weights and trains all of them alike, which is {literal(usual[name])}; export the network alone"
        for name, value in said.items()
    }
    if fields:
        raise ConfigError(fields)
