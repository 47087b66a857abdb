"""Writing exported code, never over a file of somebody else's."""

import keyword
import sys
import unicodedata
from pathlib import Path

from workbench.core.errors import UserError, reason, shown
from workbench.core.export.network_docstring import SIGNATURE
from workbench.core.files import require_file, write_atomically

# Imported from a folder that holds a file of such a name, Python and PyTorch would take that file for their own.
_TAKEN = {*sys.stdlib_module_names, "torch", "torchvision", "numpy", "PIL"}


def check_output(path: Path) -> None:
    """Before anything is read or computed.

    Raises:
        UserError: `path` is no name for a Python file, or of a file that no export wrote.
    """
    problem = _problem(path)
    if problem:
        raise UserError(f"cannot export to {shown(path)}: {problem}")


def training_path(output: Path) -> Path:
    """Of the training script beside a network's file."""
    return output.with_name(f"{output.stem}_train.py")


def check_training_output(output: Path) -> None:
    """Whether a training script can stand beside a network's file, which it imports.

    Raises:
        UserError: it cannot; by the script's path or the network's name.
    """
    name = output.stem
    is_word = name.isidentifier() and not keyword.iskeyword(name) and unicodedata.normalize("NFKC", name) == name
    if not is_word or name in _TAKEN:
        raise UserError(
            f"cannot export training to {shown(output)}: its script imports the network as '{shown(name)}'; "
            "choose a name of letters, digits and underscores that begins with a letter and is no other module's"
        )
    check_output(training_path(output))


def _problem(path: Path) -> str:
    """Why nothing is exported there; empty if it can be."""
    try:
        if path.is_dir():
            return "it is a folder; give the name of a .py file in it"
        if path.suffix != ".py":
            return "the name must end in .py"
        ancestor = next((folder for folder in path.absolute().parents if folder.exists()), None)
        if ancestor is not None and not ancestor.is_dir():
            return f"{shown(ancestor)} is a file, not a folder; give a folder's"
        if path.exists():
            require_file(path)
            if SIGNATURE not in path.read_text(encoding="utf-8", errors="replace"):
                return "no export wrote the file of this name; choose another name"
    # A pipe of this name, or a name too long for a file.
    except OSError as error:
        return f"{reason(error)}; choose another name"
    return ""


def write_code(text: str, path: Path) -> None:
    """Write an export's text to a path that was checked."""
    write_atomically(path, lambda file: file.write(text.encode()))
