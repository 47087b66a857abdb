"""What is written below a test image: its truth, or truth and prediction with its probability."""

from dataclasses import dataclass

from PySide6.QtGui import QFontMetrics

from workbench.core.evaluation import Evaluation

_SHORTEST_NAME = 4


@dataclass(frozen=True)
class Verdict:
    """What the network said of one image; `said` is empty if it is right."""

    truth: str
    said: str
    confidence: float

    @classmethod
    def of(cls, evaluation: Evaluation, image: int) -> "Verdict":
        names = evaluation.class_names
        said = "" if evaluation.correct[image] else names[evaluation.predictions[image]]
        return cls(names[evaluation.labels[image]], said, float(evaluation.confidence[image]))

    @property
    def caption(self) -> str:
        """For example `cat → dog 0.97`; of a right one just its class."""
        return f"{self.truth} → {self.said} {self.confidence:.2f}" if self.said else self.truth

    def fitted(self, metrics: QFontMetrics, width: int) -> str:
        """The caption in `width` pixels: names are shortened, the longer one first, and both stay readable."""
        verdict = self
        while metrics.horizontalAdvance(verdict.caption) > width:
            truth, said = verdict.truth, verdict.said
            if max(len(truth), len(said)) <= _SHORTEST_NAME:
                break
            if len(truth) >= len(said):
                truth = truth.rstrip(".")[:-1] + "."
            else:
                said = said.rstrip(".")[:-1] + "."
            verdict = Verdict(truth, said, verdict.confidence)
        return verdict.caption
