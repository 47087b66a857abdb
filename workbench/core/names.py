"""Names that people and archives give to runs and classes: what they may hold."""

import itertools
import unicodedata
from collections.abc import Collection, Iterable

from workbench.core.errors import UserError, shown

LONGEST = 255
# Control characters, halves of characters (bytes that are no UTF-8), ends of lines and paragraphs.
_UNPRINTED = frozenset(("Cc", "Cs", "Zl", "Zp"))


def is_name(text: str) -> bool:
    """Whether it can be printed in a line and written as UTF-8, and is not too long for that."""
    return len(text) <= LONGEST and not any(unicodedata.category(each) in _UNPRINTED for each in text)


def run_name(text: str) -> str:
    """`text`, if a run may be called so.

    Raises:
        UserError: it may not.
    """
    if not is_name(text):
        raise UserError(
            f"the run's name is '{shown(text)}'; it must be one line of at most {LONGEST} characters in UTF-8"
        )
    if text == "latest":
        raise UserError("the run's name is 'latest', which means the newest run; choose another")
    return text


LONGEST_TAG, LONGEST_NOTE = 40, 20_000


def tag_names(tags: Iterable[str]) -> tuple[str, ...]:
    """`tags`, if runs may have them.

    Raises:
        UserError: they may not; names the one.
    """
    found = tuple(tag.strip() for tag in tags)
    for tag in found:
        if not tag or len(tag) > LONGEST_TAG or not is_name(tag) or "," in tag:
            raise UserError(
                f"the tag is '{shown(tag)}'; it must have 1 to {LONGEST_TAG} characters, no comma, and be one line"
            )
    return found


def note_text(text: str) -> str:
    """`text`, if it may be noted of a run: lines of UTF-8.

    Raises:
        UserError: it may not.
    """
    if len(text) > LONGEST_NOTE:
        raise UserError(f"the note has {len(text)} characters; it must have at most {LONGEST_NOTE}")
    if any(unicodedata.category(each) in ("Cc", "Cs") and each not in "\n\t" for each in text):
        raise UserError("the note holds characters that cannot be written; it must be text in UTF-8")
    return text


def numbered_name(name: str, taken: Collection[str]) -> str:
    """`name`, or with the first number from 2 on that makes it one of its own."""
    numbers = itertools.count(2)
    found = name
    while found in taken:
        found = f"{name} ({next(numbers)})"
    return found
