"""The weights alone, under torchvision's names, with all that is known of them in the header."""

from pathlib import Path

from safetensors import torch as safetensors

from workbench.core.export.exported import Exported
from workbench.core.export.formats import SAFETENSORS
from workbench.core.files import write_atomically
from workbench.engine.export.deployed import metadata
from workbench.engine.weights.code_export import TrainedNetwork


def export(trained: TrainedNetwork, output: Path) -> Exported:
    """Write it to `output`.

    Raises:
        UserError: it cannot be written.
    """
    described = metadata(trained, normalizes=False)
    content = safetensors.save(trained.weights, described)
    write_atomically(output, lambda file: file.write(content))
    by = trained.normalization.numbers
    note = f"images are not normalized inside: give (images - mean) / std of red, green, blue from 0 to 1; {by}"
    return Exported(trained.record.id, SAFETENSORS, (output,), trained.epoch, notes=(note,))
