"""What Authlib's server keeps, as Authlib asks for it: a client, a code, a token."""

from hmac import compare_digest

from attrs import frozen
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin

from interop.serving import SCOPE


@frozen(kw_only=True)
class RegisteredClient(ClientMixin):
    """A client, by its metadata (RFC 7591 section 2)."""

    client_id: str
    client_secret: str
    redirect_uris: list[str]
    token_endpoint_auth_method: str

    def get_client_id(self) -> str:
        """Return the id."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """Have a request name its redirect URI."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Allow what is asked, up to TickTick's two scopes."""
        return scope if scope and set(scope.split()) <= set(SCOPE.split()) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Compare exactly."""
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        """Compare in constant time."""
        return compare_digest(client_secret.encode(), self.client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Take the one method that was registered."""
        return (method, endpoint) == (self.token_endpoint_auth_method, "token")

    def check_response_type(self, response_type: str) -> bool:
        """Offer codes."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Take codes."""
        return grant_type == "authorization_code"


@frozen(kw_only=True)
class IssuedCode(AuthorizationCodeMixin):
    """A code that waits to be exchanged."""

    code: str
    redirect_uri: str
    scope: str
    code_challenge: str | None
    code_challenge_method: str | None

    def get_redirect_uri(self) -> str:
        """Return where the code was sent."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Return what was allowed."""
        return self.scope


@frozen
class Token(TokenMixin):
    """An issued token, which neither expires nor is revoked within a test."""

    scope: str

    def get_scope(self) -> str:
        """Return what was allowed."""
        return self.scope

    def is_expired(self) -> bool:
        """Last."""
        return False

    def is_revoked(self) -> bool:
        """Stay valid."""
        return False
