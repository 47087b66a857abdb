"""What a person has chosen to see of the curves."""

from dataclasses import dataclass

from workbench.core.curves.run_curves import DEFAULT_WEIGHT, Kind, Quantity
from workbench.core.curves.step_axis import Axis


@dataclass(frozen=True)
class CurveChoices:
    """All that does not depend on which runs there are."""

    quantities: tuple[Quantity, ...] = ("loss", "accuracy")
    """At least one, from the top to the bottom."""
    axis: Axis = "epoch"
    is_loss_log: bool = False
    weight: float = DEFAULT_WEIGHT
    """Of what was, in the smoothed lines."""
    kinds: frozenset[Kind] = frozenset(("raw", "smoothed", "validation", "test"))
    are_seeds_grouped: bool = False
