"""Lists of numbers in one line of text."""

import re

from PySide6.QtWidgets import QLineEdit

Numbers = tuple[float, ...]

_BETWEEN = r"[\s,;%\[\]()]+"
# Enough for every share of a person's making, and without the last digits of binary fractions.
_DIGITS = 10


class NumbersEdit(QLineEdit):
    """`0.5, 0.5, 0.5`."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[str, Numbers] = ("", ())

    def setReadOnly(self, read_only: bool) -> None:
        if read_only != self.isReadOnly():
            super().setReadOnly(read_only)
            # The style sheet's color of the text would stay.
            self.style().unpolish(self)
            self.style().polish(self)

    def set_numbers(self, numbers: Numbers) -> None:
        """Show them; until they are edited, `numbers` gives back exactly these, whatever their digits."""
        self._shown = (self._text(numbers), numbers)
        self.setText(self._shown[0])
        self.setCursorPosition(0)

    def numbers(self) -> Numbers | str:
        """What is typed, or the bare text where it is no list of numbers."""
        text, numbers = self._shown
        if self.text() == text:
            return numbers
        try:
            return self._meant([float(part) for part in re.split(_BETWEEN, self.text()) if part])
        except ValueError:
            return self.text().strip()

    def _text(self, numbers: Numbers) -> str:
        return ", ".join(f"{number:.4g}" for number in numbers)

    def _meant(self, typed: list[float]) -> Numbers:
        return tuple(typed)


class SharesEdit(NumbersEdit):
    """`50, 75 %` for the shares 0.5 and 0.75."""

    def _text(self, numbers: Numbers) -> str:
        return f"{', '.join(f'{100 * share:.4g}' for share in numbers)} %"

    def _meant(self, typed: list[float]) -> Numbers:
        # As configuration files and the command line write them: 0.5, 0.75.
        are_shares = "%" not in self.text() and all(number < 1 for number in typed)
        return tuple(typed) if are_shares else tuple(round(number / 100, _DIGITS) for number in typed)
