"""Split the absolute http(s) URLs that a caller may pass, and check that secrets may travel there.

No message repeats an address, whose path or query may hold a secret.
"""

import re
from typing import NamedTuple

from .._checks import check_type

# RFC 3986 section 3, for http(s) and without user information. It is strict where two parsers may read two different
# hosts in one text: no backslash, space or non-ASCII letter anywhere, no percent-encoding in the host, nothing beside
# the brackets of an IPv6 address. Compiled by `re` at its first use, as not every program has an address to check.
_ADDRESS = (
    r"(?P<scheme>[hH][tT][tT][pP][sS]?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{0,5}))?"
    r"(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/\[\]-]*)?(?:\?(?P<query>[A-Za-z0-9._~!$&'()*+,;=:@%/?\[\]-]*))?"
)
_PLAIN_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/")
# An IPv4 octet with a leading zero would make a name to look up.
_LOOPBACK = r"localhost|::1|127(?:\.(?:25[0-5]|(?:2[0-4]|1[0-9]|[1-9])?[0-9])){3}"
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Address(NamedTuple):
    """An absolute http(s) URL without user information or fragment, split.

    RFC 3986 sections 6.2.2 and 6.2.3: the scheme's and the host's case, the default port and an empty path make no
    difference, so two addresses that differ in these alone are equal.
    """

    scheme: str
    host: str
    """In lower case, an IPv6 address without its brackets."""
    port: int
    """The scheme's own, where the text has none."""
    path: str
    """As it stands, ``/`` where the text has none."""
    query: str
    """What follows ``?``, without it."""

    @classmethod
    def parse(cls, text: str) -> "Address | None":
        """Split a URL; None when the text is not one, or has a port that does not exist."""
        match = re.fullmatch(_ADDRESS, text)
        if match is None:
            return None
        scheme = match["scheme"].lower()
        port = int(match["port"] or _DEFAULT_PORTS[scheme])
        if not 0 < port <= 65535:
            return None
        host = match["host"].lower()
        if host.startswith("["):
            from ipaddress import IPv6Address

            host = host[1:-1]
            try:
                IPv6Address(host)
            except ValueError:
                return None
        return cls(scheme, host, port, match["path"] or "/", match["query"] or "")

    @property
    def origin(self) -> str:
        """Scheme, host and port, which is what a message may show, since a path or a query may hold a secret."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}")

    @property
    def is_loopback(self) -> bool:
        """Whether the host names this very machine, as 127.0.0.0/8, ``::1`` or ``localhost`` do."""
        return re.fullmatch(_LOOPBACK, self.host) is not None


def check_address(name: str, value: object) -> str:
    """Return an absolute URL that secrets may travel to: https, or http that does not leave the machine."""
    text = check_type(name, value, str)
    # A plain host and path, as TickTick's own addresses have them, need no parser: to compile its pattern takes longer
    # than all else that a program does with a kept token.
    if text[:8] == "https://" and text[8:9].isalnum() and _PLAIN_CHARACTERS.issuperset(text[8:]):
        return text
    # RFC 6749 section 3.1: "The endpoint URI MUST NOT include a fragment component."; 3.1.2 says it of redirects.
    location, number_sign, _ = text.partition("#")
    address = Address.parse(location)
    if address is None:
        raise ValueError(
            f"{name} must be an absolute http(s) URL without spaces or user information, its port 1 to 65535"
        )
    if number_sign:
        raise ValueError(f"{name} must not have a fragment (what follows '#')")
    if address.scheme != "https" and not address.is_loopback:
        raise ValueError(f"{name} must start with https://; http:// is for 127.0.0.1, [::1] and localhost only")
    return text


def check_issuer(name: str, value: object) -> None:
    """Check a server's issuer (RFC 8414 section 2): a URL "that has no query or fragment components"."""
    if "?" in check_address(name, value):
        raise ValueError(f"{name} must not have a query (what follows '?')")
