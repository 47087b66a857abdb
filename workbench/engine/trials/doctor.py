"""What this machine has, what is wrong with it, and the fix."""

import shutil
import tempfile
from contextlib import closing
from dataclasses import dataclass
from importlib import metadata

import torch

from workbench import __version__
from workbench.core.data.image_sources import IMAGE_SOURCES, ImageSource
from workbench.core.display import display_problem
from workbench.core.errors import UserError
from workbench.core.home import Home
from workbench.core.records.store import RunStore
from workbench.core.records.store_backup import copies, day_of
from workbench.core.records.store_repair import diagnose
from workbench.core.resources import resource_path
from workbench.core.settings.training_config import TrainingConfig
from workbench.engine.machine.device import choose, describe_machine, device_name

_PACKAGES = ("torch", "torchvision", "PySide6-Essentials", "pyqtgraph", "numpy", "pillow", "pydantic")
_NEEDED_BYTES = 2 * 2**30


@dataclass(frozen=True)
class Finding:
    """One checked thing. `fix` is empty where all is well."""

    topic: str
    value: str
    fix: str = ""


def examine(home: Home) -> list[Finding]:
    machine = describe_machine()
    compute = choose(TrainingConfig())
    return [
        Finding("workbench", f"{__version__}, Python {machine['python']}"),
        *(_package(name) for name in _PACKAGES),
        Finding("platform", str(machine["platform"])),
        Finding(
            "device", f"{device_name(compute.device)} ({machine['cpu_capability']}), torch {torch.__version__}"
        ),
        Finding("precision", compute.precision),
        _display(),
        *(_shipped(source) for source in IMAGE_SOURCES.values() if source.is_shipped),
        _home(home),
        _database(home),
        _copies(home),
        _disk(home),
    ]


def _package(name: str) -> Finding:
    try:
        return Finding(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Finding(name, "not installed", f"pip install {name}")


def _display() -> Finding:
    problem = display_problem()
    return Finding("display", "no window can open here" if problem else "a window can open", problem or "")


def _shipped(source: ImageSource) -> Finding:
    path = resource_path(source.resource)
    fix = "" if path.exists() else "install the workbench again"
    return Finding(f"images '{source.name}'", "missing" if fix else f"{path.stat().st_size / 1e6:.1f} MB", fix)


def _home(home: Home) -> Finding:
    try:
        home.prepare()
    except UserError as error:
        return Finding("home", str(home.root), str(error))
    return Finding("home", str(home.root))


def _database(home: Home) -> Finding:
    try:
        diagnosis = diagnose(home)
        if diagnosis.problem:
            return Finding("runs", "the list is damaged", diagnosis.sentence(home))
        if not home.database.exists():
            return Finding("runs", "none yet")
        with closing(RunStore(home, read_only=True)) as store:
            return Finding("runs", str(len(store.ids())), diagnosis.sentence(home))
    except UserError as error:
        return Finding("runs", "cannot be read", str(error))


def _copies(home: Home) -> Finding:
    days = [day_of(path) for path in copies(home)]
    return Finding("copies of the list", ", ".join(days) or "none yet")


def _disk(home: Home) -> Finding:
    existing = next((p for p in (home.root, *home.root.parents) if p.exists()), tempfile.gettempdir())
    free = shutil.disk_usage(existing).free
    fix = (
        ""
        if free > _NEEDED_BYTES
        else f"free some space or choose another --home; {_NEEDED_BYTES / 1e9:.0f} GB will do"
    )
    return Finding("disk", f"{free / 1e9:.1f} GB free", fix)
