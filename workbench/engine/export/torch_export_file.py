"""A program of torch.export, which any PyTorch loads without the workbench. Runs in a process of its own."""

import io
import json
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.engine.export.deployed import BATCH, INPUT, METADATA_FILE, Deployed


def convert(network: Deployed, example: torch.Tensor, metadata: Mapping[str, str]) -> bytes:
    """The content of the file."""
    program = torch.export.export(
        network, (example,), dynamic_shapes={INPUT: {0: torch.export.Dim(BATCH)}}, strict=False
    )
    buffer = io.BytesIO()
    torch.export.save(program, buffer, extra_files={METADATA_FILE: json.dumps(metadata, indent=2)})
    return buffer.getvalue()


def logits_of(content: bytes, images: torch.Tensor) -> NDArray[np.float32]:
    """What torch.export.load makes of it."""
    program = torch.export.load(io.BytesIO(content))
    said: NDArray[np.float32] = program.module()(images).numpy()
    return said
