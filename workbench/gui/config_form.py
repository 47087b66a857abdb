"""A form whose fields are those of one section of the configuration."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSpinBox, QWidget

from workbench.core.fields import FieldGroup
from workbench.gui.field_form import FieldForm

Field = QSpinBox | QDoubleSpinBox | QComboBox | QCheckBox

# Kept by decimal fields; what the config holds must come back from them unchanged.
_DECIMALS = 8


class DecimalBox(QDoubleSpinBox):
    """A number with as many decimals as it has, not as many as there might be."""

    def __init__(self, highest: float, suffix: str = "") -> None:
        super().__init__()
        self.setDecimals(_DECIMALS)
        self.setRange(0, highest)
        self.setSuffix(suffix)

    def textFromValue(self, value: float) -> str:
        text = super().textFromValue(value)
        point = self.locale().decimalPoint()
        return text.rstrip("0").removesuffix(point) if point in text else text


class ConfigForm(FieldForm):
    """Each field shows and gives one value of a section such as `training`. `edited` follows every change."""

    edited = Signal()

    def __init__(self, section: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._section = section
        self._named: dict[str, Field] = {}
        self._percent: set[str] = set()

    def add_whole(self, name: str, label: str, highest: int, suffix: str = "", zero: str = "") -> QSpinBox:
        """A whole number from 0, so that a wrong 0 can be typed and said; `zero` is what it means, if anything."""
        box = QSpinBox()
        box.setRange(0, highest)
        box.setSuffix(suffix)
        box.setSpecialValueText(zero)
        box.valueChanged.connect(self._on_edit)
        self._take(name, label, box)
        return box

    def add_decimal(self, name: str, label: str, highest: float) -> QDoubleSpinBox:
        box = DecimalBox(highest)
        box.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        box.valueChanged.connect(self._on_edit)
        self._take(name, label, box)
        return box

    def add_percent(self, name: str, label: str, suffix: str) -> QDoubleSpinBox:
        """A fraction of 0 to 1 in the config, shown times 100."""
        box = DecimalBox(100, suffix)
        box.setSingleStep(5)
        box.valueChanged.connect(self._on_edit)
        self._percent.add(name)
        self._take(name, label, box)
        return box

    def add_choice(self, name: str, label: str, choices: Sequence[str | tuple[str, str]]) -> QComboBox:
        """`choices` are values, or pairs of a value and the text shown for it."""
        box = QComboBox()
        for choice in choices:
            value, text = (choice, choice) if isinstance(choice, str) else choice
            box.addItem(text, value)
        box.currentIndexChanged.connect(self._on_edit)
        self._take(name, label, box)
        return box

    def add_check(self, name: str, text: str) -> QCheckBox:
        box = QCheckBox(text)
        box.setAccessibleName(text)
        box.toggled.connect(self._on_edit)
        self._take(name, "", box)
        return box

    def show_values(self, config: FieldGroup) -> None:
        """Fill the fields; the caller reacts once, not to each of them."""
        for name, field in self._named.items():
            value = getattr(config, name)
            blocked = field.blockSignals(True)
            if isinstance(field, QComboBox):
                # A value without an entry, such as cuda:3, was written by hand or in another version.
                if field.findData(value) < 0:
                    field.addItem(str(value), value)
                field.setCurrentIndex(field.findData(value))
            elif isinstance(field, QCheckBox):
                field.setChecked(value)
            else:
                field.setValue(100 * value if name in self._percent else value)
            field.blockSignals(blocked)

    def values(self) -> dict[str, Any]:
        """What the fields say, by the config's names."""
        return {name: self._value(name, field) for name, field in self._named.items()}

    def _value(self, name: str, field: Field) -> Any:
        if isinstance(field, QComboBox):
            return field.currentData()
        if isinstance(field, QCheckBox):
            return field.isChecked()
        if isinstance(field, QDoubleSpinBox):
            # Rounded: a hundredth of a binary number, and 0.1 must stay 0.1.
            return round(field.value() / (100 if name in self._percent else 1), _DECIMALS + 2)
        return field.value()

    def _take(self, name: str, label: str, field: Field) -> None:
        self.add(f"{self._section}.{name}", label, field)
        self._named[name] = field

    def has(self, dotted: str) -> bool:
        """Whether the field of an error (`model.dropout`) stands in this form."""
        section, _, name = dotted.partition(".")
        return section == self._section and name in self._named

    def set_shown(self, shown: Mapping[str, bool]) -> None:
        """Show or hide fields that have a meaning only beside others."""
        for name, visible in shown.items():
            self.show_row(f"{self._section}.{name}", visible)

    @Slot()
    def _on_edit(self) -> None:
        self.edited.emit()
