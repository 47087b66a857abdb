"""What was measured inside one run's blocks, ready to be drawn: a value per block and per stage of each sample."""

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.core.block_figures import BlockFigures, block_names, branch_shares, stage_of_block
from workbench.core.events import GradientsMeasured, RunStarted
from workbench.core.network.model_config import ModelConfig

Measure = Literal["share", "mean", "deviation", "zeros"]
Values = NDArray[np.float64]


@dataclass
class RunBlocks:
    """Grows by a sample a second at most."""

    run_id: str
    name: str
    steps_per_epoch: int = 1
    model: ModelConfig | None = None
    """None before the run has begun."""
    steps: list[int] = field(default_factory=list)
    figures: list[NDArray[np.float32]] = field(default_factory=list)
    """(blocks, FIGURES) each."""
    _values: dict[Measure, Values] = field(default_factory=dict)
    """(samples, blocks), as far as they were asked for."""

    def start(self, event: RunStarted) -> None:
        """Take up a run; a resumed one does the steps after its checkpoint again."""
        self.name, self.steps_per_epoch, self.model = event.name, event.steps_per_epoch, event.config.model
        keep = sum(step <= event.first_step for step in self.steps)
        del self.steps[keep:], self.figures[keep:]
        self._values.clear()

    def append(self, event: GradientsMeasured) -> None:
        if self.model is not None and len(event.blocks) == len(self.blocks):
            self.steps.append(event.step)
            self.figures.append(event.blocks)

    @property
    def blocks(self) -> tuple[str, ...]:
        """Names of the modules, from the input to the output."""
        return block_names(self.model) if self.model is not None else ()

    @property
    def stage_of(self) -> NDArray[np.int64]:
        """(blocks,) from 1."""
        return stage_of_block(self.model) if self.model is not None else np.zeros(0, np.int64)

    @property
    def stages(self) -> int:
        return len(self.model.blocks) if self.model is not None else 0

    @property
    def is_plain(self) -> bool:
        """Whether there is no way around its blocks, with which they could be compared."""
        return self.model is not None and self.model.shortcut == "none"

    @property
    def epochs(self) -> Values:
        """(samples,) when they were measured."""
        return np.array(self.steps, np.float64) / self.steps_per_epoch

    def of_blocks(self, measure: Measure) -> Values:
        """(samples, blocks); NaN where there is nothing to measure."""
        known = self._values.get(measure, np.empty((0, len(self.blocks))))
        new = self.figures[len(known) :]
        if new:
            figures = np.stack(new)
            column = BlockFigures._fields.index(measure) if measure != "share" else -1
            values = branch_shares(figures) if measure == "share" else figures[..., column].astype(np.float64)
            known = np.concatenate([known, np.where(np.isfinite(values), values, np.nan)])
            self._values[measure] = known
        return known

    def of_stages(self, measure: Measure) -> Values:
        """(samples, stages) means over the blocks of each stage; NaN of one in which nothing is measured."""
        values, stage_of = self.of_blocks(measure), self.stage_of
        result = np.full((len(values), self.stages), np.nan)
        for stage in range(1, self.stages + 1):
            of_stage = values[:, stage_of == stage]
            counts = np.isfinite(of_stage).sum(axis=1)
            sums = np.nansum(of_stage, axis=1)
            result[:, stage - 1] = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
        return result

    def nearest(self, epoch: float) -> int:
        """Number of the sample that was measured closest to `epoch`; the last one for NaN, -1 without any."""
        if not self.steps or not math.isfinite(epoch):
            return len(self.steps) - 1
        return int(np.abs(self.epochs - epoch).argmin())
