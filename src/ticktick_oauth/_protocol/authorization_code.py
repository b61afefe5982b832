"""What an authorization request brings: a code, and the proof key that goes with it (RFC 6749 4.1.2, RFC 7636)."""

from attrs import field, frozen

from .._checks import check_code_verifier, check_text, validator
from .client import Client


@frozen(kw_only=True)
class AuthorizationResponse:
    """What a trusted redirect carries (RFC 6749 section 4.1.2)."""

    code: str = field(repr=False, validator=validator(check_text))
    """The authorization code, for one use."""
    code_verifier: str | None = field(default=None, repr=False, validator=validator(check_code_verifier))
    """The request's PKCE verifier, carried on for the token request; None when PKCE is off."""


def check_pkce(client: Client, code_verifier: str | None) -> None:
    """Check that a public client uses PKCE (RFC 8252 section 6), its only proof of who it is."""
    if client.client_secret is None and code_verifier is None:
        raise ValueError(
            "a public client (without client_secret) needs PKCE: make the request by AuthorizationRequest.with_pkce, "
            "and pass its code_verifier, or the AuthorizationResponse, to the exchange"
        )


def code_challenge(code_verifier: str) -> str:
    """Return the S256 challenge of a code verifier."""
    from base64 import urlsafe_b64encode
    from hashlib import sha256

    # RFC 7636 section 4.2: BASE64URL-ENCODE(SHA256(ASCII(code_verifier))), without padding.
    return urlsafe_b64encode(sha256(code_verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")
