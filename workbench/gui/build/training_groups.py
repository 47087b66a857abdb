"""The parts of the training's fields that a person opens when needed."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QWidget

from workbench.gui.build.augmentation_words import augmentation_words
from workbench.gui.widgets.form_group import FormGroup

_SECTION = "training"


class OptimizerGroup(FormGroup):
    """What the optimizer does with a gradient."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            _SECTION,
            self.tr("Optimizer details"),
            self.tr("Momentum, weight decay, clipping of gradients, the last batch of an epoch"),
            parent,
        )
        self.form.add_decimal("momentum", self.tr("Momentum"), 1, zero=self.tr("off"), step=0.01, first=0.9)
        self.form.add_check("nesterov", self.tr("Nesterov momentum"))
        self.form.add_decimal("weight_decay", self.tr("Weight decay"), 10, zero=self.tr("off"), first=1e-4)
        self.form.add_decimal("clip_norm", self.tr("Clip norm"), 1e6, zero=self.tr("off"), first=1)
        self.form.add_check("keep_last_batch", self.tr("Keep the last batch"))

    def shown(self, values: Mapping[str, Any]) -> Mapping[str, bool]:
        return {"nesterov": values["optimizer"] in ("sgd", "muon") and values["momentum"] > 0}

    def words(self, values: Mapping[str, Any]) -> Sequence[str]:
        momentum, decay, clip = values["momentum"], values["weight_decay"], values["clip_norm"]
        looks_ahead = self.shown(values)["nesterov"] and values["nesterov"]
        name = self.tr("Nesterov") if looks_ahead else self.tr("momentum")
        return [
            f"{name} {momentum:.6g}" if momentum else self.tr("no momentum"),
            self.tr("decay {0}").format(f"{decay:.6g}") if decay else self.tr("no decay"),
            *([self.tr("clip {0}").format(f"{clip:.6g}")] if clip else ()),
            *([self.tr("last batch kept")] if values["keep_last_batch"] else ()),
        ]


class AugmentationGroup(FormGroup):
    """What happens to a training image before the network sees it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            _SECTION,
            self.tr("Augmentation"),
            self.tr("Random changes of the training images: crop, flip, turn, colors, erasing, mixing"),
            parent,
        )
        off, percent = self.tr("off"), self.tr(" % of images")
        self.form.add_whole("crop_padding", self.tr("Random crop"), 64, self.tr(" px"), off)
        self.form.add_choice("crop_border", self.tr("Crop border"), (
            ("reflect", self.tr("mirrored")), ("zeros", self.tr("black")),
        ))  # fmt: skip
        self.form.add_check("horizontal_flip", self.tr("Random flip"))
        self.form.add_decimal("rotation", self.tr("Turn up to"), 360, "°", off, step=5, first=15)
        for name, label in (
            ("brightness_jitter", self.tr("Brightness ±")),
            ("contrast_jitter", self.tr("Contrast ±")),
            ("saturation_jitter", self.tr("Saturation ±")),
            ("hue_jitter", self.tr("Hue ±")),
        ):
            self.form.add_decimal(name, label, 10, zero=off, step=0.1, first=0.1 if name == "hue_jitter" else 0.2)
        self.form.add_check("trivial_augment", self.tr("TrivialAugment"))
        self.form.add_percent("random_erasing", self.tr("Erasing"), percent, off)
        self.form.add_decimal("mixup", self.tr("Mixup"), 100, zero=off, step=0.1, first=0.2)
        self.form.add_decimal("cutmix", self.tr("CutMix"), 100, zero=off, step=0.1, first=1)

    def words(self, values: Mapping[str, Any]) -> Sequence[str]:
        return augmentation_words(values) or [self.tr("none")]

    def shown(self, values: Mapping[str, Any]) -> Mapping[str, bool]:
        return {"crop_border": values["crop_padding"] > 0}


class RegularizationGroup(FormGroup):
    """What else keeps the network from learning the training images by heart."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            _SECTION,
            self.tr("Regularization"),
            self.tr("Label smoothing, moving average of the weights, early stopping"),
            parent,
        )
        off = self.tr("off")
        self.form.add_percent("label_smoothing", self.tr("Smooth labels"), self.tr(" %"), off)
        self.form.add_decay("ema_decay", self.tr("Average (EMA)"), off)
        self.form.add_whole("patience", self.tr("Patience"), 100_000, self.tr(" epochs"), off)

    def words(self, values: Mapping[str, Any]) -> Sequence[str]:
        smoothing, decay, patience = (values[name] for name in ("label_smoothing", "ema_decay", "patience"))
        words = {
            self.tr("smooth labels {0} %").format(f"{100 * smoothing:.4g}"): smoothing,
            self.tr("EMA {0}").format(f"{decay:.8g}"): decay,
            self.tr("patience {0}").format(patience): patience,
        }
        return [word for word, is_on in words.items() if is_on] or [self.tr("none")]


class MachineGroup(FormGroup):
    """What computes, how, and from which random start."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            _SECTION,
            self.tr("Machine and seed"),
            self.tr("Device, number format, threads, compilation, memory, room for weights, random numbers"),
            parent,
        )
        form = self.form
        form.add_choice("device", self.tr("Device"), ("auto", "cpu", "cuda", "mps"))
        form.add_choice("precision", self.tr("Precision"), ("auto", "fp32", "bf16"))
        form.add_whole("threads", self.tr("CPU threads"), 1024, zero=self.tr("one per core"))
        form.add_choice("compile", self.tr("Compile"), (
            ("off", self.tr("off")), ("on", self.tr("on")), ("cuda-graphs", self.tr("CUDA graphs")),
        ))  # fmt: skip
        form.add_whole("accumulation", self.tr("Batch in parts"), 1024)
        form.add_whole(
            "epoch_weights_mb", self.tr("Epochs' weights"), 1_000_000, self.tr(" MB"), self.tr("kept epoch only")
        )
        form.add_whole("seed", self.tr("Seed"), 2**31 - 1)
        form.add_check("deterministic", self.tr("Deterministic"))

    def words(self, values: Mapping[str, Any]) -> Sequence[str]:
        device, precision, threads, parts = (
            values[name] for name in ("device", "precision", "threads", "accumulation")
        )
        words = {
            device: device != "auto",
            precision: precision != "auto",
            self.tr("threads {0}").format(threads): threads,
            self.tr("compiled"): values["compile"] == "on",
            self.tr("CUDA graphs"): values["compile"] == "cuda-graphs",
            self.tr("{0} parts").format(parts): parts != 1,
            self.tr("deterministic"): values["deterministic"],
            self.tr("weights {0} MB").format(values["epoch_weights_mb"]): values["epoch_weights_mb"] != 200,
        }
        chosen = [word for word, is_on in words.items() if is_on] or [self.tr("automatic")]
        return [*chosen, self.tr("seed {0}").format(values["seed"])]
