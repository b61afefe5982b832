"""Authorization servers as data (RFC 8414), and which of their addresses are fit for a secret."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import Any
from typing import TypeVar

from attrs import Attribute
from attrs import field
from attrs import frozen

if TYPE_CHECKING:
    from urllib.parse import SplitResult

# RFC 3986 section 2: what a URI may be made of. Everything else (spaces, control characters, backslashes, non-ASCII
# letters) is where two parsers may read two different hosts in one text.
_PLAIN_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/")
_URI_CHARACTERS = _PLAIN_CHARACTERS | frozenset("~:?#[]@!$&'()*+,;=%")

_T = TypeVar("_T")


def check_type(name: str, value: object, expected: type[_T]) -> _T:
    """Give the value back if it is an instance of the class.

    Raises:
        TypeError: it is not; unlike attrs' `instance_of`, the message never repeats the value, which may be a secret.

    """
    if isinstance(value, expected):
        return value
    raise TypeError(f"{name} must be of type {expected.__name__}, not {type(value).__name__}")


def instance_of(expected: type) -> Callable[[object, "Attribute[Any]", object], None]:
    """Be `check_type` as an attrs validator."""

    def check(_instance: object, attribute: "Attribute[Any]", value: object) -> None:
        check_type(attribute.name, value, expected)

    return check


def check_address(name: str, value: object) -> None:
    """Check an absolute URL that secrets may travel to: https, or http that does not leave the machine.

    Raises:
        TypeError: the value is not a str.
        ValueError: it is no such URL; the message names the parameter and never repeats the value.

    """
    text = check_type(name, value, str)
    # A host and a path of plain characters, as TickTick's own addresses have them, need no parser: to load one when
    # these are made, at import, would be the longest wait of all.
    if text[:8] == "https://" and text[8:9].isalnum() and _PLAIN_CHARACTERS.issuperset(text[8:]):
        return
    parts = split_address(text)
    if parts is None:
        raise ValueError(
            f"{name} must be an absolute http(s) URL without spaces or user information, its port 1 to 65535"
        )
    # RFC 6749 section 3.1: "The endpoint URI MUST NOT include a fragment component."; 3.1.2 says it of redirects.
    if "#" in text:
        raise ValueError(f"{name} must not have a fragment (what follows '#')")
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise ValueError(f"{name} must start with https://; http:// is for 127.0.0.1, [::1] and localhost only")


def split_address(text: str) -> "SplitResult | None":
    """Split an absolute http(s) URL with a host and a possible port; None when the text is not one."""
    from urllib.parse import urlsplit

    if not _URI_CHARACTERS.issuperset(text):
        return None
    try:
        parts = urlsplit(text)
        port = parts.port  # reading it checks that it is a number up to 65535
    except ValueError:
        return None
    is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0 and "@" not in parts.netloc
    return parts if is_address else None


def is_loopback(host: str) -> bool:
    """Whether a host names this very machine: 127.0.0.0/8, ::1 (without its brackets) or localhost."""
    if host in {"localhost", "::1"}:
        return True
    octets = host.split(".")
    return len(octets) == 4 and octets[0] == "127" and all(octet.isdecimal() and int(octet) < 256 for octet in octets)  # noqa: PLR2004 - an IPv4 address is four octets


def _check_issuer(_instance: object, attribute: "Attribute[str]", value: str) -> None:
    # RFC 8414 section 2: the issuer is a URL "that has no query or fragment components".
    check_address(attribute.name, value)
    if "?" in value:
        raise ValueError(f"{attribute.name} must not have a query (what follows '?')")


def _check_endpoint(_instance: object, attribute: "Attribute[str]", value: object) -> None:
    check_address(attribute.name, value)


@frozen(kw_only=True)
class AuthorizationServer:
    """An authorization server's addresses, named as in RFC 8414 section 2.

    Each must be https, or http on a loopback address or ``localhost``; else the constructor raises a ``ValueError``.
    """

    issuer: str = field(validator=_check_issuer)
    """Who the server says it is: what the ``iss`` of a redirect must equal, if it carries one (RFC 9207)."""
    authorization_endpoint: str = field(validator=_check_endpoint)
    """Where the person's browser is sent."""
    token_endpoint: str = field(validator=_check_endpoint)
    """Where the program trades the code for a token."""


TICKTICK = AuthorizationServer(
    issuer="https://ticktick.com",
    authorization_endpoint="https://ticktick.com/oauth/authorize",
    token_endpoint="https://ticktick.com/oauth/token",  # noqa: S106 - an address, not a password
)
DIDA365 = AuthorizationServer(
    issuer="https://dida365.com",
    authorization_endpoint="https://dida365.com/oauth/authorize",
    token_endpoint="https://dida365.com/oauth/token",  # noqa: S106 - an address, not a password
)
