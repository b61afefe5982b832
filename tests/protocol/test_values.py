"""What the constructors of the values refuse, and that neither they nor a repr show a secret."""

import traceback
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from attrs import AttrsInstance, evolve, fields

from ticktick_oauth import (
    DIDA365,
    TICKTICK,
    AuthorizationRequest,
    AuthorizationResponse,
    Client,
    IssuedToken,
    OAuthTokenV1,
    RegistrationRequest,
    TokenRequest,
)
from ticktick_oauth._protocol.registration import MetadataRequest
from ticktick_oauth.exceptions import RegistrationError

VERIFIER = f"canary{'-._~' * 10}"
CLIENT = Client(client_id="id", client_secret="canary")
PUBLIC = evolve(CLIENT, client_secret=None)
REQUEST = AuthorizationRequest(client=CLIENT, state="canary", code_verifier=VERIFIER)
RESPONSE = AuthorizationResponse(code="canary", code_verifier=VERIFIER)
TOKEN_REQUEST = TokenRequest(client=CLIENT, code="canary", code_verifier=VERIFIER)
REGISTRATION = RegistrationRequest(server=TICKTICK, redirect_uri="http://127.0.0.1:8080/")
METADATA = MetadataRequest(issuer="https://ticktick.com")
TOKEN = OAuthTokenV1(access_token=UUID("c0ffee00-cafe-4bad-8bad-c0ffee00cafe"), expires_in=60)
NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
ISSUED = IssuedToken(token=TOKEN, issued_at=NOON)
VALUES: list[AttrsInstance] = [TICKTICK, CLIENT, REQUEST, RESPONSE, TOKEN_REQUEST, REGISTRATION, METADATA, ISSUED]
NAMES = ("issuer", "authorization_endpoint", "token_endpoint", "registration_endpoint")
ADDRESSES: list[tuple[Any, str]] = [*((TICKTICK, name) for name in NAMES), (CLIENT, "redirect_uri")]
ADDRESSES += [(REGISTRATION, "redirect_uri"), (METADATA, "issuer")]


def _refusal(value: Any, changes: Mapping[str, object]) -> Exception:  # noqa: ANN401 - of any class
    """Return the error for a value with something unfit, which does not show it."""
    with pytest.raises((TypeError, ValueError, RegistrationError)) as caught:
        evolve(value, **changes)
    assert "canary" not in "".join(traceback.format_exception(caught.value))
    return caught.value


def test_the_values_show_no_secret() -> None:
    """A repr has the ids and addresses, and neither secret nor state, code, verifier or access token."""
    shown = f"{VALUES}{[str(value) for value in VALUES]}"
    assert "'id'" in shown
    assert "canary" not in shown
    assert "c0ffee" not in shown


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_each_field_is_named_and_has_a_type(value: AttrsInstance) -> None:
    """No two texts can change places, and a TypeError has both types."""
    for field in fields(type(value)):
        assert field.kw_only
        expected = type(getattr(value, field.name)).__name__
        for wrong in ([b"canary"], b"canary"):
            error = _refusal(value, {field.name: wrong})
            assert f"{field.name} must be of type {expected}, not {type(wrong).__name__}" == str(error)


TEXTS: list[tuple[AttrsInstance, str]] = [(CLIENT, "client_id"), (CLIENT, "client_secret"), (REQUEST, "state")]
TEXTS += [(RESPONSE, "code"), (TOKEN_REQUEST, "code"), (REGISTRATION, "client_name")]
UNPRINTABLE = "must not have a line end or another unprintable character; was it read from a file unstripped?"
WRAPPED = "must not have spaces or quotes around it; was it copied with them?"
COLON = "client_id must not contain ':'; is it the client id and the secret in one?"
NO_VERIFIER = "code_verifier must be 43 to 128 letters, digits or any of '-._~' (RFC 7636 section 4.1)"
VERIFIERS = ("a" * 42, "a" * 129, "a" * 42 + "é", "a" * 42 + "+", "a" * 43 + "\n", "")
PKCE = (
    "a public client (without client_secret) needs PKCE: make the request by AuthorizationRequest.with_pkce, and pass "
    "its code_verifier, or the AuthorizationResponse, to the exchange"
)
QUERY = "in its query: each request sets its own"
NO_ADDRESS = "code must not be a whole address: pass that to AuthorizationRequest.parse_response, and its answer here"
NO_REGISTRATION = (
    "https://dida365.com offers no registration (RFC 7591) of a client that uses the response type code and PKCE by "
    "S256; a client that is registered in the server's developer portal works all the same"
)
NOT_UTC = "issued_at must be a time that a datetime can hold in UTC"
REFUSED: list[tuple[AttrsInstance, Mapping[str, object], str]] = [
    *((value, {name: ""}, f"{name} must not be empty") for value, name in TEXTS),
    *(
        (value, {name: text}, f"{name} {UNPRINTABLE}")
        for value, name in TEXTS
        for text in ("canary\n", "canary\r\nX: y", "canary\x00", "\u202ecanary", "canary\ud800")
    ),
    *(
        (CLIENT, {name: text}, f"{name} {WRAPPED}")
        for name in ("client_id", "client_secret")
        for text in (" canary", "canary ", '"canary"', "'canary'", "\u201ccanary\u201d")
    ),
    (CLIENT, {"client_id": "id:canary"}, COLON),  # RFC 7617: what follows it would be read as the secret
    *(
        (value, {"code_verifier": text}, NO_VERIFIER)
        for value in (REQUEST, RESPONSE, TOKEN_REQUEST)
        for text in VERIFIERS
    ),
    *((value, {"client": PUBLIC, "code_verifier": None}, PKCE) for value in (REQUEST, TOKEN_REQUEST)),
    *(
        (value, {"server": text}, f"server must be of type AuthorizationServer, not str: pass {constant}")
        for value in (CLIENT, REGISTRATION, ISSUED)
        for text, constant in (("https://ticktick.com/canary", "TICKTICK"), ("Dida365", "DIDA365"))
    ),
    (REGISTRATION, {"server": evolve(DIDA365, registration_endpoint=None)}, NO_REGISTRATION),
    *((TOKEN_REQUEST, {"code": f"{scheme}://127.0.0.1/?code=canary"}, NO_ADDRESS) for scheme in ("https", "HTTP")),
    (ISSUED, {"issued_at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))}, NOT_UTC),
    (ISSUED, {"issued_at": datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))}, NOT_UTC),
    # RFC 8414 forbids it for the issuer alone.
    (TICKTICK, {"issuer": "https://ticktick.com/?canary"}, "issuer must not have a query (what follows '?')"),
    # RFC 6749 section 3.1: no parameter of the requests may be there twice.
    *(
        (TICKTICK, {name: f"https://a.example/?tenant=canary&{parameter}"}, f"{name} must not have {parameter} {QUERY}")
        for name in ("authorization_endpoint", "token_endpoint")
        for parameter in ("client_id", "redirect_uri", "state", "response_type", "scope", "code_challenge")
    ),
]


@pytest.mark.parametrize(("value", "changes", "words"), REFUSED, ids=lambda each: repr(each)[:40])
def test_what_is_unfit_is_refused(value: AttrsInstance, changes: Mapping[str, object], words: str) -> None:
    """The error names the field and what to do, and does not repeat the value."""
    assert words == str(_refusal(value, changes))


def test_a_class_of_the_same_name_is_named_with_its_module() -> None:
    """With two copies of the package, such as a vendored one, the message says which of them is meant."""
    module = "_vendor.ticktick_oauth._protocol.server"
    other = type("AuthorizationServer", (), {"__module__": module})
    words = "server must be of type ticktick_oauth._protocol.server.AuthorizationServer, not "
    assert f"{words}{module}.AuthorizationServer" == str(_refusal(CLIENT, {"server": other()}))


def test_the_defaults_of_a_client() -> None:
    """The redirect URI is the developer portal's own; that a client is public has to be said."""
    assert ("http://127.0.0.1:8080/", TICKTICK) == (CLIENT.redirect_uri, CLIENT.server)
    with pytest.raises(TypeError, match="client_secret"):
        Client(client_id="id")  # type: ignore[call-arg]


def test_what_is_fit_is_taken_as_it_is() -> None:
    """Marks in a secret are seen in the wild, an address is compared exactly, and both lengths of a verifier count."""
    fit: list[tuple[Any, dict[str, object]]] = [
        (CLIENT, {"client_secret": "a:b&*^ é", "redirect_uri": "https://example.com/Callback/?a=b"}),
        (REQUEST, {"client": PUBLIC, "code_verifier": "a" * 43}),
        (REQUEST, {"code_verifier": "-._~" * 32}),
        (TICKTICK, {"token_endpoint": "https://example.com/?tenant=client_id"}),
    ]
    for value, changes in fit:
        changed = evolve(value, **changes)
        assert changes == {name: getattr(changed, name) for name in changes}


# Addresses, fit for a secret or not


@pytest.mark.parametrize(
    "address",
    [
        *("https://example.com", "https://example.com:8443/oauth/token", "https://[2001:db8::1]/token"),
        *("http://127.0.0.1:8080/token", "http://127.255.255.254/token", "http://[::1]:8080/token"),
        *("http://localhost/token", "HTTPS://EXAMPLE.COM/token", "http://LOCALHOST:1/token"),
    ],
)
def test_fit_addresses_are_taken_as_they_are(address: str) -> None:
    """An address with TLS, or without it on loopback, is kept as it is."""
    for value, name in ADDRESSES:
        assert address == getattr(evolve(value, **{name: address}), name)


ABSOLUTE = "must be an absolute http(s) URL without spaces or user information, its port 1 to 65535"
NO_TLS = "must start with https://; http:// is for 127.0.0.1, [::1] and localhost only"
NOT_LOOPBACK = (
    "example.com 10.0.0.1 172.16.0.1 192.168.1.1:8080 169.254.169.254 0.0.0.0 [::] [::ffff:127.0.0.1] [fd00::1]"
    " [::2] 127.0.0.1.example.com 127.0.0.256 127.0.0.09 127.08.0.1 127.0.0 127.0.0.x 128.0.0.1"
    f" localhost.example 127.{'9' * 5000}.0.1"
)
NO_HOST = (
    "evil.example[::1]:8080 [::1]evil.example %31%32%37.0.0.1 [127.0.0.1] [:1] [::1 [::1::] ex\u00e4mple.com"
    " \u00e9xample.com example.com\\@evil.example user:canary@example.com canary@example.com example.com:99999"
    " example.com:0 example.com:port 127.0.0.\u0661"
)
OTHERS = ("ftp://example.com/canary", "//example.com/canary", "/canary", "", "https:///canary", "my:canary")
UNFIT = [
    *((f"http://{host}/canary", NO_TLS) for host in NOT_LOOPBACK.split()),
    *((f"https://{host}/canary", ABSOLUTE) for host in NO_HOST.split()),
    *((address, ABSOLUTE) for address in (*OTHERS, "https://example.com/can ary", "https://example.com/canary\n")),
    *((f"https://a.example/canary{end}", "must not have a fragment (what follows '#')") for end in ("#", "#part")),
]


@pytest.mark.parametrize(("address", "words"), UNFIT, ids=lambda each: repr(each)[:40])
def test_unfit_addresses_are_refused(address: str, words: str) -> None:
    """What is not an address for a secret is a ValueError that names the parameter and never repeats the value."""
    for value, name in ADDRESSES:
        error = _refusal(value, {name: address})
        assert (ValueError, f"{name} {words}") == (type(error), str(error))
