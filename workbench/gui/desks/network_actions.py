"""What can be done with the network at hand: undo, copy, paste, keep as a preset, export as code."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QInputDialog, QLineEdit, QWidget

from workbench.core.errors import UserError
from workbench.core.settings import presets as preset_files
from workbench.core.settings.config import model_from_json
from workbench.core.settings.presets import Presets
from workbench.gui.build.build_panel import BuildPanel
from workbench.gui.build.edit_history import EditHistory
from workbench.gui.desks.network_desk import NetworkDesk
from workbench.gui.desks.writing import Writing
from workbench.gui.widgets.confirm import confirmed
from workbench.gui.widgets.file_dialogs import ask_code_path
from workbench.gui.widgets.menus import Menus
from workbench.gui.widgets.message_bar import MessageBar
from workbench.gui.work import jobs
from workbench.gui.work.lane import Lane


class NetworkActions(QObject):
    """Entries of the menus File and Edit. `refused` carries an error of the settings on the left, `settings_taken`
    says that they are others now.
    """

    refused = Signal(object)
    settings_taken = Signal()

    def __init__(
        self,
        build_panel: BuildPanel,
        network_desk: NetworkDesk,
        inspecting: Lane,
        message_bar: MessageBar,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._writing, self._tell = Writing(inspecting, message_bar, self), message_bar.tell
        self._build, self._network_desk, self._window = build_panel, network_desk, window
        self.history = EditHistory(build_panel)
        self.history.replayed.connect(self.settings_taken)
        build_panel.model_panel.save_asked.connect(self.save_preset)
        build_panel.config_changed.connect(self._update)
        self._needing_network: list[QAction] = []
        self._delete: QAction | None = None

    def add_to(self, menus: Menus) -> None:
        """Fill the menu Edit, and the part of File that writes."""
        self.history.add_to(menus.edit)
        menus.edit.addSeparator()
        self._needing_network = [
            menus.add(menus.edit, self.tr("&Copy network as JSON"), self.copy, "Ctrl+Shift+C"),
            menus.add(menus.file, self.tr("&Save network as preset…"), self.save_preset, "Ctrl+S"),
            menus.add(menus.file, self.tr("&Export network as code…"), self.export_code, "Ctrl+E"),
            menus.add(menus.file, self.tr("Export with &training…"), self.export_training, "Ctrl+Shift+E"),
        ]
        menus.add(menus.edit, self.tr("&Paste network"), self.paste, "Ctrl+Shift+V")
        menus.edit.addSeparator()
        self._delete = menus.add(menus.edit, self.tr("&Delete own preset…"), self.delete_preset)
        self._update()

    @Slot()
    def _update(self) -> None:
        for action in self._needing_network:
            action.setEnabled(self._build.model_panel.config is not None)
        if self._delete is not None:
            preset = self._build.presets.models.get(self._build.model_panel.base)
            self._delete.setEnabled(preset is not None and preset.is_own)

    @Slot()
    def copy(self) -> None:
        """Put the network on the clipboard."""
        config = self._build.model_panel.config
        if config is not None:
            QGuiApplication.clipboard().setText(config.model_dump_json(indent=2))
            self._tell("info", self.tr("The network is on the clipboard as JSON"))

    @Slot()
    def paste(self) -> None:
        """Take a network from the clipboard."""
        try:
            network = model_from_json(QGuiApplication.clipboard().text(), self.tr("the clipboard"))
            self._build.model_panel.show_config(network)
        except UserError as error:
            self._tell("error", str(error))
            return
        self.settings_taken.emit()

    @Slot()
    def save_preset(self) -> None:
        """Ask for a name and keep the network under it."""
        config, presets = self._build.model_panel.config, self._build.presets
        if config is None:
            return
        base = presets.models.get(self._build.model_panel.base)
        proposal = base.title if base and base.is_own else self.tr("My network")
        title, ok = QInputDialog.getText(
            self._window, self.tr("Save network as preset"), self.tr("Name of the preset:"),
            QLineEdit.EchoMode.Normal, proposal,
        )  # fmt: skip
        if not ok:
            return
        try:
            name = preset_files.own_name(title, presets)
            taken = presets.models.get(name)
            if taken is not None and not self._may_replace(taken.title):
                return
            folder = self._network_desk.home.presets
            preset_files.save_model(folder, title, config, presets, replace=taken is not None)
        except UserError as error:
            self._tell("error", str(error))
            return
        self.reload(name)
        self._tell("info", self.tr("'{0}' is now among the presets").format(title.strip()))

    def _may_replace(self, title: str) -> bool:
        question = self.tr("There is a preset {0} of yours already. Replace it?").format(title)
        return confirmed(self._window, self.tr("Replace preset"), question, self.tr("Replace"))

    @Slot()
    def delete_preset(self) -> None:
        """Remove the own preset that the network began from; the network itself stays as it is."""
        preset = self._build.presets.models.get(self._build.model_panel.base)
        if preset is None or not preset.is_own:
            return
        question = self.tr("Delete the preset {0}? Runs that used it stay.").format(preset.title)
        if not confirmed(self._window, self.tr("Delete preset"), question, self.tr("Delete")):
            return
        try:
            preset_files.delete_model(preset)
        except UserError as error:
            self._tell("error", str(error))
            return
        self.reload()
        self._tell("info", self.tr("The preset {0} is deleted").format(preset.title))

    @Slot()
    def export_code(self) -> None:
        """Ask where to, and write the network as a PyTorch file."""
        # The window's first paint needs none of it.
        from workbench.core.export.code_file import check_output, write_code
        from workbench.core.export.network_code import network_code

        config = self._build.model_panel.config
        path = ask_code_path(self._window, self._network_desk.title)
        if config is None or path is None:
            return
        code = network_code(
            config, title=self._network_desk.title, class_names=(), mean=(), std=(), weights_file=None
        )
        try:
            check_output(path)
            write_code(code, path)
        except UserError as error:
            self._tell("error", str(error))
            return
        self._tell("info", self.tr("Written: {0}").format(path))

    @Slot()
    def export_training(self) -> None:
        """Ask where to, and have the network written with the script that trains it by the present settings."""
        config = self._build.config
        if config is None:
            self._tell("error", self._build.problem())
            return
        title = self._network_desk.title
        path = ask_code_path(self._window, title)
        if path is None:
            return
        job = jobs.export_training(config, title, path)
        self._writing.ask(job, self._network_desk.home, self._say_training_written, self.refused.emit)

    @Slot(object)
    def _say_training_written(self, path: Path) -> None:
        self._tell("info", self.tr("Written: {0}, and the network beside it").format(path))

    def reload(self, chosen: str = "") -> None:
        """Read the presets anew, after one was saved or deleted, or of another home folder.

        `chosen` is the one that the present network shall count as, where several are equal.
        """
        presets = Presets.load(self._network_desk.home.presets)
        self._build.set_presets(presets, chosen)
        self._network_desk.set_presets()
        self._network_desk.refresh()
        self._update()
        if presets.problems:
            self._tell("warning", "; ".join(presets.problems))
