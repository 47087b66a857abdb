"""The legend of the curves: kinds of lines, then runs; each entry shows its line or takes it away."""

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from workbench.core.curves.run_curves import Kind
from workbench.gui.runs.drawn_runs import Shown
from workbench.gui.runs.legend_button import LegendButton
from workbench.gui.runs.line_looks import CURVE_LOOKS
from workbench.gui.widgets.flow_box import FlowBox
from workbench.gui.widgets.menus import PopupButton
from workbench.gui.widgets.theme import GAP, GROUP_GAP, Theme

# The rest are in a menu: the plots need their height.
_MOST_ROWS = 2


class CurvesLegend(FlowBox):
    """`changed` says that something is shown or hidden; what, it holds in `kinds` and `muted`."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        self._menu = QMenu()
        more = PopupButton(self.tr("More runs"), self.tr("Runs that the legend has no room for"), self._menu)
        # As flat as the entries.
        more.setProperty("role", "disclosure")
        super().__init__(GAP, _MOST_ROWS, more)
        self._theme = theme
        self.setAccessibleName(self.tr("Legend"))
        self.muted: set[str] = set()
        """Keys of what is in the legend but not in the plots."""
        words: dict[Kind, str] = {
            "raw": self.tr("train, every step"),
            "smoothed": self.tr("train, smoothed"),
            "validation": self.tr("validation"),
            "test": self.tr("test"),
        }
        # Between the kinds of lines and the runs.
        self._gap = QWidget()
        self._gap.setFixedSize(GROUP_GAP, 1)
        self._kinds = {kind: LegendButton(kind, words[kind], theme, look) for kind, look in CURVE_LOOKS.items()}
        for kind_button in self._kinds.values():
            kind_button.setToolTip(
                self.tr("A run has one color, and these lines in each plot. Click to hide or show")
            )
            kind_button.toggled.connect(self.changed)
            kind_button.only_asked.connect(self._show_only_kind)
        self._runs: dict[str, LegendButton] = {}
        self._shown_runs: list[Shown] = []
        self._menu.aboutToShow.connect(self._fill_menu)
        self._menu.triggered.connect(self._toggle_from_menu)
        self.restyle()
        self._fill()

    @property
    def kinds(self) -> frozenset[Kind]:
        """Of the lines that are shown."""
        return frozenset(kind for kind, button in self._kinds.items() if button.isChecked())

    def show_kinds(self, kinds: frozenset[Kind]) -> None:
        for kind, button in self._kinds.items():
            button.setChecked(kind in kinds)

    def show_runs(self, runs: Sequence[Shown]) -> bool:
        """Have an entry for each of these; says whether that changes the legend."""
        said = [(run.key, self._words(run), run.color_index) for run in runs]
        if said == [(run.key, self._words(run), run.color_index) for run in self._shown_runs]:
            return False
        self._shown_runs = list(runs)
        for key in self._runs.keys() - {run.key for run in runs}:
            self._runs.pop(key).deleteLater()
        for run in runs:
            if run.key not in self._runs:
                self._runs[run.key] = self._run_button(run)
            self._runs[run.key].name(self._words(run))
        self.restyle()
        self._fill()
        return True

    def show_all(self) -> None:
        """Hide no run any more."""
        self.muted.clear()
        self._follow_muted()

    def restyle(self) -> None:
        """Take the theme's present colors."""
        for button in self._kinds.values():
            button.set_color(self._theme.color("text"))
        for run in self._shown_runs:
            self._runs[run.key].set_color(self._theme.series(run.color_index))

    def _words(self, run: Shown) -> str:
        return self.tr("{0}, {1} seeds").format(run.name, run.runs) if run.runs > 1 else run.name

    def _run_button(self, run: Shown) -> LegendButton:
        button = LegendButton(run.key, "", self._theme)
        button.setChecked(run.key not in self.muted)
        button.setToolTip(self.tr("Click to hide or show it, twice or with Ctrl to show it alone"))
        button.toggled.connect(self._take_muted)
        button.only_asked.connect(self._show_only_run)
        return button

    def _fill(self) -> None:
        runs = [self._runs[run.key] for run in self._shown_runs]
        self.show_widgets([*self._kinds.values(), self._gap, *runs])

    @Slot()
    def _fill_menu(self) -> None:
        """With the entries that have no room."""
        self._menu.clear()
        for button in self._runs.values():
            if not button.isVisible():
                action = self._menu.addAction(button.text())
                action.setData(button.key)
                action.setCheckable(True)
                action.setChecked(button.isChecked())

    @Slot()
    def _take_muted(self) -> None:
        self.muted = {key for key, button in self._runs.items() if not button.isChecked()}
        self.changed.emit()

    def _follow_muted(self) -> None:
        for key, button in self._runs.items():
            button.blockSignals(True)
            button.setChecked(key not in self.muted)
            button.blockSignals(False)
        self.update()
        self.changed.emit()

    @Slot(str)
    def _show_only_run(self, key: str) -> None:
        """Or all of them, if it is alone already."""
        others = self._runs.keys() - {key}
        self.muted = set() if self.muted == others else set(others)
        self._follow_muted()

    @Slot(str)
    def _show_only_kind(self, kind: Kind) -> None:
        everything = frozenset(self._kinds)
        self.show_kinds(everything if self.kinds == {kind} else frozenset((kind,)))

    @Slot(QAction)
    def _toggle_from_menu(self, action: QAction) -> None:
        self._runs[action.data()].setChecked(action.isChecked())
