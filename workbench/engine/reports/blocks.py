"""What stands in the sections of a page: sentences, tables, figures, pictures, commands. Each has a macro in
`templates/blocks.html.j2` named after its `kind`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Union

from markupsafe import Markup

from workbench.engine.reports.pictures import Picture

Text = str | Markup
"""Texts are escaped, markup is not."""


@dataclass(frozen=True)
class Sentence:
    text: Text
    tone: Literal["", "absence", "warning", "secondary"] = ""
    """absence: why there is nothing to show here."""

    kind: ClassVar[str] = "sentence"


@dataclass(frozen=True)
class Column:
    """Of a table."""

    title: str
    is_number: bool = False
    note: str = ""
    """What a pointer over the title shows."""
    is_explanation: bool = False
    """Words beside the others, which matter less."""


@dataclass(frozen=True)
class Table:
    """The first cell of each row is its heading. Where the page may run its script, a column sorts it."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Text, ...], ...]

    kind: ClassVar[str] = "table"

    @classmethod
    def of(cls, caption: str, columns: Sequence[Column | str], rows: Sequence[Sequence[Text]]) -> "Table":
        named = tuple(each if isinstance(each, Column) else Column(each) for each in columns)
        return cls(caption, named, tuple(tuple(row) for row in rows))


def meter(share: float) -> Markup:
    """A bar for a cell beside one with the number itself: from 0 to 1; nothing of what is none."""
    if not 0 <= share <= 1:
        return Markup("")
    bar = '<span class="meter" aria-hidden="true"><span style="width:{:.1f}%"></span></span>'
    return Markup(bar).format(100 * share)


@dataclass(frozen=True)
class Terms:
    """Names and what they are, in two columns."""

    pairs: tuple[tuple[str, Text], ...]

    kind: ClassVar[str] = "terms"


@dataclass(frozen=True)
class Figure:
    picture: Markup
    """An SVG."""
    caption: Text = ""

    kind: ClassVar[str] = "figure"


@dataclass(frozen=True)
class Pictures:
    pictures: tuple[Picture, ...]

    kind: ClassVar[str] = "pictures"


@dataclass(frozen=True)
class Command:
    """As a shell takes it."""

    text: str

    kind: ClassVar[str] = "command"


@dataclass(frozen=True)
class Folded:
    """Shown when it is opened."""

    title: str
    blocks: tuple["Block", ...]
    is_printed: bool = True
    """Whether it is opened for printing."""

    kind: ClassVar[str] = "folded"


@dataclass(frozen=True)
class Beside:
    """Columns, where the page is wide enough; else one below the other."""

    columns: tuple[tuple["Block", ...], ...]

    kind: ClassVar[str] = "beside"


Block = Union[Sentence, Table, Terms, Figure, Pictures, Command, Folded, Beside]  # noqa: UP007  # names its own parts


@dataclass(frozen=True)
class Section:
    key: str
    """Its anchor, unique in the page."""
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Fact:
    """A figure that matters, large, at the top of a page."""

    words: str
    value: str
    note: str = ""
