"""What a network says about a set of labeled images, and every figure that follows from it."""

import io
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.core.calibration import Calibration, Coverage, fitted_temperature
from workbench.core.errors import UserError, reason, shown
from workbench.core.files import write_atomically
from workbench.core.softmax import cross_entropies, softmax


@dataclass(frozen=True)
class ClassFigures:
    """Figures of one class, as scikit-learn defines them; NaN where nothing was there to divide by."""

    name: str
    images: int
    """Also called its support."""
    accuracy: float
    """Recall: share of the class's images that were recognized."""
    precision: float
    """Share of right answers among those that said this class."""
    f1: float
    """Harmonic mean of both; 0 where the class has images or was said, but never rightly."""
    confidence: float
    """Mean probability of what was said of the class's images, right or wrong."""


@dataclass(frozen=True)
class Scores:
    """How good all answers are, and how sure; each a mean over all images."""

    accuracy: float
    confidence: float
    loss: float
    """Negative log-likelihood of the truth: cross-entropy in nats."""
    brier: float
    """Squared distance of the probabilities from the truth, summed over classes (Brier 1950): 0 to 2."""
    bins: Calibration

    @property
    def expected_calibration_error(self) -> float:
        return self.bins.expected_error


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Logits of N images over K classes.

    Args:
        labels: (N,) true class of each image.
        logits: (N, K) outputs of the network before softmax.
        class_names: K names.
        epoch: after which epoch (from 1), or 0 if unknown.
    """

    labels: NDArray[np.int64]
    logits: NDArray[np.float32]
    class_names: tuple[str, ...]
    epoch: int = 0

    def __post_init__(self) -> None:
        expected = (len(self.labels), len(self.class_names))
        if self.logits.shape != expected:
            raise ValueError(f"logits has shape {self.logits.shape}; expected {expected}")
        if not np.isfinite(self.logits).all():
            raise UserError("the network's outputs are not finite numbers; its weights are damaged or diverged")

    @cached_property
    def probabilities(self) -> NDArray[np.float32]:
        """(N, K) softmax of the logits."""
        return softmax(self.logits.astype(np.float32))

    @cached_property
    def predictions(self) -> NDArray[np.int64]:
        """(N,) most probable class."""
        result: NDArray[np.int64] = self.logits.argmax(axis=1).astype(np.int64)
        return result

    @cached_property
    def confidence(self) -> NDArray[np.float32]:
        """(N,) probability of the predicted class."""
        result: NDArray[np.float32] = self.probabilities.max(axis=1)
        return result

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        """(N,) whether the prediction is right."""
        result: NDArray[np.bool_] = self.predictions == self.labels
        return result

    @property
    def accuracy(self) -> float:
        return float(self.correct.mean())

    def accuracy_of(self, chosen: NDArray[np.bool_]) -> float:
        """Of these images alone, (N,) flags; NaN of none."""
        return _share(int(self.correct[chosen].sum()), int(chosen.sum()))

    @cached_property
    def loss(self) -> float:
        """Mean cross-entropy in nats."""
        return float(cross_entropies(self.logits, self.labels).mean())

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """(K, K) counts, indexed (truth, prediction)."""
        classes = len(self.class_names)
        flat = np.bincount(self.labels * classes + self.predictions, minlength=classes * classes)
        return flat.reshape(classes, classes).astype(np.int64)

    def most_confused(self, most: int) -> list[tuple[int, int, int]]:
        """At most so many (truth, prediction, count) of different classes, the highest counts first."""
        cells = zip(*np.unravel_index(self._confused[:most], self.confusion.shape), strict=True)
        found = ((int(i), int(j), int(self.confusion[i, j])) for i, j in cells if i != j)
        return [each for each in found if each[2]]

    @cached_property
    def _confused(self) -> NDArray[np.int64]:
        """Flat cells of different classes, the highest counts first, then those of the diagonal."""
        mistakes = self.confusion.copy()
        np.fill_diagonal(mistakes, -1)
        return np.argsort(-mistakes, axis=None, kind="stable").astype(np.int64)

    def per_class(self) -> tuple[ClassFigures, ...]:
        right = self.confusion.diagonal()
        truths, said = self.confusion.sum(axis=1), self.confusion.sum(axis=0)
        sure = np.bincount(self.labels, weights=self.confidence, minlength=len(self.class_names))
        return tuple(
            ClassFigures(
                name, int(n), _share(hits, n), _share(hits, claims), _share(2 * hits, n + claims), _share(total, n)
            )
            for name, hits, n, claims, total in zip(self.class_names, right, truths, said, sure, strict=True)
        )

    def calibration(self, bins: int = 10) -> Calibration:
        return Calibration.of(self.confidence, self.correct, bins)

    @cached_property
    def coverage(self) -> Coverage:
        """The accuracy among the surest images."""
        return Coverage.of(self.confidence, self.correct)

    @cached_property
    def brier(self) -> float:
        """Mean squared distance of the probabilities from the truth, summed over classes (Brier 1950)."""
        truth = self.probabilities[np.arange(len(self.labels)), self.labels]
        squares = np.einsum("nk,nk->n", self.probabilities, self.probabilities, dtype=np.float64)
        return float((squares - 2 * truth + 1).mean())

    def scores(self, bins: int = 10) -> Scores:
        confidence = float(self.confidence.mean())
        return Scores(self.accuracy, confidence, self.loss, self.brier, self.calibration(bins))

    @cached_property
    def temperature(self) -> float:
        """By which its logits should be divided for its probabilities to be worth most, of these very images.

        To be asked of images that are held out, and used for others.
        """
        return fitted_temperature(self.logits, self.labels)

    def at_temperature(self, temperature: float) -> "Evaluation":
        """The same answers, surer (below 1) or less sure (above 1)."""
        return replace(self, logits=self.logits / np.float32(temperature))

    def indices(
        self, truth: int | None = None, prediction: int | None = None, wrong_only: bool = False
    ) -> NDArray[np.int64]:
        """Images of that truth and prediction (None: any), most confidently wrong first.

        After the wrong ones come the right ones, least confident first: those that nearly went wrong.
        """
        chosen = np.ones(len(self.labels), dtype=bool)
        if truth is not None:
            chosen &= self.labels == truth
        if prediction is not None:
            chosen &= self.predictions == prediction
        if wrong_only:
            chosen &= ~self.correct
        key = np.where(self.correct, self.confidence, -self.confidence - 1)
        found = np.flatnonzero(chosen)
        return found[np.argsort(key[found], kind="stable")].astype(np.int64)

    def save(self, path: Path) -> None:
        """Write as .npz, logits as float16: 200 kB for 10 000 images of 10 classes."""
        # Relative to the highest, which softmax does not notice: half precision is finest near 0, so that close
        # calls keep their order.
        relative = self.logits - self.logits.max(axis=1, keepdims=True)
        buffer = io.BytesIO()
        np.savez(
            buffer,
            labels=self.labels.astype(np.int32),
            logits=relative.clip(np.finfo(np.float16).min).astype(np.float16),
            class_names=np.array(self.class_names),
            epoch=np.array(self.epoch),
        )
        write_atomically(path, lambda file: file.write(buffer.getvalue()))

    @classmethod
    def is_whole(cls, path: Path) -> bool:
        """Whether `load` would read it."""
        try:
            cls.load(path)
        except UserError:
            return False
        return True

    @classmethod
    def load(cls, path: Path) -> "Evaluation":
        """The inverse of `save`.

        Raises:
            UserError: the file is missing or damaged.
        """
        try:
            # From memory: given a path, numpy leaves the file open when it is damaged.
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
                return cls(
                    file["labels"].astype(np.int64),
                    file["logits"].astype(np.float32),
                    tuple(str(name) for name in file["class_names"]),
                    int(file["epoch"]),
                )
        # numpy names a cut file in many ways: BadZipFile, EOFError, KeyError, ValueError.
        except Exception as error:
            raise UserError(f"cannot read the evaluation {shown(path)}: {reason(error)}") from error


def _share(part: float, whole: float) -> float:
    return float(part) / float(whole) if whole else float("nan")
