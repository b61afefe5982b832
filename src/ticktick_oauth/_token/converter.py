"""Turn JSON into a token and back, by cattrs.

The law of this file: a document is accepted exactly when pyticktick's Pydantic model accepts it, with equal values,
and all that is wrong with one is reported at once. In strings for ``expires_in``, a doubled underscore, a minus behind
leading zeros and over 4300 digits are refused here. The standard library's reader also takes a document that is deeper,
half a pair of surrogates (in a member that counts, the member is refused and not the document), and a float whose
integer part has over 4300 digits.
"""

import re
from collections.abc import Mapping
from functools import cache
from json import dumps as json_dumps
from typing import Final, cast
from uuid import UUID

from cattrs import BaseConverter

from .._checks import check_type
from ..exceptions import InvalidTokenError, Problem
from .model import SCOPE, TOKEN_TYPE, OAuthTokenV1, is_uuid4
from .parsing import document_error, parse_json

# Unicode's White_Space property. `str.strip()` would take the separators U+001C to U+001F too.
_UNICODE_WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
# Text, which `re` compiles at its first use: TickTick sends a number.
_INTEGER = r"[+-]?[0-9]+(?:_[0-9]+)*(?:\.0+)?"

_ABSENT: Final = object()
# Compare as `str` does, whatever a subclass makes of it; for anything but a string they return NotImplemented.
_is_token_type = TOKEN_TYPE.__eq__
_is_scope = SCOPE.__eq__

_EXPECTED = {
    "access_token": "a UUID of version 4",
    "expires_in": "a whole number of seconds",
    "token_type": repr(TOKEN_TYPE),
    "scope": repr(SCOPE),
}
# JSON's words for the types of values.
_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (str, "a string that does not match"),
    (type(None), "null"),
    (bool, "a boolean"),
    ((int, float), "a number that does not match"),
    (list, "an array"),
    (Mapping, "an object"),
)


def loads(data: str | bytes | bytearray | memoryview) -> OAuthTokenV1:
    """Parse the JSON of a token response.

    Bytes are UTF-8. Unknown members are ignored. What is accepted is what pyticktick's class accepts.

    Raises:
        InvalidTokenError: the document is not a token; ``problems`` lists all that is wrong, never a value.
        TypeError: the data is neither str nor bytes-like.

    """
    return structure(cast("dict[str, object]", parse_json(data)))  # which refuses what is not a mapping


def structure(mapping: Mapping[str, object]) -> OAuthTokenV1:
    """Make a token of a parsed JSON object, by the rules of ``loads``; the access token may also be a ``UUID``.

    Raises:
        InvalidTokenError: the mapping is not a token, or not a mapping.

    """
    return _converter().structure(mapping, OAuthTokenV1)


def dumps(token: OAuthTokenV1) -> str:
    """Return the token as compact JSON with all four members, which ``loads`` turns into an equal token: a secret.

    Raises:
        TypeError: it is not a token.

    """
    return json_dumps(unstructure(token), separators=(",", ":"))


def unstructure(token: OAuthTokenV1) -> dict[str, object]:
    """Return the token as a JSON-ready dict: the four members, the access token as a str in canonical form.

    Raises:
        TypeError: it is not a token.

    """
    fields: dict[str, object] = _converter().unstructure(check_type("token", token, OAuthTokenV1), OAuthTokenV1)
    return fields


def configure_converter(converter: BaseConverter) -> None:
    """Register hooks by which a cattrs converter structures and unstructures ``OAuthTokenV1`` as this module does.

    With a converter that also reads JSON (those of ``cattrs.preconf``), its own JSON library decides which documents
    it takes; the rules for the members are the same.
    """
    # Functions rather than the class itself: cattrs would apply a class's hooks to its subclasses too.
    converter.register_structure_hook_func(lambda cls: cls is OAuthTokenV1, _structure_token)
    converter.register_unstructure_hook_func(lambda cls: cls is OAuthTokenV1, _unstructure_token)


@cache
def _converter() -> BaseConverter:
    # Made at the first use, not at import.
    converter = BaseConverter()
    configure_converter(converter)
    return converter


def _unstructure_token(token: OAuthTokenV1) -> dict[str, object]:
    return {
        "access_token": str(token.access_token),
        "expires_in": token.expires_in,
        "token_type": token.token_type,
        "scope": token.scope,
    }


def _structure_token(mapping: Mapping[str, object], _: type[OAuthTokenV1]) -> OAuthTokenV1:
    # A dict is common enough not to ask the abstract class, which takes its time.
    if mapping.__class__ is not dict and not isinstance(mapping, Mapping):
        raise document_error(f"expected an object, got {_kind(mapping)}")
    get = mapping.get
    problems: list[Problem] = []
    value = get("access_token", _ABSENT)
    access_token = _read_uuid4(value)
    if access_token is None:
        problems.append(_problem("access_token", value))
    value = get("expires_in", _ABSENT)
    expires_in = value if type(value) is int else _read_integer(value)
    if expires_in is None:
        problems.append(_problem("expires_in", value))
    value = get("token_type", TOKEN_TYPE)
    if _is_token_type(value) is not True:
        problems.append(_problem("token_type", value))
    value = get("scope", SCOPE)
    if _is_scope(value) is not True:
        problems.append(_problem("scope", value))
    if problems or access_token is None or expires_in is None:
        raise InvalidTokenError(problems)
    # The two constants are the class's defaults, so that all tokens share them.
    return OAuthTokenV1(access_token=access_token, expires_in=expires_in)


def _read_uuid4(value: object) -> UUID | None:
    """Read one of the four forms that a UUID is accepted in: ``UUID(text)`` takes more, and any version."""
    if type(value) is not str:
        if not isinstance(value, str):
            return value if isinstance(value, UUID) and is_uuid4(value) else None
        value = str.__str__(value)  # without what a subclass has of its own
    text = value if len(value) == 36 else _hyphenated(value)
    # RFC 9562 section 5.4: the version stands in the thirteenth digit, the variant in the seventeenth.
    if text[8:24:5] != "----" or text[14] != "4" or text[19] not in "89abAB":
        return None
    try:
        digits = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        return None
    # `fromhex` passes over white space, so with any, or with more hyphens, there are fewer bytes.
    return UUID(int=int.from_bytes(digits, "big")) if len(digits) == 16 else None


def _hyphenated(text: str) -> str:
    """Turn one of the three rarer forms of a UUID into the common one, and a text of any other length into nothing."""
    if len(text) == 45 and text.startswith("urn:uuid:"):
        return text[9:]
    if len(text) == 38 and text[0] == "{" and text[-1] == "}":
        return text[1:-1]
    if len(text) == 32:
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
    return ""


def _read_integer(value: object) -> int | None:
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        # Pydantic takes a float for an integer when it fits an i64. No fraction also means neither NaN nor infinite.
        return int(value) if value.is_integer() and abs(value) < 2**63 else None
    if not isinstance(value, str):
        return None
    number = str.__str__(value).strip(_UNICODE_WHITE_SPACE)
    if not re.fullmatch(_INTEGER, number):
        return None
    digits = number.partition(".")[0].replace("_", "")  # "1.0" is the integer 1
    try:
        return int(digits)
    except ValueError:  # more digits than Python reads
        return None


def _problem(field: str, value: object) -> Problem:
    if field == "scope" and isinstance(value, str) and str.__str__(value) in SCOPE.split():
        return Problem(field, f"expected {_EXPECTED[field]}, got one of the two: the person allowed only a part")
    return Problem(field, f"expected {_EXPECTED[field]}, got {_kind(value)}")


def _kind(value: object) -> str:
    """Name a value's type in JSON's words, without its value."""
    if value is _ABSENT:
        return "nothing: it is missing"
    for types, kind in _KINDS:
        if isinstance(value, types):
            return kind
    return f"a Python {type(value).__name__}"
