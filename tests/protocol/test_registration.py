"""Registration (RFC 7591), sans-IO: what is asked for, and what each answer makes of the client."""

import json
from typing import Any

import pytest
from attrs import evolve

from ticktick_oauth import DIDA365, TICKTICK, Client, RegistrationRequest
from ticktick_oauth._protocol.answer import EndpointAnswer
from ticktick_oauth.exceptions import RegistrationError

REDIRECT_URI = "http://127.0.0.1:49152/"
PORTAL = "; a client that is registered in the server's developer portal works all the same"
REQUEST = RegistrationRequest(server=TICKTICK, redirect_uri=REDIRECT_URI)


def _client(secret: str | None = None) -> Client:
    return Client(client_id="an-id", client_secret=secret, redirect_uri=REDIRECT_URI, server=TICKTICK)


def _parse(members: object, status: int = 201) -> Client:
    return REQUEST.parse_response(status, {}, members if isinstance(members, bytes) else json.dumps(members).encode())


def test_it_asks_for_a_public_client_with_one_redirect_uri() -> None:
    """The request is a POST of JSON to the registration endpoint, without credentials."""
    assert ("POST", "https://api.ticktick.com/oauth/register") == (REQUEST.method, REQUEST.url)
    assert {
        "client_name": "ticktick-oauth",
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "scope": "tasks:read tasks:write",
    } == json.loads(REQUEST.body)
    assert {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "ticktick-oauth",
    } == REQUEST.headers


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize(
    ("answer", "secret"),
    [
        ({}, None),
        ({"token_endpoint_auth_method": "none"}, None),
        ({"token_endpoint_auth_method": None, "client_secret": None, "error": None}, None),
        ({"token_endpoint_auth_method": "none", "client_secret": "beside"}, None),
        ({"token_endpoint_auth_method": "client_secret_basic", "client_secret": "secret"}, "secret"),
        ({"client_secret": "secret"}, "secret"),
        ({"redirect_uris": [REDIRECT_URI, "http://127.0.0.1/"]}, None),
    ],
)
def test_the_answer_decides_what_kind_of_client_it_is(
    status: int, answer: dict[str, object], secret: str | None
) -> None:
    """No secret or the method `none` is a public client; a secret with Basic, the default, a confidential one."""
    assert _client(secret) == _parse({"client_id": "an-id", **answer}, status)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"client_id": None}, "client_id must be of type str, not NoneType"),
        ({"client_id": ["canary"]}, "client_id must be of type str, not list"),
        ({"client_id": "canary\r\n"}, "client_id must not have a line end"),
        ({"client_id": ""}, "client_id must not be empty"),
        ({"client_id": "a:canary"}, "client_id must not contain ':'"),
        ({"token_endpoint_auth_method": "client_secret_basic"}, "client_secret must be of type str, not NoneType"),
        ({"client_secret": 5}, "client_secret must be of type str, not int"),
        ({"client_secret": "canary\n"}, "client_secret must not have a line end"),
        (
            {"token_endpoint_auth_method": "client_secret_post", "client_secret": "canary"},
            "token_endpoint_auth_method must be none or client_secret_basic$",
        ),
        ({"token_endpoint_auth_method": ["canary"]}, "token_endpoint_auth_method must be none or client_secret_basic$"),
        (
            {"redirect_uris": ["http://127.0.0.1:1/canary"]},
            "redirect_uris must hold the redirect URI that was to be registered$",
        ),
        ({"redirect_uris": f"{REDIRECT_URI}canary"}, "redirect_uris must hold the redirect URI that was to be"),
    ],
)
def test_an_answer_that_makes_no_client_is_refused(answer: dict[str, object], words: str) -> None:
    """The error names the member and repeats no value."""
    start = "^the server answered with status 201; the answer to the registration cannot be used: "
    with pytest.raises(RegistrationError, match=f"{start}{words}") as caught:
        _parse({"client_id": "an-id", **answer})
    assert (201, None, None) == (caught.value.status, caught.value.__cause__, caught.value.__context__)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (
            400,
            {"error": "invalid_redirect_uri", "error_description": "not \x1b[mloopback"},
            "invalid_redirect_uri",
            "status 400, invalid_redirect_uri: not [mloopback; the server did not register this program; a client",
        ),
        (201, {"client_id": "an-id", "error": "invalid_client_metadata"}, "invalid_client_metadata", "status 201"),
        (403, b"<html>", None, "not JSON"),
        (201, b"<html>", None, "not JSON"),
        (404, b"", None, "empty"),
        (301, b"", None, "empty"),
        (400, {"client_id": "an-id"}, None, "JSON without an error code"),
    ],
)
def test_a_refusal_says_what_to_do(status: int, body: Any, error: str | None, words: str) -> None:  # noqa: ANN401 - JSON
    """What the server says is shown, made fit for it, and that a client of the portal works."""
    with pytest.raises(RegistrationError) as caught:
        _parse(body, status)
    assert (status, error) == (caught.value.status, caught.value.error)
    assert words in str(caught.value)
    assert str(caught.value).endswith(PORTAL)


def test_a_secret_that_a_refusal_repeats_is_cut_out() -> None:
    """A description that holds the answer's own secret does not show it."""
    with pytest.raises(RegistrationError, match=r"no \[redacted\]") as caught:
        _parse({"error": "odd", "error_description": "no canary", "client_secret": "canary"})
    assert "canary" not in str(caught.value)


def test_an_answer_that_was_not_read_says_so() -> None:
    """Its status and why it was not read."""
    with pytest.raises(RegistrationError, match="status 500; the answer was not read: too long; a"):
        REQUEST._read(EndpointAnswer(500, {}, b"", "too long"))


def test_a_server_without_registration_is_refused_at_once() -> None:
    """The error says what the server lacks, and that a client of the portal works."""
    with pytest.raises(RegistrationError) as caught:
        RegistrationRequest(server=evolve(DIDA365, registration_endpoint=None), redirect_uri=REDIRECT_URI)
    words = "offers no registration (RFC 7591) of a client that uses the response type code and PKCE by S256"
    assert f"https://dida365.com {words}{PORTAL}" == str(caught.value)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"server": "https://ticktick.com"}, TypeError, "server must be of type AuthorizationServer"),
        ({"redirect_uri": "http://example.com/"}, ValueError, "redirect_uri must start with https://"),
        ({"client_name": ""}, ValueError, "client_name must not be empty"),
        ({"client_name": "a\nb"}, ValueError, "client_name must not have a line end"),
    ],
)
def test_mistakes_of_the_caller(changes: dict[str, Any], error: type[Exception], words: str) -> None:
    """They are reported at the constructor."""
    with pytest.raises(error, match=words):
        evolve(REQUEST, **changes)
