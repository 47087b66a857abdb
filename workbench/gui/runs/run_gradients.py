"""What was measured of one run's gradients, ready to be drawn: a norm per layer and per stage of each sample."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workbench.core.events import GradientsMeasured, RunStarted
from workbench.core.gradients import WeightedLayers

Norms = NDArray[np.float64]


@dataclass
class Limits:
    """Smallest and largest value above 0, which are all that a logarithmic axis can show."""

    low: float = math.inf
    high: float = -math.inf

    def take(self, values: NDArray[np.floating]) -> None:
        drawn = values[(values > 0) & np.isfinite(values)]
        if len(drawn):
            self.low, self.high = min(self.low, float(drawn.min())), max(self.high, float(drawn.max()))


def joined(limits: Iterable[Limits]) -> Limits:
    """Around all of them."""
    every = list(limits)
    return Limits(min(each.low for each in every), max(each.high for each in every))


@dataclass
class RunGradients:
    """Grows by a sample a second at most; norms are in nats per unit of weight, NaN where there is no gradient."""

    run_id: str
    name: str
    steps_per_epoch: int = 1
    visible: bool = True
    layers: WeightedLayers | None = None
    """None before the run has begun."""
    steps: list[int] = field(default_factory=list)
    of_layers: list[NDArray[np.float32]] = field(default_factory=list)
    """(layers,) each."""
    _of_groups: list[Norms] = field(default_factory=list)
    _layer_limits: Limits = field(default_factory=Limits)
    _group_limits: Limits = field(default_factory=Limits)

    def start(self, event: RunStarted) -> None:
        """Take up a run; a resumed one does the steps after its checkpoint again."""
        self.name, self.steps_per_epoch = event.name, event.steps_per_epoch
        self.layers = WeightedLayers.of(event.config.model)
        keep = sum(step <= event.first_step for step in self.steps)
        del self.steps[keep:], self.of_layers[keep:]
        self._of_groups, self._layer_limits, self._group_limits = [], Limits(), Limits()

    def append(self, event: GradientsMeasured) -> None:
        if self.layers is not None and event.layers == self.layers.names:
            self.steps.append(event.step)
            self.of_layers.append(event.norms)

    @property
    def of_groups(self) -> list[Norms]:
        """(groups,) each: stem, stages, head."""
        self._catch_up()
        return self._of_groups

    @property
    def layer_limits(self) -> Limits:
        self._catch_up()
        return self._layer_limits

    @property
    def group_limits(self) -> Limits:
        self._catch_up()
        return self._group_limits

    def _catch_up(self) -> None:
        """All new samples at once: one by one, those of a run of ten hours would take a tenth of a second."""
        new = self.of_layers[len(self._of_groups) :]
        if new and self.layers is not None:
            of_layers = np.stack(new)
            of_groups = self.layers.group_norms(of_layers)
            self._of_groups.extend(of_groups)
            self._layer_limits.take(of_layers)
            self._group_limits.take(of_groups)

    @property
    def epochs(self) -> Norms:
        """(samples,) when they were measured."""
        return np.array(self.steps, np.float64) / self.steps_per_epoch

    def group(self, number: int) -> Norms:
        """(samples,) norms of the stem, a stage or the head."""
        return np.array([norms[number] for norms in self.of_groups], np.float64)

    def nearest(self, epoch: float) -> int:
        """Number of the sample that was measured closest to `epoch`; the last one for NaN, -1 without any."""
        if not self.steps or not math.isfinite(epoch):
            return len(self.steps) - 1
        return int(np.abs(self.epochs - epoch).argmin())

    def ratio(self, sample: int) -> float:
        """The first stage's norm as a multiple of the last one's; NaN where they cannot be compared."""
        return self.layers.first_to_last(self.of_groups[sample]) if self.layers is not None else math.nan
