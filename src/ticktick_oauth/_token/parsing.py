"""Parse JSON by the standard library's scanner: a document to Python values, or the reason why not."""

from json import JSONDecoder
from json.scanner import make_scanner
from typing import cast

from ..exceptions import InvalidTokenError, Problem

# RFC 8259 section 2.
_WHITE_SPACE = " \t\n\r"
# The scanner itself: around it, `JSONDecoder` would make an error that holds the whole document and counts its lines.
_scan = make_scanner(JSONDecoder())  # type: ignore[arg-type] # typeshed takes the one for the other


def parse_json(data: str | bytes | bytearray | memoryview) -> object:
    """Parse a JSON document, or raise an `InvalidTokenError` whose chain does not hold it."""
    text = data if isinstance(data, str) else _decode(data)
    value = text.strip(_WHITE_SPACE)
    try:
        document, end = _scan(value, 0)
    except StopIteration as error:  # its way to say that no value begins there
        reason = _not_json(text, error.value)
    except RecursionError:
        reason = "nested too deeply for the call stack that is left"
    except ValueError as error:
        # Another ValueError than the scanner's own is Python's limit for integers.
        position = getattr(error, "pos", None)
        reason = "an integer has more digits than Python reads" if position is None else _not_json(text, position)
    else:
        if end == len(value):
            return document
        reason = f"{_not_json(text, end)}, where more follows the value"
    raise document_error(reason)


def members_of(value: object) -> dict[str, object]:
    """Return the members of a JSON object; anything else has none."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def document_error(reason: str) -> InvalidTokenError:
    """Return the error for what is wrong with a document as a whole."""
    return InvalidTokenError([Problem("", reason)])


def _not_json(text: str, position: int) -> str:
    return f"not JSON from character {len(text) - len(text.lstrip(_WHITE_SPACE)) + position} on"


def _decode(data: bytes | bytearray | memoryview) -> str:
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"expected str or bytes-like data, not {type(data).__name__}")
    try:
        return bytes(data).decode()
    except UnicodeDecodeError:
        failure = document_error("not JSON: the bytes are not UTF-8")
    raise failure
