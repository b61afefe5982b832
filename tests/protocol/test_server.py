"""Authorization servers as data, which addresses are fit for a secret, and the reading of metadata."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError
from hypothesis import example, given
from hypothesis import strategies as st
from urllib3.util import parse_url

from ticktick_oauth import DIDA365, TICKTICK, AuthorizationServer
from ticktick_oauth._protocol.address import Address
from ticktick_oauth._protocol.answer import EndpointAnswer
from ticktick_oauth._protocol.registration import MetadataRequest
from ticktick_oauth.exceptions import RegistrationError

# Of these, addresses and all that looks like one are made.
PIECES = (
    *"/\\@:[]?%.-_ \t\x00é。",
    *("//", "::1", "[::1]", "[::2]", "127.0.0.1", "a.example", "%40", "8080", "0", "99999"),
)
ADDRESSES = ("issuer", "authorization_endpoint", "token_endpoint", "registration_endpoint")


def _server(**changes: Any) -> AuthorizationServer:  # noqa: ANN401 - wrong types are what it is for
    return evolve(TICKTICK, **changes)


@pytest.mark.parametrize(("server", "host"), [(TICKTICK, "ticktick.com"), (DIDA365, "dida365.com")])
def test_constants_hold_the_documented_addresses(server: AuthorizationServer, host: str) -> None:
    """The two services have the same paths on hosts of their own."""
    assert f"https://{host}" == server.issuer
    assert f"https://{host}/oauth/authorize" == server.authorization_endpoint
    assert f"https://{host}/oauth/token" == server.token_endpoint
    assert f"https://api.{host}/oauth/register" == server.registration_endpoint


def test_a_server_is_a_value() -> None:
    """Servers compare and hash by their addresses and cannot be changed."""
    assert _server() == TICKTICK
    assert hash(_server()) == hash(TICKTICK)
    with pytest.raises(FrozenInstanceError):
        TICKTICK.issuer = "https://example.com"  # type: ignore[misc]


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com",
        "https://example.com:8443/oauth/token",
        "https://[2001:db8::1]/token",
        "http://127.0.0.1:8080/token",
        "http://127.255.255.254/token",
        "http://[::1]:8080/token",
        "http://localhost/token",
        "HTTPS://EXAMPLE.COM/token",
        "http://LOCALHOST:1/token",
    ],
)
@pytest.mark.parametrize("name", ADDRESSES)
def test_fit_addresses_are_taken_as_they_are(name: str, address: str) -> None:
    """An address with TLS, or without it on loopback, is kept as it is."""
    assert address == getattr(_server(**{name: address}), name)


_NOT_LOOPBACK = (
    "example.com 10.0.0.1 172.16.0.1 192.168.1.1:8080 169.254.169.254 0.0.0.0 [::] [::ffff:127.0.0.1] [fd00::1]"
)
_NOT_LOOPBACK += " [::2] 127.0.0.1.example.com 127.0.0.256 127.0.0.09 127.08.0.1 127.0.0 127.0.0.x 128.0.0.1"
_NOT_LOOPBACK += f" localhost.example 127.{'9' * 5000}.0.1"
_NO_HOST = "evil.example[::1]:8080 [::1]evil.example %31%32%37.0.0.1 [127.0.0.1] [:1] [::1 [::1::]"
_NO_HOST += " ex\u00e4mple.com \u00e9xample.com example.com\\@evil.example"
_NO_HOST += " example.com:99999 example.com:0 example.com:port 127.0.0.\u0661"
UNFIT = [
    *((f"http://{host}/canary", "https://") for host in _NOT_LOOPBACK.split()),
    *((f"https://{host}/canary", "absolute") for host in ("", *_NO_HOST.split())),
    *((address, "absolute") for address in ("ftp://example.com/canary", "//example.com/canary", "/canary", "")),
    *((f"https://example.com/can{end}", "spaces") for end in (" ary", "ary\n")),
    *((f"https://example.com/canary{end}", "fragment") for end in ("#", "#part")),
    *((f"https://{user}@example.com/", "user information") for user in ("user:canary", "canary")),
]


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize(("address", "words"), UNFIT)
def test_unfit_addresses_are_refused(name: str, address: str, words: str) -> None:
    """What is not an address for a secret is a ValueError that names the parameter and never repeats the value."""
    with pytest.raises(ValueError, match=words) as caught:
        _server(**{name: address})
    assert str(caught.value).startswith(name)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "parts", "origin"),
    [
        ("HTTPS://Example.COM", ("https", "example.com", 443, "/", ""), "https://example.com"),
        ("https://example.com:80/A?", ("https", "example.com", 80, "/A", ""), "https://example.com:80"),
        ("http://[::A]:/?b=/?c", ("http", "::a", 80, "/", "b=/?c"), "http://[::a]"),
        ("http://127.0.0.1:65535?b", ("http", "127.0.0.1", 65535, "/", "b"), "http://127.0.0.1:65535"),
    ],
)
def test_an_address_is_split(text: str, parts: tuple[object, ...], origin: str) -> None:
    """What makes no difference is brought into one form; the origin has neither path nor query."""
    address = Address.parse(text)
    assert address is not None
    assert (parts, origin) == (address, address.origin)


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join))
@example("[127.0.0.1]/")
@example("evil.example[::1]/")
def test_no_address_has_two_hosts(rest: str) -> None:
    """What counts as an address has the same host and port to `urllib.parse` and to urllib3, by which it is used."""
    text = f"https://{rest}"
    address = Address.parse(text)
    if address is not None:
        split, parsed = urlsplit(text), parse_url(text)
        assert (address.host, address.port) == (split.hostname, split.port or 443)
        assert (address.host, address.port) == ((parsed.host or "").strip("[]"), parsed.port or 443)


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("value", [b"https://example.com/canary", 1])
def test_other_types_are_refused(name: str, value: object) -> None:
    """An address is a str; the TypeError names both types and not the value."""
    with pytest.raises(TypeError, match=f"{name} must be of type str, not {type(value).__name__}") as caught:
        _server(**{name: value})
    assert "canary" not in str(caught.value)


def test_only_an_issuer_must_have_no_query() -> None:
    """RFC 8414 forbids the issuer a query; the endpoints may have one."""
    with pytest.raises(ValueError, match="issuer must not have a query"):
        _server(issuer="https://example.com/?tenant=1")
    assert _server(token_endpoint="https://example.com/?tenant=1").token_endpoint.endswith("?tenant=1")


# Metadata (RFC 8414)

ISSUER = "https://ticktick.com"
# As users saw it on 2026-08-10.
METADATA: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/oauth/authorize",
    "token_endpoint": "https://api.ticktick.com/oauth/token",
    "registration_endpoint": "https://api.ticktick.com/oauth/register",
    "response_types_supported": ["code"],
    "grant_types_supported": ["authorization_code"],
    "token_endpoint_auth_methods_supported": ["none"],
    "code_challenge_methods_supported": ["plain", "S256"],
}


def _read(asked: str = ISSUER, **changes: Any) -> AuthorizationServer:  # noqa: ANN401 - JSON
    members = {name: value for name, value in {**METADATA, **changes}.items() if value != "missing"}
    return AuthorizationServer.from_metadata(asked, json.dumps(members).encode())


def test_metadata_makes_a_server() -> None:
    """TickTick's own document has its four addresses."""
    assert AuthorizationServer(**{name: METADATA[name] for name in ADDRESSES}) == _read()


@pytest.mark.parametrize(
    "changes",
    [
        {"registration_endpoint": "missing"},
        {"registration_endpoint": None},
        {"response_types_supported": ["token"]},
        {"response_types_supported": "missing"},
        {"response_types_supported": "code"},
        {"code_challenge_methods_supported": ["plain"]},
        {"code_challenge_methods_supported": None},
    ],
)
def test_a_server_without_what_a_public_client_needs_has_no_registration(changes: dict[str, Any]) -> None:
    """Without an endpoint, `code` or `S256` there is no place to register at, and the rest is read all the same."""
    assert evolve(_read(), registration_endpoint=None) == _read(**changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"issuer": "https://evil.example"}, "its issuer is not https://ticktick.com, which was asked$"),
        ({"issuer": "missing"}, "its issuer is not"),
        ({"issuer": [ISSUER]}, "its issuer is not"),
        ({"authorization_endpoint": "missing"}, "authorization_endpoint must be of type str, not NoneType"),
        ({"token_endpoint": "http://ticktick.com/canary"}, "token_endpoint must start with https://"),
        ({"token_endpoint": ["canary"]}, "token_endpoint must be of type str, not list"),
        ({"registration_endpoint": "http://ticktick.com/canary"}, "registration_endpoint must start with https://"),
        ({"authorization_endpoint": "http://127.0.0.1/canary"}, "authorization_endpoint must start with https://"),
        ({"token_endpoint": "HTTP://[::1]:8080/canary"}, "token_endpoint must start with https://"),
        ({"registration_endpoint": "http://localhost/canary"}, "registration_endpoint must start with https://, as"),
        ({"token_endpoint": f"{ISSUER}/?client%5Fid=canary"}, "token_endpoint must not have client_id in its query"),
        ({"registration_endpoint": "https://canary@ticktick.com/"}, "registration_endpoint must be an absolute"),
    ],
)
def test_metadata_that_cannot_be_trusted_is_refused(changes: dict[str, Any], words: str) -> None:
    """Another issuer, or an address that is not fit for a secret, is an error that repeats none of it."""
    with pytest.raises(RegistrationError, match=f"^the server's metadata document cannot be used: {words}") as caught:
        _read(**changes)
    assert (None, None, None) == (caught.value.status, caught.value.__cause__, caught.value.__context__)
    assert "canary" not in str(caught.value)


def test_a_loopback_issuer_may_name_addresses_without_tls() -> None:
    """What is on this machine may send requests to it, and a document says whether redirects always have an iss."""
    endpoint = "http://127.0.0.1:8080/token"
    issuer = "http://localhost:8080"
    server = _read(issuer, issuer=issuer, token_endpoint=endpoint, authorization_response_iss_parameter_supported=True)
    assert endpoint == server.token_endpoint
    assert server.authorization_response_iss_parameter_supported
    assert not _read(
        authorization_response_iss_parameter_supported="yes"
    ).authorization_response_iss_parameter_supported


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint"])
@pytest.mark.parametrize(
    "parameter", ["client_id", "redirect_uri", "state", "response_type", "scope", "code_challenge"]
)
def test_a_query_has_no_parameter_of_the_requests(name: str, parameter: str) -> None:
    """RFC 6749 section 3.1: none may be there twice; others are kept."""
    _server(**{name: f"https://a.example/?tenant={parameter}"})
    with pytest.raises(ValueError, match=f"^{name} must not have {parameter} in its query: each request sets its own$"):
        _server(**{name: f"https://a.example/?tenant=1&{parameter}"})


@pytest.mark.parametrize(("asked", "issuer"), [(ISSUER, f"{ISSUER}/"), (f"{ISSUER}/", ISSUER)])
def test_an_issuer_that_differs_by_a_slash_is_named(asked: str, issuer: str) -> None:
    """Who asked with a slash at the end too many, or without one, reads what to ask for."""
    words = f"its issuer is not {asked}, which was asked; it is {issuer}, so ask for exactly that"
    with pytest.raises(RegistrationError, match=f": {words}$"):
        _read(asked, issuer=issuer)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"canary"', b"\xff", b"{" * 100_000])
def test_what_is_not_metadata_is_refused(body: bytes) -> None:
    """A page, another JSON value or garbage is an error of its own."""
    with pytest.raises(RegistrationError, match=r": it is empty, or not a JSON object$"):
        AuthorizationServer.from_metadata(ISSUER, body)


@pytest.mark.parametrize(
    ("issuer", "body", "error", "words"),
    [
        ("http://a.example", b"{}", ValueError, "issuer must start with https://"),
        (f"{ISSUER}?", b"{}", ValueError, "issuer must not have a query"),
        (None, b"{}", TypeError, "issuer must be of type str"),
        (ISSUER, "{}", TypeError, "body must be of type bytes, not str"),
    ],
)
def test_a_bad_issuer_is_the_callers_mistake(issuer: Any, body: Any, error: type[Exception], words: str) -> None:  # noqa: ANN401
    """What was passed is wrong, not what the server says."""
    with pytest.raises(error, match=words) as caught:
        AuthorizationServer.from_metadata(issuer, body)
    assert not isinstance(caught.value, RegistrationError)


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://ticktick.com", "https://ticktick.com/.well-known/oauth-authorization-server"),
        ("https://ticktick.com/", "https://ticktick.com/.well-known/oauth-authorization-server"),
        # RFC 8414 section 3.1's own example.
        ("https://example.com/issuer1", "https://example.com/.well-known/oauth-authorization-server/issuer1"),
        ("http://127.0.0.1:8080/a/", "http://127.0.0.1:8080/.well-known/oauth-authorization-server/a"),
        ("http://[::1]:8080", "http://[::1]:8080/.well-known/oauth-authorization-server"),
    ],
)
def test_the_well_known_path_stands_before_the_issuers_own(issuer: str, url: str) -> None:
    """The request asks where RFC 8414 section 3.1 says."""
    request = MetadataRequest(issuer=issuer)
    assert (url, "GET", b"") == (request.url, request.method, request.body)
    assert {"Accept": "application/json", "User-Agent": "ticktick-oauth"} == request.headers


def test_an_answer_to_the_metadata_request_is_read_by_its_status() -> None:
    """A 200 brings a server; a 404 says that there is no document, and others what they are."""
    request = MetadataRequest(issuer=ISSUER)
    assert _read() == request.parse_response(200, {}, json.dumps(METADATA).encode())
    for status, headers, words in (
        (404, {}, f"; {ISSUER} has no metadata document \\(RFC 8414\\) at {request.url}$"),
        (302, {"Location": "https://evil.example/canary"}, "to evil.example, .* check the server's issuer$"),
        (429, {"Retry-After": "7"}, "asks to wait 7 seconds"),
        (500, {}, "the answer is empty"),
    ):
        with pytest.raises(RegistrationError, match=words) as caught:
            request.parse_response(status, headers, b"")
        assert status == caught.value.status
        assert "canary" not in str(caught.value)
    with pytest.raises(RegistrationError, match="not read: too long"):
        request._read(EndpointAnswer(500, {}, b"", "too long"))
