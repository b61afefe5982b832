"""Describe authorization servers as data, and read their metadata (RFC 8414)."""

from collections.abc import Mapping
from typing import cast

from attrs import Attribute
from attrs import field
from attrs import frozen

from ._checks import check_address
from ._redaction import clean
from ._refusal import read_object
from ._refusal import read_refusal
from .exceptions import RegistrationError

_OK = 200
_WELL_KNOWN = "/.well-known/oauth-authorization-server"


def _check_issuer(_instance: object, attribute: "Attribute[str]", value: str) -> None:
    check_address(attribute.name, value)
    # RFC 8414 section 2: the issuer is a URL "that has no query or fragment components".
    if "?" in value:
        raise ValueError(f"{attribute.name} must not have a query (what follows '?')")


def _check_endpoint(_instance: object, attribute: "Attribute[str]", value: object) -> None:
    check_address(attribute.name, value)


def _check_optional_endpoint(_instance: object, attribute: "Attribute[str | None]", value: object) -> None:
    if value is not None:
        check_address(attribute.name, value)


@frozen(kw_only=True)
class AuthorizationServer:
    """An authorization server's addresses, named as in RFC 8414 section 2.

    Each must be https, or http on a loopback address or ``localhost``; otherwise the constructor raises a
    ``ValueError``. Two servers are the same when their issuers are equal.
    """

    issuer: str = field(validator=_check_issuer)
    """The server's name for itself: what the ``iss`` of a redirect must equal, if it carries one (RFC 9207)."""
    authorization_endpoint: str = field(validator=_check_endpoint)
    """Where the person's browser is sent."""
    token_endpoint: str = field(validator=_check_endpoint)
    """Where the program trades the code for a token."""
    registration_endpoint: str | None = field(default=None, validator=_check_optional_endpoint)
    """Where a program registers itself as a public client (RFC 7591); None when the server has no such place."""

    @classmethod
    def from_metadata(cls, issuer: str, body: bytes) -> "AuthorizationServer":
        """Read a metadata document (RFC 8414 section 2); members that this class does not know are ignored.

        Args:
            issuer: The issuer that was asked, which the document's must equal (section 3.3).
            body: The document. Its ``registration_endpoint`` counts only when the server offers what a registered
                public client needs here: the response type ``code``, and PKCE by ``S256``.

        Raises:
            RegistrationError: it is not such a document, its issuer is another, or an address is not fit for a secret.

        """
        members = read_object(body)
        if members is None:
            raise _bad_metadata("it is not a JSON object")
        # RFC 8414 section 3.3: the "issuer" value returned MUST be identical to the one that made the URL.
        if members.get("issuer") != issuer:
            raise _bad_metadata(f"its issuer is not {issuer}, which was asked")
        addresses = {name: cast("str", members.get(name)) for name in ("authorization_endpoint", "token_endpoint")}
        # RFC 8414 section 2: a server that names no code challenge methods "does not support PKCE".
        if _lists(members, "response_types_supported", "code") and _lists(
            members, "code_challenge_methods_supported", "S256"
        ):
            addresses["registration_endpoint"] = cast("str", members.get("registration_endpoint"))
        try:
            return cls(issuer=issuer, **addresses)
        except (TypeError, ValueError) as error:
            failure = _bad_metadata(str(error))  # which names the address and never repeats it
        raise failure


@frozen(kw_only=True)
class MetadataRequest:
    """The request for a server's metadata (RFC 8414 section 3.1), for any HTTP client to carry."""

    issuer: str = field(validator=_check_issuer)
    method: str = field(default="GET", init=False)
    body: bytes = field(default=b"", init=False)

    @property
    def url(self) -> str:
        """Return the issuer with the well-known path between its host and its own path."""
        address = check_address("issuer", self.issuer)
        return f"{address.origin}{_WELL_KNOWN}{address.path.rstrip('/')}"

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers in a fresh dict."""
        return {"Accept": "application/json", "User-Agent": "ticktick-oauth"}

    def parse_response(self, status: int, headers: Mapping[str, str], body: bytes) -> AuthorizationServer:
        """Read the answer, or raise a RegistrationError."""
        if status != _OK:
            raise self._refusal(status, headers, body)
        return AuthorizationServer.from_metadata(self.issuer, body)

    def refuse_unread(self, status: int, headers: Mapping[str, str], reason: str) -> RegistrationError:
        """Return the error for an answer whose body was not read."""
        return self._refusal(status, headers, b"", unread=reason)

    def _refusal(
        self, status: int, headers: Mapping[str, str], body: bytes, unread: str | None = None
    ) -> RegistrationError:
        refusal = read_refusal(status, headers, body, endpoint="issuer", unread=unread)
        if status == 404:  # noqa: PLR2004
            refusal = refusal._replace(hint=f"{self.issuer} has no metadata document (RFC 8414) at {self.url}")
        return RegistrationError(*refusal)


def _lists(members: Mapping[str, object], name: str, value: str) -> bool:
    values = members.get(name)
    return isinstance(values, list) and value in values


def _bad_metadata(reason: str) -> RegistrationError:
    return RegistrationError(None, hint=f"the server's metadata document cannot be used: {clean(reason)}")


TICKTICK = AuthorizationServer(
    issuer="https://ticktick.com",
    authorization_endpoint="https://ticktick.com/oauth/authorize",
    token_endpoint="https://ticktick.com/oauth/token",  # noqa: S106 - an address, not a password
    registration_endpoint="https://api.ticktick.com/oauth/register",
)
DIDA365 = AuthorizationServer(
    issuer="https://dida365.com",
    authorization_endpoint="https://dida365.com/oauth/authorize",
    token_endpoint="https://dida365.com/oauth/token",  # noqa: S106 - an address, not a password
    registration_endpoint="https://api.dida365.com/oauth/register",
)
