"""What cells, rows and columns of the confusion matrix say in words, with whole names of classes."""

from PySide6.QtCore import QCoreApplication

from workbench.core.class_names import all_isolated
from workbench.core.evaluation import Evaluation
from workbench.core.formats import percent
from workbench.gui.inspect.matrix.confusion_layout import Place
from workbench.gui.inspect.matrix.confusion_shown import MINUS, ShownConfusion

_PAIRS_TOLD = 3


def words_of(shown: ShownConfusion, classes: Place) -> str:
    """Of a cell, of a row (truth, None) or of a column (None, prediction)."""
    words = _words_of(shown.evaluation, classes)
    if shown.against is None or not words:
        return words
    before = _counted(shown.against, classes)
    change = _counted(shown.evaluation, classes) - before
    sign = MINUS if change < 0 else "+" if change else "±"
    told = QCoreApplication.translate("ConfusionView", "{0}; {1}{2} against {3}")
    return told.format(words, sign, abs(change), before)


def _counted(evaluation: Evaluation, classes: Place) -> int:
    """What the words of a place count first."""
    row, column = classes
    if row is None:
        return int(evaluation.confusion[:, column].sum())
    return int(evaluation.confusion[row, row if column is None else column])


def _words_of(evaluation: Evaluation, place: Place) -> str:
    translate, confusion = QCoreApplication.translate, evaluation.confusion
    names = all_isolated(evaluation.class_names)
    row, column = place
    if row is None:
        if column is None:
            return ""
        right, total = int(confusion[column, column]), int(confusion[:, column].sum())
        words = translate("ConfusionView", "{0} images taken for {1}, {2} of them rightly ({3})")
        return words.format(total, names[column], right, _share(right, total))
    said = row if column is None else column
    value, total = int(confusion[row, said]), int(confusion[row].sum())
    if row == said:
        words = translate("ConfusionView", "{0} of {1} {2} recognized ({3})")
        return words.format(value, total, names[row], _share(value, total))
    words = translate("ConfusionView", "{0} of {1} {2} taken for {3} ({4})")
    return words.format(value, total, names[row], names[said], _share(value, total))


def most_confused(evaluation: Evaluation) -> str:
    """The pairs of classes that are confused most often."""
    translate, names = QCoreApplication.translate, all_isolated(evaluation.class_names)
    pairs = evaluation.most_confused(_PAIRS_TOLD)
    if not pairs:
        return translate("ConfusionView", "No image is taken for another class")
    words = translate("ConfusionView", "{0} taken for {1} {2} times")
    told = (words.format(names[truth], names[said], value) for truth, said, value in pairs)
    return translate("ConfusionView", "Most often confused: {0}").format("; ".join(told))


def _share(part: int, whole: int) -> str:
    return percent(part / whole if whole else None)
