"""What a training run says while it goes on. All events are frozen and can be pickled.

Rates (accuracy) are fractions 0 to 1. `step` counts optimizer updates from 1 over the whole run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.core.block_figures import FIGURES
from workbench.core.evaluation import Evaluation
from workbench.core.formats import transferred
from workbench.core.settings.config import RunConfig

Status = Literal["running", "finished", "stopped", "failed", "interrupted"]


@dataclass(frozen=True)
class Progress:
    """Work that is not training steps: reading images, evaluating."""

    activity: str
    done: int
    total: int
    unit: Literal["images", "bytes", "parts"] = "images"
    run_id: str = ""
    """Empty where it belongs to none; else who records the run fills it in."""
    speed_per_s: float = 0.0
    """Of a download, in units per second; 0: not known."""

    @property
    def told(self) -> str:
        """The activity; of a download also how much has come, and how fast."""
        if not self.speed_per_s:
            return self.activity
        return f"{self.activity}, {transferred(self.done, self.total, self.speed_per_s)}"


@dataclass(frozen=True)
class RunStarted:
    """Everything is ready; steps follow. Also said when a run is resumed."""

    run_id: str
    name: str
    config: RunConfig
    device: str
    precision: str
    parameters: int
    class_names: tuple[str, ...]
    images: tuple[int, int, int]
    """Number of training, validation and test images."""
    dataset_path: Path
    """Folder of the decoded images (`core.dataset.Dataset.open`)."""
    steps_per_epoch: int
    first_step: int
    """Steps done before; above 0 when resumed."""
    elapsed_s: float
    """Seconds of work before; above 0 when resumed."""

    @property
    def total_steps(self) -> int:
        return self.steps_per_epoch * self.config.training.epochs


@dataclass(frozen=True)
class StepMetrics:
    """All steps since the last event of this kind, as arrays of equal length."""

    run_id: str
    epoch: int
    steps: NDArray[np.int64]
    loss: NDArray[np.float32]
    accuracy: NDArray[np.float32]
    learning_rate: NDArray[np.float64]
    images_per_s: float
    """Over these steps; time spent paused is not counted."""
    elapsed_s: float
    """Seconds of work since the run's start; time spent paused is not counted."""
    seconds: float = 0.0
    """What these steps took; what else was done since the steps before (evaluating) is not in it. 0: not known."""


@dataclass(frozen=True)
class GradientsMeasured:
    """How large the gradient of each layer's weights was at one step, before clipping, and what the blocks put
    out; measured now and then."""

    run_id: str
    step: int
    epoch: int
    layers: tuple[str, ...]
    """Names of the modules with weights, in the order of computation (`core.gradients`)."""
    norms: NDArray[np.float32]
    """(layers,) Euclidean norms of the batch's mean loss by the weights, in nats per unit of weight; NaN of a
    frozen layer, which has no gradient."""
    blocks: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, FIGURES), np.float32))
    """(blocks, FIGURES) as in `BlockFigures`, of some images of the batch; (0, FIGURES) where that was not
    measured: of earlier runs, and of compiled networks."""


@dataclass(frozen=True)
class EpochMetrics:
    """One finished epoch. `validation_*` is None without a split."""

    run_id: str
    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    test_loss: float
    test_accuracy: float
    images_per_s: float
    """Of training, evaluation not counted."""
    elapsed_s: float
    best: bool
    """Whether this is the best epoch so far (by validation; without a split, the last counts)."""


@dataclass(frozen=True)
class EvaluationReady:
    """What the network said after an epoch."""

    run_id: str
    evaluation: Evaluation
    """Of the test images."""
    validation: Evaluation | None = None
    """Of the images that are held out, if there are any."""


@dataclass(frozen=True)
class CheckpointSaved:
    run_id: str
    kind: Literal["last", "best"]
    path: Path
    step: int


@dataclass(frozen=True)
class RateChanged:
    """The person changed the learning rate; the rest of the schedule is multiplied by `factor`."""

    run_id: str
    step: int
    """Steps done before."""
    factor: float
    learning_rate: float
    """Of the next step."""


@dataclass(frozen=True)
class Warned:
    """Something goes another way than was asked, or is doubtful."""

    message: str
    run_id: str = ""
    """As of Progress."""


@dataclass(frozen=True)
class RunFinished:
    """The run ended as planned or was stopped; everything is saved."""

    run_id: str
    status: Literal["finished", "stopped"]
    reason: str = ""
    """Why it finished before its last epoch; empty if it did not."""


@dataclass(frozen=True)
class RunFailed:
    """The run ended by an error; the last checkpoint is kept."""

    run_id: str
    message: str
    is_bug: bool
    """False: the person can act on it. True: the traceback is in the log."""
    remedy: Mapping[str, Any] = field(default_factory=dict)
    """Settings that would do, by their dotted fields; empty if none is known."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Dotted fields that are wrong, each with its sentence; empty where none is."""


Event = (
    Progress
    | RunStarted
    | StepMetrics
    | GradientsMeasured
    | EpochMetrics
    | EvaluationReady
    | CheckpointSaved
    | RateChanged
    | Warned
    | RunFinished
    | RunFailed
)
