"""Where the files that come with the workbench lie."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def resource_path(name: str) -> Path:
    """Path of a shipped file such as `presets/models.toml`.

    Installed, `resources` lies inside the package; in a checkout it lies beside it.
    """
    installed = _PACKAGE / "resources" / name
    return installed if installed.exists() else _PACKAGE.parent / "resources" / name
