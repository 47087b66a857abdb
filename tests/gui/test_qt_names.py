"""No attribute of a widget has the name of a method of Qt's: Qt would call it, and the process would end."""

import ast
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Iterator

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QGraphicsItem, QWidget

import workbench.gui


def classes() -> Iterator[type]:
    for module in pkgutil.walk_packages(workbench.gui.__path__, "workbench.gui."):
        for found in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(found) and found.__module__ == module.name:
                yield found


def hidden_methods(kind: type) -> set[str]:
    """Attributes that its methods set and that are methods of Qt."""
    bases = [base for base in kind.__mro__ if base.__module__.startswith("PySide6")]
    nodes = ast.walk(ast.parse(textwrap.dedent(inspect.getsource(kind))))
    stored = {node.attr for node in nodes if isinstance(node, ast.Attribute) and is_own(node)}
    return {name for name in stored if any(name in vars(base) for base in bases)}


def is_own(node: ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name) and node.value.id == "self"


class Hides(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.metric = "loss"  # type: ignore[assignment,method-assign]  # what must not be done


def test_one_that_hides_a_method_is_found() -> None:
    assert hidden_methods(Hides) == {"metric"}


def test_no_attribute_hides_a_method_of_qt() -> None:
    every = [kind for kind in classes() if issubclass(kind, QObject | QGraphicsItem)]
    assert len(every) > 100
    assert {kind: hidden for kind in every if (hidden := hidden_methods(kind))} == {}
