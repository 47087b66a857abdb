"""Whether B is really better than A: the figures, and the one sentence that they allow."""

from dataclasses import dataclass
from typing import Literal

from workbench.core.class_names import isolated
from workbench.core.comparison.agreement import Counts
from workbench.core.errors import shown
from workbench.core.formats import half_up

Outcome = Literal["same run", "same answers", "no difference", "unsure", "a better", "b better"]

ALPHA = 0.05
"""How often, of runs that do not differ, one may seem better."""
LEAST_DISAGREEING = 6
"""With fewer images that only one recognizes, no exact test gets below 0.05: all five on one side are 2 / 2^5."""


@dataclass(frozen=True)
class Side:
    """A run after one epoch; or several runs that differ in their seeds, of which it is the first."""

    run_id: str
    name: str
    epoch: int
    seeds: tuple[int, ...]
    accuracies: tuple[float, ...]
    """Of each seed."""

    @property
    def accuracy(self) -> float:
        """Mean over the seeds."""
        return sum(self.accuracies) / len(self.accuracies)


@dataclass(frozen=True)
class Verdict:
    """What the answers of two runs to the same images say about which is better."""

    a: Side
    b: Side
    counts: Counts
    """Of the two runs themselves, also where other seeds are compared with them."""
    interval: tuple[float, float]
    """95 %, of the difference of accuracies."""
    p_value: float
    p_adjusted: float | None = None
    """Where it is one of several comparisons (Holm 1979); then it is what decides."""

    @property
    def images(self) -> int:
        return self.counts.images

    @property
    def difference(self) -> float:
        """Accuracy of B minus that of A."""
        return self.b.accuracy - self.a.accuracy

    @property
    def has_seeds(self) -> bool:
        return max(len(self.a.seeds), len(self.b.seeds)) > 1

    @property
    def decisive_p(self) -> float:
        return self.p_value if self.p_adjusted is None else self.p_adjusted

    @property
    def outcome(self) -> Outcome:
        """One is better only where interval and test both say so."""
        if not self.has_seeds:
            if (self.a.run_id, self.a.epoch) == (self.b.run_id, self.b.epoch):
                return "same run"
            if self.counts.same_answers == self.images:
                return "same answers"
        low, high = self.interval
        leaves_out_zero = low > 0 or high < 0
        if leaves_out_zero and self.decisive_p < ALPHA:
            return "b better" if self.difference > 0 else "a better"
        if leaves_out_zero or self.decisive_p < ALPHA:
            return "no difference" if self._is_too_few else "unsure"
        return "no difference"

    @property
    def labels(self) -> tuple[str, str]:
        """What tells A from B: their names or, where these are equal, ids, or epochs of one run."""
        a, b = (isolated(shown(side.name)) for side in (self.a, self.b))
        if a != b:
            return a, b
        if self.a.run_id != self.b.run_id:
            return f"{a} ({self.a.run_id})", f"{b} ({self.b.run_id})"
        if self.a.epoch != self.b.epoch:
            return f"{a} after epoch {self.a.epoch}", f"{b} after epoch {self.b.epoch}"
        return a, b

    @property
    def sentence(self) -> str:
        """As much as can be said, and no more."""
        a, b = self.labels
        match self.outcome:
            case "same run":
                return f"{a} is compared with itself: both are run {self.a.run_id} after epoch {self.a.epoch}"
            case "same answers":
                return f"{a} and {b} give the same answer to each of {self._images}"
            case "a better" | "b better":
                ahead, low, high = self._gain
                better = b if self.outcome == "b better" else a
                return f"{better} is better by {ahead} points, 95 % interval {low} to {high}, on {self._base}"
            case "unsure":
                return self._unsure_sentence
            case "no difference":
                return self._no_difference_sentence

    @property
    def note(self) -> str:
        """What the sentence does not speak of; empty where that needs no saying."""
        if self.outcome == "same run":
            return ""
        alone = [label for label, side in zip(self.labels, (self.a, self.b), strict=True) if len(side.seeds) == 1]
        if not self.has_seeds:
            return (
                "This is about these two trained networks. Whether their settings are better, only runs with "
                "other seeds can tell."
            )
        if alone:
            return f"{alone[0]} has one seed: how much another one would change is not in the interval."
        return ""

    @property
    def _is_too_few(self) -> bool:
        return not self.has_seeds and self.counts.disagree < LEAST_DISAGREEING

    @property
    def _no_difference_sentence(self) -> str:
        a, b = self.labels
        said = f"no difference between {a} and {b} that {self._base} can show"
        if self._is_too_few:
            count = self.counts.disagree
            if not count:
                return f"{said}: they are right about the very same ones"
            what = "one is" if count == 1 else f"{count} are"
            few = f"fewer than {LEAST_DISAGREEING} show nothing"
            return f"{said}: only {what} recognized by one of them alone, and {few}"
        return f"{said}: {self._ahead}, 95 % interval {self._limits}"

    @property
    def _unsure_sentence(self) -> str:
        low, high = self.interval
        test = "the test over seeds" if self.has_seeds else "the exact test"
        p = f"p = {_p(self.p_value)}"
        if self.p_adjusted is not None:
            p += f", which counts as {_p(self.p_adjusted)} among several comparisons"
        if low > 0 or high < 0:
            said = f"95 % interval {self._limits} leaves out 0, but {test} is not sure ({p})"
        else:
            said = f"{test} sees a difference ({p}), but the 95 % interval {self._limits} does not leave out 0"
        return f"{self._base} cannot decide: {self._ahead}; {said}"

    @property
    def _base(self) -> str:
        """What it rests on: `2 000 images and 3 seeds each`."""
        if not self.has_seeds:
            return self._images
        of_a, of_b = len(self.a.seeds), len(self.b.seeds)
        if of_a == of_b:
            return f"{self._images} and {of_a} seeds each"
        a, b = self.labels
        return f"{self._images}, {_seeds(of_a)} of {a} and {_seeds(of_b)} of {b}"

    @property
    def _images(self) -> str:
        return "1 image" if self.images == 1 else f"{self.images:,} images".replace(",", " ")

    @property
    def _ahead(self) -> str:
        if not self.difference:
            return "both are equally often right"
        a, b = self.labels
        ahead, _, _ = self._gain
        return f"{b if self.difference > 0 else a} is ahead by {ahead} points"

    @property
    def _gain(self) -> tuple[str, str, str]:
        """Difference and interval of the one that is ahead over the other, in points."""
        low, high = self.interval
        if self.difference < 0:
            low, high = -high, -low
        ahead, from_, to = _points(abs(self.difference), low, high)
        return ahead, from_, to

    @property
    def _limits(self) -> str:
        _, low, high = self._gain
        return f"{low} to {high}"


def _points(*values: float) -> tuple[str, ...]:
    """With as many digits as all need that are not 0, at least one."""
    points = [100 * value for value in values]
    digits = next((n for n in (1, 2) if all(not each or abs(each) >= 0.5 * 10**-n for each in points)), 3)
    return tuple(f"{half_up(each, digits):.{digits}f}".replace("-", "−") for each in points)


def _p(value: float) -> str:
    return "below 0.001" if value < 0.001 else f"{value:.3f}"


def _seeds(count: int) -> str:
    return "1 seed" if count == 1 else f"{count} seeds"
