"""Calls as source text, broken into lines as ruff breaks them."""

from collections.abc import Iterable, Sequence

from workbench.core.export.block_code import LINE_LENGTH


def call(head: str, arguments: Sequence[str], end: str = ")") -> list[str]:
    """`head(a, b)`: in one line if it fits, else its arguments in a line of their own, else in one each.

    Args:
        head: with its indentation, up to the parenthesis.
        end: the closing parenthesis and what follows it.
    """
    line = f"{head}({', '.join(arguments)}{end}"
    if len(line) <= LINE_LENGTH:
        return [line]
    indent = " " * (len(head) - len(head.lstrip()))
    row = f"{indent}    {', '.join(arguments)}"
    fits = len(row) <= LINE_LENGTH or len(arguments) == 1
    rows = [row] if fits else [f"{indent}    {argument}," for argument in arguments]
    return [f"{head}(", *rows, f"{indent}{end}"]


def indented(lines: Iterable[str], levels: int = 1) -> list[str]:
    return [f"{'    ' * levels}{line}" if line else "" for line in lines]
