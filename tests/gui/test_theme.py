"""The style sheet comes with the first window, and stays."""

from collections.abc import Callable

SCRIPT = """
from PySide6.QtWidgets import QApplication
from workbench.gui.widgets.theme import Theme

application = QApplication([])
theme = Theme(application, "light")
seen = []
for window in ("first", "second"):
    with theme.put_on_last():
        seen.append(bool(application.styleSheet()))
light = application.styleSheet()
theme.choose("dark")
print(*seen, application.styleSheet() != light)
"""


def test_the_sheet_is_put_on_once_and_never_taken_off(run_alone: Callable[[str], str]) -> None:
    """Qt crashes at the next theme where widgets have lost the sheet that they had."""
    assert run_alone(SCRIPT).split() == ["False", "True", "True"]
