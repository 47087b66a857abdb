"""The figures of an evaluation, as tables to a person and as one JSON document."""

from typing import Any

from workbench.commands import console
from workbench.core.calibration import Calibration
from workbench.core.class_names import short_names
from workbench.core.evaluation import ClassFigures, Evaluation, Scores

_PAIRS_PRINTED, _PAIRS_IN_JSON = 10, 100
_COVERAGES = (1.0, 0.95, 0.9, 0.8, 0.7, 0.5)
# Of more classes, a terminal breaks the lines of the matrix; --json has it whole.
_MOST_IN_MATRIX = 30


def print_evaluation(evaluation: Evaluation, validation: Evaluation | None = None) -> None:
    """Figures of every class, matrix, confused pairs, and how far confidence can be believed.

    Args:
        validation: what the same network said of images that are held out, which a temperature is fitted on.
    """
    _print_classes(evaluation)
    if len(evaluation.class_names) <= _MOST_IN_MATRIX:
        _print_matrix(evaluation)
    _print_pairs(evaluation)
    _print_scores(evaluation, validation)
    curve = evaluation.coverage
    told = ", ".join(f"{share:.0%} to {curve.at(share):.1%}" for share in _COVERAGES[1:])
    console.print_line(f"of the surest images it is right: {told}")
    total = len(evaluation.labels)
    epoch = f" after epoch {evaluation.epoch}" if evaluation.epoch else ""
    console.print_line(f"accuracy {evaluation.accuracy:.2%}, loss {evaluation.loss:.4f} on {total} images{epoch}")


def _print_classes(evaluation: Evaluation) -> None:
    rows = [
        (
            figures.name,
            *(console.percent(value) for value in (figures.precision, figures.accuracy, figures.f1)),
            str(figures.images),
            console.percent(figures.confidence),
        )
        for figures in evaluation.per_class()
    ]
    columns = ("class", "precision", "recall", "F1", "support", "confidence")
    console.print_table(columns, rows, right=columns[1:])


def _print_matrix(evaluation: Evaluation) -> None:
    short = short_names(evaluation.class_names)
    counts = [
        (name, *(str(count) if count else "." for count in row))
        for name, row in zip(evaluation.class_names, evaluation.confusion.tolist(), strict=True)
    ]
    console.print_table(("truth / said", *short), counts, right=short)


def _print_pairs(evaluation: Evaluation) -> None:
    names = evaluation.class_names
    rows = [
        (names[truth], names[said], str(images), console.percent(images / int(evaluation.confusion[truth].sum())))
        for truth, said, images in evaluation.most_confused(_PAIRS_PRINTED)
    ]
    if rows:
        columns = ("most confused: truth", "said", "images", "of truth")
        console.print_table(columns, rows, right=columns[2:])


def _print_scores(evaluation: Evaluation, validation: Evaluation | None) -> None:
    rows = [("as it is", *_score_texts(evaluation.scores()))]
    if validation is not None:
        temperature = validation.temperature
        rows.append(
            (f"temperature {temperature:.3f}", *_score_texts(evaluation.at_temperature(temperature).scores()))
        )
    columns = ("calibration", "accuracy", "confidence", "ECE", "NLL", "Brier")
    console.print_table(columns, rows, right=columns[1:])


def _score_texts(scores: Scores) -> tuple[str, ...]:
    shares = scores.accuracy, scores.confidence, scores.expected_calibration_error
    return *(f"{share:.2%}" for share in shares), f"{scores.loss:.4f}", f"{scores.brier:.4f}"


def evaluation_document(evaluation: Evaluation, validation: Evaluation | None = None) -> dict[str, Any]:
    """All of it as plain values. The ECE is that of 10 bins; `temperature` is null where nothing was held out."""
    scores, names = evaluation.scores(), evaluation.class_names
    return {
        "images": len(evaluation.labels),
        "epoch": evaluation.epoch or None,
        "accuracy": scores.accuracy,
        "loss": scores.loss,
        "brier_score": scores.brier,
        "mean_confidence": scores.confidence,
        "expected_calibration_error": scores.expected_calibration_error,
        "calibration": _bins(scores.bins),
        "temperature": None if validation is None else _at_temperature(evaluation, validation.temperature),
        "coverage": [
            {"coverage": share, "accuracy": evaluation.coverage.at(share)} for share in sorted(_COVERAGES)
        ],
        "per_class": [_class_document(figures) for figures in evaluation.per_class()],
        "most_confused": [
            {"truth": names[truth], "prediction": names[said], "images": images}
            for truth, said, images in evaluation.most_confused(_PAIRS_IN_JSON)
        ],
        "confusion": evaluation.confusion.tolist(),
    }


def _class_document(figures: ClassFigures) -> dict[str, Any]:
    return vars(figures) | {"recall": figures.accuracy, "support": figures.images}


def _at_temperature(evaluation: Evaluation, temperature: float) -> dict[str, Any]:
    scores = evaluation.at_temperature(temperature).scores()
    return {
        "temperature": temperature,
        "loss": scores.loss,
        "brier_score": scores.brier,
        "mean_confidence": scores.confidence,
        "expected_calibration_error": scores.expected_calibration_error,
        "calibration": _bins(scores.bins),
    }


def _bins(bins: Calibration) -> list[dict[str, Any]]:
    count = len(bins.counts)
    return [
        {
            "from": number / count,
            "to": (number + 1) / count,
            "images": int(bins.counts[number]),
            "confidence": float(bins.confidence[number]),
            "accuracy": float(bins.accuracy[number]),
        }
        for number in range(count)
    ]
