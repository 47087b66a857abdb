"""How a network is trained: optimizer, schedule, augmentation, machine."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from workbench.core.errors import literal
from workbench.core.fields import FieldGroup, field_error

Optimizer = Literal["sgd", "adam", "adamw", "rmsprop", "muon"]
Schedule = Literal["constant", "step", "multi-step", "cosine", "one-cycle"]
ScheduleMoves = Literal["each-step", "each-epoch"]
CropBorder = Literal["reflect", "zeros"]
Precision = Literal["auto", "fp32", "bf16"]
Compile = Literal["off", "on", "cuda-graphs"]

# Fields of what happens to a training image before the network sees it.
AUGMENTATIONS = (
    "crop_padding", "crop_border", "horizontal_flip", "rotation", "brightness_jitter", "contrast_jitter",
    "saturation_jitter", "hue_jitter", "trivial_augment", "random_erasing", "mixup", "cutmix",
)  # fmt: skip

_Share = Annotated[float, Field(gt=0.0, lt=1.0, strict=False)]


class TrainingConfig(FieldGroup):
    """How to train."""

    epochs: Annotated[int, Field(ge=1, le=100_000)] = 12
    """Passes over the training images."""
    batch_size: Annotated[int, Field(ge=2, le=65_536)] = 128
    """Images per step."""
    keep_last_batch: bool = False
    """Train on the images that are left over at the end of an epoch too, as a smaller batch."""
    accumulation: Annotated[int, Field(ge=1, le=1024)] = 1
    """Parts a batch is worked on in, one after another: less memory. Batch norm sees each part alone."""

    optimizer: Optimizer = "sgd"
    """sgd; adam, whose step follows the size of past gradients (Kingma and Ba 2015); adamw: with the decay apart
    from the gradient (Loshchilov and Hutter 2019); rmsprop; muon: orthogonal steps for convolutions, adamw for the
    rest."""
    learning_rate: Annotated[float, Field(gt=0.0, le=100.0, strict=False)] = 0.1
    """Highest step size; the schedule moves it."""
    momentum: Annotated[float, Field(ge=0.0, lt=1.0, strict=False)] = 0.9
    """Share of the last update that is kept (first beta of adam and adamw)."""
    nesterov: bool = True
    """Let sgd and muon look ahead along the momentum (Sutskever et al. 2013)."""
    weight_decay: Annotated[float, Field(ge=0.0, le=1.0, strict=False)] = 5e-4
    """Pulls all weights towards 0: an L2 penalty, with adamw and muon a share of the step."""
    clip_norm: Annotated[float, Field(ge=0.0, le=1e6, strict=False)] = 0.0
    """Longest gradient over all weights; a longer one is scaled down (Pascanu et al. 2013). 0: any."""
    ema_decay: Annotated[float, Field(ge=0.0, lt=1.0, strict=False)] = 0.0
    """Keep a moving average of the weights with this decay per step; it is what is evaluated. 0: none."""

    schedule: Schedule = "one-cycle"
    """constant; step: falls every so many epochs; multi-step: falls at milestones; cosine: falls to 0 along half
    a cosine; one-cycle: rises for 30 % of the steps, then falls."""
    warmup_epochs: Annotated[float, Field(ge=0.0, le=100_000, strict=False)] = 0.0
    """Rise from 0 to the schedule's rate over so many first epochs (Goyal et al. 2017)."""
    step_epochs: Annotated[int, Field(ge=1, le=100_000)] = 30
    """Epochs between two falls of schedule step."""
    milestones: Annotated[tuple[_Share, ...], Field(min_length=1, max_length=20, strict=False)] = (0.5, 0.75)
    """Where schedule multi-step falls, as shares of the training."""
    decay_factor: Annotated[float, Field(gt=0.0, le=1.0, strict=False)] = 0.1
    """What a fall of step and multi-step multiplies the rate by."""

    schedule_moves: ScheduleMoves = "each-step"
    """When the schedule moves the rate: at each-step, or at each-epoch, as most scripts do. Warm-up always rises
    at each step."""

    crop_padding: Annotated[int, Field(ge=0, le=16)] = 4
    """Random crops from images padded by so many pixels. 0: no crop."""
    crop_border: CropBorder = "reflect"
    """What images are padded with: reflect mirrors them at their border; zeros is black, as in most scripts."""
    horizontal_flip: bool = True
    """Mirror half of the training images."""
    rotation: Annotated[float, Field(ge=0.0, le=180.0, strict=False)] = 0.0
    """Largest angle in degrees by which training images are turned, to either side; the corners become black.
    0: none."""
    brightness_jitter: Annotated[float, Field(ge=0.0, le=2.0, strict=False)] = 0.0
    """Change each image's brightness by a random factor between 1 minus and 1 plus this. 0: off."""
    contrast_jitter: Annotated[float, Field(ge=0.0, le=2.0, strict=False)] = 0.0
    """Likewise its contrast."""
    saturation_jitter: Annotated[float, Field(ge=0.0, le=2.0, strict=False)] = 0.0
    """Likewise how colorful it is."""
    hue_jitter: Annotated[float, Field(ge=0.0, le=0.5, strict=False)] = 0.0
    """Turn each image's colors by a random share of the color circle up to this, to either side. 0: off."""
    trivial_augment: bool = False
    """One random change of color or shape per image, of random strength (Müller and Hutter 2021)."""
    random_erasing: Annotated[float, Field(ge=0.0, le=1.0, strict=False)] = 0.0
    """Share of training images in which a random rectangle is blanked out (Zhong et al. 2020)."""
    mixup: Annotated[float, Field(ge=0.0, le=10.0, strict=False)] = 0.0
    """Blend pairs of images and their labels; parameter of the beta distribution (Zhang et al. 2018). 0: off."""
    cutmix: Annotated[float, Field(ge=0.0, le=10.0, strict=False)] = 0.0
    """Paste a rectangle of one image into another; its beta parameter (Yun et al. 2019). 0: off. With mixup, every
    batch takes one of the two."""
    label_smoothing: Annotated[float, Field(ge=0.0, lt=1.0, strict=False)] = 0.0
    """Share of the target that is spread over all classes (Szegedy et al. 2016)."""

    epoch_weights_mb: Annotated[int, Field(ge=0, le=1_000_000)] = 200
    """Room for the weights of single epochs, in megabytes: all epochs if they fit, else evenly chosen ones. Heat
    maps, lesions and the like need them. 0: only those of the kept epoch."""
    patience: Annotated[int, Field(ge=0, le=100_000)] = 0
    """End after so many epochs without a better validation accuracy. 0: never."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Start of every random choice: initial weights, split, order, augmentation."""
    deterministic: bool = False
    """Use only algorithms that give the same result every time. On a CPU all do; a GPU is slower so."""
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:(0|[1-9][0-9]?))?|mps)$")] = "auto"
    """auto, cpu, cuda, cuda:<index> or mps. auto takes the GPU if there is one."""
    precision: Precision = "auto"
    """Number format of convolutions: auto takes bf16 where the machine computes in it, else fp32."""
    threads: Annotated[int, Field(ge=0, le=1024)] = 0
    """CPU threads. 0: one per core."""
    compile: Compile = "off"
    """on: torch.compile, slow at the first step. cuda-graphs: the same, replayed by the GPU without the CPU."""

    @property
    def part_size(self) -> int:
        """Images per part of a batch."""
        return self.batch_size // self.accumulation

    @property
    def jitters(self) -> tuple[float, float, float, float]:
        """Of brightness, contrast, saturation and hue."""
        return self.brightness_jitter, self.contrast_jitter, self.saturation_jitter, self.hue_jitter

    @property
    def goes_by_epochs(self) -> bool:
        """Whether its rate, or its end, goes by the number of epochs: else what was trained first is the same for
        more of them."""
        return self.schedule not in ("constant", "step") or bool(self.patience)

    def steps_per_epoch(self, images: int) -> int:
        """Batches that so many training images make."""
        full, left = divmod(images, self.batch_size)
        return full + bool(left and self.keep_last_batch)

    @model_validator(mode="after")
    def _check_accumulation(self) -> Self:
        size, parts = self.batch_size, self.accumulation
        if size % parts:
            raise field_error("accumulation", f"is {parts}; it must divide batch_size, which is {size}")
        if size // parts < 2:
            raise field_error(
                "accumulation",
                f"is {parts}, which leaves {size // parts} image to a part; batch norm and mixing need 2",
            )
        return self

    @model_validator(mode="after")
    def _check_schedule(self) -> Self:
        if self.warmup_epochs >= self.epochs:
            raise field_error(
                "warmup_epochs",
                f"is {self.warmup_epochs:g}; it must be below epochs, which is {self.epochs}",
            )
        if list(self.milestones) != sorted(set(self.milestones)):
            raise field_error(
                "milestones", f"is {literal(self.milestones)}; every share must be above the one before"
            )
        return self
