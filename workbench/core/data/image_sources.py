"""The sources of images that have a name, in one table for window, command line and engine."""

from dataclasses import dataclass

from workbench.core.formats import count, memory

_CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
_CIFAR100_CLASSES = (
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl",
    "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle", "chair", "chimpanzee",
    "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant",
    "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower",
    "leopard", "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse", "mushroom",
    "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate",
    "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark",
    "shrew", "skunk", "skyscraper", "snail", "snake", "spider", "squirrel", "streetcar", "sunflower",
    "sweet_pepper", "table", "tank", "telephone", "television", "tiger", "tractor", "train", "trout", "tulip",
    "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
)  # fmt: skip
_CIFAR10_CREDIT = 'CIFAR-10: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.'
_CIFAR100_CREDIT = _CIFAR10_CREDIT.replace("CIFAR-10", "CIFAR-100")
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
    collection: str = "CIFAR-10"
    """Whose images they are; two sources of one collection share images."""
    near_duplicates: float = 0.0325
    """Share of the collection's test images of which the training images have nearly the same (Barz and Denzler
    2020, https://arxiv.org/abs/1902.00423)."""
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
        counts = f"{count(self.train)} training and {count(self.test)} test images of {self.collection}; {origin}."
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
CIFAR100 = ImageSource(
    "cifar100", "CIFAR-100", 50_000, 10_000, 32, _CIFAR100_CLASSES, _NO_LICENSE, _CIFAR100_CREDIT,
    collection="CIFAR-100", near_duplicates=0.1, download_bytes=168_513_733,
    note="The lossless archive of its authors, with its 100 fine classes.",
)  # fmt: skip


def held_out(images: int, fraction: float) -> int:
    """How many of one class's training images are held out."""
    return round(images * fraction)


def trained_images(images: int, classes: int, fraction: float, excluded: int = 0) -> int:
    """What is left to train on; exact where every class has as many images as the others.

    Args:
        excluded: how many are left out on purpose. Which of these would have been held out is the seed's choice:
            with both, it is what is to be expected.
    """
    return images - classes * held_out(images // classes, fraction) - round(excluded * (1 - fraction))


IMAGE_SOURCES = {source.name: source for source in (SAMPLE, CIFAR10_JPEG, CIFAR10, CIFAR100)}
ALLOWED_SOURCES = f"{', '.join(IMAGE_SOURCES)}, or a path to a folder, .zip or .tar"
"""What `data.source` may be, for help and errors."""
