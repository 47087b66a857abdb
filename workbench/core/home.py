"""The folder where the workbench keeps runs, data and the person's own presets."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from workbench.core.errors import UserError, reason, shown

ENVIRONMENT_VARIABLE = "RESNET_WORKBENCH_HOME"


@dataclass(frozen=True)
class Home:
    """Paths below one home folder. Nothing is created until `prepare()`."""

    root: Path

    @classmethod
    def locate(cls, override: str | None = None) -> "Home":
        """`override` (from --home), else the environment variable, else the user's data folder.

        Raises:
            UserError: it begins with `~` and a user who is not known.
        """
        chosen = override or os.environ.get(ENVIRONMENT_VARIABLE)
        try:
            root = Path(chosen).expanduser() if chosen else platformdirs.user_data_path("resnet-workbench", False)
        except RuntimeError as error:
            raise UserError(
                f"the home folder {shown(Path(chosen or ''))} cannot be found ({reason(error)}); "
                f"choose another with --home DIR or {ENVIRONMENT_VARIABLE}"
            ) from error
        return cls(root.absolute())

    @property
    def database(self) -> Path:
        return self.root / "workbench.db"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def presets(self) -> Path:
        return self.root / "presets"

    @property
    def studies(self) -> Path:
        """Optuna's database of searches; made with the first one."""
        return self.root / "studies.db"

    @property
    def marks(self) -> Path:
        """Images that were marked, a file for each source; made with the first mark."""
        return self.root / "marks"

    def prepare(self) -> "Home":
        """Create the folders and check that they can be written.

        Raises:
            UserError: the folder cannot be created or written.
        """
        try:
            for folder in (self.root, self.runs, self.data, self.presets):
                folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise UserError(
                f"the home folder {shown(self.root)} cannot be written ({reason(error)}); "
                f"choose another with --home DIR or {ENVIRONMENT_VARIABLE}"
            ) from error
        return self
