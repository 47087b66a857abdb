"""Learning rates as they are said."""


def round_rate(rate: float) -> float:
    """Two significant digits: no curve says more."""
    return float(f"{rate:.2g}")


def rate_text(rate: float) -> str:
    """`0.12`, `1e-5`."""
    return f"{round_rate(rate):g}".replace("e-0", "e-")
