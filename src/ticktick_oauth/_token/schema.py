"""The JSON Schema of the token, derived from the fields of its class."""

from typing import get_args
from uuid import UUID

from attrs import NOTHING, Attribute, fields

from .model import OAuthTokenV1

# pyticktick's words for the class. Not the class's own docstring, which `python -OO` drops.
_DESCRIPTION = (
    "Response of the POST request in the [third step](https://developer.ticktick.com/docs#/openapi?id=third-step) "
    "of the OAuth2 flow."
)
_TYPES: dict[object, dict[str, object]] = {UUID: {"type": "string", "format": "uuid4"}, int: {"type": "integer"}}


def json_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of a token response, equal to that of pyticktick's class; a fresh dict."""
    token_fields = fields(OAuthTokenV1)
    return {
        "title": OAuthTokenV1.__name__,
        "description": _DESCRIPTION,
        "type": "object",
        "properties": {field.name: _property(field) for field in token_fields},
        "required": [field.name for field in token_fields if field.default is NOTHING],
    }


def _property(field: "Attribute[object]") -> dict[str, object]:
    schema: dict[str, object] = {
        "title": field.name.replace("_", " ").title(),
        "description": field.metadata["description"],
    }
    if field.type in _TYPES:
        schema |= _TYPES[field.type]
    else:  # a Literal of one str
        (constant,) = get_args(field.type)
        schema |= {"type": "string", "const": constant}
    if field.default is not NOTHING:
        schema["default"] = field.default
    return schema
