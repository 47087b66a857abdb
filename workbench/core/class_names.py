"""The one short form of each class's name, for where whole names do not fit."""

import functools
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable

SHORT_LENGTH = 5
_RIGHT_TO_LEFT = ("R", "AL")
# Regional indicators, of which two are a flag.
_FLAGS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))
_FIRST_STRONG_ISOLATE, _POP_DIRECTIONAL_ISOLATE = "\u2068", "\u2069"
_ELLIPSIS = "…"
_SEPARATORS = re.compile(r"[\s_\-./,]+")
_ENDS = " _-./,\t"


@functools.lru_cache(maxsize=4096)
def isolated(name: str) -> str:
    """To stand beside other words: one that is written from right to left would turn the order of these around.

    Unicode's bidirectional algorithm (UAX 9), section 2.7.
    """
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in name):
        return _FIRST_STRONG_ISOLATE + name + _POP_DIRECTIONAL_ISOLATE
    return name


@functools.lru_cache(maxsize=16)
def all_isolated(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same of several, to be put into sentences."""
    return tuple(map(isolated, names))


def pair_words(first: str, second: str) -> str:
    """`cat → dog`, in whichever script the names are."""
    return f"{isolated(first)} → {isolated(second)}"


@functools.lru_cache(maxsize=16)
def short_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """A form of at most 5 characters for each name: `auto.`, `airp.`; names that are no longer stay whole.

    Different names have different forms (equal ones the same), and a form depends on which names there are, not on
    their order. Names whose forms would be alike, but for capitals, all get another one: `gr.sh` of great white
    shark, `te…ne` and `te…on` of telephone and television, at worst a number: `cla#1`, which takes a sixth
    character from the ten thousandth on. Emoji of several characters are not cut.
    """
    whole = {name for name in names if len(name) <= SHORT_LENGTH}
    # "can." of can opener would pass for can, and "tige." of tiger shark for tiger.
    taken = {form.casefold() for name in whole for form in (name, _cut(name))}
    forms = {name: name for name in whole} | _distinct(set(names) - whole, taken)
    return tuple(forms[name] for name in names)


def _distinct(names: Iterable[str], taken: set[str]) -> dict[str, str]:
    """A form of each name that no other has and that is not taken."""
    step = dict.fromkeys(names, 0)
    while True:
        forms = {name: _FORMS[at](name) for name, at in step.items() if at < len(_FORMS)}
        uses = Counter(form.casefold() for form in forms.values())
        alike = [name for name, form in forms.items() if uses[form.casefold()] > 1 or form.casefold() in taken]
        if not alike:
            return forms | _numbered(sorted(step.keys() - forms.keys()), taken | set(uses))
        for name in alike:
            step[name] += 1


def _numbered(names: list[str], taken: set[str]) -> dict[str, str]:
    numbered: dict[str, str] = {}
    numbers = itertools.count(1)
    for name in names:
        forms = (f"{name[: max(0, SHORT_LENGTH - 1 - len(str(number)))]}#{number}" for number in numbers)
        numbered[name] = next(form for form in forms if form.casefold() not in taken)
    return numbered


def _cut(name: str) -> str:
    """`auto.` of automobile, `oak.` of oak_tree."""
    beginning = _start(name, SHORT_LENGTH - 1)
    return (beginning.strip(_ENDS) or beginning) + "."


def _start(text: str, length: int) -> str:
    """So many characters at most, of which none is torn from what combines with it; at least the first of them."""
    end = min(length, len(text))
    while 0 < end < len(text) and _combines(text[end - 1], text[end]):
        end -= 1
    if end:
        return text[:end]
    end = 1
    while end < len(text) and _combines(text[end - 1], text[end]):
        end += 1
    return text[:end]


def _combines(before: str, character: str) -> bool:
    """Whether it may be drawn as one with the one before: an accent, an emoji's variant or color, half a flag."""
    is_joined = "\u200d" in (before, character) or (before in _FLAGS and character in _FLAGS)
    is_mark = unicodedata.category(character) in ("Mn", "Mc", "Me")
    return is_joined or is_mark or "\U0001f3fb" <= character <= "\U0001f3ff"


def _first_and_last_word(name: str) -> str:
    """`gr.sh` of great white shark, `c.119` of class_119; of a single word as `_cut`."""
    words = [word for word in _SEPARATORS.split(name) if word]
    if len(words) < 2:
        return _cut(name)
    # Of a number its end tells more than its beginning.
    last = words[-1][-3:] if words[-1].isdecimal() else words[-1][:2]
    return f"{words[0][: min(2, SHORT_LENGTH - 1 - len(last))]}.{last}"


def _ends(first: int, last: int) -> Callable[[str], str]:
    """`te…ne` of telephone, with as many characters of its beginning and of its end."""

    def form(name: str) -> str:
        beginning, end = name[:first], name[-last:]
        return beginning.rstrip(_ENDS) + _ELLIPSIS + (end.lstrip(_ENDS) or end)

    return form


_FORMS: tuple[Callable[[str], str], ...] = (
    _cut, _first_and_last_word, _ends(2, 2), _ends(1, 3), _ends(3, 1), _ends(0, 4),
)  # fmt: skip
