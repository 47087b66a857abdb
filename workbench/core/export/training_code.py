"""A run's training as one Python file that needs PyTorch and torchvision alone, written to be read.

The text holds only what this recipe uses, with its numbers as literals, as in `network_code`. For the same seed,
first weights, held-out images and the order of images are the engine's, so that losses can be compared.
"""

import ast
import textwrap
from collections.abc import Iterator

from workbench.core.export.augmentation_code import transforms_code
from workbench.core.export.block_code import LINE_LENGTH
from workbench.core.export.calls import call
from workbench.core.export.dataset_code import dataset_code
from workbench.core.export.network_code import text_literal
from workbench.core.export.training_docstring import training_docstring
from workbench.core.export.training_loop_code import END, loop_code
from workbench.core.export.training_script import TrainingScript

# What a script may import, in isort's order: a module, and names from it; none: the module itself.
_IMPORTS: tuple[tuple[tuple[str, tuple[str, ...]], ...], ...] = (
    (
        ("argparse", ()),
        ("copy", ()),
        ("math", ()),
        ("os", ()),
        ("shutil", ()),
        ("collections.abc", ("Callable", "Iterator")),
        ("pathlib", ("Path",)),
    ),
    (
        ("numpy", ()),
        ("torch", ()),
        ("PIL", ("Image", "ImageOps")),
        ("torch", ("nn",)),
        (
            "torch.optim.lr_scheduler",
            ("CosineAnnealingLR", "LambdaLR", "LRScheduler", "MultiStepLR", "OneCycleLR", "StepLR"),
        ),
        ("torch.utils.data", ("DataLoader", "Sampler", "Subset")),
        ("torchvision", ("transforms",)),
        ("torchvision.datasets", ("CIFAR10", "CIFAR100", "ImageFolder")),
        ("torchvision.transforms", ("v2",)),
    ),
)
_SHORT = {"numpy": "np"}
_ABOUT_DATA = {
    "cifar10": "# Where torchvision keeps the images.",
    "cifar100": "# Where torchvision keeps the images.",
    "folder": "# Holds train and test, and each of them a folder per class.",
    "archive": "# Holds train and test, and each of them a folder per class.",
}


def training_code(script: TrainingScript) -> str:
    """The file's text."""
    definitions = "\n\n\n".join([*dataset_code(script), *loop_code(script), END])
    constants = f"{_constants(script)}\n\n{transforms_code(script)}"
    used = {node.id for node in ast.walk(ast.parse(f"{constants}\n{definitions}")) if isinstance(node, ast.Name)}
    groups = ["\n".join(_imports(group, used)) for group in _IMPORTS]
    names: list[str] = [name for name in ("CLASSES", "build") if name in used]
    groups.append("\n".join(_from(script.module, names)))
    head = "\n\n".join([training_docstring(script), *groups, constants])
    return f"{head}\n\n\n{definitions}\n"


def _from(module: str, names: list[str]) -> list[str]:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= LINE_LENGTH:
        return [line]
    return [f"from {module} import (", *(f"    {name}," for name in names), ")"]


def _imports(group: tuple[tuple[str, tuple[str, ...]], ...], used: set[str]) -> Iterator[str]:
    for module, names in group:
        short = _SHORT.get(module, module)
        if not names and short in used:
            yield f"import {module}" if short == module else f"import {module} as {short}"
        found = [name for name in names if name in used]
        if found:
            yield from _from(module, found)


def _constants(script: TrainingScript) -> str:
    training = script.training
    data = [text_literal(script.images.path)]
    if script.images.kind in ("cifar10", "cifar100"):
        lines = [f'DATA = Path(__file__).with_name("{script.images.kind}")']
    else:
        lines = call("DATA = Path", data)
    output = call("OUTPUT = Path(__file__).with_name", [text_literal(f"{script.module}_trained.pt")])
    lines = [
        _ABOUT_DATA[script.images.kind],
        *lines,
        "# What is there already is never written over.",
        *output,
        f"EPOCHS = {training.epochs}",
        f"BATCH_SIZE = {training.batch_size}",
        f"LEARNING_RATE = {training.learning_rate!r}",
        "# Where every random choice starts.",
        f"SEED = {training.seed}",
        'DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")',
    ]
    if training.precision == "auto":
        lines += [
            "# Convolutions in 16 bits, where the GPU computes in them.",
            'BF16 = DEVICE.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)',
        ]
    if script.leaves_out:
        lines += [
            "# Training images, counted from 0, that are neither trained on nor held out.",
            *_excluded(script),
        ]
    return "\n".join(lines)


def _excluded(script: TrainingScript) -> list[str]:
    """The set of their numbers, in as many lines as it takes."""
    numbers = ", ".join(map(str, script.config.data.excluded))
    line = f"EXCLUDED = {{{numbers}}}"
    if len(line) <= LINE_LENGTH:
        return [line]
    rows = textwrap.wrap(numbers, LINE_LENGTH, initial_indent="    ", subsequent_indent="    ")
    return ["# fmt: off", "EXCLUDED = {", *rows, "}", "# fmt: on"]
