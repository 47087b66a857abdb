"""The sources of images that have a name, in one table for window, command line and engine."""

from dataclasses import dataclass

from workbench.core.formats import count, memory

_CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
_CIFAR10_CREDIT = 'CIFAR-10: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.'
_NO_LICENSE = "none stated by its authors, who ask to be cited"
_LOSSY = "A JPEG copy, slightly lossy: figures on it are not comparable with published ones."


@dataclass(frozen=True)
class ImageSource:
    """A source of images that is known by its name; any other one is a path."""

    name: str
    """What `data.source` says."""
    title: str
    """What the window calls it."""
    train: int
    """Training images, the held out ones among them."""
    test: int
    image_size: int
    """Height and width in pixels, before they are resized for a network."""
    class_names: tuple[str, ...]
    """In the order of their labels."""
    license: str
    credit: str
    """Whom to cite."""
    resource: str = ""
    """Its archive among the shipped resources; empty: it is downloaded."""
    download_bytes: int = 0
    """Of what the first use downloads."""
    note: str = ""
    """What one must know to compare results."""

    @property
    def images(self) -> int:
        return self.train + self.test

    @property
    def is_shipped(self) -> bool:
        return bool(self.resource)

    @property
    def description(self) -> str:
        """What it holds, whence it comes and what is to be known of it, in whole sentences."""
        origin = "shipped" if self.is_shipped else f"the first use downloads {memory(self.download_bytes)}"
        counts = f"{count(self.train)} training and {count(self.test)} test images of CIFAR-10; {origin}."
        return f"{counts} {self.note}"


SAMPLE = ImageSource(
    "sample", "Sample", 10_000, 2_000, 32, _CIFAR10_CLASSES, _NO_LICENSE, _CIFAR10_CREDIT,
    resource="data/cifar10-sample.tar.xz", note=_LOSSY,
)  # fmt: skip
CIFAR10_JPEG = ImageSource(
    "cifar10-jpeg", "All, JPEG", 50_000, 10_000, 32, _CIFAR10_CLASSES, _NO_LICENSE, _CIFAR10_CREDIT,
    resource="data/cifar10-jpeg.tar.xz", note=_LOSSY,
)  # fmt: skip
CIFAR10 = ImageSource(
    "cifar10", "Official", 50_000, 10_000, 32, _CIFAR10_CLASSES, _NO_LICENSE, _CIFAR10_CREDIT,
    download_bytes=170_052_171, note="The lossless archive of its authors.",
)  # fmt: skip


def held_out(images: int, fraction: float) -> int:
    """How many of one class's training images are held out."""
    return round(images * fraction)


def trained_images(images: int, classes: int, fraction: float) -> int:
    """What is left to train on; exact where every class has as many images as the others."""
    return images - classes * held_out(images // classes, fraction)


IMAGE_SOURCES = {source.name: source for source in (SAMPLE, CIFAR10_JPEG, CIFAR10)}
ALLOWED_SOURCES = f"{', '.join(IMAGE_SOURCES)}, or a path to a folder, .zip or .tar"
"""What `data.source` may be, for help and errors."""
