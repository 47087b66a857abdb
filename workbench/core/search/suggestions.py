"""What a field is sensibly searched over, around its present value, for a dialog to begin with."""

import math
from typing import Any, Literal, get_args, get_origin

from workbench.core.errors import UserError
from workbench.core.search.dimensions import Choices, Dimension, Range
from workbench.core.search.space_fields import kind_of, limits_of
from workbench.core.search.space_parser import parse_dimension
from workbench.core.settings.config import RunConfig

# Where a multiple of the present value says little: it is often 0, for off.
_USUAL = {
    "model.stem_width": "0|16|32",
    "model.se_reduction": "0|8|16",
    "data.train_images": "",
    "data.normalization": "cifar10|cifar10-per-image|half",
    "training.accumulation": "1|2|4",
    "training.momentum": "0.8..0.98",
    "training.ema_decay": "0|0.99|0.999",
    "training.clip_norm": "0.5..5:log",
    "training.warmup_epochs": "0|1|2",
    "training.rotation": "0..15",
    "training.mixup": "0..0.4",
    "training.cutmix": "0..1",
    "training.patience": "0|5",
}
# Of these each factor counts alike.
_RATES = ("learning_rate", "weight_decay", "backbone_rate")
_POWERS_OF_TWO = ("batch_size", "base_width", "cardinality")
_FACTOR = 5.0
_MOST_CHOICES = 12
_LEAST_SHARE = 0.2


def suggested(field: str, config: RunConfig) -> Dimension | None:
    """Around its value in `config`; None where nothing is sensible."""
    section, _, name = field.partition(".")
    value = getattr(getattr(config, section), name)
    found = _USUAL[field] if field in _USUAL else _around(field, name, value)
    if not found:
        return None
    try:
        # As it is typed, and within what the field allows.
        return parse_dimension(field, str(found))
    except UserError:
        return None


def _around(field: str, name: str, value: Any) -> Dimension | None:
    kind = kind_of(field)
    if kind is bool:
        return Choices((False, True))
    if get_origin(kind) is Literal:
        return Choices(get_args(kind)[:_MOST_CHOICES])
    if kind is float:
        return _numbers(field, name, float(value))
    if kind is int:
        return _whole_numbers(field, name, int(value))
    if isinstance(value, tuple) and value and all(type(each) is int for each in value):
        sizes = [[max(1, each // 2) for each in value], list(value), [2 * each for each in value]]
        return Choices(tuple(size for index, size in enumerate(sizes) if size not in sizes[:index]))
    return None


def _numbers(field: str, name: str, value: float) -> Range:
    low, high = limits_of(field)
    if name in _RATES:
        middle = value or 1e-4
        top = middle * _FACTOR if high is None else min(middle * _FACTOR, high)
        return Range(_two_digits(middle / _FACTOR), _two_digits(top), is_log=True)
    least = low or 0.0
    most = (high if high is not None and high <= 1 else max(1.0, 2 * value)) * (1 if value > 0.5 else _LEAST_SHARE)
    # What is off by default and below a limit that it may not reach, such as a share of images.
    return Range(_two_digits(max(least, value / 2)), _two_digits(min(max(most, 2 * value), 0.99 * (high or 1e9))))


def _whole_numbers(field: str, name: str, value: int) -> Dimension:
    low, high = limits_of(field)
    if name in _POWERS_OF_TWO and value > 1:
        return Choices((value // 2, value, 2 * value))
    least, most = max(int(low or 0), value // 2), max(value + 1, 2 * value)
    return Range(least, most if high is None else min(most, int(high)))


def _two_digits(value: float) -> float:
    if not value:
        return 0.0
    return round(value, 1 - math.floor(math.log10(abs(value))))
