"""Describe the client (RFC 6749 section 2): this program, as the authorization server knows it."""

from attrs import field, frozen
from attrs.validators import optional

from .._checks import check_credential, validator
from .address import check_address
from .server import TICKTICK, AuthorizationServer, check_server

# The developer portal's own.
DEFAULT_REDIRECT_URI = "http://127.0.0.1:8080/"


def _check_client_id(name: str, value: str) -> None:
    check_credential(name, value)
    # RFC 7617 section 2: "a user-id containing a colon character is invalid".
    if ":" in value:
        raise ValueError(f"{name} must not contain ':'; is it the client id and the secret in one?")


@frozen(kw_only=True)
class Client:
    """A registered client, confidential or public (RFC 6749 section 2.1).

    The constructor raises a ``TypeError`` or ``ValueError`` that names the field at fault and never repeats its value.
    """

    client_id: str = field(validator=validator(_check_client_id))
    """The id that the developer portal shows, or that the registration answered; without ``:``."""
    client_secret: str | None = field(repr=False, validator=optional(validator(check_credential)))
    """The secret that the developer portal shows; None for a public client, which has none and uses PKCE."""
    redirect_uri: str = field(default=DEFAULT_REDIRECT_URI, validator=validator(check_address))
    """Where the browser is sent with the code. It is absolute, without fragment, https or http on loopback, and exactly
    the one registered. The default is the portal's own."""
    server: AuthorizationServer = field(default=TICKTICK, validator=validator(check_server))
    """The server that the client is registered with; a client of TickTick is unknown to Dida365."""


def check_pkce(client: Client, code_verifier: str | None) -> None:
    """Check that a public client uses PKCE (RFC 8252 section 6), its only proof of who it is."""
    if client.client_secret is None and code_verifier is None:
        raise ValueError(
            "a public client (without client_secret) needs PKCE: make the request by AuthorizationRequest.with_pkce, "
            "and pass its code_verifier, or the AuthorizationResponse, to the exchange"
        )
