"""How numbers are written in the window."""


def count(value: int) -> str:
    """`11 173 962`, with narrow spaces that do not break."""
    return f"{value:,}".replace(",", "\u202f")


def short_count(value: float) -> str:
    """`555 M`, `1.16 G`."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            scaled = value / limit
            return f"{scaled:.3g}\u202f{unit}" if scaled < 1000 else f"{scaled:.0f}\u202f{unit}"
    return f"{value:.0f}"


def percent(fraction: float | None, digits: int = 1) -> str:
    return "\u2013" if fraction is None or fraction != fraction else f"{100 * fraction:.{digits}f}\u202f%"


def duration(seconds: float) -> str:
    """`0:07`, `12:34` or `1:02:03`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
