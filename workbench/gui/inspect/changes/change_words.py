"""Changes of an image, and how little is enough, in words."""

from PySide6.QtCore import QCoreApplication

from workbench.core.formats import percent
from workbench.core.inspection.image_changes import FoundPatch, FoundShift, ImageChange


def tr(text: str) -> str:
    return QCoreApplication.translate("ChangeWords", text)


def change_words(change: ImageChange) -> str:
    """`mirrored, 2 px right, 20 % brighter`; `as it is` without a change."""
    words = [tr("mirrored")] if change.is_flipped else []
    words += [shift_words(change.right_px, change.down_px)] if change.right_px or change.down_px else []
    if change.rotation_deg:
        turned = tr("turned {0}° counterclockwise") if change.rotation_deg > 0 else tr("turned {0}° clockwise")
        words.append(turned.format(f"{abs(change.rotation_deg):g}"))
    if change.brightness != 1:
        brighter = tr("{0} brighter") if change.brightness > 1 else tr("{0} darker")
        words.append(brighter.format(percent(abs(change.brightness - 1), 0)))
    if change.contrast != 1:
        richer = tr("{0} more contrast") if change.contrast > 1 else tr("{0} less contrast")
        words.append(richer.format(percent(abs(change.contrast - 1), 0)))
    return ", ".join(words) or tr("as it is")


def shift_words(right_px: int, down_px: int) -> str:
    """`2 px right, 1 px up`."""
    words = []
    if right_px:
        words.append((tr("{0} px right") if right_px > 0 else tr("{0} px left")).format(abs(right_px)))
    if down_px:
        words.append((tr("{0} px down") if down_px > 0 else tr("{0} px up")).format(abs(down_px)))
    return ", ".join(words) or tr("not shifted")


def patch_words(patch: FoundPatch | None, largest: int, former: str, names: tuple[str, ...], step_px: int) -> str:
    """A sentence about the smallest patch, or that there is none."""
    every = tr(" Every {0} pixels were tried.").format(step_px) if step_px > 1 else ""
    if patch is None:
        return (
            tr("No gray patch of up to {0} × {0} pixels takes the answer {1} away.").format(largest, former)
            + every
        )
    sentence = tr("A {0} × {0} gray patch at ({1}, {2}) turns {3} into {4} ({5:.2f}).")
    fooled = patch.fooled
    return (
        sentence.format(patch.side, patch.x, patch.y, former, names[fooled.prediction], fooled.probability) + every
    )


def smallest_shift_words(shift: FoundShift | None, largest: int, former: str, names: tuple[str, ...]) -> str:
    """A sentence about the smallest shift, or that there is none."""
    if shift is None:
        return tr("No shift of up to {0} pixels takes the answer {1} away.").format(largest, former)
    where, fooled = shift_words(shift.right_px, shift.down_px), shift.fooled
    sentence = tr("Shifted {0}, {1} turns into {2} ({3:.2f}).")
    return sentence.format(where, former, names[fooled.prediction], fooled.probability)
