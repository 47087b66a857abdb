"""TorchScript, by tracing: no network here decides anything by the values of its images.

PyTorch calls torch.jit deprecated at every use, but keeps it, and many programs in C++ load nothing else. Runs in
a process of its own (`conversion`), where such warnings can be switched off without touching those of others.
"""

import io
import json
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.engine.export.deployed import METADATA_FILE, Deployed


def convert(network: Deployed, example: torch.Tensor, metadata: Mapping[str, str]) -> bytes:
    """The content of the file."""
    traced = torch.jit.trace(network, example)  # type: ignore[no-untyped-call]
    buffer = io.BytesIO()
    torch.jit.save(traced, buffer, _extra_files={METADATA_FILE: json.dumps(metadata, indent=2)})
    return buffer.getvalue()


def logits_of(content: bytes, images: torch.Tensor) -> NDArray[np.float32]:
    """What torch.jit.load makes of it."""
    network = torch.jit.load(io.BytesIO(content))  # type: ignore[no-untyped-call]
    said: NDArray[np.float32] = network(images).numpy()
    return said
