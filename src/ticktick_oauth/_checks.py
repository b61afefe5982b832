"""Check what a caller may pass: types and texts. No message repeats a value, which may be a secret."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from attrs import Attribute

_QUOTES = "\"'`\u2018\u2019\u201c\u201d"
_T = TypeVar("_T")


def check_type(name: str, value: object, expected: type[_T]) -> _T:
    """Return the value if it is an instance of the class."""
    if isinstance(value, expected):
        return value
    met = type(value)
    names = expected.__name__, met.__name__
    if len(set(names)) == 1:  # two copies of one package, such as a vendored one
        names = f"{expected.__module__}.{names[0]}", f"{met.__module__}.{names[1]}"
    raise TypeError(f"{name} must be of type {names[0]}, not {names[1]}")


def validator(check: Callable[[str, Any], object]) -> Callable[[object, "Attribute[Any]", Any], None]:
    """Return a check of this module as an attrs validator."""

    def validate(_instance: object, attribute: "Attribute[Any]", value: object) -> None:
        check(attribute.name, value)

    return validate


def instance_of(expected: type[object]) -> Callable[[object, "Attribute[Any]", Any], None]:
    """Return `check_type` as an attrs validator."""
    return validator(lambda name, value: check_type(name, value, expected))


def check_text(name: str, value: object) -> str:
    """Return the value if it is a non-empty str of printable characters. RFC 6749 Appendix A would have them ASCII."""
    text = check_type(name, value, str)
    if not text:
        raise ValueError(f"{name} must not be empty")
    if not text.isprintable():
        raise ValueError(
            f"{name} must not have a line end or another unprintable character; was it read from a file unstripped?"
        )
    return text


def check_credential(name: str, value: object) -> None:
    """Check a client id or secret: a text that was not copied with what stood around it."""
    text = check_text(name, value)
    if text != text.strip().strip(_QUOTES):
        raise ValueError(f"{name} must not have spaces or quotes around it; was it copied with them?")


def check_code_verifier(name: str, value: object) -> None:
    """Check a PKCE code verifier; None means that PKCE is off."""
    # RFC 7636 section 4.1: code-verifier = 43*128unreserved.
    if value is not None and not re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", check_type(name, value, str)):
        raise ValueError(f"{name} must be 43 to 128 letters, digits or any of '-._~' (RFC 7636 section 4.1)")
