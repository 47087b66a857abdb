"""A line that says what a view shows, and while there is work for it how far that is."""

from collections.abc import Callable

from workbench.gui.widgets.work_bar import WorkBar


class RestingBar(WorkBar):
    """Has something to say while nothing goes on, so that this takes no line of its own."""

    _rest = ""

    def set_rest(self, text: str) -> None:
        """Say this from now on whenever there is nothing else to say."""
        was_said = self.text == self._rest
        self._rest = text
        if was_said and not self.is_working:
            self.say(text)

    def say(
        self, sentence: str, action: str = "", tooltip: str = "", do: Callable[[], object] | None = None
    ) -> None:
        super().say(sentence or self._rest, action, tooltip, do)
