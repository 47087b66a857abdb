"""The docstring of a training script: network, recipe, what it needs, how it is used."""

import textwrap
from collections.abc import Iterator
from typing import assert_never

from workbench.core.export.block_code import LINE_LENGTH
from workbench.core.export.network_docstring import SIGNATURE, harmless
from workbench.core.export.training_script import TrainingScript


def training_docstring(script: TrainingScript) -> str:
    recipe = f"the recipe {harmless(script.recipe, 25)}" if script.recipe else "a recipe of its own"
    epochs, command = script.training.epochs, f"python {harmless(script.module, 50)}_train.py"
    width = len(command) + len(" --epochs 2") + 4
    usage = {
        "": f"{epochs} epoch{'s' if epochs > 1 else ''}; the weights are then in the file OUTPUT",
        **({" --epochs 2": "a short try"} if epochs > 2 else {}),
        " --help": "all options",
    }
    lines = [
        f'"""Trains {harmless(script.title, 30)} by {recipe}, in plain PyTorch.',
        "",
        *_paragraph(f"The network is that of {harmless(script.module, 50)}.py, which lies beside this file."),
        "",
        *(line for row in _rows(script) for line in _aligned(*row)),
        "",
        *_paragraph(_images(script)),
        "",
        *_paragraph(_sameness(script)),
        "",
        f"Needs {_needs(script)}.",
        "",
        "Usage:",
        "",
        *(f"    {(command + option).ljust(width)}{about}" for option, about in usage.items()),
        "",
        SIGNATURE,
        '"""',
    ]
    return "\n".join(lines)


def _rows(script: TrainingScript) -> Iterator[tuple[str, str]]:
    training, data = script.training, script.config.data
    left = "makes a smaller one" if training.keep_last_batch else "is left out"
    yield "epochs", f"{training.epochs}, in batches of {training.batch_size}; what is left over {left}"
    yield "optimizer", _optimizer(script)
    yield "rate", _rate(script)
    if training.label_smoothing:
        yield "loss", f"cross entropy, {_percent(training.label_smoothing)} of the target spread over all classes"
    yield "images", _augmentation(script)
    if data.train_images:
        yield "", f"{data.train_images} of them, as many of every class"
    if script.leaves_out:
        yield "left out", f"{len(data.excluded)} of the training images, by their numbers"
    if script.holds_out:
        text = f"{_percent(data.validation_fraction)} of the training images, which choose the best epoch"
        if training.patience:
            text += f"; ends after {training.patience} without a better one"
        yield "held out", text


def _optimizer(script: TrainingScript) -> str:
    training = script.training
    match training.optimizer:
        case "sgd":
            nesterov = " (Nesterov)" if training.nesterov else ""
            text = f"SGD, momentum {training.momentum:g}{nesterov}" if training.momentum else "SGD, no momentum"
        case "adam":
            text = "Adam"
        case "adamw":
            text = "AdamW"
        case "rmsprop":
            text = f"RMSprop, momentum {training.momentum:g}"
        case "muon":
            text = "Muon for convolutions, AdamW for the rest"
        case _:
            assert_never(training.optimizer)
    text += f", weight decay {training.weight_decay:g}" if training.weight_decay else ", no weight decay"
    if training.clip_norm:
        text += f"; gradients no longer than {training.clip_norm:g}"
    if training.ema_decay:
        text += f"; a moving average of the weights counts, decay {training.ema_decay:g}"
    return text


def _rate(script: TrainingScript) -> str:
    training = script.training
    rate = f"{training.learning_rate:g}"
    match training.schedule:
        case "constant":
            text = f"{rate} throughout"
        case "step":
            text = f"{rate}, times {training.decay_factor:g} every {training.step_epochs} epochs"
        case "multi-step":
            shares = ", ".join(map(_percent, training.milestones))
            text = f"{rate}, times {training.decay_factor:g} at {shares} of the training"
        case "cosine":
            text = f"{rate}, falling to 0 along half a cosine"
        case "one-cycle":
            text = f"one cycle: up to {rate}, then down to almost 0"
        case _:
            assert_never(training.schedule)
    if training.schedule in ("multi-step", "cosine", "one-cycle"):
        text += ", step by step" if training.schedule_moves == "each-step" else ", epoch by epoch"
    if training.warmup_epochs:
        text += f"; rises from 0 within the first {training.warmup_epochs:g} epochs"
    return text


def _augmentation(script: TrainingScript) -> str:
    training = script.training
    names = {
        "shifted": training.crop_padding,
        "mirrored": training.horizontal_flip,
        "turned": training.rotation,
        "in other colors": any(training.jitters),
        "changed by TrivialAugment": training.trivial_augment,
        "erased in part": training.random_erasing,
        "blended in pairs": training.mixup,
        "patched with each other": training.cutmix,
    }
    used = [name for name, is_used in names.items() if is_used]
    return f"{', '.join(used)}, at random" if used else "as they are"


def _images(script: TrainingScript) -> str:
    match script.images.kind:
        case "cifar10":
            return "The images are those of CIFAR-10, which torchvision downloads at the first use (170 MB)."
        case "cifar100":
            return "The images are those of CIFAR-100, which torchvision downloads at the first use (169 MB)."
        case "folder":
            return (
                "The images lie in the folder DATA, or in that of --data, as train/<class>/<image> and "
                "test/<class>/<image>."
            )
        case "archive":
            return (
                "The images come from the archive DATA, which is unpacked beside this file at the first use; "
                "--data names another one, or a folder, with train/<class>/<image> and test/<class>/<image>."
            )


def _sameness(script: TrainingScript) -> str:
    """What can be compared with a run of the workbench."""
    text = (
        "The same seed gives the same first weights, held-out images and order of images as in ResNet Workbench"
        if script.holds_out
        else "The same seed gives the same first weights and order of images as in ResNet Workbench"
    )
    if script.departures:
        return f"{text}. The run itself went another way: {'; '.join(script.departures)}."
    if script.draws:
        return f"{text}; what {' and '.join(script.draws)} draw{'s' * (len(script.draws) == 1)} is its own."
    return f"{text}, and so the same losses, but for rounding."


def _needs(script: TrainingScript) -> str:
    least = " 2.9 or newer" if script.training.optimizer == "muon" else ""
    return f"torch{least} and torchvision"


def _percent(share: float) -> str:
    return f"{100 * share:g} %"


def _paragraph(text: str) -> list[str]:
    return textwrap.wrap(text, LINE_LENGTH, break_on_hyphens=False)


def _aligned(name: str, text: str) -> list[str]:
    indent = " " * 4
    return textwrap.wrap(
        text,
        LINE_LENGTH,
        initial_indent=f"{indent}{name.ljust(12)}",
        subsequent_indent=indent + " " * 12,
        break_on_hyphens=False,
    )
