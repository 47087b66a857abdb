"""All that comparing two runs finds out."""

from dataclasses import dataclass

from workbench.core.comparison.agreement import Agreement
from workbench.core.comparison.common_images import Positions
from workbench.core.comparison.config_differences import SettingDifference
from workbench.core.comparison.verdict import Verdict


@dataclass(frozen=True, eq=False)
class Comparison:
    """The verdict about two runs, and what it rests on."""

    verdict: Verdict
    agreement: Agreement
    """Of the two runs themselves, on the images that both were asked about."""
    positions_a: Positions
    """The number that each of these images has in A."""
    positions_b: Positions
    settings: tuple[SettingDifference, ...]
