"""Reading files of PyTorch's, which are pickles, without ever running what is in them."""

import pickle
import re
from pathlib import Path
from typing import Any, BinaryIO

import torch

from workbench.core.errors import UserError, reason, shown


def read_tensors(file: Path | BinaryIO, cannot: str, expected: str) -> Any:
    """What it holds, on the CPU: tensors, numbers, texts and containers of them.

    Args:
        cannot: begins the sentence, for example `cannot read weights from a.pt`.
        expected: ends it: what to give instead.

    Raises:
        UserError: it is cut, none of PyTorch's, or holds other Python objects, whose code is not run.
    """
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    # An empty file gives EOFError, a cut one RuntimeError, texts KeyError or IndexError, whose words say
    # nothing to a person; and torch's own advice is to switch the protection off, which nobody should.
    except Exception as error:
        found = re.search(r"GLOBAL ([\w.]+)", str(error)) if isinstance(error, pickle.UnpicklingError) else None
        if found:
            words = f"it has Python objects ({shown(found.group(1))}), which may run code"
        elif isinstance(error, OSError):
            words = reason(error)
        else:
            words = "it is cut, damaged, or no file of PyTorch's"
        raise UserError(f"{cannot}: {words}; {expected}") from error
