"""Parse strict JSON: a document to Python values, or the reason why not.

Stricter than the standard library in what it accepts, as pydantic's parser is: UTF-8 alone, no lone surrogates, and
limits for how deep and how long, which bound what a hostile document costs.
"""

import re
from json import JSONDecoder
from json.scanner import make_scanner

from ..exceptions import InvalidTokenError, Problem

# RFC 8259 section 2.
_WHITE_SPACE = " \t\n\r"
# Pydantic's JSON parser stops at about 200 levels, the outer object counted, and at an integer part of over 4300
# digits (Python's own limit, which a program can move: hence a check here).
_MAX_DEPTH = 200
MAX_DIGITS = 4300
# The scanner itself: around it, `JSONDecoder` would make an error that holds the whole document and counts its lines.
_scan = make_scanner(JSONDecoder())  # type: ignore[arg-type] # typeshed takes the one for the other

# These patterns are text, which `re` compiles and keeps at their first use: a common answer of TickTick needs none.
_LONE_SURROGATE = "[\ud800-\udfff]"
# Of more than 4300 digits in a row, every hundredth character of the document meets at least 43 in a row.
_MANY_DIGITS = f"[0-9]{{{MAX_DIGITS // 100}}}"
# A string, a number, or a bracket. A string without its end still matches as far as it goes: otherwise a document
# full of quotes would take quadratic time.
_TOKENS = r'("[^"\\]*(?:\\.[^"\\]*)*"?)|([0-9]+)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|([\[{])|[\]}]'
# An escape: a whole surrogate pair, half of one (captured), or any other.
_ESCAPES = r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F])|.)"


def parse_json(data: str | bytes | bytearray | memoryview) -> object:
    """Parse a JSON document.

    Raises:
        InvalidTokenError: it is not JSON, or is beyond the limits; the error's chain does not hold the document.
        TypeError: the data is neither str nor bytes-like.

    """
    text = data if isinstance(data, str) else _decode(data)
    if not text.isascii() and re.search(_LONE_SURROGATE, text):
        raise document_error("expected Unicode text, got a str with a lone surrogate")
    if reason := _find_excess(text):
        raise document_error(reason)
    value = text.strip(_WHITE_SPACE)
    try:
        document, end = _scan(value, 0)
    except StopIteration as error:  # its way to say that no value begins there
        position = error.value
    except RecursionError:
        position = None
    except ValueError as error:
        # Another ValueError than the scanner's own is a limit for integers that the program has lowered.
        position = getattr(error, "pos", 0)
    else:
        if end == len(value):
            return document
        raise document_error(f"not JSON from character {_start(text) + end} on, where more follows the value")
    if position is None:
        raise document_error("nested too deeply for the call stack that is left")
    raise document_error(f"not JSON from character {_start(text) + position} on")


def document_error(reason: str) -> InvalidTokenError:
    """Return the error for what is wrong with a document as a whole."""
    return InvalidTokenError([Problem("", reason)])


def _start(text: str) -> int:
    return len(text) - len(text.lstrip(_WHITE_SPACE))


def _decode(data: bytes | bytearray | memoryview) -> str:
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"expected str or bytes-like data, not {type(data).__name__}")
    try:
        return bytes(data).decode()
    except UnicodeDecodeError:
        failure = document_error("not JSON: the bytes are not UTF-8")
    raise failure


def _find_excess(text: str) -> str | None:
    r"""Return why a document that may be JSON is refused: too deep, a number too long, half a pair of ``\u`` escapes.

    Three searches in C let nearly every document pass; only one that looks suspicious is walked through.
    """
    if (
        "\\u" not in text
        and (len(text) <= _MAX_DEPTH or text.count("[") + text.count("{") <= _MAX_DEPTH)
        and (len(text) <= MAX_DIGITS or not re.search(_MANY_DIGITS, text[::100]))
    ):
        return None
    depth = 0
    for token in re.finditer(_TOKENS, text, re.DOTALL):
        string, digits, opening = token.groups()
        if string is not None:
            if any(escape[1] for escape in re.finditer(_ESCAPES, string, re.DOTALL)):
                return "expected Unicode text, got the escape of a lone surrogate"
        elif digits is not None:
            if len(digits) > MAX_DIGITS:
                return f"expected numbers of up to {MAX_DIGITS} digits, got a longer one"
        else:
            depth += 1 if opening else -1
            if depth > _MAX_DEPTH:
                return f"expected at most {_MAX_DEPTH} levels of arrays and objects, got more"
    return None
