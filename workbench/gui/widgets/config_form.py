"""A form whose fields are those of one section of the configuration."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSpinBox, QWidget

from workbench.core.fields import FieldGroup
from workbench.gui.widgets.field_form import FieldForm
from workbench.gui.widgets.numbers_edit import NumbersEdit, SharesEdit

Field = QSpinBox | QDoubleSpinBox | QComboBox | QCheckBox | NumbersEdit

# Kept by decimal fields; what the config holds must come back from them unchanged.
_DECIMALS = 8


class DecimalBox(QDoubleSpinBox):
    """A number with as many decimals as it has, not as many as there might be.

    Args:
        zero: what 0 means, if anything.
        step: of the arrows; 0: a tenth of the value's power of ten.
        first: where the arrow leads from 0; 0: one step.
    """

    def __init__(
        self, highest: float, suffix: str = "", zero: str = "", step: float = 0, first: float = 0
    ) -> None:
        super().__init__()
        self._first = first
        self.setDecimals(_DECIMALS)
        self.setRange(0, highest)
        self.setSuffix(suffix)
        self.setSpecialValueText(zero)
        if step:
            self.setSingleStep(step)
        else:
            self.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)

    def stepBy(self, steps: int) -> None:
        # From 0, the adaptive step would be the last decimal: nothing that anyone means.
        if steps > 0 and self.value() == 0 and self._first:
            self.setValue(self._first)
        else:
            super().stepBy(steps)

    def textFromValue(self, value: float) -> str:
        text = super().textFromValue(value)
        point = self.locale().decimalPoint()
        return text.rstrip("0").removesuffix(point) if point in text else text


class DecayBox(DecimalBox):
    """A share just below 1: an arrow brings it ten times nearer to 1, or away: 0.9, 0.99, 0.999."""

    def stepBy(self, steps: int) -> None:
        distance = (1 - self.value()) * 10.0**-steps
        self.setValue(1 - min(1.0, max(distance, 10.0**-_DECIMALS)))


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

    def add_decimal(
        self,
        name: str,
        label: str,
        highest: float,
        suffix: str = "",
        zero: str = "",
        *,
        step: float = 0,
        first: float = 0,
    ) -> QDoubleSpinBox:
        """A number from 0; the rest as for `DecimalBox`."""
        box = DecimalBox(highest, suffix, zero, step, first)
        box.valueChanged.connect(self._on_edit)
        self._take(name, label, box)
        return box

    def add_decay(self, name: str, label: str, zero: str = "") -> QDoubleSpinBox:
        """A share just below 1, such as 0.9995."""
        box = DecayBox(1, zero=zero)
        box.valueChanged.connect(self._on_edit)
        self._take(name, label, box)
        return box

    def add_percent(self, name: str, label: str, suffix: str, zero: str = "") -> QDoubleSpinBox:
        """A fraction of 0 to 1 in the config, shown times 100."""
        box = DecimalBox(100, suffix, zero, step=5)
        box.valueChanged.connect(self._on_edit)
        self._percent.add(name)
        self._take(name, label, box)
        return box

    def add_numbers(self, name: str, label: str) -> NumbersEdit:
        """A list of numbers; text that is none goes on to the config, which refuses it."""
        return self._take_numbers(name, label, NumbersEdit())

    def add_shares(self, name: str, label: str) -> NumbersEdit:
        """Likewise of fractions, typed in percent."""
        return self._take_numbers(name, label, SharesEdit())

    def _take_numbers(self, name: str, label: str, edit: NumbersEdit) -> NumbersEdit:
        edit.textChanged.connect(self._on_edit)
        self._take(name, label, edit)
        return edit

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
            elif isinstance(field, NumbersEdit):
                field.set_numbers(value)
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
        if isinstance(field, NumbersEdit):
            return field.numbers()
        if isinstance(field, QDoubleSpinBox):
            # Rounded: a hundredth of a binary number, and 0.1 must stay 0.1.
            return round(field.value() / (100 if name in self._percent else 1), _DECIMALS + 2)
        return field.value()

    def _take(self, name: str, label: str, field: Field) -> None:
        self.add(f"{self._section}.{name}", label, field)
        self._named[name] = field

    def _choice(self, name: str) -> QComboBox:
        box = self._named[name]
        if not isinstance(box, QComboBox):
            raise TypeError(f"{self._section}.{name} is no choice")
        return box

    def choose(self, name: str, value: str) -> None:
        """Take one entry of a choice; the caller reacts."""
        box = self._choice(name)
        blocked = box.blockSignals(True)
        box.setCurrentIndex(box.findData(value))
        box.blockSignals(blocked)

    def set_allowed(self, name: str, values: Collection[str]) -> None:
        """Gray out the entries of a choice that cannot be taken beside other fields."""
        box = self._choice(name)
        model = cast(QStandardItemModel, box.model())
        for row in range(box.count()):
            model.item(row).setEnabled(box.itemData(row) in values)

    def set_shown(self, shown: Mapping[str, bool]) -> None:
        """Show or hide fields that have a meaning only beside others."""
        for name, visible in shown.items():
            self.show_row(f"{self._section}.{name}", visible)

    @Slot()
    def _on_edit(self) -> None:
        self.edited.emit()
