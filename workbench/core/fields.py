"""What all configuration classes share: frozen, strict, a text per field, and errors that name a field."""

import ast
import functools
import inspect
import itertools
import os
import sys

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

# Plugins are for programs that watch what others validate. To find them, pydantic would read the entry points of
# all that is installed when the first class is made (https://docs.pydantic.dev/latest/concepts/plugins/).
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


class FieldGroup(BaseModel):
    """Fields that are validated together. The text under each field is its help in window and command line."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


@functools.cache
def texts_of(group: type[FieldGroup]) -> dict[str, str]:
    """The text under each field of a class.

    Not pydantic's `use_attribute_docstrings`: that searches and tokenizes the source of every class while it is
    imported, which was a quarter of what importing the configuration took.
    """
    texts = {}
    for field, after in itertools.pairwise(_classes_in(group.__module__)[group.__name__].body):
        match field, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str() as text)):
                texts[name] = inspect.cleandoc(text)
    return texts


@functools.cache
def _classes_in(module: str) -> dict[str, ast.ClassDef]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def field_error(field: str, sentence: str) -> PydanticCustomError:
    """An error of one field (`widths.0`: of its first stage), found by comparing it with others.

    Args:
        sentence: without the field's name, which goes in front.
    """
    return PydanticCustomError("field", "{sentence}", {"field": field, "sentence": sentence})
