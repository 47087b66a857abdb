"""Whether a run goes as finished runs of its configuration went: a band, and a sentence."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.core.curves.lines import Band
from workbench.core.events import EpochMetrics
from workbench.core.formats import percent
from workbench.core.records.run_record import RunRecord
from workbench.core.resources import resource_path
from workbench.core.settings.config import RunConfig
from workbench.core.settings.same_experiment import experiment_key

Floats = NDArray[np.float64]
Figure = Literal["loss", "accuracy"]

# Few runs hardly say how far seeds lie apart: at least so much of accuracy, and of loss, in its parts.
_LEAST_DEVIATION = {1: 0.02, 2: 0.01}
_LEAST_OF_MANY, _LEAST_OF_LOSS = 0.003, 2.5
_DEVIATIONS = 2.0


@dataclass(frozen=True)
class Track:
    """How a run stands after its last epoch."""

    place: Literal["on", "below", "above"]
    sentence: str


@dataclass(frozen=True, eq=False)
class TrackBand:
    """Where another run of a configuration is expected, after each epoch."""

    source: str
    """Whose figures these are: `3 finished runs of the same settings`."""
    epochs: Floats
    """(E,) from 1."""
    mean: Mapping[Figure, Floats]
    half: Mapping[Figure, Floats]
    """(E,) half of the band's height."""

    @classmethod
    def of(cls, source: str, runs: Sequence[Sequence[tuple[float, float]]], images: int) -> "TrackBand":
        """
        Two standard deviations of one more run, to either side of the mean; if runs of different seeds are normal,
        that holds about 95 of 100. Their deviation is that between the runs, and at least that of so many images
        drawn at random.

        Args:
            runs: validation loss and accuracy after each epoch; shorter ones count as far as they go.
            images: that were held out.
        """
        longest = max(map(len, runs))
        epochs = np.arange(1.0, longest + 1)
        figures = np.full((len(runs), longest, 2), np.nan)
        for number, run in enumerate(runs):
            figures[number, : len(run)] = run
        counts = np.isfinite(figures[..., 1]).sum(axis=0)
        loss, accuracy = (np.nanmean(figures[..., column], axis=0) for column in (0, 1))
        drawn = np.sqrt(np.clip(accuracy * (1 - accuracy), 1e-4, None) / max(images, 1))
        least = np.array([_LEAST_DEVIATION.get(int(count), _LEAST_OF_MANY) for count in counts])
        apart = [_deviation(figures[..., column]) for column in (0, 1)]
        wider = _DEVIATIONS * np.sqrt(1 + 1 / counts)
        return cls(
            source, epochs, {"loss": loss, "accuracy": accuracy},
            {
                "loss": wider * np.maximum(apart[0], _LEAST_OF_LOSS * np.maximum(least, drawn)),
                "accuracy": wider * np.maximum.reduce([apart[1], least, drawn]),
            },
        )  # fmt: skip

    def band(self, figure: Figure) -> Band:
        """To be drawn against epochs."""
        mean, half = self.mean[figure], self.half[figure]
        top = np.minimum(mean + half, 1.0) if figure == "accuracy" else mean + half
        return Band(self.epochs, mean, np.maximum(mean - half, 0.0), top)

    def track(self, epochs: Sequence[EpochMetrics]) -> Track | None:
        """How a run stands; None before its first epoch, or beyond the band's last one."""
        last = epochs[-1] if epochs else None
        if last is None or last.validation_accuracy is None or last.epoch > len(self.epochs):
            return None
        band, at = self.band("accuracy"), last.epoch - 1
        low, high, found = float(band.low[at]), float(band.high[at]), last.validation_accuracy
        had = f"{self.source} had {_span(low, high)} after epoch {last.epoch}"
        if found < low:
            return Track("below", f"Below what is usual: {percent(found)}; {had}")
        if found > high:
            return Track("above", f"Better than usual: {percent(found)}; {had}")
        return Track("on", f"On track: {percent(found)}; {had}")


def track_band(config: RunConfig, records: Iterable[RunRecord]) -> TrackBand | None:
    """Of finished runs of the same configuration but for the seed, or of the figures that come with the program.

    None where there are neither, or nothing is held out: test images are for looking at.
    """
    key = experiment_key(config)
    # The same seed twice is no second draw.
    same = {
        record.config.training.seed: record
        for record in records
        if record.is_whole and record.epochs and not record.altered and experiment_key(record.config) == key
    }
    runs = [figures for record in same.values() if (figures := _figures(record)) is not None]
    if runs:
        count = len(runs)
        whose = "a finished run" if count == 1 else f"{count} finished runs"
        first = next(iter(same.values()))
        images = int(first.started["images"][1]) if first.started else 0
        return TrackBand.of(f"{whose} of the same settings", runs, images)
    found = _references().get(key)
    if found is None:
        return None
    return TrackBand.of(f"{len(found['runs'])} runs that come with the workbench", found["runs"], found["images"])


@cache
def _references() -> dict[str, Any]:
    """Reference curves of presets by the key of their configuration."""
    text = resource_path("presets/reference_curves.json").read_text(encoding="utf-8")
    return {experiment_key(RunConfig.build(each["config"])): each for each in json.loads(text)}


def _figures(record: RunRecord) -> list[tuple[float, float]] | None:
    pairs = [(epoch.validation_loss, epoch.validation_accuracy) for epoch in record.epochs]
    known = [(loss, accuracy) for loss, accuracy in pairs if loss is not None and accuracy is not None]
    # From the first epoch on: a run that was rebuilt may lack some.
    is_whole = [epoch.epoch for epoch in record.epochs] == list(range(1, len(pairs) + 1))
    return known if len(known) == len(pairs) and is_whole else None


def _deviation(values: Floats) -> Floats:
    """(E,) between runs, (R, E), of those that are there; 0 of a single one."""
    count = np.isfinite(values).sum(axis=0)
    squares = np.nansum((values - np.nanmean(values, axis=0)) ** 2, axis=0)
    deviation: Floats = np.sqrt(squares / np.maximum(count - 1, 1))
    return deviation


def _span(low: float, high: float) -> str:
    return f"{100 * low:.1f} to {percent(high)}" if math.isfinite(low) else percent(high)
