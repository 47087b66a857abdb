"""The weights of a recorded run after one of its epochs, and none of another run's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.errors import UserError, literal
from workbench.core.records.run_record import RunRecord
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.core.settings.normalization import Normalization
from workbench.engine.weights import checkpoint, epoch_weights

_SECTIONS = ("model", "data", "training", "fine_tuning")
# May differ within a run: what was completed once the images were read, and more epochs. What normalizes is
# compared by its numbers, and where images come from by its name, as folders move.
_COMPLETED = (
    "model.num_classes", "data.source", "data.normalization", "data.mean", "data.std", "training.epochs",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class RunWeights:
    """What is known without reading any image."""

    state: Mapping[str, Tensor]
    """Those that were evaluated, on the CPU: the moving average's where the run keeps one."""
    epoch: int
    """After which these are the weights, from 1; 0: before the first epoch was finished."""
    normalization: Normalization
    """What the run's images were normalized by."""


def read(record: RunRecord, store: RunStore, epoch: int | None = None) -> RunWeights:
    """Of `epoch`; None: of the one that the run keeps.

    Raises:
        UserError: no weights of that epoch are kept, they are damaged, or another run's.
    """
    state, damage = _in_file(record, store, epoch)
    known = record.config.data.known_normalization
    if state is not None and known is not None:
        return RunWeights(state, epoch or 0, known)
    saved = checkpoint.load_best(store.checkpoints(record.id))
    refuse_of_another(saved.config, record)
    # A list that was rebuilt from the settings of its beginning does not know what it came to be.
    known = known or saved.config.data.normalized_by
    if state is not None:
        return RunWeights(state, epoch or 0, known)
    found = saved.position.epoch
    if epoch is not None and epoch != found:
        raise damage or UserError(_absence(record, store, epoch, found))
    return RunWeights(saved.evaluated_weights, found, known)


def refuse_of_another(saved: RunConfig, record: RunRecord) -> None:
    """Whether a checkpoint is of the run in whose folder it lies: names and shapes of its tensors may fit although
    it is not, as those of a plain network fit a residual one.

    Args:
        saved: the configuration in the checkpoint.

    Raises:
        UserError: it is another run's; names the first field that differs.
    """
    difference = next(_differences(saved, record.config), None)
    if difference is not None:
        field, there, here = difference
        raise UserError(
            f"the checkpoint in the folder of run {record.id} is of another run: {field} is {literal(there)} "
            f"there, and {literal(here)} in this run"
        )


def _differences(saved: RunConfig, own: RunConfig) -> Iterator[tuple[str, Any, Any]]:
    for section in _SECTIONS:
        theirs, ours = (getattr(config, section).model_dump(mode="json") for config in (saved, own))
        for name, value in theirs.items():
            if value != ours[name] and f"{section}.{name}" not in _COMPLETED:
                yield f"{section}.{name}", value, ours[name]
    sources = (saved.data.source, own.data.source)
    if sources[0] != sources[1] and all(source in IMAGE_SOURCES for source in sources):
        yield "data.source", *sources
    there, here = saved.data.known_normalization, own.data.known_normalization
    if there is not None and here is not None and there[1:] != here[1:]:
        yield "data.normalization", there.sentence, here.sentence


def _in_file(
    record: RunRecord, store: RunStore, epoch: int | None
) -> tuple[Mapping[str, Tensor] | None, UserError | None]:
    """Of an epoch that has a file of its own; or why it cannot be read: the checkpoint may hold the same."""
    path = None if epoch is None else store.weights_by_epoch(record.id).get(epoch)
    try:
        return (None if path is None else epoch_weights.load(path)), None
    except UserError as error:
        return None, error


def _absence(record: RunRecord, store: RunStore, epoch: int, kept: int) -> str:
    there: Sequence[int] = sorted({kept, *store.weights_by_epoch(record.id)})
    nearest = min(there, key=lambda each: abs(each - epoch))
    last = record.last.epoch if record.last is not None else 0
    if epoch < 1 or epoch > last:
        return f"epoch is {epoch}; run {record.id} has finished the epochs 1 to {last}"
    return (
        f"no weights of epoch {epoch} of run {record.id} are kept; the nearest are those of epoch {nearest} "
        "(training.epoch_weights_mb says how many are)"
    )
