"""What is written below a test image: its truth, or truth and prediction with its probability."""

from dataclasses import dataclass, replace

from PySide6.QtGui import QFontMetrics

from workbench.core.class_names import isolated, pair_words, short_names
from workbench.core.evaluation import Evaluation


@dataclass(frozen=True)
class Verdict:
    """What the network said of one image; `said` is empty if it is right, `truth` where that is not known."""

    truth: str
    said: str
    confidence: float
    class_names: tuple[str, ...]
    """All there are."""

    @classmethod
    def of(cls, evaluation: Evaluation, image: int) -> "Verdict":
        names = evaluation.class_names
        said = "" if evaluation.correct[image] else names[evaluation.predictions[image]]
        return cls(names[evaluation.labels[image]], said, float(evaluation.confidence[image]), names)

    @property
    def caption(self) -> str:
        """For example `cat → dog 0.97`; of a right one just its class."""
        return f"{self.classes} {self.confidence:.2f}" if self.said else self.truth

    @property
    def classes(self) -> str:
        """The caption without the probability: `cat → dog`."""
        return pair_words(self.truth, self.said) if self.truth and self.said else isolated(self.truth or self.said)

    @property
    def is_wrong(self) -> bool:
        return bool(self.truth and self.said)

    def shortened(self) -> "Verdict":
        """With the short forms of its names."""
        short = dict(zip(self.class_names, short_names(self.class_names), strict=True))
        return replace(self, truth=short.get(self.truth, ""), said=short.get(self.said, ""))


class Captions:
    """The captions of one view, all alike: with whole names if those of any two classes fit, else with short ones.

    What is chosen depends on the classes and the width alone, so that no caption changes when others come. Where
    short names do not fit either, the probability is left out.
    """

    def __init__(self) -> None:
        self._asked: object = None
        self._are_whole = self._have_probability = True

    def of(self, verdict: Verdict, metrics: QFontMetrics, width: int) -> str:
        """What to write of an image in `width` pixels."""
        asked = (verdict.class_names, metrics.horizontalAdvance("0"), metrics.height(), width)
        if asked != self._asked:
            self._asked = asked
            self._choose(verdict.class_names, metrics, width)
        shown = verdict if self._are_whole else verdict.shortened()
        return shown.caption if self._have_probability else shown.classes

    def _choose(self, names: tuple[str, ...], metrics: QFontMetrics, width: int) -> None:
        self._are_whole = _needed(names, metrics) <= width
        self._have_probability = self._are_whole or _needed(short_names(names), metrics) <= width


def _needed(names: tuple[str, ...], metrics: QFontMetrics) -> int:
    """The width of the widest caption that two classes can have."""
    if not names:
        return 0
    by_width = sorted(names, key=metrics.horizontalAdvance, reverse=True)
    return metrics.horizontalAdvance(Verdict(by_width[0], by_width[min(1, len(names) - 1)], 0.0, names).caption)
