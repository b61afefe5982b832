"""The token request and the reading of its answer, sans-IO: RFC 6749 section 4.1.3 to 5.2, and the rows H6 to H25."""

import json
import pickle
from base64 import b64decode, b64encode
from typing import Any
from urllib.parse import parse_qs, quote, quote_plus
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faults.pages import TOMCAT_401
from ticktick_oauth import DIDA365, AuthorizationServer, Client, OAuthTokenV1, TokenRequest, exchange_code
from ticktick_oauth._protocol.answer import EndpointAnswer
from ticktick_oauth.exceptions import InvalidTokenError, OAuthError, TokenEndpointError

CLIENT = Client(
    client_id="s6BhdRkqt3", client_secret="gX1fBat3bV", redirect_uri="https://client.example.com/cb?key=canary"
)
CODE = "SplxlOBeZQQYbYS6WxSbIA"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
REQUEST = TokenRequest(client=CLIENT, code=CODE, code_verifier=VERIFIER)
BASIC = "czZCaGRSa3F0MzpnWDFmQmF0M2JW"
TOKEN = b'{"access_token":"ff5ac1a3-3b4f-4a8c-9a3e-0f6d5b0e7c11","expires_in":15551999}'
SECRETS = (CODE, CLIENT.client_secret, VERIFIER, BASIC, "ff5ac1a3")


def _refusal(
    status: int,
    body: bytes | str | dict[str, object] = b"",
    request: TokenRequest = REQUEST,
    **headers: str,
) -> TokenEndpointError:
    """Return the endpoint's refusal, which shows none of the request's secrets."""
    if not isinstance(body, bytes):
        body = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    with pytest.raises(TokenEndpointError) as caught:
        request.parse_response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)
    error = caught.value
    assert status == error.status
    shown = f"{error} {error!r} {vars(error)} {pickle.dumps(error)!r}"
    assert not [secret for secret in SECRETS if str(secret) in shown]
    assert error.__cause__ is None
    assert error.__context__ is None
    return error


# The request


def test_the_basic_header_is_that_of_rfc_6749() -> None:
    """The client of RFC 6749 section 4.1.3 has its Authorization header."""
    assert REQUEST.headers == {
        "Authorization": f"Basic {BASIC}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "User-Agent": "ticktick-oauth",
    }


def test_headers_are_a_fresh_dict() -> None:
    """What a caller adds to the headers does not stay."""
    REQUEST.headers.clear()
    assert len(REQUEST.headers) == 4


def test_the_secret_goes_raw() -> None:
    """TickTick compares with the raw text: neither a colon nor a mark nor an umlaut in a secret is form-encoded."""
    request = evolve(REQUEST, client=evolve(CLIENT, client_secret="a:b&*^ +é"))
    assert b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode() == "s6BhdRkqt3:a:b&*^ +é"


def test_the_body_has_what_the_rfc_asks_for() -> None:
    """RFC 6749 section 4.1.3 and RFC 7636 section 4.5, and the scope that TickTick documents."""
    assert REQUEST.method == "POST"
    assert REQUEST.url == "https://ticktick.com/oauth/token"
    assert parse_qs(REQUEST.body.decode("ascii"), strict_parsing=True) == {
        "grant_type": ["authorization_code"],
        "code": [CODE],
        "redirect_uri": ["https://client.example.com/cb?key=canary"],
        "scope": ["tasks:read tasks:write"],
        "code_verifier": [VERIFIER],
    }
    assert b"code_verifier" not in evolve(REQUEST, code_verifier=None).body


PUBLIC = evolve(REQUEST, client=evolve(CLIENT, client_secret=None))


def test_a_public_client_names_itself_in_the_form() -> None:
    """RFC 6749 section 3.2.1: no Authorization, and client_id with the verifier; a confidential one has none there."""
    assert {"Content-Type", "Accept", "User-Agent"} == set(PUBLIC.headers)
    form = parse_qs(PUBLIC.body.decode("ascii"), strict_parsing=True)
    assert (["s6BhdRkqt3"], [VERIFIER]) == (form["client_id"], form["code_verifier"])
    assert b"client_id" not in REQUEST.body


def test_a_public_client_needs_its_verifier() -> None:
    """Without the verifier, its token request is refused at the call."""
    with pytest.raises(ValueError, match=r"needs PKCE.*with_pkce"):
        evolve(PUBLIC, code_verifier=None)


def test_a_public_clients_refusal_shows_no_secret() -> None:
    """What a server echoes of a public client's request is cut out, too."""
    error = _refusal(400, {"error": "invalid_grant", "error_description": f"{CODE} {VERIFIER}"}, PUBLIC)
    assert error.description == "[redacted] [redacted]"


def test_a_request_shows_no_secret() -> None:
    """Neither the code nor the verifier nor the client's secret is in the repr of a request."""
    assert not [secret for secret in SECRETS if str(secret) in repr(REQUEST)]


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"client": "id"}, TypeError, "client must be of type Client"),
        ({"code": ""}, ValueError, "code must not be empty"),
        ({"code": "canary\r\n"}, ValueError, "code must not have a line end"),
        ({"code": b"canary"}, TypeError, "code must be of type str, not bytes"),
        ({"code_verifier": "canary"}, ValueError, "code_verifier must be 43 to 128"),
    ],
)
def test_mistakes_of_the_caller(changes: dict[str, Any], error: type[Exception], words: str) -> None:
    """They are raised by the constructor, without the value."""
    with pytest.raises(error, match=words) as caught:
        evolve(REQUEST, **changes)
    assert "canary" not in str(caught.value)


# A token


@pytest.mark.parametrize("content_type", ["application/json", "application/json;charset=latin1", "text/plain", None])
def test_h18_the_body_decides(content_type: str | None) -> None:
    """H18: a token is one whatever the answer's content type."""
    headers = {} if content_type is None else {"content-type": content_type}
    token = OAuthTokenV1(access_token=UUID("ff5ac1a3-3b4f-4a8c-9a3e-0f6d5b0e7c11"), expires_in=15551999)
    assert token == REQUEST.parse_response(200, headers, TOKEN)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b'{"access_token":"canary","expires_in":null}', ["access_token", "expires_in"]),
        (b'{"access_token":"ff5ac1a3-3b4f-4a8c-9a3e-0f6d5b0e7c11","expires_in":1,"scope":"canary"}', ["scope"]),
        (b'["canary"]', [""]),
        (b'"canary"', [""]),
        (b"", [""]),
        (b"\xff canary", [""]),
        (b"[" * 100_000 + b"canary", [""]),
        (b"9" * 4301, [""]),
        (TOKEN[:-1], [""]),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_an_issued_token_that_does_not_validate_is_not_lost(body: bytes, fields: list[str]) -> None:
    """The error names all fields at fault, keeps the bytes for who asks, and shows and chains nothing of them."""
    with pytest.raises(InvalidTokenError) as caught:
        REQUEST.parse_response(200, {}, body)
    assert fields == [problem.field for problem in caught.value.problems]
    assert body == caught.value.body
    assert "canary" not in f"{caught.value}{caught.value!r}{vars(caught.value)}{pickle.dumps(caught.value)!r}"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Content-Type": "text/html"}, "(content type text/html)"),
        ({"CONTENT-TYPE": f"text/{CODE}\x1b[m"}, "(content type text/[redacted][m)"),
        ({}, "(content type missing)"),
    ],
)
def test_h18_a_page_is_named_by_its_content_type(headers: dict[str, str], words: str) -> None:
    """H18: a login page with a 200 is an InvalidTokenError that says what came instead of JSON."""
    with pytest.raises(InvalidTokenError, match="not JSON") as caught:
        REQUEST.parse_response(200, headers, b"<html>")
    assert words in str(caught.value)


# A refusal


AGAIN = "start again at the authorization URL"
CREDENTIALS = (
    "check the client id or secret (or are they swapped?), and that the client is registered with this server ({}): "
    "TickTick and Dida365 do not know each other's"
)
TICKTICK_CREDENTIALS = CREDENTIALS.format("https://ticktick.com")
OTHER_REDIRECT = (
    "redirect_uri must be exactly that of the authorization request; this client's is https://client.example.com/cb; "
    f"{AGAIN}"
)
OTHER_CLIENT = "the code was issued to another client: exchange it with the client that asked for it"
OTHER_SCOPE = "the client may not ask for both scopes (tasks:read tasks:write): check what it is registered for"
OTHER_VERIFIER = f"code_verifier must be the one of the authorization request; {AGAIN}"
USED = f"the code was used already or is not whole: {AGAIN}"
AT_FAULT = f"the service is at fault and the code may be spent: {AGAIN}, later"


@pytest.mark.parametrize(
    ("status", "error", "description", "hint"),
    [
        (401, "invalid_client", "Client ID mismatch", OTHER_CLIENT),
        (401, "invalid_client", "Unauthorized grant type: authorization_code", TICKTICK_CREDENTIALS),
        (400, "invalid_scope", "Invalid scope: tasks:read", OTHER_SCOPE),
        (400, "invalid_grant", "Redirect URI mismatch.", OTHER_REDIRECT),
        (400, "invalid_grant", "Invalid authorization code: [..]", USED),
        (429, "slow_down", "busy", f"too many requests: wait, then {AGAIN}"),
        (503, "unknown_exception", "Oops", AT_FAULT),
        # Not TickTick's: what other servers say to the same, and each part of a rule without the rest.
        (400, "invalid_request", "Redirect URI mismatch.", OTHER_REDIRECT),
        (400, "odd", "Redirect URI mismatch.", None),
        (400, "invalid_grant", "Invalid code verifier.", OTHER_VERIFIER),
        (400, "invalid_request", "Invalid code verifier.", None),
        (400, "invalid_grant", None, USED),
        (400, "odd", "Client ID mismatch", None),
        (200, "odd", None, None),
        (201, "odd", None, f"only the status 200 brings a token: {AGAIN}"),
        (300, "odd", None, None),
        (499, "odd", None, None),
        (500, "odd", None, AT_FAULT),
    ],
)
def test_each_refusal_has_its_hint(status: int, error: str, description: str | None, hint: str | None) -> None:
    """H7 and others: what TickTick's software is known for says what to do next; for the rest, there is no guess."""
    refusal = _refusal(status, {"error": error, "error_description": description})
    assert (error, description, hint) == (refusal.error, refusal.description, refusal.hint)


def test_a_token_of_one_scope_says_that_the_person_allowed_a_part() -> None:
    """A partial consent is not a token, and the problem says why."""
    body = TOKEN[:-1] + b',"scope":"tasks:read"}'
    with pytest.raises(InvalidTokenError, match=r"scope: .*the person allowed only a part") as caught:
        REQUEST.parse_response(200, {}, body)
    assert body == caught.value.body


@pytest.mark.parametrize(("status", "more"), [(400, ""), (401, f"; {TICKTICK_CREDENTIALS}"), (302, "")])
def test_h28_an_answer_that_was_not_read_says_so(status: int, more: str) -> None:
    """H28: the status, why it was not read and what is known of the status; never that it is not JSON."""
    with pytest.raises(TokenEndpointError) as caught:
        REQUEST._read(EndpointAnswer(status, {"Location": "https://evil.example"}, b"", "too long"))
    assert (status, f"the answer was not read: too long{more}") == (caught.value.status, caught.value.hint)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, {"error": "invalid_client", "error_description": "Bad client credentials"}),
        (400, {"error": "invalid_client"}),
        (401, TOMCAT_401),
        (401, ""),
    ],
    ids=["H8", "H8-400", "H8b", "empty"],
)
@pytest.mark.parametrize("server", [CLIENT.server, DIDA365])
def test_h8_wrong_credentials(status: int, body: dict[str, object] | str, server: AuthorizationServer) -> None:
    """H8: JSON or Tomcat's page, the hint says to check the id or the secret, and which server was asked."""
    client = evolve(CLIENT, server=server)
    error = _refusal(status, body, evolve(REQUEST, client=client))
    assert CREDENTIALS.format(server.issuer) == error.hint


@pytest.mark.parametrize("code", ["https://client.example.com/cb?code=canary", "HTTP://127.0.0.1/?code=canary"])
def test_a_whole_address_is_not_a_code(code: str) -> None:
    """What reads a redirect is named, and the address, whose code is not spent, is not shown."""
    with pytest.raises(ValueError, match=r"pass that to AuthorizationRequest\.parse_response") as caught:
        exchange_code(CLIENT, code)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(("status", "body"), [(403, "<html>blocked</html>"), (404, ""), (418, TOMCAT_401)])
def test_h11_what_is_not_json(status: int, body: str) -> None:
    """H11: a firewall's page or an empty answer is explained by its status, and as what it is."""
    error = _refusal(status, body)
    kind = "not JSON" if body else "empty"
    assert (None, f"the answer is {kind}: it may come from a proxy or a firewall") == (error.error, error.hint)
    assert f"status {status}" in str(error)


@pytest.mark.parametrize("body", ["[]", "[1]", "5", "null", "{}"])
def test_h11_json_without_an_error_code(body: str) -> None:
    """H11: JSON of whatever kind is not taken for something else."""
    assert "the answer is JSON without an error code" == _refusal(400, body).hint


def test_h25_a_number_that_nobody_can_read_loses_nothing() -> None:
    """H25: a character reference beyond Python's own limit is no bare ValueError, in whatever is shown."""
    endless = f"&#{'9' * 5000};"
    assert _refusal(400, {"error": "odd", "error_description": endless}).error == "odd"
    with pytest.raises(InvalidTokenError) as caught:
        REQUEST.parse_response(200, {"Content-Type": endless}, b"precious")
    assert b"precious" == caught.value.body


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "5"}, 5),
        ({"RETRY_AFTER": " 0 "}, 0),
        ({"Retry_After": "1000000000"}, 1_000_000_000),
        ({"Retry_After": "9" * 11}, None),
        ({"Retry_After": "9" * 5000}, None),
        ({"Retry_After": "-1"}, None),
        ({"Retry_After": "1.5"}, None),
        ({"Retry_After": "\u0665"}, None),
        ({"Retry_After": ""}, None),
        ({"Retry_After": "soon", "Date": "Mon, 23 Nov 2026 12:00:00 GMT"}, None),
        ({"Retry_After": "Mon, 23 Nov 2026 12:01:30 GMT"}, None),
        ({"Retry_After": "Mon, 23 Nov 2026 12:01:30 GMT", "Date": "Mon, 23 Nov 2026 12:00:00 GMT"}, 90),
        ({"Retry_After": "Mon, 23 Nov 2026 11:00:00 GMT", "Date": "Mon, 23 Nov 2026 12:00:00 GMT"}, 0),
        ({"Retry_After": "Mon, 23 Nov 2026 12:01:30 GMT", "Date": "Mon, 23 Nov 2026 12:00:00 -0000"}, None),
        ({"Retry_After": "Mon, 23 Nov 2026 12:01:30 GMT", "Date": "yesterday"}, None),
        ({"Retry_After": "Mon, 23 Nov 99999 12:01:30 GMT", "Date": "Mon, 23 Nov 2026 12:00:00 GMT"}, None),
        ({"Retry_After": "Mon, 23 Nov 999999999999 12:01:30 GMT", "Date": "Mon, 23 Nov 2026 12:00:00 GMT"}, None),
        ({}, None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_h12_retry_after(headers: dict[str, str], seconds: int | None) -> None:
    """H12: seconds, or a date that counts from the answer's own; else None."""
    error = _refusal(429, {}, REQUEST, **headers)
    assert seconds == error.retry_after
    assert "wait" in str(error)
    assert seconds is None or f"{seconds} seconds" in str(error)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("body", ["", "<html>", {"error": None}])
def test_h13_the_service_is_at_fault(status: int, body: str | dict[str, object]) -> None:
    """H13: with a page or nothing, the message has the status and what to do."""
    error = _refusal(status, body, Retry_After="7")
    assert (error.error, error.retry_after) == (None, 7)
    assert "the service is at fault and the code may be spent" in str(error)


@pytest.mark.parametrize("status", [100, 101, 103, 201, 202, 204, 206, 304, 400, 500, 999])
def test_h14_h17_only_a_200_brings_a_token(status: int) -> None:
    """H14 and H17: a token that comes with another status is not used, and not shown."""
    error = _refusal(status, TOKEN)
    assert error.error is None
    assert ("only the status 200 brings a token" in str(error)) == (200 < status < 300)


def test_h15_h16_an_error_with_a_200() -> None:
    """H15 and H16: an error is one with a 200 too, and beside a token."""
    assert _refusal(200, {"error": "invalid_grant"}).error == "invalid_grant"
    assert _refusal(200, {"error": 0, **json.loads(TOKEN)}).error is None
    # JSON's null counts as absent.
    assert REQUEST.parse_response(200, {}, json.dumps({"error": None, **json.loads(TOKEN)}).encode()).expires_in


@pytest.mark.parametrize("name", ["access_token", "refresh_token", "client_secret", "registration_access_token"])
def test_h16_a_token_beside_an_error_is_not_shown(name: str) -> None:
    """H16: a description that repeats a token or secret of the answer itself does not show it."""
    error = _refusal(200, {name: "canary", "error": "odd", "error_description": "issued canary"})
    assert error.description == "issued [redacted]"


@pytest.mark.parametrize("value", [5, None, True, ["canary"], {"canary": 1}])
def test_h16_what_was_issued_may_be_no_text(value: object) -> None:
    """H16: an error answer whose access_token is of another type is read all the same."""
    assert _refusal(400, {"access_token": value, "error": "odd"}).error == "odd"


def test_the_vendors_own_shape_is_read() -> None:
    """TickTick's own errors have other names for the same two things."""
    error = _refusal(500, {"errorId": "x", "errorCode": "unknown_exception", "errorMessage": "Oops", "data": None})
    assert (error.error, error.description) == ("unknown_exception", "Oops")


@pytest.mark.parametrize(
    ("location", "host"),
    [
        (f"https://evil.example/cb?code={CODE}", "evil.example"),
        (f"/elsewhere?code={CODE}", "the same host"),
        ("", "the same host"),
        ("https://[::1", "an unreadable address"),
        (f"https://{CODE}.example/", "[redacted].example"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_h1_to_h5_a_redirect_is_shown_by_its_host(status: int, location: str, host: str) -> None:
    """H1 to H5: the target's host is shown and nothing else of it."""
    hint = _refusal(status, "", Location=location).hint
    assert f"it redirects to {host}, which is not followed: check the server's token_endpoint" == hint


@pytest.mark.parametrize(("status", "location"), [(299, "/"), (300, "/"), (399, "/"), (400, "/"), (302, None)])
def test_what_a_redirect_is(status: int, location: str | None) -> None:
    """H1 to H5: it has a status from 300 to 399, and a Location."""
    headers = {} if location is None else {"Location": location}
    hint = _refusal(status, {"error": "odd"}, REQUEST, **headers).hint or ""
    assert hint.startswith("it redirects") == (status in {300, 399})


SECRET_FORMS = [
    form
    for secret in ("gX1/Bat+bV", CODE, VERIFIER, b64encode(b"s6BhdRkqt3:gX1/Bat+bV").decode())
    for form in (secret, quote(secret, safe=""), quote_plus(secret), quote(secret, safe="").lower(), secret.upper())
]


@pytest.mark.parametrize("form", SECRET_FORMS)
@pytest.mark.parametrize("name", ["error", "error_description", "errorCode", "errorMessage"])
def test_each_secret_in_each_form_is_cut_out(name: str, form: str) -> None:
    """The secret, the code, the verifier and the credentials, raw or percent-encoded, in any case, whole."""
    request = evolve(REQUEST, client=evolve(CLIENT, client_secret="gX1/Bat+bV"))
    hidden = form[:4] + "\u200b\x1b" + form[4:]
    error = _refusal(400, {name: f"a{form}b{hidden}c"}, request)
    assert "a[redacted]b[redacted]c" in (error.error, error.description)


@pytest.mark.parametrize("said", [5, None, True, ["x"], {"x": "y"}, "", "\x1b\u202e\n"])
def test_h25_what_is_no_text_is_none(said: object) -> None:
    """H25: a code or description that is not a string, or has nothing to show, is None."""
    error = _refusal(400, {"error": said, "error_description": said})
    assert (error.error, error.description) == (None, None)


# Mistakes of the caller, and fuzzing


def test_a_body_or_status_of_another_type_is_refused() -> None:
    """A body is bytes and a status a number."""
    with pytest.raises(TypeError, match="body must be of type bytes, not str"):
        REQUEST.parse_response(200, {}, "canary")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="status must be of type int, not str"):
        REQUEST.parse_response("200", {}, TOKEN)  # type: ignore[arg-type]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["error", "access_token", "expires_in"]), inner)
    ),
)
HEADER_NAMES = st.sampled_from(["Retry-After", "date", "Location", "content-type"])
DATES = st.text(alphabet="Mon, 23Nv26:1GMT+-") | st.text()


@given(
    st.sampled_from([200, 302, 400, 401, 429, 500]),
    st.dictionaries(HEADER_NAMES, DATES),
    st.binary() | JSON.map(lambda value: json.dumps(value).encode()),
)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_random_answers_stay_in_the_family(status: int, headers: dict[str, str], body: bytes) -> None:
    """Whatever a server answers, only the package's own errors come out."""
    with pytest.raises(OAuthError):
        REQUEST.parse_response(status, headers, body)


@given(st.data())
def test_mutated_tokens_stay_in_the_family(data: st.DataObject) -> None:
    """A token with some bytes changed is a token or an InvalidTokenError."""
    body = bytearray(TOKEN)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body)))
        body[start : start + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        answer: object = REQUEST.parse_response(200, {}, bytes(body))
    except InvalidTokenError as error:
        answer = error.body
    assert isinstance(answer, OAuthTokenV1) or answer == bytes(body)
