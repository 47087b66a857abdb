"""What is odd in the images of a source: files left out, copies, small classes; and its figures."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workbench.core.class_names import isolated
from workbench.core.data.data_report import Alike, DataReport, ImageAt
from workbench.core.data.dataset import Unreadable
from workbench.core.formats import count
from workbench.gui.data.looked_images import LookedImages
from workbench.gui.widgets.field_form import labeled, plain_tip
from workbench.gui.widgets.pictures import thumbnail
from workbench.gui.widgets.scrolling import scrolling
from workbench.gui.widgets.tables import dress
from workbench.gui.widgets.theme import FIELD_GAP, GAP, GROUP_GAP, MARGIN
from workbench.gui.widgets.work_bar import WorkBar

_ROW_PX, _FILE_ROW_PX, _PICTURE_PX = 72, 26, 64
_MOST_ROWS = 300
_LEAST_ROWS = 3
_STRETCH = 1000
_LIKENESS_PX = 90


class ChecksView(QWidget):
    """`seen` asks for what is quickly found, `near_asked` for images that are nearly the same.

    `image_shown` carries an `ImageAt` that is to be seen among the others.
    """

    seen = Signal()
    near_asked = Signal()
    image_shown = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._alike: Sequence[Alike] = ()
        self.work = WorkBar(hides=True)
        self._figures = labeled("", "secondary")
        self._figures.setWordWrap(True)
        self._notes = QVBoxLayout()
        self._notes.setSpacing(GAP)
        self._near = QPushButton(self.tr("Look for near-duplicates"))
        self._near.clicked.connect(self.near_asked)
        self._files = self._table((self.tr("File"), self.tr("Why it is left out")), _FILE_ROW_PX)
        self._files_title = labeled(self.tr("Files that cannot be read"), "heading")
        self._pairs = self._build_pairs()
        self._pairs_title = labeled(self.tr("Copies"), "heading")
        self._pairs_words = labeled("", "secondary")
        self._pairs_words.setWordWrap(True)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(MARGIN, FIELD_GAP, MARGIN, MARGIN)
        layout.setSpacing(FIELD_GAP)
        layout.addLayout(self._notes)
        layout.addWidget(self._figures)
        layout.addWidget(self.work)
        row = QHBoxLayout()
        row.addWidget(self._near)
        row.addStretch(1)
        layout.addLayout(row)
        for title, *parts in (
            (self._files_title, self._files), (self._pairs_title, self._pairs_words, self._pairs),
        ):  # fmt: skip
            layout.addSpacing(GROUP_GAP - FIELD_GAP)
            for part in (title, *parts):
                # Tables take what room there is, each as much as it has rows for.
                layout.addWidget(part, _STRETCH if isinstance(part, QTableWidget) else 0)
        layout.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolling(page))
        self.forget()

    def _table(self, titles: Sequence[str], row_px: int) -> QTableWidget:
        table = QTableWidget(0, len(titles))
        dress(table, row_px)
        table.setHorizontalHeaderLabels(titles)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        table.horizontalHeader().setSectionResizeMode(len(titles) - 1, QHeaderView.ResizeMode.Stretch)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        return table

    def _build_pairs(self) -> QTableWidget:
        titles = (self.tr("One"), self.tr("Another"), self.tr("Likeness"), self.tr("Labels"))
        table = self._table(titles, _ROW_PX)
        table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        table.horizontalHeader().setSectionResizeMode(3, QHeaderView.ResizeMode.ResizeToContents)
        table.setColumnWidth(2, _LIKENESS_PX)
        table.setIconSize(QSize(_PICTURE_PX, _PICTURE_PX))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        table.setAccessibleName(self.tr("Images that are the same, or nearly so"))
        table.setToolTip(self.tr("Double-click, or press Return, to see an image among the others"))
        table.activated.connect(self._on_activated)
        return table

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen.emit()

    def forget(self) -> None:
        """Of images that are not looked at any more."""
        self._show_notes(())
        self._figures.setText("")
        self._near.setVisible(False)
        self.allow_near(True)
        self._show_files(())
        self._show_pairs((), None)
        self._pairs_title.setVisible(False)
        self._pairs_words.setVisible(False)

    def show_report(self, report: DataReport, looked: LookedImages) -> None:
        """What was found in these images."""
        self._show_notes(report.notes())
        self._figures.setText(self._figures_of(report))
        self._near.setVisible(not report.looked_for_near)
        self._show_files(report.unreadable)
        self._show_pairs(report.alike, looked)
        self._pairs_title.setVisible(True)
        self._pairs_words.setText(self._words_of(report))
        self._pairs_words.setVisible(True)

    def allow_near(self, allowed: bool) -> None:
        """Not while they are looked for."""
        self._near.setEnabled(allowed)
        what = self.tr("Images that are shifted, brighter or packed anew; half a minute for 60 000 images")
        self._near.setToolTip(what if allowed else self.tr("The images are being looked at"))

    def _show_notes(self, notes: Sequence[str]) -> None:
        while (item := self._notes.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        for note in notes:
            self._notes.addWidget(self._note(f"{note[:1].upper()}{note[1:]}."))

    def _note(self, text: str) -> QLabel:
        label = labeled(text, "warning")
        label.setWordWrap(True)
        # A long name without a space must not make the view wider than its room.
        label.setMinimumWidth(1)
        return label

    def _figures_of(self, report: DataReport) -> str:
        train, test = (count(sum(report.counts[part])) for part in ("train", "test"))
        words = [
            self.tr("{0} training and {1} test images of {2} classes, {3} × {3} pixels.").format(
                train, test, count(len(report.class_names)), report.image_size
            )
        ]
        if report.sizes is not None:
            smallest, median, largest = (
                f"{width}\u202f×\u202f{height}"
                for width, height in (report.sizes.smallest, report.sizes.median, report.sizes.largest)
            )
            if smallest != largest:
                words.append(self.tr("Before, {0} to {1}, median {2}.").format(smallest, largest, median))
            elif report.sizes.median != (report.image_size, report.image_size):
                words.append(self.tr("Before, all were {0}.").format(smallest))
        if not report.notes():
            words.append(self.tr("Nothing odd was found."))
        if report.is_split_here:
            words.append(self.tr("Test images were chosen here, the same ones each time."))
        return " ".join(words)

    def _words_of(self, report: DataReport) -> str:
        found, is_all = len(report.alike), report.looked_for_near
        if not found:
            return self.tr("No copies, exact or nearly so.") if is_all else self.tr("No exact copies.")
        words = self.tr("{0} groups").format(count(found)) if found > 1 else self.tr("1 group")
        shown = self.tr(", of which {0} are shown").format(_MOST_ROWS) if found > _MOST_ROWS else ""
        if not report.alike[0].is_between_parts:
            return f"{words}{shown}."
        return self.tr("{0}{1}; first those of test images that are trained on too.").format(words, shown)

    def _show_files(self, unreadable: Sequence[Unreadable]) -> None:
        rows = [(each.path, each.reason) for each in unreadable[:_MOST_ROWS]]
        self._files.setRowCount(len(rows))
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(plain_tip(text))
                self._files.setItem(row, column, item)
        _fit(self._files, _FILE_ROW_PX)
        for part in (self._files, self._files_title):
            part.setVisible(bool(rows))

    def _show_pairs(self, alike: Sequence[Alike], looked: LookedImages | None) -> None:
        self._alike = alike[:_MOST_ROWS] if looked is not None else ()
        self._pairs.setRowCount(len(self._alike))
        for row, group in enumerate(self._alike):
            if looked is None:
                break
            first, second = group.images[:2]
            self._pairs.setItem(row, 0, self._picture(first, looked, ""))
            more = len(group.images) - 2
            also = self.tr("and {0} more").format(count(more)) if more else ""
            self._pairs.setItem(row, 1, self._picture(second, looked, also))
            likeness = self.tr("the same") if group.is_exact else f"{group.likeness:.3f}"
            self._pairs.setItem(row, 2, QTableWidgetItem(likeness))
            labels = self.tr("differ") if group.labels_differ else self.tr("agree")
            self._pairs.setItem(row, 3, QTableWidgetItem(labels))
        _fit(self._pairs, _ROW_PX)
        self._pairs.setVisible(bool(self._alike))

    def _picture(self, image: ImageAt, looked: LookedImages, also: str) -> QTableWidgetItem:
        part = looked.dataset.train if image.part == "train" else looked.dataset.test
        words = [
            self._part(image),
            isolated(looked.dataset.class_names[image.label]),
            image.name.rpartition("/")[2],
        ]
        pixmap: QPixmap = thumbnail(part, image.index, _PICTURE_PX)
        item = QTableWidgetItem(QIcon(pixmap), "\n".join(filter(None, [*words, also])))
        item.setToolTip(plain_tip(image.name))
        return item

    def _part(self, image: ImageAt) -> str:
        return self.tr("Training") if image.part == "train" else self.tr("Test")

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        group = self._alike[index.row()].images
        self.image_shown.emit(group[min(index.column(), 1)])


def _fit(table: QTableWidget, row_px: int) -> None:
    """As high as its rows, and lower, with a scroll bar, where there is no room."""
    rest = table.horizontalHeader().sizeHint().height() + 2 * table.frameWidth() + 2
    table.setMaximumHeight(rest + table.rowCount() * row_px)
    table.setMinimumHeight(rest + min(table.rowCount(), _LEAST_ROWS) * row_px)
