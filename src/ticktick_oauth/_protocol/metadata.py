"""Ask a server for its metadata, sans-IO: the request and the reading of its answer (RFC 8414 section 3)."""

from collections.abc import Mapping

from attrs import field, frozen

from .._checks import validator
from ..exceptions import RegistrationError
from .address import check_issuer
from .answer import EndpointAnswer
from .redaction import shorten
from .server import AuthorizationServer

_OK = 200
_NOT_FOUND = 404
_WELL_KNOWN = "/.well-known/oauth-authorization-server"


@frozen(kw_only=True)
class MetadataRequest:
    """The request for a server's metadata (RFC 8414 section 3.1), for any HTTP client to carry."""

    issuer: str = field(validator=validator(check_issuer))
    """The server that is asked."""

    @property
    def method(self) -> str:
        """The HTTP method."""
        return "GET"

    @property
    def url(self) -> str:
        """The well-known address, whose path stands between the issuer's host and the issuer's own path."""
        scheme, _, rest = self.issuer.partition("://")
        host, slash, path = rest.partition("/")
        return f"{scheme}://{host}{_WELL_KNOWN}{slash}{path}".rstrip("/")

    @property
    def body(self) -> bytes:
        """The body, empty, as a GET has none."""
        return b""

    @property
    def headers(self) -> dict[str, str]:
        """The headers, in a fresh dict."""
        return {"Accept": "application/json", "User-Agent": "ticktick-oauth"}

    def parse_response(self, status: int, headers: Mapping[str, str], body: bytes) -> AuthorizationServer:
        """Read the answer.

        Args:
            status: The HTTP status; 200 brings the document.
            headers: The headers, looked up without regard to case.
            body: The body, decoded if it came with a content encoding.

        Raises:
            RegistrationError: the server has no metadata, or its document cannot be used.
            TypeError: the status or the body is of the wrong type.

        """
        return self.read(EndpointAnswer(status, headers, body))

    def read(self, answer: EndpointAnswer) -> AuthorizationServer:
        """Do what ``parse_response`` does (Raises: the same), with an answer whose body may not have been read."""
        if answer.status == _OK:
            return AuthorizationServer.from_metadata(self.issuer, answer.body)
        refusal = answer.read_refusal(endpoint="issuer")
        if answer.status == _NOT_FOUND:
            refusal = refusal._replace(
                hint=f"{shorten(self.issuer)} has no metadata document (RFC 8414) at {shorten(self.url)}"
            )
        raise RegistrationError(*refusal)
