"""Authorization servers as data, how an address is split, and the reading of metadata (RFC 8414)."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st
from urllib3.util import parse_url

from ticktick_oauth import DIDA365, TICKTICK, AuthorizationServer
from ticktick_oauth._protocol.address import Address
from ticktick_oauth._protocol.answer import EndpointAnswer
from ticktick_oauth._protocol.registration import MetadataRequest
from ticktick_oauth.exceptions import RegistrationError

# Of these, all that looks like an address is made.
PIECES = (
    *"/\\@:[]?%.-_ \t\x00é。",
    *("//", "::1", "[::1]", "[::2]", "127.0.0.1", "a.example", "%40", "8080", "0", "99999"),
)


@pytest.mark.parametrize(("server", "host"), [(TICKTICK, "ticktick.com"), (DIDA365, "dida365.com")])
def test_constants_hold_the_documented_addresses(server: AuthorizationServer, host: str) -> None:
    """The two services have the same paths on hosts of their own."""
    assert server == AuthorizationServer(
        issuer=f"https://{host}",
        authorization_endpoint=f"https://{host}/oauth/authorize",
        token_endpoint=f"https://{host}/oauth/token",
        registration_endpoint=f"https://api.{host}/oauth/register",
    )


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


# Metadata

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


NO_TLS = "must start with https://; http:// is for 127.0.0.1, [::1] and localhost only"
LOOPBACK = "must start with https://, as the issuer is on another machine"
NO_STR = "must be of type str, not"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        *(
            ({"issuer": it}, f"its issuer is not {ISSUER}, which was asked")
            for it in ("https://a", "missing", [ISSUER])
        ),
        # Who asked with a slash at the end too many, or without one, reads what to ask for.
        (
            {"issuer": f"{ISSUER}/"},
            f"its issuer is not {ISSUER}, which was asked; it is {ISSUER}/, so ask for exactly that",
        ),
        (
            {"asked": f"{ISSUER}/"},
            f"its issuer is not {ISSUER}/, which was asked; it is {ISSUER}, so ask for exactly that",
        ),
        ({"authorization_endpoint": "missing"}, f"authorization_endpoint {NO_STR} NoneType"),
        ({"token_endpoint": ["canary"]}, f"token_endpoint {NO_STR} list"),
        ({"token_endpoint": "http://ticktick.com/canary"}, f"token_endpoint {LOOPBACK}"),
        ({"authorization_endpoint": "http://127.0.0.1/canary"}, f"authorization_endpoint {LOOPBACK}"),
        ({"token_endpoint": "HTTP://[::1]:8080/canary"}, f"token_endpoint {LOOPBACK}"),
        ({"registration_endpoint": "http://localhost/canary"}, f"registration_endpoint {LOOPBACK}"),
        (
            {"asked": "http://[::1]", "issuer": "http://[::1]", "token_endpoint": "http://ticktick.com/canary"},
            f"token_endpoint {NO_TLS}",
        ),
        (
            {"token_endpoint": f"{ISSUER}/?client%5Fid=canary"},
            "token_endpoint must not have client_id in its query: each request sets its own",
        ),
    ],
)
def test_metadata_that_cannot_be_trusted_is_refused(changes: dict[str, Any], words: str) -> None:
    """Another issuer, or an address that is not fit for a secret, is an error that repeats none of it."""
    with pytest.raises(RegistrationError) as caught:
        _read(**changes)
    assert f"the server's metadata document cannot be used: {words}" == str(caught.value)
    assert (None, None, None) == (caught.value.status, caught.value.__cause__, caught.value.__context__)


def test_a_loopback_issuer_may_name_addresses_without_tls() -> None:
    """What is on this machine may send requests to it, and a document says whether redirects always have an iss."""
    addresses = {"issuer": "http://localhost:8080", "token_endpoint": "http://127.0.0.1:8080/token"}
    server = _read("http://localhost:8080", **addresses, authorization_response_iss_parameter_supported=True)
    assert evolve(_read(), **addresses, authorization_response_iss_parameter_supported=True) == server
    assert _read() == _read(authorization_response_iss_parameter_supported="yes")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"canary"', b"\xff", b"{" * 100_000])
def test_what_is_not_metadata_is_refused(body: bytes) -> None:
    """A page, another JSON value or garbage is an error of its own."""
    with pytest.raises(RegistrationError, match=r": it is empty, or not a JSON object$"):
        AuthorizationServer.from_metadata(ISSUER, body)


def test_a_wrong_argument_is_the_callers_mistake() -> None:
    """What was passed is wrong, not what the server says."""
    with pytest.raises(ValueError, match=r"^issuer must not have a query"):
        AuthorizationServer.from_metadata(f"{ISSUER}?", b"{}")
    with pytest.raises(TypeError, match=r"^body must be of type bytes, not str$"):
        AuthorizationServer.from_metadata(ISSUER, "{}")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://ticktick.com", "https://ticktick.com/.well-known/oauth-authorization-server"),
        ("https://ticktick.com/", "https://ticktick.com/.well-known/oauth-authorization-server"),
        # RFC 8414 section 3.1's own example.
        ("https://example.com/issuer1", "https://example.com/.well-known/oauth-authorization-server/issuer1"),
        ("http://127.0.0.1:8080/a/", "http://127.0.0.1:8080/.well-known/oauth-authorization-server/a"),
    ],
)
def test_the_well_known_path_stands_before_the_issuers_own(issuer: str, url: str) -> None:
    """The request asks where RFC 8414 section 3.1 says."""
    request = MetadataRequest(issuer=issuer)
    assert (url, "GET", b"") == (request.url, request.method, request.body)
    assert {"Accept": "application/json", "User-Agent": "ticktick-oauth"} == request.headers


def test_an_answer_to_the_metadata_request_is_read_by_its_status() -> None:
    """A 200 brings a server with its four addresses; a 404 says that there is no document, and others what they are."""
    request = MetadataRequest(issuer=ISSUER)
    server = request.parse_response(200, {}, json.dumps(METADATA).encode())
    assert evolve(TICKTICK, token_endpoint="https://api.ticktick.com/oauth/token") == server == _read()
    location = {"Location": "https://evil.example/canary"}
    for answer, hint in (
        (EndpointAnswer(404, {}, b""), f"{ISSUER} has no metadata document (RFC 8414) at {request.url}"),
        (
            EndpointAnswer(302, location, b""),
            "it redirects to evil.example, which is not followed: check the server's issuer",
        ),
        (EndpointAnswer(500, {}, b"", "too long"), "the answer was not read: too long"),
    ):
        with pytest.raises(RegistrationError) as caught:
            request._read(answer)
        assert (answer.status, hint) == (caught.value.status, caught.value.hint)
