"""Why the looked-at image got its answer: asks for it as soon as the view is seen."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from workbench.core.inspection.explanations import Explanation, explained_layers
from workbench.gui.desks.look_desk import LookDesk, Looking
from workbench.gui.inspect.seen_words import absence
from workbench.gui.inspect.why.why_view import WhyView
from workbench.gui.widgets.file_dialogs import ask_picture_path
from workbench.gui.work import inspection_jobs


class WhyDesk(LookDesk):
    """Explains image after image, epoch after epoch, by what the view has chosen."""

    def __init__(self, looking: Looking, window: QWidget) -> None:
        self.view = WhyView(looking.theme)
        super().__init__(looking, self.view, self.view.bar, window, of_image=True)
        self._window = window
        self.view.question_changed.connect(self.set_due)
        self.view.save_asked.connect(self._save)

    @Slot()
    def set_due(self) -> None:
        """The image is seen at once, without the map of the former one."""
        super().set_due()
        if self.is_seen:
            self._show_image()

    def renew(self) -> None:
        selection = self.selection
        record, looked_at = selection.run.record, selection.looked_at
        self._show_image()
        if record is None or looked_at is None:
            return
        self.view.controls.show_network(explained_layers(record.config.model), selection.class_names)
        place = self.place()
        if place is None:
            return
        question = self.view.controls.question
        job = inspection_jobs.explain(self.looker, place, looked_at.pixels, looked_at.truth, question)
        handle = self.ask(job, self.tr("Explaining"))
        if handle is not None:
            handle.finished.connect(self._show)

    def _show_image(self) -> None:
        looked_at = self.selection.looked_at
        reason = ""
        if looked_at is None:
            what = self.tr("What speaks for an image's answer appears here")
            reason = absence(self.selection, what, needs_pictures=True) or self.tr("No image is in sight.")
        self.view.show_image(looked_at, reason)

    @Slot(object)
    def _show(self, explanation: Explanation) -> None:
        self.view.show_explanation(explanation)

    @Slot()
    def _save(self) -> None:
        picture, looked_at = self.view.picture(), self.selection.looked_at
        if picture is None or looked_at is None:
            return
        path = ask_picture_path(self._window, self.tr("Save the image with its map"), looked_at.name, "why")
        if path is not None and not picture.save(str(path)):
            self.bar.say(self.tr("Cannot write {0}").format(path), self.tr("Choose another"), "", self._save)
