"""The parts of a network in words."""

from typing import assert_never

from PySide6.QtCore import QCoreApplication

from workbench.core.formats import count
from workbench.core.network.architecture import Part
from workbench.core.network.model_config import ModelConfig
from workbench.core.network.stems import Stem


def part_title(part: Part, config: ModelConfig) -> tuple[str, str]:
    """What a part consists of, and its name."""
    translate = QCoreApplication.translate
    match part.role:
        case "stem":
            return _stem(config.stem), translate("PartWords", "Stem")
        case "block":
            name = translate("PartWords", "Stage {0}, block {1}").format(part.stage, part.number)
            return translate("PartWords", "{0} block").format(config.block), name
        case "head":
            return translate("PartWords", "pooling and linear"), translate("PartWords", "Head")
        case _:
            assert_never(part.role)


def layers_of_part(part: Part, config: ModelConfig) -> str:
    """Its name, and how many layers it has."""
    _, name = part_title(part, config)
    return QCoreApplication.translate("PartWords", "{0}: {1} layers").format(name, count(len(part.layers)))


def _stem(stem: Stem) -> str:
    match stem:
        case "3x3":
            return QCoreApplication.translate("PartWords", "3×3 convolution")
        case "7x7":
            return QCoreApplication.translate("PartWords", "7×7 and max pooling")
        case _:
            assert_never(stem)
