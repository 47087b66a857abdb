"""What came out of a run, as sections of a report: curves, matrix, classes, calibration, mistakes."""

import numpy as np
from numpy.typing import NDArray

from workbench.core.class_names import isolated, pair_words
from workbench.core.evaluation import Evaluation, Scores
from workbench.core.formats import count, percent
from workbench.engine.reports.axes import number_text
from workbench.engine.reports.blocks import (
    Beside,
    Block,
    Column,
    Figure,
    Folded,
    Pictures,
    Section,
    Sentence,
    Table,
    meter,
)
from workbench.engine.reports.confusion_figure import confusion_figure
from workbench.engine.reports.curves_figure import Curve, Panel, curves_figure
from workbench.engine.reports.pictures import picture
from workbench.engine.reports.reliability_figure import reliability_figure
from workbench.engine.reports.reported_run import ReportedRun

_MOST_PICTURES, _MOST_PICTURE_BYTES = 40, 800_000
_MOST_PAIRS, _MOST_LISTED = 12, 30
_MOST_IN_MATRIX_TABLE = 24
_COVERAGES = (0.5, 0.8, 0.9, 0.95, 1.0)


# Curves


def curves(run: ReportedRun) -> Section:
    """Loss, accuracy, learning rate and throughput; every step counts, however many there are."""
    if not len(run.series) and not run.record.epochs:
        return Section("curves", "Learning curves", (Sentence("no step of this run was recorded", "absence"),))
    x_title = "epoch" if _steps_per_epoch(run) > 1 else "step"
    columns = tuple((Figure(curves_figure(panel, x_title)),) for panel in _panels(run))
    blocks: list[Block] = [Beside(columns)]
    said = "Training: the mean of each stretch of steps, within the band of its least and highest values."
    if run.record.epochs:
        said += " Validation (solid) and test (dotted) are of the ends of epochs."
        blocks += [Sentence(said, "secondary"), Folded("Figures of every epoch", (_epoch_table(run),))]
    else:
        blocks += [
            Sentence(said, "secondary"),
            Sentence("the run ended before its first epoch was finished", "absence"),
        ]
    return Section("curves", "Learning curves", tuple(blocks))


def _steps_per_epoch(run: ReportedRun) -> float:
    """1 where it is not known: the axis then counts steps."""
    if run.record.started:
        return float(run.record.started["steps_per_epoch"])
    last = run.record.last
    return last.step / last.epoch if last is not None and last.epoch and last.step else 1.0


def _panels(run: ReportedRun) -> list[Panel]:
    series, per_epoch = run.series, _steps_per_epoch(run)
    at_steps = series.steps / per_epoch
    ends = np.array([epoch.epoch for epoch in run.record.epochs], np.float64)

    def of_epochs(words: str, figure: str, kind: str) -> Curve:
        values = [getattr(epoch, figure) for epoch in run.record.epochs]
        known = np.array([np.nan if value is None else value for value in values], np.float64)
        return Curve(words, ends, known, kind, run.color)  # type: ignore[arg-type]  # one of Kind

    def of_steps(words: str, values: NDArray[np.floating], figure: str) -> Curve:
        if np.isfinite(values).any():
            return Curve(words, at_steps, values.astype(np.float64), "train", run.color, is_of_steps=True)
        return of_epochs(words, figure, "train")

    changes = tuple(
        (change.step / per_epoch, f"changed by hand after step {change.step}, times {change.factor:.3g}")
        for change in run.rate_changes
    )
    rate = Curve("", at_steps, series.learning_rate, "validation", run.color, is_of_steps=True)
    return [
        Panel("Loss", "cross-entropy, nats", (
            of_steps("train", series.loss, "train_loss"), of_epochs("val", "validation_loss", "validation"),
            of_epochs("test", "test_loss", "test"))),
        Panel("Accuracy", "right, %", (
            of_steps("train", series.accuracy, "train_accuracy"),
            of_epochs("val", "validation_accuracy", "validation"), of_epochs("test", "test_accuracy", "test")),
            is_share=True),
        Panel("Learning rate", "step size", (rate,), is_log=False, marks=changes),
        Panel("Throughput", "images/s", (of_steps("", series.images_per_s, "images_per_s"),), is_log=False),
    ]  # fmt: skip


def _epoch_table(run: ReportedRun) -> Table:
    titles = ("epoch", "train loss", "train", "validation loss", "validation", "test loss", "test", "images/s", "")
    rows = [
        (str(e.epoch), _loss(e.train_loss), percent(e.train_accuracy), _loss(e.validation_loss),
         percent(e.validation_accuracy), _loss(e.test_loss), percent(e.test_accuracy),
         "" if np.isnan(e.images_per_s) else count(round(e.images_per_s)), run.record.word_of(e))
        for e in run.record.epochs
    ]  # fmt: skip
    columns = [Column(title, is_number=bool(title)) for title in titles]
    return Table.of("Losses in nats, accuracies in per cent", columns, rows)


def _loss(value: float | None) -> str:
    return "" if value is None else "–" if not np.isfinite(value) else f"{value:.3f}"


# Of the test images


def _absent(key: str, title: str, run: ReportedRun) -> Section:
    return Section(key, title, (Sentence(run.absence, "absence"),))


def confusion(run: ReportedRun) -> Section:
    title = "Confusion matrix"
    if run.evaluation is None:
        return _absent("confusion", title, run)
    evaluation, names = run.evaluation, run.evaluation.class_names
    caption = (
        "Rows are the truth, columns the prediction. Mistakes and the diagonal have a scale each, or mistakes "
        "could not be told apart beside it."
    )
    matrix: list[Block] = [Figure(confusion_figure(evaluation.confusion, names), caption)]
    if len(names) <= _MOST_IN_MATRIX_TABLE:
        rows = [(name, *map(str, row)) for name, row in zip(names, evaluation.confusion.tolist(), strict=True)]
        columns = [Column("truth"), *(Column(name, is_number=True) for name in names)]
        table = Table.of("Numbers of images by truth (rows) and prediction (columns)", columns, rows)
        matrix.append(Folded("The same as a table", (table,)))
    return Section("confusion", title, (Beside((tuple(matrix), (_pairs(evaluation),))),))


def _pairs(evaluation: Evaluation) -> Block:
    pairs = evaluation.most_confused(_MOST_PAIRS)
    if not pairs:
        return Sentence("no class was taken for another")
    totals, names = evaluation.confusion.sum(axis=1), evaluation.class_names
    rows = [
        (pair_words(names[truth], names[said]), count(images), percent(images / max(1, totals[truth])))
        for truth, said, images in pairs
    ]
    columns = ("truth → prediction", Column("images", True), Column("of that truth", True))
    return Table.of("The most confused pairs", columns, rows)


def classes(run: ReportedRun) -> Section:
    title = "Classes"
    if run.evaluation is None:
        return _absent("classes", title, run)
    rows = [
        (each.name, count(each.images), percent(each.accuracy), meter(each.accuracy), percent(each.precision),
         meter(each.precision), _share(each.f1), percent(each.confidence))
        for each in run.evaluation.per_class()
    ]  # fmt: skip
    columns = (
        "class", Column("images", True),
        Column("recall", True, "Share of the class's images that were recognized"), "",
        Column("precision", True, "Share of right answers among those that said this class"), "",
        Column("F1", True, "Harmonic mean of recall and precision"),
        Column("confidence", True, "Mean probability of what was said of the class's images, right or wrong"),
    )  # fmt: skip
    table = Table.of(
        "Of each class: how much of it is recognized, and how much of what is taken for it is it", columns, rows
    )
    if len(rows) <= _MOST_LISTED:
        return Section("classes", title, (table,))
    return Section("classes", title, (Folded(f"All {count(len(rows))} classes", (table,)),))


def _share(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"


def calibration(run: ReportedRun) -> Section:
    title = "Calibration"
    if run.evaluation is None:
        return _absent("calibration", title, run)
    scores = run.evaluation.scores()
    rows = [("as it is", *_score_texts(scores))]
    blocks: list[Block] = []
    if run.validation is not None and len(run.validation.labels):
        temperature = run.validation.temperature
        words = f"temperature {number_text(temperature)}"
        rows.append((words, *_score_texts(run.evaluation.at_temperature(temperature).scores())))
        note = "The temperature divides all logits; it is fitted on the held-out images (Guo et al. 2017)."
        blocks.append(Sentence(note, "secondary"))
    else:
        blocks.append(Sentence("without answers to held-out images no temperature is fitted", "absence"))
    columns = (
        "", Column("ECE", True, "Expected calibration error over 10 bins"),
        Column("confidence", True, "Mean probability of what is said"),
        Column("NLL", True, "Negative log-likelihood of the truth, nats"),
        Column("Brier", True, "Mean squared distance of the probabilities from the truth, summed over classes"),
    )  # fmt: skip
    table = Table.of(
        f"Accuracy {percent(scores.accuracy, 2)}; a calibrated network is as sure as it is right", columns, rows
    )
    sure = [(percent(share, 0), percent(run.evaluation.coverage.at(share), 2)) for share in _COVERAGES]
    coverage = Table.of(
        "If it answers only where it is surest", (Column("images answered", True), Column("accuracy", True)), sure
    )
    figure = Figure(
        reliability_figure(scores.bins), "Each bar is the accuracy of the images in its bin of confidence."
    )
    return Section("calibration", title, (Beside(((figure,), (table, *blocks, coverage))),))


def _score_texts(scores: Scores) -> tuple[str, ...]:
    shares = percent(scores.expected_calibration_error, 2), percent(scores.confidence, 2)
    return *shares, f"{scores.loss:.4f}", f"{scores.brier:.4f}"


def mistakes(run: ReportedRun) -> Section:
    """The surest ones first, with their pictures as far as these are there."""
    title = "Worst mistakes"
    if run.evaluation is None:
        return _absent("mistakes", title, run)
    evaluation = run.evaluation
    indices = evaluation.indices(wrong_only=True)
    if not len(indices):
        return Section("mistakes", title, (Sentence("no test image is taken for another class"),))
    said = (
        f"{count(len(indices))} of {count(len(evaluation.labels))} test images are wrong; the surest come first."
    )
    if run.pictures is None:
        listed = indices[:_MOST_LISTED]
        rows = [(str(index), _caption(evaluation, index)) for index in listed.tolist()]
        table = Table.of("Without their pictures", (Column("image", True), "truth → prediction, confidence"), rows)
        absence = Sentence(f"the pictures are not there: {run.pictures_absence}", "absence")
        return Section("mistakes", title, (Sentence(said), absence, Folded(f"The worst {len(rows)}", (table,))))
    found, room = [], _MOST_PICTURE_BYTES
    for index in indices[:_MOST_PICTURES].tolist():
        caption = _caption(evaluation, index)
        alt = f"{isolated(run.pictures.names[index])}: {caption}"
        found.append(picture(np.asarray(run.pictures.images[index]), caption, alt))
        room -= len(found[-1].uri)
        if room < 0:
            break
    return Section("mistakes", title, (Sentence(said), Pictures(tuple(found))))


def _caption(evaluation: Evaluation, index: int) -> str:
    names, truth, said = evaluation.class_names, evaluation.labels[index], evaluation.predictions[index]
    return f"{pair_words(names[truth], names[said])} {evaluation.confidence[index]:.2f}"
