"""How sure a share is that was counted."""

import math

# Of the normal distribution, between which 95 % lie.
_Z = 1.959963984540054


def wilson_interval(right: int, total: int, z: float = _Z) -> tuple[float, float]:
    """Between which the share lies with 95 % confidence of which `right` of `total` is a sample (Wilson 1927).

    Unlike the usual one it stays within 0 and 1, and holds for shares near these. Of nothing: 0 to 1.
    """
    if not total:
        return 0.0, 1.0
    share, spread = right / total, z * z / total
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)
    # Rounding must not part it from the share itself.
    return max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share))
