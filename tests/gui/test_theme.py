"""The style sheet goes off only where nothing can break on it."""

from collections.abc import Callable

SCRIPT = """
from PySide6.QtWidgets import QApplication, QComboBox, QWidget
from workbench.gui.widgets.theme import Theme

application = QApplication([])
theme = Theme(application, "light")
window = QWidget()
with theme.put_on_last():
    alone = application.styleSheet()
box = QComboBox(window)
with theme.put_on_last():
    beside_a_box = application.styleSheet()
assert application.styleSheet()
print(bool(alone), bool(beside_a_box))
"""


def test_the_sheet_stays_on_beside_combo_boxes(run_alone: Callable[[str], str]) -> None:
    """Qt crashes at the next theme where a combo box has been without its sheet meanwhile."""
    assert run_alone(SCRIPT).split() == ["False", "True"]
