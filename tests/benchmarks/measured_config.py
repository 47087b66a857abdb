"""What is trained where speed is measured."""

from workbench.core.settings.config import RunConfig
from workbench.core.settings.presets import Presets


def measured_config(model: str, source: str = "cifar10-jpeg") -> RunConfig:
    """The recipe of the script that is the rival, at the machine's best precision, as every recipe of ours has it.

    The recipe itself asks for the script's fp32.
    """
    return Presets.load().run_config(model, "kuangliu", source).with_values({"training.precision": "auto"})
