"""A box to choose one of a few values from, which stand behind its entries."""

from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget


class ChoiceBox(QComboBox):
    """As wide as it is given, and no wider than its entries need."""

    def __init__(
        self, name: str, tooltip: str, choices: Sequence[tuple[str, str]], parent: QWidget | None = None
    ) -> None:
        """
        Args:
            choices: values with their texts.
        """
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setToolTip(tooltip)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(5)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for value, text in choices:
            self.addItem(text, value)

    def show_value(self, value: str) -> None:
        self.setCurrentIndex(self.findData(value))

    @property
    def value(self) -> str:
        chosen: str = self.currentData()
        return chosen
