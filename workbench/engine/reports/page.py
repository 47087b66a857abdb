"""The page that a report stands in: one HTML file with its style, which loads nothing and needs no script."""

import functools
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from workbench import __version__
from workbench.core.files import write_atomically
from workbench.engine.reports.blocks import Fact, Section

_TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Page:
    """A whole report."""

    title: str
    subtitle: str
    verdict: str
    """One sentence: what it all comes to."""
    sections: tuple[Section, ...]
    facts: tuple[Fact, ...] = ()
    tone: Literal["", "warning", "failed"] = ""
    """Of the verdict, which says it in words too."""

    def html(self, now: datetime | None = None) -> str:
        """The file's text."""
        return environment().get_template("page.html.j2").render(
            page=self, version=__version__, written=f"{now or datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
            style=Markup(_text("page.css")), script=Markup(_text("page.js")),
        )  # fmt: skip

    def write(self, path: Path) -> None:
        """
        Raises:
            UserError: it cannot be written.
        """
        # A name may hold a byte that is no UTF-8.
        content = self.html().encode("utf-8", "replace")
        write_atomically(path, lambda file: file.write(content))


@functools.cache
def environment() -> Environment:
    """Of the templates. What is no markup is escaped: runs, classes and folders are called as people like."""
    return Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip


def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
