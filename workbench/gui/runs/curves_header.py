"""What stands above the learning curves: what is drawn against what, and the legend."""

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QMenu, QSizePolicy, QSlider, QWidget

from workbench.core.curves.run_curves import Quantity
from workbench.core.curves.step_axis import Axis
from workbench.gui.runs.curve_choices import CurveChoices
from workbench.gui.runs.curves_legend import CurvesLegend
from workbench.gui.widgets.field_form import labeled
from workbench.gui.widgets.flow_box import FlowBox
from workbench.gui.widgets.menus import PopupButton
from workbench.gui.widgets.placing import PlacingWidget
from workbench.gui.widgets.segments import Segments
from workbench.gui.widgets.theme import FIELD_GAP, GAP, MARGIN, Theme, tabular

_SLIDER_PX = 88


class CurvesHeader(PlacingWidget):
    """Controls in one row where there is room, and the legend below.

    `changed` says that a choice has changed, `export_asked` carries `png`, `svg` or `csv`, `refit_asked` says that
    all is to be shown again.
    """

    changed = Signal()
    export_asked = Signal(str)
    refit_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.legend = CurvesLegend(theme)
        self.legend.changed.connect(self.changed)
        self._controls = FlowBox(between=MARGIN)
        self._controls.show_widgets(
            [self._quantity_row(), self._axis_row(), self._log_box(), self._smoothing_row(), self._menu_row()]
        )
        for part in (self._controls, self.legend):
            part.setParent(self)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.show_choices(CurveChoices())

    # Building

    def _quantity_row(self) -> QWidget:
        names: dict[Quantity, tuple[str, str]] = {
            "loss": (self.tr("Loss"), self.tr("Cross-entropy in nats")),
            "accuracy": (self.tr("Accuracy"), self.tr("Share of images that are classified rightly")),
            "rate": (self.tr("Rate"), self.tr("Learning rate of each step")),
            "throughput": (self.tr("Images/s"), self.tr("Images trained on per second, evaluations not counted")),
        }
        self._quantities = {quantity: self._choice(*words) for quantity, words in names.items()}
        self._only = self._quantities["loss"]
        for action in self._quantities.values():
            action.toggled.connect(self._keep_one)
        return Segments(self.tr("What is drawn"), list(self._quantities.values()))

    def _axis_row(self) -> QWidget:
        names: dict[Axis, tuple[str, str]] = {
            "epoch": (self.tr("Epoch"), self.tr("Draw against epochs")),
            "step": (self.tr("Step"), self.tr("Draw against training steps")),
            "time": (self.tr("Time"), self.tr("Draw against time of work; pauses are not counted")),
        }
        self._axes: dict[Axis, QAction] = {axis: self._choice(*words) for axis, words in names.items()}
        group = QActionGroup(self)
        for action in self._axes.values():
            group.addAction(action)
            action.toggled.connect(self._tell)
        return Segments(self.tr("Against what it is drawn"), list(self._axes.values()))

    def _choice(self, name: str, tip: str) -> QAction:
        action = QAction(name, self)
        action.setCheckable(True)
        action.setToolTip(tip)
        return action

    def _log_box(self) -> QWidget:
        self._log = QCheckBox(self.tr("Log loss"))
        self._log.setToolTip(self.tr("Draw the loss on a logarithmic axis"))
        self._log.toggled.connect(self._tell)
        return self._log

    def _smoothing_row(self) -> QWidget:
        self._smoothing = QSlider(Qt.Orientation.Horizontal)
        self._smoothing.setRange(0, 99)
        self._smoothing.setFixedWidth(_SLIDER_PX)
        self._smoothing.setToolTip(
            self.tr("How much the smoothed training line averages; the faint one behind it shows every step")
        )
        self._smoothing.setAccessibleName(self.tr("Smoothing"))
        caption = QLabel(self.tr("Smooth"))
        caption.setBuddy(self._smoothing)
        self._smoothed = labeled("0.00", "secondary")
        self._smoothed.setFont(tabular(self._smoothed.font()))
        self._smoothed.setFixedWidth(self._smoothed.sizeHint().width() + GAP)
        self._smoothing.valueChanged.connect(self._say_smoothing)
        self._smoothing.valueChanged.connect(self._tell)
        return _row(caption, self._smoothing, self._smoothed)

    def _menu_row(self) -> QWidget:
        view, export = QMenu(self), QMenu(self)
        self._grouped = view.addAction(self.tr("Group seeds"))
        self._grouped.setCheckable(True)
        self._grouped.setToolTip(self.tr("Runs that differ in nothing but their seed as their mean and range"))
        self._grouped.toggled.connect(self._tell)
        view.setToolTipsVisible(True)
        view.addSeparator()
        view.addAction(self.tr("Show all runs")).triggered.connect(self.legend.show_all)
        view.addAction(self.tr("Show everything")).triggered.connect(self.refit_asked)
        for text, kind in (
            (self.tr("Picture (PNG)…"), "png"),
            (self.tr("Drawing (SVG)…"), "svg"),
            (self.tr("All points (CSV)…"), "csv"),
        ):
            export.addAction(text).setData(kind)
        export.triggered.connect(self._ask_export)
        self.export_button = PopupButton(self.tr("Export"), self.tr("Write what is drawn to a file"), export)
        return _row(
            PopupButton(self.tr("View"), self.tr("What else can be done with the curves"), view),
            self.export_button,
        )

    # Choices

    @property
    def choices(self) -> CurveChoices:
        """What the controls say now."""
        return CurveChoices(
            tuple(quantity for quantity, action in self._quantities.items() if action.isChecked()),
            next(axis for axis, action in self._axes.items() if action.isChecked()),
            self._log.isChecked(),
            self._smoothing.value() / 100,
            self.legend.kinds,
            self._grouped.isChecked(),
        )

    def show_choices(self, choices: CurveChoices) -> None:
        """Set all controls; said once."""
        was_blocked = self.blockSignals(True)
        # First those that come, as one must always be left.
        for wanted in (True, False):
            for quantity, action in self._quantities.items():
                if (quantity in choices.quantities) == wanted:
                    action.setChecked(wanted)
        self._axes[choices.axis].setChecked(True)
        self._log.setChecked(choices.is_loss_log)
        self._smoothing.setValue(round(100 * choices.weight))
        self.legend.show_kinds(choices.kinds)
        self._grouped.setChecked(choices.are_seeds_grouped)
        self.blockSignals(was_blocked)
        self._say_smoothing()
        self.changed.emit()

    @Slot()
    def _tell(self) -> None:
        self.changed.emit()

    @Slot()
    def _keep_one(self) -> None:
        """The last plot that is left cannot be taken away."""
        chosen = [action for action in self._quantities.values() if action.isChecked()]
        if not chosen:
            self._only.setChecked(True)
            return
        self._only = chosen[0]
        self._log.setEnabled(self._quantities["loss"].isChecked())
        self.changed.emit()

    @Slot()
    def _say_smoothing(self) -> None:
        self._smoothed.setText(f"{self._smoothing.value() / 100:.2f}")

    @Slot(QAction)
    def _ask_export(self, action: QAction) -> None:
        self.export_asked.emit(action.data())

    # Its place

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._controls.heightForWidth(width) + FIELD_GAP + self.legend.heightForWidth(width)

    def sizeHint(self) -> QSize:
        width = self._controls.sizeHint().width()
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        controls, legend = self._controls.minimumSizeHint(), self.legend.minimumSizeHint()
        return QSize(max(controls.width(), legend.width()), controls.height() + FIELD_GAP + legend.height())

    def _place(self) -> None:
        above = self._controls.heightForWidth(self.width())
        self._controls.setGeometry(0, 0, self.width(), above)
        self.legend.setGeometry(0, above + FIELD_GAP, self.width(), self.legend.heightForWidth(self.width()))


def _row(*widgets: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(FIELD_GAP)
    for widget in widgets:
        layout.addWidget(widget)
    return row
