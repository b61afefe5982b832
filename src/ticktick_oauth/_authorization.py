"""The first step: the authorization request and the redirect that answers it (RFC 6749 4.1.1 to 4.1.2, RFC 7636)."""

import re
from typing import TYPE_CHECKING

from attrs import Attribute
from attrs import field
from attrs import frozen

from ._client import Client
from ._client import check_text_field
from ._server import check_type
from ._server import instance_of
from ._server import split_address
from ._token import SCOPE
from .exceptions import AuthorizationError
from .exceptions import InvalidRedirectError
from .exceptions import StateMismatchError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

# The size of a request line that http.server and most proxies take at the least; TickTick's redirects have some 100.
_MAX_REDIRECT = 16 * 1024
_MAX_SHOWN = 200
_KNOWN_PARAMETERS = ("state", "iss", "error", "error_description", "error_uri", "code")
_DEFAULT_PORTS = {"http": 80, "https": 443}
# RFC 7636 section 4.1: code-verifier = 43*128unreserved.
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def clean(text: str, *secrets: str | None) -> str:
    """Make what a server says fit to show: printable, 200 characters at most, without the secrets it may echo."""
    from urllib.parse import quote
    from urllib.parse import quote_plus

    # Line ends, escape codes and bidi controls go first: one of them could hide a secret from the search below.
    text = "".join(character for character in text if character.isprintable())
    forms = {form for secret in secrets if secret for form in (secret, quote(secret, safe=""), quote_plus(secret))}
    if forms:
        # The longest first, should one be part of another; in any case, as percent-encoding has two.
        pattern = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        text = re.sub(pattern, "[redacted]", text, flags=re.IGNORECASE)
    return text[:_MAX_SHOWN]


def check_code_verifier(_instance: object, attribute: "Attribute[str | None]", value: object) -> None:
    """Check a PKCE code verifier, as an attrs validator; None means that PKCE is off."""
    if value is None:
        return
    text = check_type(attribute.name, value, str)
    if not 43 <= len(text) <= 128 or not _UNRESERVED.issuperset(text):  # noqa: PLR2004 - RFC 7636 section 4.1
        raise ValueError(f"{attribute.name} must be 43 to 128 letters, digits or any of '-._~' (RFC 7636 section 4.1)")


def _random_text() -> str:
    # Here, since `secrets` brings `random` and `hashlib` along, which a program that only parses tokens never needs.
    from secrets import token_urlsafe

    return token_urlsafe(32)


@frozen(kw_only=True)
class AuthorizationResponse:
    """What a trusted redirect carries (RFC 6749 section 4.1.2)."""

    code: str = field(repr=False, validator=check_text_field)
    """The authorization code: for one use, within minutes."""
    code_verifier: str | None = field(default=None, repr=False, validator=check_code_verifier)
    """The request's PKCE verifier, carried on for the token request; None when PKCE is off."""


@frozen(kw_only=True)
class AuthorizationRequest:
    """What a person's browser is sent to the authorization server with (RFC 6749 section 4.1.1).

    A flow that spans two processes keeps ``state`` (and ``code_verifier``) and makes the same request again.
    Raises ``TypeError`` or ``ValueError`` for a field that is not what its text below says.
    """

    client: Client = field(validator=instance_of(Client))
    """Who asks."""
    state: str = field(factory=_random_text, repr=False, validator=check_text_field)
    """What ties the redirect to this very request (RFC 6749 section 10.12): by default 256 fresh random bits."""
    code_verifier: str | None = field(default=None, repr=False, validator=check_code_verifier)
    """The PKCE secret (RFC 7636 section 4.1); None, the default, leaves PKCE off: TickTick does not document it."""

    @classmethod
    def with_pkce(cls, *, client: Client) -> "AuthorizationRequest":
        """Make a request with a fresh state and a fresh code verifier of 256 random bits."""
        return cls(client=client, code_verifier=_random_text())

    @property
    def uri(self) -> str:
        """The authorization URL, for the person's browser. The state stands in it, as the RFC has it: do not log it."""
        from urllib.parse import quote
        from urllib.parse import urlencode

        server = self.client.server
        parameters = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": self.client.redirect_uri,
            "scope": SCOPE,
            "state": self.state,
        }
        if self.code_verifier is not None:
            parameters["code_challenge"] = code_challenge(self.code_verifier)
            parameters["code_challenge_method"] = "S256"
        # RFC 6749 section 3.1: the endpoint's own query "MUST be retained when adding additional query parameters".
        separator = "&" if "?" in server.authorization_endpoint else "?"
        return f"{server.authorization_endpoint}{separator}{urlencode(parameters, quote_via=quote)}"

    def parse_response(self, redirect: str) -> AuthorizationResponse:
        """Read the redirect that answers this request.

        Args:
            redirect: The URL that the browser was sent to, or only what follows its host (``/callback?code=...``) or
                its path (``?code=...``, ``code=...``), for a program that does not see its own public address.

        Raises:
            TypeError: redirect is not a str.
            StateMismatchError: the state is missing or is not this request's.
            AuthorizationError: the server says no, or the person did.
            InvalidRedirectError: it is anything else than an answer to this request.

        """
        parameters = _parse_query(_query_of(check_type("redirect", redirect, str), self.client.redirect_uri))
        if not _equal(parameters.get("state", ""), self.state):
            raise StateMismatchError(
                "the redirect's state is missing or is not this request's: it answers another sign-in or is forged; "
                "start again at the authorization URL"
            )
        # RFC 9207 section 2.4: "If the value does not match the expected issuer identifier, clients MUST reject".
        if parameters.get("iss", self.client.server.issuer) != self.client.server.issuer:
            raise InvalidRedirectError(f"the redirect comes from another issuer than {self.client.server.issuer}")
        if "error" in parameters:
            secrets = self.state, self.code_verifier, parameters.get("code")
            error, description, uri = (
                clean(parameters.get(name, ""), *secrets) for name in ("error", "error_description", "error_uri")
            )
            raise AuthorizationError(error, description or None, uri or None)
        code = parameters.get("code", "")
        if not code or not code.isprintable():
            raise InvalidRedirectError(
                "the redirect has no code, or one with unprintable characters; start again at the authorization URL"
            )
        return AuthorizationResponse(code=code, code_verifier=self.code_verifier)


def code_challenge(code_verifier: str) -> str:
    """Return the S256 challenge of a code verifier."""
    from base64 import urlsafe_b64encode
    from hashlib import sha256

    # RFC 7636 section 4.2: BASE64URL-ENCODE(SHA256(ASCII(code_verifier))), without padding.
    return urlsafe_b64encode(sha256(code_verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


def _equal(one: str, other: str) -> bool:
    from hmac import compare_digest

    # Bytes, since `compare_digest` takes no non-ASCII str.
    return compare_digest(one.encode("utf-8"), other.encode("utf-8"))


def _query_of(redirect: str, redirect_uri: str) -> str:
    """Return the query of a redirect whose address, if it has one, is the redirect URI."""
    if len(redirect) > _MAX_REDIRECT:
        raise InvalidRedirectError(f"the redirect is longer than {_MAX_REDIRECT} characters")
    if not redirect.isprintable():
        raise InvalidRedirectError(
            "the redirect has a line end or another unprintable character; was it pasted whole, on one line?"
        )
    location, _, fragment = redirect.partition("#")
    address, question_mark, query = location.partition("?")
    if not query and "=" in fragment:
        raise InvalidRedirectError(
            "the redirect has its parameters behind '#', not behind '?': the server used another response type"
        )
    if not question_mark and "=" in address and ":" not in address.partition("=")[0]:
        return address
    if address and (not address.startswith("/") or address.startswith("//")):
        _check_same_address(address, redirect_uri)
    return query


def _check_same_address(address: str, redirect_uri: str) -> None:
    from urllib.parse import urlsplit

    expected, met = urlsplit(redirect_uri), split_address(address)
    if met is None:
        raise InvalidRedirectError(f"the redirect is not an http(s) URL; expected {_shown(expected)}")
    if _address_parts(met) != _address_parts(expected):
        raise InvalidRedirectError(
            f"the redirect is for {clean(_shown(met))}, not for this client's redirect_uri {_shown(expected)}"
        )


def _address_parts(parts: "SplitResult") -> tuple[str, str | None, int | None, str]:
    # RFC 3986 sections 6.2.2 and 6.2.3: the host's case, the default port and an empty path make no difference.
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme], parts.path or "/"


def _shown(parts: "SplitResult") -> str:
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _parse_query(query: str) -> dict[str, str]:
    from urllib.parse import parse_qsl

    if ";" in query and "&" not in query:
        raise InvalidRedirectError("the redirect's parameters are separated by ';'; expected '&'")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
    except ValueError:
        pairs = None  # it may hold the query, so the error below must not be raised in here
    if pairs is None:
        raise InvalidRedirectError("the redirect's parameters are not percent-encoded UTF-8")
    parameters = dict(pairs)
    if len(parameters) < len(pairs):
        # RFC 6749 section 3.1: "Request and response parameters MUST NOT be included more than once."
        names = [name for name, _ in pairs]
        repeated = [name for name in _KNOWN_PARAMETERS if names.count(name) > 1]
        raise InvalidRedirectError(
            f"the redirect has the parameter {repeated[0] if repeated else '(an unknown one)'} more than once"
        )
    return parameters
