"""Ask a server for its metadata, sans-IO: the request and the reading of its answer (RFC 8414 section 3)."""

from attrs import field, frozen

from .._checks import validator
from ..exceptions import RegistrationError
from .address import check_issuer
from .answer import EndpointAnswer, OAuthRequest
from .redaction import shorten
from .server import AuthorizationServer

_WELL_KNOWN = "/.well-known/oauth-authorization-server"


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
        refusal = answer.read_refusal(endpoint="issuer")
        if answer.status == 404:
            refusal = refusal._replace(
                hint=f"{shorten(self.issuer)} has no metadata document (RFC 8414) at {shorten(self.url)}"
            )
        raise RegistrationError(*refusal)
