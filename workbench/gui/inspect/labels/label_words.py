"""What the figures above a list of odd images say: the accuracy as it is, and without them."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

from workbench.core.evaluation import Evaluation
from workbench.core.formats import count, percent
from workbench.core.inspection.doubtful_labels import DoubtfulLabels
from workbench.core.inspection.human_agreement import HumanAgreement
from workbench.core.inspection.near_duplicates import NearDuplicates
from workbench.gui.inspect.labels.label_figures import Figure


def tr(text: str) -> str:
    return QCoreApplication.translate("LabelFigures", text)


def doubt_figures(found: DoubtfulLabels, marked: NDArray[np.bool_]) -> list[Figure]:
    """
    Args:
        marked: (N,) which images of the part are marked.
    """
    said, images = found.evaluation, len(found.evaluation.labels)
    kind = tr("{0} test images") if found.part == "test" else tr("{0} validation images")
    figures = _accuracy(said, marked, kind.format(count(images)))
    if len(found):
        without = tr("without {0} doubtful, at most").format(count(len(found)))
        tip = tr(
            "An upper bound: a label is only doubted where the network says otherwise, so that all of them are "
            "its mistakes. Mark those that are wrong indeed"
        )
        figures.append(
            Figure(percent(said.accuracy_of(~found.flags)), without, tr("at most, without doubtful"), tip)
        )
    words = tr("doubtful labels, {0}").format(percent(len(found) / images if images else 0.0))
    tip = tr(
        "By confident learning (Northcutt and others 2021): more probable than usual for another class, by a "
        "network that was not trained on these images"
    )
    figures.append(Figure(count(len(found)), words, tr("doubtful labels"), tip))
    return figures


def doubt_note(found: DoubtfulLabels) -> str:
    """What is to be known before the list is believed; empty if there is nothing."""
    if not found.are_mostly_mistakes:
        return ""
    words = tr(
        "At an accuracy of {0}, most of these are the network's own mistakes: only the first are worth a look."
    )
    return words.format(percent(found.evaluation.accuracy, 0))


def duplicate_figures(
    found: NearDuplicates, uses: NDArray[np.str_], evaluation: Evaluation, marked: NDArray[np.bool_]
) -> list[Figure]:
    """
    Args:
        uses: (N,) what the run does with each image that is no test image.
    """
    flags = found.flags(uses)
    if len(flags) != len(evaluation.labels):
        return []
    figures = _accuracy(evaluation, marked, tr("{0} test images").format(count(len(flags))))
    if flags.any():
        without = tr("without {0} known").format(count(int(flags.sum())))
        figures.append(Figure(percent(evaluation.accuracy_of(~flags)), without, without))
        figures.append(Figure(percent(evaluation.accuracy_of(flags)), tr("on these alone"), tr("on these")))
    words = tr("known from training, {0} pairs in test").format(count(int((~found.is_training).sum())))
    tip = tr(
        "Test images that are like one that this run was trained on (not one that it held out or left out), "
        "and pairs among the test images themselves"
    )
    figures.append(Figure(percent(float(flags.mean()), 2), words, tr("known from training"), tip))
    return figures


def human_figures(found: HumanAgreement, marked: NDArray[np.bool_]) -> list[Figure]:
    said = found.evaluation
    figures = _accuracy(said, marked, tr("{0} test images").format(count(len(said.labels))))
    agreement = percent(float(found.agreement.mean()))
    figures.append(Figure(agreement, tr("of people give the label"), tr("people agree")))
    tip = tr(
        "Spearman's rank correlation of the share of people who gave the label with the probability that the "
        "network gives it; of both entropies: {0:.2f}"
    ).format(found.entropy_correlation)
    figures.append(Figure(_correlation(found.correlation), tr("rank correlation"), tr("correlation"), tip))
    shared = tr("of {0} mistakes: people disagree too").format(count(int((~said.correct).sum())))
    tip = tr(
        "Mistakes of the network where less than three in four people gave the label; of {0} images most people "
        "say another class than the label"
    ).format(count(int(found.outvoted.sum())))
    figures.append(Figure(count(int(found.shared_mistakes.sum())), shared, tr("mistakes shared"), tip))
    return figures


def _accuracy(said: Evaluation, marked: NDArray[np.bool_], of_what: str) -> list[Figure]:
    figures = [Figure(percent(said.accuracy), tr("accuracy, {0}").format(of_what), tr("accuracy"))]
    if marked.any():
        without = tr("without {0} marked").format(count(int(marked.sum())))
        tip = tr("Without the images that you have marked as excusable")
        figures.append(Figure(percent(said.accuracy_of(~marked)), without, without, tip))
    return figures


def _correlation(value: float) -> str:
    return f"{value:.2f}" if value == value else "–"
