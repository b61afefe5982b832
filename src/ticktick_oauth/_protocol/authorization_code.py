"""What an authorization request brings: a code, and the proof key that goes with it (RFC 6749 4.1.2, RFC 7636)."""

from attrs import field, frozen

from .._checks import check_code_verifier, check_text, validator


@frozen(kw_only=True)
class AuthorizationResponse:
    """What a trusted redirect carries (RFC 6749 section 4.1.2)."""

    code: str = field(repr=False, validator=validator(check_text))
    """The authorization code, for one use."""
    code_verifier: str | None = field(default=None, repr=False, validator=validator(check_code_verifier))
    """The request's PKCE verifier, carried on for the token request; None when PKCE is off."""


def code_challenge(code_verifier: str) -> str:
    """Return the S256 challenge of a code verifier, without padding (RFC 7636 section 4.2)."""
    from base64 import urlsafe_b64encode
    from hashlib import sha256

    return urlsafe_b64encode(sha256(code_verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")
