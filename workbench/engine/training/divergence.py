"""When training has gone wrong for good: losses that are no numbers, or far above chance."""

import math
from collections import deque

from workbench.core.errors import UserError
from workbench.core.events import StepMetrics
from workbench.core.settings.training_config import TrainingConfig
from workbench.engine.training.trainer import Trainer

_STEPS = 50
# A network that knows nothing has the loss log(classes). Short excursions above it are common at high rates.
_TIMES_CHANCE = 5.0


class Divergence:
    """Watches the losses of a run.

    Args:
        config: of the run.
        classes: of the data.
    """

    def __init__(self, config: TrainingConfig, classes: int) -> None:
        self._config = config
        self._limit = _TIMES_CHANCE * math.log(max(2, classes))
        self._recent: deque[float] = deque(maxlen=_STEPS)
        self._first = math.inf

    def _has_grown(self, mean: float) -> bool:
        """Far above chance, and not on the way down: deep networks without norms may begin far above."""
        return mean > self._limit and mean >= self._first

    def refuse(self, metrics: StepMetrics) -> None:
        """Raises UserError: a loss is not finite, or the mean of the last 50 has grown to five times chance's."""
        for step, loss, rate in zip(metrics.steps, metrics.loss, metrics.learning_rate, strict=True):
            if not math.isfinite(loss):
                sentence = f"the loss became {loss} at step {step} with learning rate {rate:.3g}"
                raise _diverged(sentence, self._config)
            if math.isinf(self._first):
                self._first = float(loss)
            self._recent.append(float(loss))
            mean = sum(self._recent) / len(self._recent)
            if len(self._recent) == _STEPS and self._has_grown(mean):
                raise _diverged(
                    f"the loss grew to {mean:.3g} on average of the {_STEPS} steps up to step {step}, {rate:.3g} "
                    "being the learning rate; guessing would give a fifth of that at most",
                    self._config,
                )

    def refuse_end(self) -> None:
        """Of a run that was too short to say so before.

        Raises:
            UserError: the mean of the later half of its steps has grown to five times that of chance.
        """
        later = list(self._recent)[len(self._recent) // 2 :]
        mean = sum(later) / max(1, len(later))
        if len(self._recent) < _STEPS and self._has_grown(mean):
            raise _diverged(
                f"the loss was {mean:.3g} on average of the last {len(later)} steps; guessing would give a fifth "
                "of that at most",
                self._config,
            )


def refuse_infinite_weights(trainer: Trainer) -> None:
    """The loss may still be a number when the running statistics no longer are.

    Raises:
        UserError: a weight or a running statistic is not finite.
    """
    if not trainer.is_finite():
        raise _diverged(
            f"the weights are no longer finite numbers after step {trainer.step_number} with learning rate "
            f"{trainer.rate:.3g}",
            trainer.config.training,
        )


def _diverged(sentence: str, config: TrainingConfig) -> UserError:
    smaller = float(f"{config.learning_rate / 10:.2g}")
    advice = f"choose a smaller training.learning_rate, such as {smaller:g} (what was saved before is kept)"
    return UserError(f"{sentence}; {advice}", {"training.learning_rate": smaller})
