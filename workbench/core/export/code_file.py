"""Writing exported code, never over a file of somebody else's."""

from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.export.network_docstring import SIGNATURE
from workbench.core.files import write_atomically


def check_output(path: Path) -> None:
    """Before anything is read or computed.

    Raises:
        UserError: `path` is no name for a Python file, or of a file that no export wrote.
    """
    if path.is_dir():
        raise UserError(f"cannot export to {path}: it is a folder; give the name of a .py file in it")
    if path.suffix != ".py":
        raise UserError(f"cannot export to {path}: the name must end in .py")
    ancestor = next((folder for folder in path.absolute().parents if folder.exists()), None)
    if ancestor is not None and not ancestor.is_dir():
        raise UserError(f"cannot export to {path}: {ancestor} is a file, not a folder; give a folder's")
    if path.exists() and SIGNATURE not in path.read_text(encoding="utf-8", errors="replace"):
        raise UserError(f"cannot export to {path}: no export wrote the file of this name; choose another name")


def write_code(text: str, path: Path) -> None:
    """Write an export's text to a path that was checked."""
    write_atomically(path, lambda file: file.write(text.encode()))
