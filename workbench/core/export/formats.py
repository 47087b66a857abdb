"""The formats that a run is exported in: what each is, and what it needs. Command, window and errors ask here."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from workbench.core.errors import UserError, did_you_mean, shown
from workbench.core.files import require_writable


@dataclass(frozen=True)
class ExportFormat:
    """One format, which a module of `engine/export` writes."""

    name: str
    """As --format takes it."""
    title: str
    """As a list of formats shows it."""
    suffix: str
    """Of the file that is named; empty: a folder is."""
    sentence: str
    """What is written, and what for."""
    has_weights: bool = True
    """Of one epoch, which can be chosen; otherwise it holds the figures of all epochs."""
    packages: tuple[str, ...] = ()
    """That it needs beyond what is always installed, as they are imported."""
    extra: str = ""
    """Of the workbench's own, which installs these packages."""

    @property
    def is_folder(self) -> bool:
        return not self.suffix

    @property
    def why_not(self) -> str:
        """A sentence, where a package that it needs is not installed; else empty."""
        missing = [package for package in self.packages if find_spec(package) is None]
        if not missing:
            return ""
        are = "are" if len(missing) > 1 else "is"
        return (
            f"{self.name} needs {_listed(missing)}, which {are} not installed: "
            f'pip install "resnet-workbench[{self.extra}]"'
        )

    def require(self) -> None:
        """
        Raises:
            UserError: a package that it needs is not installed.
        """
        if self.why_not:
            raise UserError(self.why_not)

    def check_output(self, path: Path) -> None:
        """Before anything is read or computed. Code is looked at by `code_file.check_output`.

        Raises:
            UserError: `path` has another suffix, or cannot be written.
        """
        if self.is_folder:
            # What stands in it is looked at by who writes there.
            require_writable(path / "events")
        elif path.suffix.lower() != self.suffix:
            raise UserError(f"--output is '{shown(path)}'; for {self.name} it must end in {self.suffix}")
        else:
            require_writable(path)


PYTHON, ONNX, TORCHSCRIPT, TORCH_EXPORT = "python", "onnx", "torchscript", "torch-export"
SAFETENSORS, CSV, TENSORBOARD, HTML = "safetensors", "csv", "tensorboard", "html"

EXPORT_FORMATS: dict[str, ExportFormat] = {
    each.name: each
    for each in (
        ExportFormat(
            PYTHON, "Python", ".py", "One readable file that needs PyTorch alone, with its weights beside it."
        ),
        ExportFormat(
            ONNX, "ONNX", ".onnx",
            "The network with its normalization, for ONNX Runtime, browsers, phones and other frameworks.",
            packages=("onnx", "onnxruntime", "onnxscript"), extra="onnx",
        ),
        ExportFormat(
            TORCH_EXPORT, "torch.export", ".pt2",
            "The network with its normalization, for torch.export.load in PyTorch.",
        ),
        ExportFormat(
            TORCHSCRIPT, "TorchScript", ".pt",
            "The network with its normalization, for torch.jit.load in Python and C++; deprecated by PyTorch.",
        ),
        ExportFormat(
            SAFETENSORS, "safetensors", ".safetensors",
            "The weights under torchvision's names, for a network of one's own, or for --weights.",
        ),
        ExportFormat(
            CSV, "CSV", ".csv", "The figures of every step as a table, those of epochs in a second one beside it.",
            has_weights=False,
        ),
        ExportFormat(
            TENSORBOARD, "TensorBoard", "",
            "The figures of every step and epoch as event files in a folder, which TensorBoard draws.",
            has_weights=False, packages=("tensorboardX",), extra="tensorboard",
        ),
        ExportFormat(
            HTML, "Report", ".html",
            "One page for any browser, which loads nothing: settings, curves, confusion, the worst mistakes, and "
            "the command that repeats the run.",
        ),
    )
}  # fmt: skip
"""In the order in which they are offered."""


def format_named(name: str) -> ExportFormat:
    """
    Raises:
        UserError: there is none of that name.
    """
    found = EXPORT_FORMATS.get(name.casefold())
    if found is None:
        raise UserError(
            f"--format is '{shown(name)}'{did_you_mean(name, EXPORT_FORMATS)}; it must be "
            f"{_listed(EXPORT_FORMATS, 'or')}"
        )
    return found


def _listed(names: Iterable[str], word: str = "and") -> str:
    *most, last = names
    return f"{', '.join(most)} {word} {last}" if most else last
