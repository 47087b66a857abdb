"""How numbers are written for a person."""

from decimal import ROUND_HALF_UP, Decimal

# Further digits of a sum of decimal fractions are what binary ones leave.
_EXACT_DIGITS = 9
_BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))


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


def two_digits(value: float) -> str:
    """`0.034`, `530`, `2.1e-5`, `2.8e6`: of what changes from one time to the next by more than a third digit."""
    text = f"{value:.0f}" if 99.5 <= value < 1e5 else f"{value:.2g}"
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


def half_up(value: float, digits: int) -> Decimal:
    """Rounded as people round: a half goes away from 0, and 0 has no sign.

    Python rounds 1.25 to 1.2 and 1.35 to 1.4, so that of two figures in one text, one looks wrong.
    """
    return (
        Decimal(repr(round(float(value), _EXACT_DIGITS))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + 0
    )


def percent(fraction: float | None, digits: int = 1) -> str:
    return "\u2013" if fraction is None or fraction != fraction else f"{100 * fraction:.{digits}f}\u202f%"


def duration(seconds: float) -> str:
    """`0:07`, `12:34` or `1:02:03`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def rough_duration(seconds: float) -> str:
    """`~40 s`, `~9 min`, `~3.5 h`: of what is not known better."""
    if seconds < 55:
        return f"~{max(10, round(seconds, -1)):.0f}\u202fs"
    minutes = seconds / 60
    return f"~{minutes:.0f}\u202fmin" if minutes < 99.5 else f"~{minutes / 60:.2g}\u202fh"


def memory(size_bytes: float, space: str = "\u202f") -> str:
    """`412 MB`, of 1000 x 1000 bytes each. `space` stands before the unit; terminals want a plain one."""
    text = short_count(size_bytes).replace("\u202f", space)
    return f"{text}B" if text[-1].isalpha() else f"{text}{space}B"


def transferred(done: int, total: int, speed_per_s: float = 0.0, space: str = "\u202f") -> str:
    """`45 of 170 MB, 3.2 MB/s`; what is not known is left out."""
    most = max(done, total)
    limit, unit = next(((limit, unit) for limit, unit in _BYTES if most >= limit), _BYTES[-1])
    digits = 0 if limit == 1 or most >= 100 * limit else 1
    whole = f" of {total / limit:.{digits}f}" if total else ""
    speed = f", {memory(float(f'{speed_per_s:.2g}'))}/s" if speed_per_s > 0 else ""
    return f"{done / limit:.{digits}f}{whole}{space}{unit}{speed}".replace("\u202f", space)
