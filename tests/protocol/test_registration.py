"""Registration (RFC 7591), sans-IO: what is asked for, and what each answer makes of the client."""

import json

import pytest

from ticktick_oauth import TICKTICK, Client, RegistrationRequest
from ticktick_oauth.exceptions import RegistrationError

REDIRECT_URI = "http://127.0.0.1:49152/"
PORTAL = "; a client that is registered in the server's developer portal works all the same"
REQUEST = RegistrationRequest(server=TICKTICK, redirect_uri=REDIRECT_URI)


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
    headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "ticktick-oauth"}
    assert headers == REQUEST.headers


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize(
    ("answer", "secret"),
    [
        ({}, None),
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
    client = Client(client_id="an-id", client_secret=secret, redirect_uri=REDIRECT_URI, server=TICKTICK)
    assert client == _parse({"client_id": "an-id", **answer}, status)


AUTH_METHOD = "token_endpoint_auth_method must be none or client_secret_basic$"
REDIRECT_URIS = "redirect_uris must hold the redirect URI that was to be registered$"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"client_id": None}, "client_id must be of type str, not NoneType$"),
        ({"client_id": "canary\r\n"}, "client_id must not have a line end"),
        ({"token_endpoint_auth_method": "client_secret_basic"}, "client_secret must be of type str, not NoneType$"),
        ({"client_secret": 5}, "client_secret must be of type str, not int$"),
        ({"client_secret": "canary\n"}, "client_secret must not have a line end"),
        ({"token_endpoint_auth_method": "client_secret_post", "client_secret": "canary"}, AUTH_METHOD),
        ({"token_endpoint_auth_method": ["canary"]}, AUTH_METHOD),
        ({"redirect_uris": ["http://127.0.0.1:1/canary"]}, REDIRECT_URIS),
        ({"redirect_uris": f"{REDIRECT_URI}canary"}, REDIRECT_URIS),
    ],
)
def test_an_answer_that_makes_no_client_is_refused(answer: dict[str, object], words: str) -> None:
    """The error names the member and repeats no value."""
    start = "^the server answered with status 201; the answer to the registration cannot be used: "
    with pytest.raises(RegistrationError, match=f"{start}{words}") as caught:
        _parse({"client_id": "an-id", **answer})
    assert (201, None, None) == (caught.value.status, caught.value.__cause__, caught.value.__context__)
    assert "canary" not in str(caught.value)


NO_JSON = "the answer is not JSON: it may come from a proxy or a firewall"
EMPTY = "the answer is empty: it may come from a proxy or a firewall"
REFUSED = "the server did not register this program"


@pytest.mark.parametrize(
    ("status", "body", "error", "description", "hint"),
    [
        (
            400,
            {"error": "invalid_redirect_uri", "error_description": "not \x1b[m"},
            "invalid_redirect_uri",
            "not [m",
            REFUSED,
        ),
        (201, {"client_id": "an-id", "error": "odd"}, "odd", None, REFUSED),
        # The answer's own secret is not shown.
        (
            200,
            {"client_secret": "canary", "error": "odd", "error_description": "no canary"},
            "odd",
            "no [redacted]",
            REFUSED,
        ),
        (403, b"<html>", None, None, NO_JSON),
        (201, b"<html>", None, None, NO_JSON),
        (404, b"", None, None, EMPTY),
        (400, {"client_id": "an-id"}, None, None, "the answer is JSON without an error code"),
    ],
)
def test_a_refusal_says_what_to_do(
    status: int, body: object, error: str | None, description: str | None, hint: str
) -> None:
    """What the server says is shown, made fit for it, and that a client of the portal works."""
    with pytest.raises(RegistrationError) as caught:
        _parse(body, status)
    assert (status, error, description) == (caught.value.status, caught.value.error, caught.value.description)
    assert f"{hint}{PORTAL}" == caught.value.hint
