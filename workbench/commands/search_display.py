"""A search as it goes on: a live bar of the epoch, and a line per trial, on standard error."""

from collections.abc import Mapping
from typing import Any

from workbench.commands.live_bar import LiveBar
from workbench.core.events import Progress, RunStarted, StepMetrics, Warned
from workbench.core.search.dimensions import value_text
from workbench.core.search.trial_events import TrialBegun, TrialEnded


class SearchDisplay(LiveBar):
    """
    Args:
        quiet: nothing is shown; warnings and trials are still counted.
    """

    def __init__(self, quiet: bool) -> None:
        super().__init__(quiet)
        self._started: RunStarted | None = None
        self._trial = ""
        self._best: float | None = None
        self.trained: list[str] = []
        """Runs of this process, in their order."""
        self.finished = self.failed = 0
        """Trials of this process, pruned ones among the finished."""

    def show(self, event: Any) -> None:
        match event:
            case TrialBegun(_, number, values):
                self._trial = f"Trial {number}"
                self.say(f"trial {number}: {values_text(values)}")
            case TrialEnded():
                self._end(event)
            case RunStarted():
                self._started = event
            case StepMetrics():
                self._step(event)
            case Progress(_, done, total):
                self.update(f"{self._trial}: {event.told}", done, total)
            # Every trial may say the same.
            case Warned(message) if message not in self.warnings:
                self.warn(message)

    def _end(self, event: TrialEnded) -> None:
        if event.run_id:
            self.trained.append(event.run_id)
        self.finished += event.state in ("finished", "pruned")
        self.failed += event.state == "failed"
        text = f"trial {event.number} {event.state}"
        if event.accuracy is not None:
            text += f": validation accuracy {event.accuracy:.1%}, run {event.run_id}"
        if event.state == "finished" and event.accuracy is not None:
            is_best = self._best is None or event.accuracy > self._best
            self._best = event.accuracy if is_best else self._best
            text += ", the best of this process" if is_best else ""
        self.say(f"{text}; {event.message}" if event.message else text)

    def _step(self, event: StepMetrics) -> None:
        if self._started is None:
            return
        per_epoch, epochs = self._started.steps_per_epoch, self._started.config.training.epochs
        done = int(event.steps[-1]) - (event.epoch - 1) * per_epoch
        text = f"{self._trial}, epoch {event.epoch}/{epochs}, {event.images_per_s:.0f} images/s"
        self.update(text, done, per_epoch)


def values_text(values: Mapping[str, Any]) -> str:
    """`learning_rate 0.0352, batch_size 64`: of numbers, three digits."""
    return ", ".join(f"{field.partition('.')[2]} {short_value(value)}" for field, value in values.items())


def short_value(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else value_text(value)
