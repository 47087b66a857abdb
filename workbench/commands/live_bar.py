"""A live bar on standard error with lines above it; with quiet, or beside a pipe, the lines alone."""

from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from workbench.core.errors import for_terminal


class LiveBar:
    """The frame of what a command shows while it works.

    Args:
        quiet: nothing is shown.
        columns: between the bar and the time.
        fields: what these columns show at first.
    """

    def __init__(self, quiet: bool, columns: tuple[ProgressColumn, ...] = (), **fields: Any) -> None:
        self.console = Console(stderr=True, quiet=quiet, highlight=False, markup=False, emoji=False)
        self._bar = Bar(
            TextColumn("{task.description}", markup=False), BarColumn(), *columns, TimeElapsedColumn(),
            console=self.console, transient=True, disable=quiet or not self.console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task("Starting", total=None, **fields)
        self.warnings: list[str] = []
        """All that were said, in their order, for the JSON document."""

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def say(self, text: str, style: str | None = None) -> None:
        """A line above the bar. Whoever reads a file or a pipe wants whole sentences."""
        self.console.print(for_terminal(text), style=style, soft_wrap=not self.console.is_terminal)

    def warn(self, message: str) -> None:
        """A line that is kept too."""
        self.warnings.append(message)
        self.say(f"warning: {message}", style="yellow")

    def update(self, activity: str, done: int, total: int | None, **fields: Any) -> None:
        """How far it is; no total: that is not known."""
        self._bar.update(self._task, description=activity, completed=done, total=total or None, **fields)
