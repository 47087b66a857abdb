"""Source text of what happens to an image before the network sees it, in torchvision's transforms."""

from collections.abc import Iterator

from workbench.core.export.calls import call, indented
from workbench.core.export.training_script import TrainingScript


def transforms_code(script: TrainingScript) -> str:
    """Constants: PLAIN, and AUGMENTED if training images are changed."""
    lines = [
        "# From 0 to 1; then, for red, green and blue, less the mean and over the standard deviation.",
        *_constant("PLAIN", [*_resized(script), *_normalized(script)]),
    ]
    if not _normalizes(script):
        lines[0] = "# From 0 to 1."
    if script.changes_images:
        lines += [
            "# Training images differ a little every time they are seen: there is less to learn by heart.",
            *_constant("AUGMENTED", [*_resized(script), *_changed(script), ["PLAIN"], *_erased(script)]),
        ]
    return "\n".join(lines)


def mixing_code(script: TrainingScript) -> list[str]:
    """Lines that make `mix`, which mixes the images of a batch; none where it does not."""
    if not script.mixes:
        return []
    training = script.training
    mixup = f"v2.MixUp(alpha={training.mixup!r}, num_classes=len(CLASSES))"
    cutmix = f"v2.CutMix(alpha={training.cutmix!r}, num_classes=len(CLASSES))"
    if not training.cutmix:
        return ["# Pairs of images are blended; labels become rows of shares.", f"mix = {mixup}"]
    if not training.mixup:
        return ["# A rectangle of each image is another one's; labels become rows of shares.", f"mix = {cutmix}"]
    return [
        f"mixup = {mixup}",
        f"cutmix = {cutmix}",
        "# Each batch is blended in pairs, or patched with each other; labels become rows of shares.",
        "mix = v2.RandomChoice([mixup, cutmix])",
    ]


def _constant(name: str, entries: list[list[str]]) -> list[str]:
    if len(entries) == 1:
        return [f"{name} = {entries[0][0]}"]
    rows = [line for *before, last in entries for line in (*before, f"{last},")]
    return [f"{name} = transforms.Compose(", *indented(["[", *indented(rows), "]"]), ")"]


def _transform(name: str, *arguments: str, comment: str = "") -> list[str]:
    # Measured where it stands: indented twice, with a comma.
    lines = call(f"        transforms.{name}", arguments, "),")
    lines = [line[8:] for line in lines]
    lines[-1] = lines[-1].removesuffix(",")
    return [f"# {comment}", *lines] if comment else lines


def _resized(script: TrainingScript) -> Iterator[list[str]]:
    if script.resizes:
        size = str(script.config.model.input_size)
        yield _transform("Resize", size, "transforms.InterpolationMode.LANCZOS")


def _normalizes(script: TrainingScript) -> bool:
    normalization = script.config.data.normalized_by
    return set(normalization.mean) != {0.0} or set(normalization.std) != {1.0}


def _normalized(script: TrainingScript) -> Iterator[list[str]]:
    yield _transform("ToTensor")
    if _normalizes(script):
        normalization = script.config.data.normalized_by
        yield _transform("Normalize", repr(normalization.mean), repr(normalization.std))


def _changed(script: TrainingScript) -> Iterator[list[str]]:
    """In the order in which the engine changes them, up to numbers."""
    training, size = script.training, str(script.config.model.input_size)
    if training.crop_padding:
        padding = [f"padding={training.crop_padding}"]
        beyond = "black"
        if training.crop_border == "reflect":
            padding.append('padding_mode="reflect"')
            beyond = "mirrored"
        pixels = f"{training.crop_padding} pixel{'s' if training.crop_padding > 1 else ''}"
        comment = f"Shifted by up to {pixels}; what comes in from outside is {beyond}."
        yield _transform("RandomCrop", size, *padding, comment=comment)
    if training.horizontal_flip:
        yield _transform("RandomHorizontalFlip")
    if training.rotation:
        yield _transform("RandomRotation", repr(training.rotation), comment="In degrees, to either side.")
    if any(training.jitters):
        names = ("brightness", "contrast", "saturation", "hue")
        strengths = [f"{name}={value!r}" for name, value in zip(names, training.jitters, strict=True) if value]
        yield _transform("ColorJitter", *strengths)
    if training.trivial_augment:
        comment = "One change of color or shape, of random strength (Müller and Hutter 2021)."
        yield _transform("TrivialAugmentWide", comment=comment)


def _erased(script: TrainingScript) -> Iterator[list[str]]:
    share = script.training.random_erasing
    if share:
        comment = "In a share p of the images, a rectangle gets the mean color (Zhong et al. 2020)."
        yield _transform("RandomErasing", f"p={share!r}", comment=comment)
