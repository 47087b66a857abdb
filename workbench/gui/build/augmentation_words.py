"""What happens to a training image, in words."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication


def augmentation_words(values: Mapping[str, Any]) -> list[str]:
    """Each augmentation that is on, in a word or two, in the order of computation.

    Args:
        values: those of `TrainingConfig`, by name.
    """

    def tr(text: str) -> str:
        return QCoreApplication.translate("AugmentationWords", text)

    crop = tr("crop {0} px") if values["crop_border"] == "reflect" else tr("crop {0} px, black border")
    jitters = {
        tr("brightness {0}"): values["brightness_jitter"],
        tr("contrast {0}"): values["contrast_jitter"],
        tr("saturation {0}"): values["saturation_jitter"],
        tr("hue {0}"): values["hue_jitter"],
    }
    words = {
        crop.format(values["crop_padding"]): values["crop_padding"],
        tr("flip"): values["horizontal_flip"],
        tr("turn {0}°").format(f"{values['rotation']:.4g}"): values["rotation"],
        **{text.format(f"±{strength:.4g}"): strength for text, strength in jitters.items()},
        tr("TrivialAugment"): values["trivial_augment"],
        tr("erasing {0} %").format(f"{100 * values['random_erasing']:.4g}"): values["random_erasing"],
        tr("mixup {0}").format(f"{values['mixup']:.6g}"): values["mixup"],
        tr("CutMix {0}").format(f"{values['cutmix']:.6g}"): values["cutmix"],
    }
    return [word for word, is_on in words.items() if is_on]
