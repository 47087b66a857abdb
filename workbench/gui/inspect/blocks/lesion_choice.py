"""Which blocks of the network that is looked at are removed or weakened, and which one is chosen."""

from PySide6.QtCore import QObject, Signal, Slot

from workbench.core.inspection.lesions import BlockSite, sites_of
from workbench.core.network.model_config import ModelConfig

Scales = dict[str, float]


class LesionChoice(QObject):
    """Views change it and follow it. A network with blocks of the same names keeps its lesions."""

    network_changed = Signal()
    """Other blocks, or none."""
    scales_changed = Signal()
    chosen_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model: ModelConfig | None = None
        self.sites: tuple[BlockSite, ...] = ()
        """Of the network, in the order of computation."""
        self.scales: Scales = {}
        """Of the branches that are not whole, by the names of their blocks; 0: removed."""
        self._former: list[Scales] = []
        self._chosen = ""

    def take_network(self, model: ModelConfig | None) -> None:
        """Look at another network, or at none."""
        if model == self._model:
            return
        names = [site.name for site in self.sites]
        self._model, self.sites = model, sites_of(model) if model is not None else ()
        if names != [site.name for site in self.sites]:
            self.scales, self._former, self._chosen = {}, [], ""
        self.network_changed.emit()
        self.scales_changed.emit()
        self.chosen_changed.emit()

    # Lesions

    def scale_of(self, name: str) -> float:
        return self.scales.get(name, 1.0)

    def toggle(self, name: str) -> None:
        """Remove a block, or put it back whole."""
        self.set_scale(name, 0.0 if self.scale_of(name) == 1 else 1.0)

    def set_scale(self, name: str, scale: float, *, is_step: bool = True) -> None:
        """Scale a branch.

        Args:
            is_step: whether to undo it leads back to now; False while a slider is dragged further.
        """
        if scale == self.scale_of(name):
            return
        others = {each: factor for each, factor in self.scales.items() if each != name}
        self._go({**others, name: scale} if scale != 1 else others, is_step)

    @Slot()
    def restore(self) -> None:
        """All blocks whole."""
        if self.scales:
            self._go({}, is_step=True)

    def _go(self, scales: Scales, is_step: bool) -> None:
        if is_step:
            self._former.append(self.scales)
        self.scales = scales
        self.scales_changed.emit()

    @property
    def can_undo(self) -> bool:
        return bool(self._former)

    @Slot()
    def undo(self) -> None:
        """Back to what was removed before the last change."""
        if self._former:
            self.scales = self._former.pop()
            self.scales_changed.emit()

    # The chosen block

    @property
    def chosen(self) -> BlockSite | None:
        return next((site for site in self.sites if site.name == self._chosen), None)

    def choose(self, name: str) -> None:
        if name != self._chosen:
            self._chosen = name
            self.chosen_changed.emit()

    def step(self, by: int) -> None:
        """Choose the block so many further on; the first or the last one at the ends."""
        if not self.sites:
            return
        names = [site.name for site in self.sites]
        at = names.index(self._chosen) + by if self._chosen in names else (0 if by > 0 else len(names) - 1)
        self.choose(names[min(max(at, 0), len(names) - 1)])
