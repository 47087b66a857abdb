"""What lies in the folder of a run, and which folders are those of runs."""

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

_ID = re.compile("[0-9a-f]{8}")
_EVALUATION = re.compile(r"epoch-(\d{5,})\.npz")
_WEIGHTS = re.compile(r"epoch-(\d{5,})-[0-9a-f]{16}\.safetensors")


def is_run_id(text: object) -> bool:
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def new_run_id() -> str:
    return secrets.token_hex(4)


class RunFolder:
    """Paths below the folder of one run. Nothing is made or read by naming them."""

    def __init__(self, path: Path) -> None:
        self.path, self.run_id = path, path.name

    @property
    def config(self) -> Path:
        """The settings and all else that is known of the run before it starts, as JSON."""
        return self.path / "config.json"

    @property
    def journal(self) -> Path:
        """Everything that it has said, a line each (`run_journal`)."""
        return self.path / "journal.jsonl"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def evaluations(self) -> Path:
        return self.path / "evaluations"

    def evaluation(self, epoch: int) -> Path:
        """Of the test images."""
        return self.evaluations / f"epoch-{epoch:05d}.npz"

    def validation(self, epoch: int) -> Path:
        """The evaluation of the images that are held out."""
        return self.evaluations / f"validation-{epoch:05d}.npz"

    @property
    def weights(self) -> Path:
        """The weights of single epochs, for looking at them (`engine.weights.epoch_weights`)."""
        return self.path / "weights"

    @property
    def all(self) -> tuple[Path, ...]:
        """Every folder of the run, the outer one first."""
        return self.path, self.checkpoints, self.evaluations, self.weights

    def weights_by_epoch(self) -> dict[int, Path]:
        """In the order of epochs."""
        found = ((_WEIGHTS.fullmatch(name), name) for name in sorted(_names(self.weights)))
        return {int(match[1]): self.weights / name for match, name in found if match}

    def evaluated_epochs(self) -> list[int]:
        found = (_EVALUATION.fullmatch(name) for name in _names(self.evaluations))
        return sorted(int(match[1]) for match in found if match)


def run_folders(runs: Path) -> Iterator[RunFolder]:
    """Those with the name of a run, in the order of their names, whatever is in them."""
    for name in sorted(filter(is_run_id, _names(runs))):
        if (runs / name).is_dir():
            yield RunFolder(runs / name)


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
