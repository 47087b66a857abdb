"""Names that people and archives give to runs and classes: what they may hold."""

import unicodedata

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
