"""Describe authorization servers as data, by the names of their metadata (RFC 8414)."""

from typing import Any, cast

from attrs import field, frozen
from attrs.validators import optional

from .._checks import check_type, instance_of, validator
from ..exceptions import RegistrationError
from .address import Address, check_address, check_issuer
from .redaction import shorten

# What the requests set. RFC 6749 sections 3.1 and 3.2: no parameter "MUST NOT be included more than once".
_PARAMETERS = (
    *("response_type", "client_id", "client_secret", "redirect_uri", "scope", "state"),
    *("code_challenge", "code_challenge_method", "grant_type", "code", "code_verifier"),
)


def _check_endpoint(name: str, value: str) -> None:
    check_address(name, value)
    _, question_mark, query = value.partition("?")
    if question_mark:
        from urllib.parse import parse_qsl

        repeated = next((key for key, _ in parse_qsl(query, keep_blank_values=True) if key in _PARAMETERS), None)
        if repeated:
            raise ValueError(f"{name} must not have {repeated} in its query: each request sets its own")


@frozen(kw_only=True)
class AuthorizationServer:
    """An authorization server's addresses, named as in RFC 8414 section 2.

    Each must be https, or http on a loopback address or ``localhost``, and the query of the first two must not have a
    parameter that the requests set; otherwise the constructor raises a ``ValueError``. Where a token is asked of a
    server, as by ``require_token``, the issuer alone says which it is.
    """

    issuer: str = field(validator=validator(check_issuer))
    """The server's name for itself, which the ``iss`` of a redirect must equal, if it carries one (RFC 9207)."""
    authorization_endpoint: str = field(validator=validator(_check_endpoint))
    """Where the person's browser is sent."""
    token_endpoint: str = field(validator=validator(_check_endpoint))
    """Where the program trades the code for a token."""
    registration_endpoint: str | None = field(default=None, validator=optional(validator(check_address)))
    """Where a program registers itself as a public client (RFC 7591); None when the server has no such place."""
    authorization_response_iss_parameter_supported: bool = field(default=False, validator=instance_of(bool))
    """Whether every redirect of the server has an ``iss`` (RFC 9207 section 3), so that one without it is refused."""

    @classmethod
    def from_metadata(cls, issuer: str, body: bytes) -> "AuthorizationServer":
        """Read a metadata document (RFC 8414 section 2); members that this class does not know are ignored.

        Args:
            issuer: The issuer that was asked, which the document's must equal (section 3.3).
            body: The document. Its ``registration_endpoint`` counts only when the server offers what a registered
                public client needs here: the response type ``code``, and PKCE by ``S256``.

        Raises:
            RegistrationError: it is not such a document, its issuer is another, or an endpoint cannot be used.
            TypeError: an argument is of the wrong type.
            ValueError: the issuer is not an https URL, or an http one on loopback.

        """
        # Here, since who loads a kept token needs a server and no refusals.
        from .answer import EndpointAnswer

        check_issuer("issuer", issuer)
        members = EndpointAnswer(200, {}, body).members
        if not members:
            raise _bad_metadata("it is empty, or not a JSON object")
        # RFC 8414 section 3.3: the "issuer" value returned MUST be identical to the one that made the URL.
        if (found := members.get("issuer")) != issuer:
            # Some servers end their name with a slash, whether or not people type it.
            other = issuer[:-1] if issuer.endswith("/") else f"{issuer}/"
            advice = f"; it is {shorten(other)}, so ask for exactly that" if found == other else ""
            raise _bad_metadata(f"its issuer is not {shorten(issuer)}, which was asked{advice}")
        addresses = {name: cast("Any", members.get(name)) for name in ("authorization_endpoint", "token_endpoint")}
        # RFC 8414 section 2: a server that names no code challenge methods "does not support PKCE".
        needs = ("response_types_supported", "code"), ("code_challenge_methods_supported", "S256")
        if all(isinstance(values := members.get(name), list) and value in values for name, value in needs):
            addresses["registration_endpoint"] = members.get("registration_endpoint")
        asked = cast("Address", Address.parse(issuer))
        for name, address in addresses.items():
            # No document from elsewhere may send requests to this machine's own services.
            if str(address)[:5].lower() == "http:" and not asked.is_loopback:
                raise _bad_metadata(f"{name} must start with https://, as the issuer is on another machine")
        sends_iss = members.get("authorization_response_iss_parameter_supported") is True
        try:
            return cls(issuer=issuer, authorization_response_iss_parameter_supported=sends_iss, **addresses)
        except (TypeError, ValueError) as error:
            failure = _bad_metadata(str(error))  # which names the address and never repeats it
        raise failure


def _bad_metadata(reason: str) -> RegistrationError:
    return RegistrationError(None, hint=f"the server's metadata document cannot be used: {reason}")


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


def check_server(name: str, value: object) -> None:
    """Check that a value is a server; for a server's name, the message has the constant that goes with it."""
    if isinstance(value, str):
        constant = "DIDA365" if "dida" in value.lower() else "TICKTICK"
        raise TypeError(f"{name} must be of type AuthorizationServer, not str: pass {constant}")
    check_type(name, value, AuthorizationServer)
