"""The process of `conversion`: reads a folder, converts the network in it, loads the result anew and asks that."""

import errno
import json
import os
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from safetensors import torch as safetensors

from workbench.core.errors import reason
from workbench.core.export.formats import ONNX, TORCH_EXPORT, TORCHSCRIPT
from workbench.core.settings.config import RunConfig
from workbench.engine.export import onnx_file, torch_export_file, torchscript_file
from workbench.engine.export.conversion import CANNOT_WRITE, CONTENT, IMAGES, LOGITS, REQUEST, WEIGHTS
from workbench.engine.export.deployed import Deployed, network_of

# A tenth of what a thread of a run gets, as whoever looks at one.
_NICENESS = 10
_EXAMPLES = 2
"""Not one, which an exporter may take for a size that never changes."""
_BATCH = 64
_FULL = (errno.ENOSPC, errno.EDQUOT)

_MODULES: dict[str, ModuleType] = {
    ONNX: onnx_file,
    TORCHSCRIPT: torchscript_file,
    TORCH_EXPORT: torch_export_file,
}


def run(folder: Path) -> None:
    """Leave a file's content and the logits of what was loaded from it.

    Raises:
        SystemExit: with CANNOT_WRITE, as the disk is full.
    """
    request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    config = RunConfig.from_json(request["config"], "the configuration")
    module = _MODULES[request["format"]]
    network = network_of(config, safetensors.load_file(folder / WEIGHTS), "the run")
    side = config.model.input_size
    with torch.no_grad():
        deployed = Deployed(network, config.data.normalized_by).eval()
        content = module.convert(deployed, torch.rand(_EXAMPLES, 3, side, side), request["metadata"])
        pixels_nhwc = np.load(folder / IMAGES, allow_pickle=False)
        said = []
        for start in range(0, len(pixels_nhwc), _BATCH):
            pixels = torch.from_numpy(pixels_nhwc[start : start + _BATCH])
            said.append(module.logits_of(content, pixels.permute(0, 3, 1, 2).float().contiguous() / 255))
    try:
        np.save(folder / LOGITS, np.concatenate(said), allow_pickle=False)
        (folder / CONTENT).write_bytes(content)
    # NumPy's has no number by which a full disk could be told.
    except OSError as error:
        raise _cannot_write(error) from error


def _cannot_write(error: OSError) -> SystemExit:
    with suppress(OSError):
        sys.stderr.write(reason(error))
    return SystemExit(CANNOT_WRITE)


def main() -> None:
    """Of the command `python -m`."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    # Of torch and its exporters, about themselves.
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    try:
        run(Path(sys.argv[1]))
    # Of what exporters write on their way.
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise _cannot_write(error) from error


if __name__ == "__main__":
    main()
