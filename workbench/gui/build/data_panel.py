"""Where a person chooses the images: a shipped source, the official archive, or a folder or file of their own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workbench.core.data.image_sources import IMAGE_SOURCES
from workbench.core.errors import ConfigError, shown
from workbench.core.formats import count
from workbench.core.settings.config import DataConfig, parse
from workbench.core.settings.normalization import DEFAULT, NAMES, Normalization, NormalizationName
from workbench.gui.build.own_images_view import OwnImagesView
from workbench.gui.widgets.config_form import ConfigForm
from workbench.gui.widgets.field_form import labeled, plain_tip
from workbench.gui.widgets.menus import Menus
from workbench.gui.widgets.theme import FIELD_GAP, GROUP_GAP, MARGIN


class DataPanel(QWidget):
    """Edits a DataConfig. `config_changed` carries it, or None while it is not allowed."""

    config_changed = Signal(object)
    source_picked = Signal()
    """The person has chosen an entry of the list of sources."""
    source_taken = Signal()
    """A folder or archive was chosen, perhaps the same one as before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._config: DataConfig | None = None
        self._found: Normalization | None = None
        self._found_in = ""
        self._excluded: tuple[int, ...] = ()
        self._excluded_in = ""
        self._build_fields()
        credits_ = dict.fromkeys(
            self.tr("{0} License: {1}.").format(source.credit, source.license) for source in IMAGE_SOURCES.values()
        )
        credit = labeled("\n".join(credits_), "secondary")
        credit.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(FIELD_GAP)
        layout.addWidget(self._form)
        layout.addWidget(self._note)
        layout.addWidget(self._left_out)
        layout.addSpacing(GROUP_GAP - FIELD_GAP)
        layout.addWidget(labeled(self.tr("Images of your own"), "heading"))
        layout.addLayout(self._buttons)
        layout.addWidget(self.own_images)
        layout.addStretch(1)
        layout.addWidget(credit)

    @property
    def config(self) -> DataConfig | None:
        """None while the fields are not allowed."""
        return self._config

    def field(self, name: str) -> Any:
        """The widget of a field of DataConfig."""
        return self._form.field(f"data.{name}")

    def error(self, name: str) -> str:
        """The sentence below a field; empty while it is allowed."""
        return self._form.error(f"data.{name}")

    @property
    def source(self) -> str:
        """The name of a known source, or a path; also while another field is wrong."""
        return str(self._source.currentData())

    @property
    def note(self) -> str:
        """What is said of the chosen source."""
        return self._note.text()

    def show_config(self, config: DataConfig) -> None:
        self._select_source(config.source)
        self._form.show_values(config)
        # Of a run whose settings were taken: they are kept as long as its source is.
        is_found = config.normalization == "from-data" and config.mean
        self._found, self._found_in = config.normalized_by if is_found else None, config.source
        self._excluded, self._excluded_in = config.excluded, config.source
        self._on_edit()

    def set_excluded(self, numbers: Sequence[int]) -> None:
        """Leave these training images of the present source out, by their numbers; another source has others."""
        if (tuple(numbers), self.source) != (self._excluded, self._excluded_in):
            self._excluded, self._excluded_in = tuple(numbers), self.source
            self._on_edit()

    @property
    def excluded(self) -> tuple[int, ...]:
        """Numbers of the training images that are left out."""
        return self._excluded

    def choose_source(self, path: str) -> None:
        """Take a folder or an archive as the source."""
        self._select_source(path)
        self._on_edit()
        self.source_taken.emit()

    def _show_excluded(self) -> None:
        """Say how many training images are left out; nothing where there are none."""
        images = len(self._excluded)
        if images == 1:
            self._left_out.setText(self.tr("1 image is left out: X in Images"))
        else:
            self._left_out.setText(self.tr("{0} images are left out: X in Images").format(count(images)))
        self._left_out.setVisible(images > 0)

    def show_error(self, dotted: str, sentence: str) -> None:
        """Mark a field whose errors are known only once the images are read."""
        self._form.show_errors(_placed({dotted: sentence}))

    def _build_fields(self) -> None:
        self._form = ConfigForm("data")
        self._source = QComboBox()
        for known in IMAGE_SOURCES.values():
            self._source.addItem(f"{self.tr(known.title)} ({count(known.images)})", known.name)
        self._source.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._source.currentIndexChanged.connect(self._on_edit)
        self._source.activated.connect(self.source_picked)
        self._form.add("data.source", self.tr("Source"), self._source)
        self._form.add_percent("validation_fraction", self.tr("Validation"), self.tr(" % of training"))
        self._form.add_whole("train_images", self.tr("Train on"), 100_000_000, self.tr(" images"), self.tr("all"))
        unreadable = (("skip", self.tr("leave out")), ("refuse", self.tr("refuse to start")))
        self._form.add_choice("unreadable", self.tr("Unreadable"), unreadable)
        self._form.add_choice("normalization", self.tr("Normalize by"), NAMES)
        self._mean = self._form.add_numbers("mean", self.tr("Mean"))
        self._std = self._form.add_numbers("std", self.tr("Deviation"))
        self._form.edited.connect(self._on_edit)
        folder = QPushButton(self.tr("Folder…"))
        folder.setToolTip(self.tr("Take images from a folder with train/<class>/ and test/<class>/"))
        folder.clicked.connect(self.ask_folder)
        archive = QPushButton(self.tr("Archive…"))
        archive.setToolTip(self.tr("Take images from a .zip or .tar with train/<class>/ and test/<class>/"))
        archive.clicked.connect(self.ask_archive)
        self._buttons = QHBoxLayout()
        for button in (folder, archive):
            self._buttons.addWidget(button, 1)
        self._note = labeled("", "secondary")
        self._note.setWordWrap(True)
        # A long name without a space must not make the panel wider than its room.
        self._note.setMinimumWidth(1)
        self._left_out = labeled("", "secondary")
        self._left_out.setWordWrap(True)
        self._left_out.setToolTip(self.tr("The key X, in the view Images, takes training images out and in again"))
        self._left_out.hide()
        self.own_images = OwnImagesView()

    def add_to(self, menus: Menus) -> None:
        """Fill the part of the menu File that is about images of one's own."""
        menus.add(menus.file, self.tr("Open &folder of images…"), self.ask_folder, "Ctrl+O")
        menus.add(menus.file, self.tr("Open &archive of images…"), self.ask_archive, "Ctrl+Shift+O")

    @Slot()
    def ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, self.tr("Folder of images"))
        if path:
            self.choose_source(path)

    @Slot()
    def ask_archive(self) -> None:
        kinds = self.tr("Archives (*.zip *.tar *.tar.gz *.tgz *.tar.xz *.txz)")
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Archive of images"), filter=kinds)
        if path:
            self.choose_source(path)

    def _select_source(self, source: str) -> None:
        index = self._source.findData(source)
        if index < 0:
            self._source.addItem(shown(Path(source).name or source), source)
            index = self._source.count() - 1
        blocked = self._source.blockSignals(True)
        self._source.setCurrentIndex(index)
        self._source.blockSignals(blocked)

    def _follow_normalization(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        """Show the numbers beside the choice, to be typed for `custom` alone; returns those of the config."""
        name: NormalizationName = tree["normalization"]
        if name != "from-data" or tree["source"] != self._found_in:
            self._found = None
        for edit in (self._mean, self._std):
            edit.setReadOnly(name != "custom")
            edit.setPlaceholderText("" if name == "custom" else self.tr("found at the start"))
        if name == "custom":
            # One begins with what stood there.
            if not self._mean.text() and not self._std.text() and self._config is not None:
                self._show_numbers(Normalization.named("half"))
            return {"mean": self._mean.numbers(), "std": self._std.numbers()}
        self._show_numbers(self._found or Normalization.named(DEFAULT if name == "auto" else name))
        return {"mean": self._found.mean, "std": self._found.std} if self._found else {"mean": (), "std": ()}

    def _show_numbers(self, normalization: Normalization | None) -> None:
        mean, std = normalization[1:] if normalization else ((), ())
        for edit, numbers in ((self._mean, mean), (self._std, std)):
            blocked = edit.blockSignals(True)
            edit.set_numbers(numbers)
            edit.blockSignals(blocked)

    @Slot()
    def _on_edit(self) -> None:
        source = self._source.currentData()
        known = IMAGE_SOURCES.get(source)
        own = self.tr("Images from {0}").format(shown(Path(source)))
        self._note.setText(self.tr(known.description) if known else own)
        self._note.setToolTip("" if known else plain_tip(shown(Path(source))))
        if source != self._excluded_in:
            self._excluded = ()
        self._show_excluded()
        tree = self._form.values() | {"source": source, "excluded": self._excluded}
        tree |= self._follow_normalization(tree)
        errors: dict[str, str] = {}
        try:
            self._config = parse(DataConfig, tree, "data.")
        except ConfigError as error:
            self._config, errors = None, error.fields
        self._form.show_errors(_placed(errors))
        self.config_changed.emit(self._config)


def _placed(errors: Mapping[str, str]) -> dict[str, str]:
    """By the fields that stand in the form: images that are left out have none, and are of the source."""
    return {
        "data.source" if dotted.startswith("data.excluded") else dotted: sentence
        for dotted, sentence in errors.items()
    }
