"""What the views of this room say of the epoch that they show, and in place of what they cannot show."""

from PySide6.QtCore import QCoreApplication

from workbench.core.class_names import pair_words
from workbench.core.formats import count, percent
from workbench.gui.records.image_filter import ImageFilter
from workbench.gui.records.selection import Selection


def tr(text: str) -> str:
    return QCoreApplication.translate("SeenWords", text)


def epoch_words(selection: Selection) -> str:
    """`epoch 12, kept`, `epoch 16, live` of a run that is trained, or `epoch 7 (kept: 12)`; empty without one."""
    epoch, run = selection.epoch, selection.run
    if not epoch:
        return ""
    if epoch == run.newest and run.is_training:
        return tr("epoch {0}, live").format(epoch)
    if epoch == run.kept:
        return tr("epoch {0}, kept").format(epoch)
    return tr("epoch {0} (kept: {1})").format(epoch, run.kept) if run.kept else tr("epoch {0}").format(epoch)


def absence(selection: Selection, what: str, needs_pictures: bool = False) -> str:
    """Why there is nothing to show, in a sentence; empty if there is.

    Args:
        what: that appears later: "The confusion matrix appears here".
        needs_pictures: whether the images themselves are wanted, not only what was said of them.
    """
    if selection.run.record is None:
        return tr("{0} once a run is chosen or trained.").format(what)
    if selection.problem:
        remedy = tr("Evaluate (Ctrl+K) asks the network again.")
        if selection.epoch != selection.run.kept:
            remedy = tr("The kept epoch can be evaluated anew (Ctrl+K).")
        return f"{selection.problem.rstrip('.')}. {remedy}"
    if selection.evaluation is None:
        return tr("{0} after the run's first epoch.").format(what)
    if needs_pictures and selection.images is None:
        return tr("{0}.").format(selection.images_problem.rstrip("."))
    return ""


def in_sight(selection: Selection) -> str:
    """How many images are shown, by which filter, of which epoch: `17 newly wrong · cat → any · epoch 12`."""
    chosen, names = selection.filter, selection.class_names
    if not names:
        return ""
    words = [_kind(chosen).format(count(len(selection.order)))]
    if chosen.truth is not None or chosen.prediction is not None:
        truth, said = (tr("any") if index is None else names[index] for index in (chosen.truth, chosen.prediction))
        words.append(pair_words(truth, said))
    low, high = chosen.confidence
    if (low, high) != (0.0, 1.0):
        words.append(tr("confidence {0} to {1}").format(percent(low, 0), percent(high, 0)))
    return " · ".join([*words, epoch_words(selection)])


def _kind(chosen: ImageFilter) -> str:
    """What the images in sight are, with room for their number."""
    if chosen.only is not None:
        return "{0} " + chosen.only.words
    match chosen.change, chosen.course, chosen.effective_answers:
        case "right", _, _:
            return tr("{0} newly right")
        case "wrong", _, _:
            return tr("{0} newly wrong")
        case _, "learned", _:
            return tr("{0} learned at this epoch")
        case _, "forgotten", _:
            return tr("{0} forgotten after this epoch")
        case _, "never", _:
            return tr("{0} never learned")
        case _, _, "wrong":
            return tr("{0} wrong")
        case _, _, "right":
            return tr("{0} right")
    return tr("{0} images")
