"""The token request and the reading of its answer, sans-IO: RFC 6749 section 4.1.3 to 5.2, and the rows H6 to H28."""

import json
import pickle
from base64 import b64decode
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from strategies import json_values
from ticktick_oauth import DIDA365, Client, OAuthTokenV1, TokenRequest
from ticktick_oauth._protocol.answer import EndpointAnswer
from ticktick_oauth.exceptions import InvalidTokenError, OAuthError, TokenEndpointError

# As Tomcat writes it, by which TickTick's server answers wrong Basic credentials.
TOMCAT_401 = "<!doctype html><html><head><title>HTTP Status 401 \u2013 Unauthorized</title></head></html>"
CLIENT = Client(
    client_id="s6BhdRkqt3", client_secret="gX1fBat3bV", redirect_uri="https://client.example.com/cb?key=canary"
)
CODE = "SplxlOBeZQQYbYS6WxSbIA"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
REQUEST = TokenRequest(client=CLIENT, code=CODE, code_verifier=VERIFIER)
PUBLIC = evolve(REQUEST, client=evolve(CLIENT, client_secret=None))
BASIC = "czZCaGRSa3F0MzpnWDFmQmF0M2JW"
TOKEN = b'{"access_token":"ff5ac1a3-3b4f-4a8c-9a3e-0f6d5b0e7c11","expires_in":15551999}'
SECRETS = (CODE, "gX1fBat3bV", VERIFIER, BASIC)
AGAIN = "start again at the authorization URL"


def _bytes(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def _refusal(
    status: int, body: object = b"", headers: dict[str, str] | None = None, request: TokenRequest = REQUEST
) -> TokenEndpointError:
    """Return the endpoint's refusal, which shows none of the request's secrets, nor the token."""
    with pytest.raises(TokenEndpointError) as caught:
        request.parse_response(status, headers or {}, _bytes(body))
    error = caught.value
    assert status == error.status
    shown = f"{error} {error!r} {vars(error)} {pickle.dumps(error)!r}"
    assert not [secret for secret in (*SECRETS, "ff5ac1a3", "canary") if secret in shown]
    assert (None, None) == (error.__cause__, error.__context__)
    return error


# The request


def test_the_request_is_that_of_the_rfc() -> None:
    """RFC 6749 section 4.1.3, whose client it is, RFC 7636 section 4.5, and the scope that TickTick documents."""
    assert ("POST", "https://ticktick.com/oauth/token") == (REQUEST.method, REQUEST.url)
    REQUEST.headers.clear()  # each is a fresh dict
    assert REQUEST.headers == {
        "Authorization": f"Basic {BASIC}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "User-Agent": "ticktick-oauth",
    }
    form = {
        "grant_type": ["authorization_code"],
        "code": [CODE],
        "redirect_uri": ["https://client.example.com/cb?key=canary"],
        "scope": ["tasks:read tasks:write"],
    }
    assert parse_qs(evolve(REQUEST, code_verifier=None).body.decode("ascii"), strict_parsing=True) == form
    form["code_verifier"] = [VERIFIER]
    assert parse_qs(REQUEST.body.decode("ascii"), strict_parsing=True) == form
    # RFC 6749 section 3.2.1: a public client names itself in the form.
    assert {"Content-Type", "Accept", "User-Agent"} == set(PUBLIC.headers)
    form["client_id"] = ["s6BhdRkqt3"]
    assert parse_qs(PUBLIC.body.decode("ascii"), strict_parsing=True) == form


def test_the_secret_goes_raw() -> None:
    """TickTick compares with the raw text: neither a colon nor a mark nor an umlaut in a secret is form-encoded."""
    request = evolve(REQUEST, client=evolve(CLIENT, client_secret="a:b&*^ +é"))
    assert b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode() == "s6BhdRkqt3:a:b&*^ +é"


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
        (TOKEN[:-1] + b',"scope":"canary"}', ["scope"]),
        (b'["canary"]', [""]),
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
    error = caught.value
    assert (fields, body) == ([problem.field for problem in error.problems], error.body)
    assert "canary" not in f"{error}{error!r}{vars(error)}{pickle.dumps(error)!r}"
    assert (None, None) == (error.__cause__, error.__context__)


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
    with pytest.raises(InvalidTokenError) as caught:
        REQUEST.parse_response(200, headers, b"<html>")
    assert f"not a TickTick token: document: not JSON from character 0 on {words}" == str(caught.value)


# A refusal


CREDENTIALS = (
    "check the client id or secret (or are they swapped?), and that the client is registered with this server "
    "(https://ticktick.com): TickTick and Dida365 do not know each other's"
)
OTHER_REDIRECT = (
    "redirect_uri must be exactly that of the authorization request; this client's is https://client.example.com/cb; "
    f"{AGAIN}"
)
OTHER_CLIENT = "the code was issued to another client: exchange it with the client that asked for it"
OTHER_SCOPE = "the client may not ask for both scopes (tasks:read tasks:write): check what it is registered for"
OTHER_VERIFIER = f"code_verifier must be the one of the authorization request; {AGAIN}"
USED = f"the code was used already or is not whole: {AGAIN}"
AT_FAULT = f"the service is at fault and the code may be spent: {AGAIN}, later"
ONLY_200 = f"only the status 200 brings a token: {AGAIN}"
NOT_JSON = "the answer is not JSON: it may come from a proxy or a firewall"
EMPTY = "the answer is empty: it may come from a proxy or a firewall"


@pytest.mark.parametrize(
    ("status", "error", "description", "hint"),
    [
        (401, "invalid_client", "Client ID mismatch", OTHER_CLIENT),
        (401, "invalid_client", "Unauthorized grant type: authorization_code", CREDENTIALS),
        (400, "invalid_client", None, CREDENTIALS),
        (401, "odd", None, CREDENTIALS),
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
        (201, "odd", None, ONLY_200),
        (300, "odd", None, None),
        (499, "odd", None, None),
        (500, "odd", None, AT_FAULT),
    ],
)
def test_each_refusal_has_its_hint(status: int, error: str, description: str | None, hint: str | None) -> None:
    """H7 and others: what TickTick's software is known for says what to do next; for the rest, there is no guess."""
    refusal = _refusal(status, {"error": error, "error_description": description})
    assert (error, description, hint) == (refusal.error, refusal.description, refusal.hint)
    # TickTick's own errors have other names for the same two things.
    if status != 200:
        assert hint == _refusal(status, {"errorId": "x", "errorCode": error, "errorMessage": description}).hint


@pytest.mark.parametrize(
    ("status", "body", "hint"),
    [
        *((401, body, CREDENTIALS) for body in (TOMCAT_401, "")),
        (403, "<html>blocked</html>", NOT_JSON),
        (404, "", EMPTY),
        (418, TOMCAT_401, NOT_JSON),
        *((400, body, "the answer is JSON without an error code") for body in ("[1]", "5", "null", "{}")),
        *((status, body, AT_FAULT) for status in (500, 502, 503, 504) for body in ("", "<html>", {"error": None})),
        *((status, TOKEN, ONLY_200) for status in (201, 202, 204, 206)),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_h8_h11_h13_an_answer_without_an_error_code(status: int, body: object, hint: str) -> None:
    """H8, H11 and H13: a page, an empty answer or other JSON is explained by its status, and as what it is."""
    refusal = _refusal(status, body)
    assert (None, None, hint) == (refusal.error, refusal.description, refusal.hint)


def test_h8_wrong_credentials_name_the_server() -> None:
    """H8: they may be those of a client of the other service."""
    error = _refusal(401, request=evolve(REQUEST, client=evolve(CLIENT, server=DIDA365)))
    assert CREDENTIALS.replace("https://ticktick.com", "https://dida365.com") == error.hint


@pytest.mark.parametrize(("status", "more"), [(400, ""), (401, f"; {CREDENTIALS}"), (302, "")])
def test_h28_an_answer_that_was_not_read_says_so(status: int, more: str) -> None:
    """H28: the status, why it was not read and what is known of the status; never that it is not JSON."""
    with pytest.raises(TokenEndpointError) as caught:
        REQUEST._read(EndpointAnswer(status, {"Location": "https://evil.example"}, b"", "too long"))
    assert (status, f"the answer was not read: too long{more}") == (caught.value.status, caught.value.hint)


DATE = "Mon, 23 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("after", "date", "seconds"),
    [
        ("5", None, 5),
        (" 0 ", None, 0),
        ("1000000000", None, 1_000_000_000),
        *((after, None, None) for after in ("9" * 11, "9" * 5000, "-1", "1.5", "\u0665", "")),
        ("soon", DATE, None),
        ("Mon, 23 Nov 2026 12:01:30 GMT", None, None),
        ("Mon, 23 Nov 2026 12:01:30 GMT", DATE, 90),
        ("Mon, 23 Nov 2026 11:00:00 GMT", DATE, 0),
        ("Mon, 23 Nov 2026 12:01:30 GMT", DATE.replace("GMT", "-0000"), None),
        ("Mon, 23 Nov 2026 12:01:30 GMT", "yesterday", None),
        *((f"Mon, 23 Nov {year} 12:01:30 GMT", DATE, None) for year in (99999, 999999999999)),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_h12_retry_after(after: str, date: str | None, seconds: int | None) -> None:
    """H12: seconds, or a date that counts from the answer's own; else None."""
    headers = {"RETRY-AFTER": after} if date is None else {"Retry-After": after, "date": date}
    assert seconds == _refusal(429, {}, headers).retry_after


@pytest.mark.parametrize("status", [100, 101, 103, 201, 204, 206, 304, 400, 500, 999])
def test_h14_h17_only_a_200_brings_a_token(status: int) -> None:
    """H14 and H17: a token that comes with another status is not used, and not shown."""
    assert _refusal(status, TOKEN).error is None


def test_h15_h16_an_error_with_a_200() -> None:
    """H15 and H16: an error is one with a 200 too, and beside a token; JSON's null counts as absent."""
    assert _refusal(200, {"error": "invalid_grant"}).error == "invalid_grant"
    assert _refusal(200, TOKEN[:-1] + b',"error":0}').error is None
    assert REQUEST.parse_response(200, {}, TOKEN[:-1] + b',"error":null}').expires_in


@pytest.mark.parametrize("name", ["access_token", "refresh_token", "client_secret", "registration_access_token"])
def test_h16_a_token_beside_an_error_is_not_shown(name: str) -> None:
    """H16: a description that repeats a token or secret of the answer itself does not show it."""
    error = _refusal(200, {name: "canary", "error": "odd", "error_description": "issued canary"})
    assert error.description == "issued [redacted]"


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("name", ["error", "error_description", "errorCode", "errorMessage"])
def test_each_secret_is_cut_out(name: str, secret: str) -> None:
    """The secret, the code, the verifier and the credentials, whole, and also of a public client."""
    for request in (REQUEST, PUBLIC) if secret in {CODE, VERIFIER} else (REQUEST,):
        error = _refusal(400, {name: f"a{secret}b{secret[:4]}\u200b\x1b{secret[4:]}c"}, request=request)
        assert "a[redacted]b[redacted]c" in (error.error, error.description)


@pytest.mark.parametrize("said", [5, None, True, ["canary"], {"canary": 1}, "", "\x1b\u202e\n"])
def test_h16_h25_what_is_no_text_is_none(said: object) -> None:
    """H16 and H25: a code, description or token that is not a string, or has nothing to show, is None."""
    error = _refusal(400, {"access_token": said, "error": said, "error_description": said})
    assert (error.error, error.description) == (None, None)


@pytest.mark.parametrize(
    ("status", "location", "host"),
    [
        *((status, f"https://evil.example/cb?code={CODE}", "evil.example") for status in (300, 301, 302, 303, 399)),
        (307, f"/elsewhere?code={CODE}", "the same host"),
        (308, "", "the same host"),
        (302, "https://[::1", "an unreadable address"),
        (302, f"https://{CODE}.example/", "[redacted].example"),
        *((status, "/", None) for status in (299, 400)),
        (302, None, None),
    ],
)
def test_h1_to_h5_a_redirect_is_shown_by_its_host(status: int, location: str | None, host: str | None) -> None:
    """H1 to H5: of the Location, which it has beside a status from 300 to 399, the host alone is shown."""
    refusal = _refusal(status, {"error": "odd"}, {} if location is None else {"Location": location})
    hint = f"it redirects to {host}, which is not followed: check the server's token_endpoint" if host else None
    assert (ONLY_200 if status == 299 else hint) == refusal.hint


# Mistakes of the caller, and fuzzing


def test_a_body_or_status_of_another_type_is_refused() -> None:
    """A body is bytes and a status a number."""
    with pytest.raises(TypeError, match="body must be of type bytes, not str"):
        REQUEST.parse_response(200, {}, "canary")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="status must be of type int, not str"):
        REQUEST.parse_response("200", {}, TOKEN)  # type: ignore[arg-type]


@given(
    st.sampled_from([200, 302, 400, 401, 429, 500]),
    st.dictionaries(
        st.sampled_from(["Retry-After", "date", "Location", "content-type"]),
        st.text(alphabet="Mon, 23Nv26:1GMT+-") | st.text(),
    ),
    st.binary() | (json_values | st.dictionaries(st.sampled_from(["error", "expires_in"]), json_values)).map(_bytes),
)
def test_random_answers_stay_in_the_family(status: int, headers: dict[str, str], body: bytes) -> None:
    """Whatever a server answers, only the package's own errors come out."""
    with pytest.raises(OAuthError):
        REQUEST.parse_response(status, headers, body)
