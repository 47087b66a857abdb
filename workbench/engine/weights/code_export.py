"""Writing a network as one Python file that needs PyTorch alone, and its weights beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from workbench.core.errors import UserError, shown
from workbench.core.export.code_file import check_output, write_code
from workbench.core.export.network_code import network_code
from workbench.core.files import write_atomically
from workbench.core.network.model_config import ModelConfig
from workbench.core.records.run_record import RunRecord
from workbench.core.records.store import RunStore
from workbench.core.settings.normalization import Normalization
from workbench.core.settings.presets import CUSTOM, Presets
from workbench.engine.network import resnet
from workbench.engine.weights import checkpoint, run_weights
from workbench.engine.weights.foreign_weights import fitting


@dataclass(frozen=True)
class TrainedNetwork:
    """What of a run is exported."""

    record: RunRecord
    class_names: tuple[str, ...]
    normalization: Normalization
    weights: dict[str, Tensor]
    """In the usual layout, on the CPU."""
    epoch: int
    """After which these are the weights, from 1."""

    @property
    def title(self) -> str:
        preset = Presets.load().preset_of(self.record.config.model)
        if preset is not None:
            return preset.title
        return "My network" if self.record.name == CUSTOM else self.record.name


class ExportedCode(NamedTuple):
    """What was written, the network first, and after which epoch its weights are."""

    files: tuple[Path, ...]
    epoch: int


def export_run(run_id: str, store: RunStore, output: Path, epoch: int | None = None) -> ExportedCode:
    """Write a run's network to `output` and the weights of its best checkpoint to the `.pt` beside it.

    Args:
        epoch: of which the weights are, in place of the kept one.

    Raises:
        UserError: the run has no such weights, `output` is no name for a Python file or cannot be written.
    """
    check_run_output(output)
    trained = read_trained(run_id, store, epoch)
    return ExportedCode(write_trained(trained, output), trained.epoch)


def check_run_output(output: Path) -> None:
    """Before anything is read.

    Raises:
        UserError: code or weights would go over a file that no export wrote.
    """
    check_output(output)
    weights = output.with_suffix(".pt")
    # An export replaces an earlier one, never a file that only happens to have this name.
    if weights.exists() and not output.exists():
        raise UserError(
            f"cannot export to {shown(output)}: {shown(weights)} is there already; choose another name or move it"
        )


def read_trained(run_id: str, store: RunStore, epoch: int | None = None) -> TrainedNetwork:
    """A run's network, after `epoch` or after the one that it keeps.

    Raises:
        UserError: the run has no such weights, or those of another network or run.
    """
    record = store.run(run_id)
    names = store.class_names(record)
    # With starting weights, a checkpoint is there before the classes of the data are recorded.
    if not names or not checkpoint.exists(store.checkpoints(run_id)):
        raise UserError(f"run {run_id} has no checkpoint to export; train it for an epoch at least")
    found = run_weights.read(record, store, epoch)
    weights = _laid_out(found.state, record)
    return TrainedNetwork(record, tuple(names), found.normalization, weights, found.epoch)


def write_trained(trained: TrainedNetwork, output: Path) -> tuple[Path, Path]:
    """Write code to a path that was checked, and weights beside it; returns both paths.

    Raises:
        UserError: they cannot be written.
    """
    weights = output.with_suffix(".pt")
    text = network_code(
        trained.record.config.model,
        title=trained.title,
        class_names=trained.class_names,
        mean=trained.normalization.mean,
        std=trained.normalization.std,
        weights_file=weights.name,
    )
    # The weights first: a file of code never stands there without them.
    write_atomically(weights, lambda file: torch.save(trained.weights, file))
    write_code(text, output)
    return output, weights


def export_model(config: ModelConfig, title: str, output: Path, class_names: Sequence[str] = ()) -> Path:
    """Write a network without weights to `output`; returns it.

    Raises:
        UserError: `output` is no name for a Python file or cannot be written.
    """
    check_output(output)
    write_code(
        network_code(config, title=title, class_names=class_names, mean=(), std=(), weights_file=None), output
    )
    return output


def _laid_out(weights: Mapping[str, Tensor], record: RunRecord) -> dict[str, Tensor]:
    state = fitting(resnet.hollow(record.config.model), weights, f"the checkpoint of run {record.id}")
    # Copies in the usual layout: those of a GPU may be in channels_last.
    return {name: tensor.detach().clone(memory_format=torch.contiguous_format) for name, tensor in state.items()}
