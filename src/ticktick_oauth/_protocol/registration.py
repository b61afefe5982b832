"""Ask a server for its metadata (RFC 8414) and register with it (RFC 7591): the requests, and reading their answers."""

import json
from collections.abc import Mapping
from typing import cast

from attrs import field, frozen

from .._checks import check_text, check_type, validator
from .._token.model import SCOPE
from ..exceptions import RegistrationError
from .address import check_address, check_issuer
from .answer import EndpointAnswer, OAuthRequest
from .client import Client
from .redaction import shorten
from .server import AuthorizationServer, check_server

_WELL_KNOWN = "/.well-known/oauth-authorization-server"
# RFC 7591 section 3.2.1 asks for a 201; some servers answer 200.
_REGISTERED = {200, 201}
_PORTAL = "a client that is registered in the server's developer portal works all the same"


@frozen(kw_only=True)
class MetadataRequest(OAuthRequest[AuthorizationServer]):
    """The request for a server's metadata (RFC 8414 section 3.1), for any HTTP client to carry."""

    issuer: str = field(validator=validator(check_issuer))
    """The server that is asked."""

    method = "GET"

    @property
    def url(self) -> str:
        """The well-known address, whose path stands between the issuer's host and the issuer's own path."""
        scheme, _, rest = self.issuer.partition("://")
        host, slash, path = rest.partition("/")
        return f"{scheme}://{host}{_WELL_KNOWN}{slash}{path}".rstrip("/")

    def _read(self, answer: EndpointAnswer) -> AuthorizationServer:
        if answer.status == 200:
            return AuthorizationServer.from_metadata(self.issuer, answer.body)
        status, error, description, wait, hint = answer.read_refusal("issuer")
        if answer.status == 404:
            hint = f"{shorten(self.issuer)} has no metadata document (RFC 8414) at {shorten(self.url)}"
        raise RegistrationError(status, error, description, wait, hint)


@frozen(kw_only=True)
class RegistrationRequest(OAuthRequest[Client]):
    """The request that registers a public client, for any HTTP client to carry; ``register_client`` does it by urllib3.

    The answer decides what kind of client it is (RFC 7591 section 3.2.1): public, or confidential when the answer has a
    secret for HTTP Basic. The constructor raises a ``TypeError`` or ``ValueError`` that names the field at
    fault, and a ``RegistrationError`` when the server has no registration endpoint.
    """

    server: AuthorizationServer = field(validator=validator(check_server))
    """The server to register with."""
    redirect_uri: str = field(validator=validator(check_address))
    """The one redirect URI that the client will use."""
    client_name: str = field(default="ticktick-oauth", validator=validator(check_text))
    """What the server shows a person who is asked to allow the access."""

    def __attrs_post_init__(self) -> None:
        if self.server.registration_endpoint is None:
            what = "no registration (RFC 7591) of a client that uses the response type code and PKCE by S256"
            raise RegistrationError(None, hint=f"{shorten(self.server.issuer)} offers {what}; {_PORTAL}")

    @property
    def url(self) -> str:
        """The registration endpoint."""
        return cast("str", self.server.registration_endpoint)  # the constructor refuses a server without one

    @property
    def headers(self) -> dict[str, str]:
        """The headers Content-Type, Accept and User-Agent, in a fresh dict."""
        return {**super().headers, "Content-Type": "application/json"}

    @property
    def body(self) -> bytes:
        """The metadata (RFC 7591 section 2) of a public client that uses codes, as JSON."""
        return json.dumps(
            {
                "client_name": self.client_name,
                "redirect_uris": [self.redirect_uri],
                "grant_types": ["authorization_code"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
                "scope": SCOPE,
            }
        ).encode("ascii")

    def _read(self, answer: EndpointAnswer) -> Client:
        members = answer.members
        if answer.status not in _REGISTERED or not members or members.get("error") is not None:
            status, error, description, wait, hint = answer.read_refusal("registration_endpoint")
            hint = f"{hint or 'the server did not register this program'}; {_PORTAL}"
            raise RegistrationError(status, error, description, wait, hint)
        # RFC 7591 section 3.2.1: the server "MAY reject or replace any of the client's requested metadata values".
        uris = members.get("redirect_uris")
        if uris is not None and not (isinstance(uris, list) and self.redirect_uri in uris):
            reason = "redirect_uris must hold the redirect URI that was to be registered"
        else:
            try:
                return Client(
                    client_id=members.get("client_id"),  # type: ignore[arg-type] # its validators check
                    client_secret=_secret_of(members),
                    redirect_uri=self.redirect_uri,
                    server=self.server,
                )
            except (TypeError, ValueError) as error:
                reason = str(error)  # which names the member and never repeats its value
        raise RegistrationError(answer.status, hint=f"the answer to the registration cannot be used: {reason}")


def _secret_of(members: Mapping[str, object]) -> str | None:
    """Return the secret of a confidential client; None when the answer describes a public one."""
    secret, method = members.get("client_secret"), members.get("token_endpoint_auth_method")
    # RFC 7591 section 2: "If unspecified or omitted, the default is "client_secret_basic"". A server that omits it and
    # sends no secret either has registered the public client that it was asked for.
    if method == "none" or (method is None and secret is None):
        return None
    if method is not None and method != "client_secret_basic":
        raise ValueError("token_endpoint_auth_method must be none or client_secret_basic")
    return check_type("client_secret", secret, str)
