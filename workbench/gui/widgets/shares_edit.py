"""A list of shares, typed in percent."""

import re

from PySide6.QtWidgets import QLineEdit

Shares = tuple[float, ...]

_BETWEEN = r"[\s,;%\[\]]+"
# Enough for every share of a person's making, and without the last digits of binary fractions.
_DIGITS = 10


class SharesEdit(QLineEdit):
    """`50, 75 %` for the shares 0.5 and 0.75."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[str, Shares] = ("", ())

    def set_shares(self, shares: Shares) -> None:
        """Show them; until they are edited, `shares` gives back exactly these, whatever their digits."""
        text = ", ".join(f"{100 * share:.4g}" for share in shares)
        self._shown = (f"{text} %", shares)
        self.setText(self._shown[0])
        self.setCursorPosition(0)

    def shares(self) -> Shares | str:
        """What is typed, or the bare text where it is no list of numbers."""
        text, shares = self._shown
        if self.text() == text:
            return shares
        try:
            numbers = [float(part) for part in re.split(_BETWEEN, self.text()) if part]
        except ValueError:
            return self.text().strip()
        # As configuration files and the command line write them: 0.5, 0.75.
        are_shares = "%" not in self.text() and all(number < 1 for number in numbers)
        return tuple(numbers) if are_shares else tuple(round(number / 100, _DIGITS) for number in numbers)
