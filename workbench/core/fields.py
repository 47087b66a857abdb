"""What all configuration classes share: frozen, strict, and errors that name a field."""

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError


class FieldGroup(BaseModel):
    """Fields that are validated together. The text under each field is its help in window and command line."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


def field_error(field: str, sentence: str) -> PydanticCustomError:
    """An error of one field (`widths.0`: of its first stage), found by comparing it with others.

    Args:
        sentence: without the field's name, which goes in front.
    """
    return PydanticCustomError("field", "{sentence}", {"field": field, "sentence": sentence})
