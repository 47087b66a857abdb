"""The labs that there are.

Their settings are small: the shipped sample, a quarter of the paper's epochs, so that each is done within a night
on two cores. Figures of papers are those that were looked up in their tables.
"""

from workbench.core.errors import UserError, did_you_mean, shown
from workbench.core.labs.lab import Arm, Lab, Published

_HE_2015 = 'He et al. 2015, "Deep Residual Learning for Image Recognition"'
_ZAGORUYKO_2016 = 'Zagoruyko and Komodakis 2016, "Wide Residual Networks"'
_HE_ON_CIFAR = (
    "There, all 50 000 training images of CIFAR-10 (lossless) for 64 000 steps, tested on 10 000 images: errors "
    "are lower than with less of both."
)
# Nothing is held out: as in the paper, the last epoch counts, and no choice is made by any image.
_ALL_IMAGES = {"data.validation_fraction": 0.0}


def _table_6(subject: str, figure: str, arm: str = "") -> Published:
    return Published(subject, f"{figure} test error", "table 6", arm)


def _from_figure_6(subject: str, figure: str, arm: str) -> Published:
    return Published(subject, f"{figure} test error", "figure 6, left, read from the figure", arm)


def _table_3(subject: str, figure: str, arm: str = "") -> Published:
    return Published(subject, f"{figure} top-1 error on ImageNet", "table 3, 10-crop testing", arm)


def _wide(subject: str, figure: str) -> Published:
    return Published(
        subject, f"{figure} test error", "README of szagoruyko/wide-residual-networks, medians of 5 runs"
    )


DEGRADATION = Lab(
    "degradation", "Degradation",
    "Do plain networks get worse when they get deeper, and do shortcuts cure that?",
    ("model.blocks", "model.shortcut"),
    (Arm("plain20", "Plain-20", "plain20"), Arm("plain56", "Plain-56", "plain56"),
     Arm("resnet20", "ResNet-20", "resnet20"), Arm("resnet56", "ResNet-56", "resnet56")),
    f"{_HE_2015}, figure 6 and table 6", _HE_ON_CIFAR,
    (_from_figure_6("plain-20", "about 9 to 10 %", "plain20"), _from_figure_6("plain-56", "about 13 %", "plain56"),
     _table_6("ResNet-20", "8.75 %", "resnet20"), _table_6("ResNet-56", "6.97 %", "resnet56")),
    values=_ALL_IMAGES,
)  # fmt: skip

SHORTCUT = Lab(
    "shortcut", "Shortcut A, B or C",
    "Does it matter whether shortcuts pad with zeros (A), project where shapes change (B), or everywhere (C)?",
    ("model.shortcut",),
    (Arm("a", "Shortcut A", "resnet20"), Arm("b", "Shortcut B", "resnet20-b"),
     Arm("c", "Shortcut C", "resnet20", {"model.shortcut": "C"})),
    f"{_HE_2015}, section 4.1 and table 3",
    "There, ResNet-34 on ImageNet; of small images the paper trains shortcut A alone. Ours is ResNet-20 on images "
    "of 32 x 32 pixels.",
    (_table_3("ResNet-34 A", "25.03 %", "a"), _table_3("ResNet-34 B", "24.52 %", "b"),
     _table_3("ResNet-34 C", "24.19 %", "c"), _table_3("plain-34", "28.54 %")),
    seeds=5, values=_ALL_IMAGES,
)  # fmt: skip

STEM = Lab(
    "stem", "Stem 3x3 or 7x7",
    "What does a stem made for large images (7x7, stride 2, max pooling) cost on images of 32 x 32 pixels?",
    ("model.stem",),
    (Arm("stem3x3", "3x3 stem", "resnet20"), Arm("stem7x7", "7x7 stem", "resnet20", {"model.stem": "7x7"})),
    f"{_HE_2015}, table 1 and section 4.2",
    "There, the 7x7 stem is for 224 x 224 pixels and a 3x3 convolution for 32 x 32; the two are not compared "
    "on the same images.",
    (_table_6("ResNet-20, 3x3", "8.75 %", "stem3x3"),),
    seeds=5, values=_ALL_IMAGES,
)  # fmt: skip

DEPTH = Lab(
    "depth", "Depth",
    "How much does each further block of a residual network bring?",
    ("model.blocks", "model.shortcut"),
    (Arm("resnet8", "ResNet-8", "resnet8", {"model.shortcut": "A"}), Arm("resnet20", "ResNet-20", "resnet20"),
     Arm("resnet32", "ResNet-32", "resnet32"), Arm("resnet44", "ResNet-44", "resnet44"),
     Arm("resnet56", "ResNet-56", "resnet56")),
    f"{_HE_2015}, table 6", _HE_ON_CIFAR,
    (_table_6("ResNet-20", "8.75 %", "resnet20"), _table_6("ResNet-32", "7.51 %", "resnet32"),
     _table_6("ResNet-44", "7.17 %", "resnet44"), _table_6("ResNet-56", "6.97 %", "resnet56"),
     _table_6("ResNet-110", "6.61 ± 0.16 % (five runs; best 6.43 %)"), _table_6("ResNet-1202", "7.93 %")),
    values=_ALL_IMAGES,
)  # fmt: skip

WIDTH = Lab(
    "width", "Width",
    "How much does doubling the channels of all layers bring?",
    ("model.widths",),
    (Arm("width8", "8-16-32", "resnet20", {"model.widths": (8, 16, 32)}), Arm("width16", "16-32-64", "resnet20"),
     Arm("width32", "32-64-128", "resnet20", {"model.widths": (32, 64, 128)})),
    f"{_ZAGORUYKO_2016}; figures of its authors' repository",
    "There, pre-activation blocks, larger weight decay, 200 epochs on all 50 000 training images of CIFAR-10: 28 "
    "layers ten times as wide against 164 and 1001 thin ones.",
    (_wide("WRN-28-10", "4.00 %"), _wide("pre-ResNet-164", "5.46 %"), _wide("pre-ResNet-1001", "4.92 %")),
    values=_ALL_IMAGES,
)  # fmt: skip

LEARNING_RATE = Lab(
    "learning-rate", "Learning rate",
    "How far may the learning rate be from the best one before it matters?",
    ("training.learning_rate",),
    tuple(Arm(f"rate{rate:g}", f"rate {rate:g}", "resnet20", {"training.learning_rate": rate})
          for rate in (0.01, 0.03, 0.1, 0.3, 1.0)),
    f"{_HE_2015}, section 4.2",
    "There, 0.1 for all networks of CIFAR-10, and 0.01 for the first 400 steps of ResNet-110; no other rates are "
    "compared.",
    values=_ALL_IMAGES,
)  # fmt: skip

SEEDS = Lab(
    "seeds", "Seeds",
    "How far apart are runs that differ in nothing but chance?",
    (),
    (Arm("resnet20", "ResNet-20", "resnet20"),),
    f"{_HE_2015}, table 6",
    "There, ResNet-110 was trained five times, on all 50 000 training images of CIFAR-10, and tested on 10 000.",
    (_table_6("ResNet-110", "6.61 ± 0.16 % (mean and deviation of five runs; best 6.43 %)"),),
    seeds=10, values=_ALL_IMAGES,
)  # fmt: skip

LABS = {lab.name: lab for lab in (DEGRADATION, SHORTCUT, STEM, DEPTH, WIDTH, LEARNING_RATE, SEEDS)}


def lab_of(name: str) -> Lab:
    """
    Raises:
        UserError: there is none of this name.
    """
    if name not in LABS:
        raise UserError(f"lab '{shown(name)}' is not known{did_you_mean(name, LABS)}; known are {', '.join(LABS)}")
    return LABS[name]
