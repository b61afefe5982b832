"""Send the person to the server, and read the redirect that answers (RFC 6749 4.1.1 to 4.1.2, RFC 7636, RFC 9207)."""

from attrs import field, frozen

from .._checks import check_code_verifier, check_text, check_type, instance_of, validator
from .._token.model import SCOPE
from ..exceptions import AuthorizationError, InvalidRedirectError, StateMismatchError
from .address import Address
from .authorization_code import AuthorizationResponse, code_challenge
from .client import Client, check_pkce
from .redaction import clean, shorten

# http.server and most proxies take a request line of at least this size; TickTick's redirects have 100 characters.
_MAX_REDIRECT = 16 * 1024
_KNOWN_PARAMETERS = ("state", "iss", "error", "error_description", "error_uri", "code")
_AGAIN = "start again at the authorization URL"


def _random_text() -> str:
    # Here, since `secrets` brings `random` and `hashlib` along, which a program that only parses tokens never needs.
    from secrets import token_urlsafe

    return token_urlsafe(32)


@frozen(kw_only=True)
class AuthorizationRequest:
    """What a person's browser is sent to the authorization server with (RFC 6749 section 4.1.1).

    A flow that spans two processes keeps ``state`` (and ``code_verifier``) and makes the same request by ``resume``.
    The constructor raises a ``TypeError`` or ``ValueError`` that names the field at fault, never its value.
    """

    client: Client = field(validator=instance_of(Client))
    """The client that asks."""
    state: str = field(factory=_random_text, repr=False, validator=validator(check_text))
    """What ties the redirect to this very request (RFC 6749 section 10.12); by default 256 fresh random bits."""
    code_verifier: str | None = field(default=None, repr=False, validator=validator(check_code_verifier))
    """The PKCE secret (RFC 7636 section 4.1). None, the default, leaves PKCE off, which only a confidential client
    may, since TickTick's server is not known to check it for one."""

    def __attrs_post_init__(self) -> None:
        check_pkce(self.client, self.code_verifier)

    @classmethod
    def with_pkce(cls, *, client: Client) -> "AuthorizationRequest":
        """Make a request with a fresh state and a fresh code verifier of 256 random bits.

        Raises:
            TypeError: client is not a ``Client``.

        """
        return cls(client=client, code_verifier=_random_text())

    @classmethod
    def resume(cls, *, client: Client, state: str | None, code_verifier: str | None = None) -> "AuthorizationRequest":
        """Make a request again from what was kept of it, such as in a web session.

        Args:
            client: The client of the first request.
            state: The first request's state; None when none is kept any more.
            code_verifier: The first request's code verifier; None when it had none.

        Raises:
            StateMismatchError: the state is None or empty, as a session that has expired leaves it.
            TypeError: an argument is of the wrong type.
            ValueError: an argument is not what it was in the first request.

        """
        if state is None or state == "":
            raise StateMismatchError(f"no state was kept for this sign-in, or it has expired; {_AGAIN}")
        return cls(client=client, state=state, code_verifier=code_verifier)

    @property
    def uri(self) -> str:
        """The authorization URL, for the person's browser. As the RFC has it, it carries the state; do not log it."""
        from urllib.parse import quote, urlencode

        endpoint = self.client.server.authorization_endpoint
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
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters, quote_via=quote)}"

    def parse_response(self, redirect: str) -> AuthorizationResponse:
        """Read the redirect that answers this request.

        Args:
            redirect: The URL that the browser was sent to, or only what follows its host (``/callback?code=...``) or
                its path (``?code=...``, ``code=...``), for a program that does not see its own public address.

        Raises:
            TypeError: redirect is not a str.
            StateMismatchError: the state is missing or is not this request's.
            AuthorizationError: the server or the person refused.
            InvalidRedirectError: it is anything else than an answer to this request.

        """
        query = _query_of(check_type("redirect", redirect, str), self.client.redirect_uri)
        parameters = self._parameters_of_this_request(query)
        # RFC 9207 section 2.4: "If the value does not match the expected issuer identifier, clients MUST reject".
        server = self.client.server
        # An error brings no code that could go astray, and django-oauth-toolkit sends its errors without an iss.
        is_required = server.authorization_response_iss_parameter_supported and "error" not in parameters
        iss = parameters.get("iss", None if is_required else server.issuer)
        if iss != server.issuer:
            met = "comes from another issuer than" if iss is not None else "has no iss, which is always sent by"
            raise InvalidRedirectError(f"the redirect {met} {shorten(server.issuer)}; {_AGAIN}")
        if "error" in parameters:
            secrets = self.state, self.code_verifier, parameters.get("code")
            error, description, uri = (
                clean(parameters.get(name, ""), secrets) for name in ("error", "error_description", "error_uri")
            )
            raise AuthorizationError(error, description or None, uri or None)
        code = parameters.get("code", "")
        if not code or not code.isprintable():
            raise InvalidRedirectError(f"the redirect has no code, or one with unprintable characters; {_AGAIN}")
        return AuthorizationResponse(code=code, code_verifier=self.code_verifier)

    def _parameters_of_this_request(self, query: str) -> dict[str, str]:
        """Return a query's parameters if they carry this request's state."""
        from hmac import compare_digest

        parameters = _parse_query(query)
        # TickTick's server sends a "+" back as it is, where a form-encoded one is a space: both readings count.
        raw = _parse_query(query.replace("+", "%2B"))
        # Bytes, since `compare_digest` takes no non-ASCII str.
        form_matches, raw_matches = (
            compare_digest(reading.get("state", "").encode(), self.state.encode()) for reading in (parameters, raw)
        )
        if form_matches or raw_matches:
            return parameters if form_matches else raw
        if not parameters.get("state"):
            raise StateMismatchError(
                "the redirect has no state: copy the whole address, to its end; if that is all of it, it does not "
                f"answer this sign-in, so {_AGAIN}"
            )
        raise StateMismatchError(
            f"the redirect's state is not this request's: it answers another sign-in, or is forged; {_AGAIN}"
        )


def _query_of(redirect: str, redirect_uri: str) -> str:
    """Return the query of a redirect whose address, if it has one, is the redirect URI."""
    if len(redirect) > _MAX_REDIRECT:
        raise InvalidRedirectError(f"the redirect is longer than {_MAX_REDIRECT} characters")
    if not redirect.isprintable():
        raise InvalidRedirectError(
            "the redirect has a line end or another unprintable character; was it pasted whole, on one line?"
        )
    location, _, fragment = redirect.partition("#")
    name, equals, _ = location.partition("=")
    if equals and not set(name) & set(":/?"):  # a query alone, in whose values all of these may stand
        return location
    address, question_mark, query = location.partition("?")
    if not query and "=" in fragment:
        raise InvalidRedirectError(
            "the redirect has its parameters behind '#', not behind '?': the server used another response type"
        )
    if address and not question_mark and not set(address) & set(":/."):
        raise InvalidRedirectError("that is only the code: paste the whole address, from http to its end")
    if address and (not address.startswith("/") or address.startswith("//")):
        _check_same_address(address, redirect_uri)
    return query


def _check_same_address(address: str, redirect_uri: str) -> None:
    expected, met = Address.parse(redirect_uri), Address.parse(address)
    shown = shorten(redirect_uri.partition("?")[0])
    if expected is None or met is None:
        raise InvalidRedirectError(f"the redirect is not an http(s) URL; expected {shown}")
    if met[:4] == expected[:4]:
        return
    if (met.scheme, expected.scheme, met.host) == ("https", "http", expected.host):
        raise InvalidRedirectError(
            f"the redirect starts with https://, and this client's redirect_uri with {expected.origin}: a browser may "
            "have changed it, so put http:// and the right port in its place"
        )
    # Of what was met, no path: a code may stand in it.
    where = "has another path than" if met[:3] == expected[:3] else f"is for {shorten(met.origin)}, not for"
    raise InvalidRedirectError(f"the redirect {where} this client's redirect_uri {shown}")


def _parse_query(query: str) -> dict[str, str]:
    from urllib.parse import parse_qsl

    if ";" in query and "&" not in query:
        raise InvalidRedirectError("the redirect's parameters are separated by ';'; expected '&'")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
    except ValueError:
        failure = InvalidRedirectError("the redirect's parameters are not percent-encoded UTF-8")
    else:
        parameters = dict(pairs)
        if len(parameters) == len(pairs):
            return parameters
        # RFC 6749 section 3.1: "Request and response parameters MUST NOT be included more than once."
        names = [name for name, _ in pairs]
        repeated = next((name for name in _KNOWN_PARAMETERS if names.count(name) > 1), "(an unknown one)")
        failure = InvalidRedirectError(f"the redirect has the parameter {repeated} more than once")
    raise failure
