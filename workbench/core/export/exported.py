"""What an export has written, and how it was checked."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class LogitsCheck:
    """An exported network that was loaded anew, against the run's own on the same images."""

    images: int
    are_real: bool
    """Whether these are test images of the run; otherwise noise, because those are gone."""
    largest_difference: float
    """Of any logit."""
    allowed: float
    same_answers: int

    @property
    def sentence(self) -> str:
        kind = "test images" if self.are_real else "images of noise (those of the run are gone)"
        return (
            f"loaded anew and asked about {self.images} {kind}: logits differ by {self.largest_difference:.2g} at "
            f"most ({self.allowed:.2g} is allowed), {self.same_answers} of {self.images} answers are the same"
        )


@dataclass(frozen=True)
class Exported:
    """The result of an export of a run."""

    run_id: str
    format_name: str
    files: tuple[Path, ...]
    """The one that was named first."""
    epoch: int | None = None
    """Of which the weights or, of a report, the figures are, from 1; None: it is of none."""
    check: LogitsCheck | None = None
    notes: tuple[str, ...] = ()
    """Sentences for who uses the files."""

    @property
    def document(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        document: dict[str, Any] = {
            "run": self.run_id, "format": self.format_name, "files": [str(path) for path in self.files],
            "epoch": self.epoch,
        }  # fmt: skip
        if self.check is not None:
            document["check"] = {
                "images": self.check.images, "real_images": self.check.are_real,
                "largest_difference": self.check.largest_difference, "allowed_difference": self.check.allowed,
                "same_answers": self.check.same_answers,
            }  # fmt: skip
        return document
