"""ONNX, by torch.onnx's exporter on top of torch.export.

Not by the former one, which traces: torch 2.9 and later call it deprecated with every use, and only this one names
the batch's size in the output too. Runs in a process of its own (`conversion`).
"""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.engine.export.deployed import BATCH, INPUT, OUTPUT, Deployed

# The exporter's own; each later one would be a conversion, and older runtimes read this one.
_OPSET = 18


def convert(network: Deployed, example: torch.Tensor, metadata: Mapping[str, str]) -> bytes:
    """The content of the file, looked at by ONNX's own checker."""
    import onnx

    program = torch.onnx.export(
        network, (example,), dynamo=True, verbose=False, opset_version=_OPSET,
        input_names=[INPUT], output_names=[OUTPUT], dynamic_shapes={INPUT: {0: torch.export.Dim(BATCH)}},
    )  # fmt: skip
    if program is None:
        raise RuntimeError("torch.onnx.export gave no program")
    model = program.model_proto
    onnx.helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()
    return content


def logits_of(content: bytes, images: torch.Tensor) -> NDArray[np.float32]:
    """What ONNX Runtime makes of it on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    (said,) = session.run([OUTPUT], {INPUT: images.numpy()})
    result: NDArray[np.float32] = said
    return result
