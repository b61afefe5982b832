"""The rows M and C: what a server can do to a program that discovers it, or registers with it, and what comes of it."""

import json
from threading import Event
from typing import Any

import pytest

from faults.cases import LIMIT, SOON, Case, Pool, dripped, raw, reply, runs
from faults.peer import LOOPBACK, Line, Script, closed_port
from faults.watch import Watch
from ticktick_oauth import AuthorizationServer, discover_server, register_client
from ticktick_oauth.exceptions import DeadlineExceededError, RegistrationError, TransportError

REDIRECT_URI = "http://127.0.0.1:43117/"
DEEP = b"[" * 30_000
CUT = ("of 127.0.0.1: the answer was cut off, or its chunks have no proper length (IncompleteRead)",)


def _case(name: str, play: Script, says: tuple[str, ...], status: int | None = None, **options: Any) -> Case:  # noqa: ANN401 - as `Case` has them
    row, _, name = name.partition("-")
    error = options.pop("error", RegistrationError)
    fields = {"status": status} if error is RegistrationError else {"code_unused": None}
    return Case(row=row, name=name, play=play, says=says, error=error, fields=fields, **options)


def _metadata(**members: object) -> bytes:
    document = {
        "issuer": "<origin>",
        "authorization_endpoint": "<origin>/authorize",
        "token_endpoint": "<origin>/token",
        "registration_endpoint": "<origin>/register",
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
    }
    return json.dumps({name: value for name, value in {**document, **members}.items() if value is not None}).encode()


def _document(name: str, *says: str, **members: object) -> Case:
    return _case(name, reply(200, _metadata(**members)), ("the server's metadata document", *says))


METADATA = [
    _document("M1-another-issuer", "its issuer is not http://127.0.0.1:", issuer="https://evil.example"),
    _document("M1-a-slash-more", "its issuer is not http://127.0.0.1:", issuer="<origin>/"),
    _document("M1-no-issuer", "its issuer is not http://127.0.0.1:", issuer=None),
    _document("M1-a-list-of-issuers", "its issuer is not http://127.0.0.1:", issuer=["<origin>"]),
    *(
        _document(f"M2-{name}-{kind}", name, **{name: value})
        for name in ("authorization_endpoint", "token_endpoint", "registration_endpoint")
        for kind, value in {
            "plain": "http://evil.example/<code>",
            "object": {"<code>": "<code>"},
            "user": "https://a:<code>@evil.example/",
            "line-end": "<origin>/\r\nX: <code>",
        }.items()
    ),
    _document("M2-no-token_endpoint", "token_endpoint", token_endpoint=None),
    _case("M3-a-page", reply(200, b"<html><code></html>"), ("it is empty, or not a JSON object",)),
    _case("M3-an-array", reply(200, b'["<code>"]'), ("it is empty, or not a JSON object",)),
    _case("M3-nothing", reply(200), ("it is empty, or not a JSON object",)),
    _case("M3-deep", reply(200, DEEP), ("it is empty, or not a JSON object",)),
    _case("M4-none", reply(404, b"<html><code></html>"), ("no metadata",), 404),
    _case("M4-redirect", reply(302, b"", "Location: <trap>?x=<code>"), ("redirects to 127.0.0.1,",), 302),
    _case("M4-fault", reply(503, b"", "Retry-After: 7"), ("wait 7 seconds",), 503),
    _case("M5-over", reply(200, _metadata() + b" " * LIMIT), ("not read", "65536"), error=TransportError),
    _case("M5-encoded", reply(200, b"x", "Content-Encoding: br"), ("not read", "br"), error=TransportError),
    _case("M5-cut", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", _metadata()), CUT, error=TransportError),
    _case("M5-interim", raw(b"HTTP/1.1 103 Early Hints\r\n\r\n"), ("not read", "interim"), 103),
    _case("M6-silent", Line.ignore_request, ("0.4 seconds",), error=DeadlineExceededError, timeout=SOON),
    _case(
        "M6-drip",
        dripped(b"", b"HTTP/1.1 200 OK\r\n" * 9),
        ("0.4",),
        error=DeadlineExceededError,
        timeout=SOON,
        hard=True,
    ),
]


def _client(**members: object) -> bytes:
    document = {"client_id": "an-id", "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "none"}
    return json.dumps({name: value for name, value in {**document, **members}.items() if value is not None}).encode()


def _answer(name: str, *says: str, **members: object) -> Case:
    return _case(name, reply(201, _client(**members)), ("the answer to the registration cannot be used", *says), 201)


REGISTRATION = [
    *(
        _answer(f"C1-id-{name}", "client_id", client_id=value)
        for name, value in {
            "missing": None,
            "object": {"<code>": 1},
            "line-end": "<code>\r\nX: y",
            "colon": "<code>:x",
        }.items()
    ),
    *(
        _answer(f"C2-secret-{name}", "client_secret", client_secret=value, token_endpoint_auth_method=method)
        for name, value, method in (
            ("missing", None, "client_secret_basic"),
            ("line-end", "<client_secret>\n", "client_secret_basic"),
            ("of-no-method", "<client_secret>\n", None),
        )
    ),
    *(
        _answer(f"C3-method-{value}", "token_endpoint_auth_method", token_endpoint_auth_method=value)
        for value in ("client_secret_post", "private_key_jwt", "<code>")
    ),
    _answer("C4-other-redirect", "redirect_uris", redirect_uris=["https://evil.example/<code>"]),
    _answer("C4-redirect-number", "redirect_uris", redirect_uris=5),
    _case(
        "C5-refused",
        reply(
            400,
            b'{"error":"invalid_redirect_uri","error_description":"<client_secret>","client_secret":"<client_secret>"}',
        ),
        ("status 400, invalid_redirect_uri: [redacted]",),
        400,
    ),
    _case("C5-error-with-200", reply(200, _client(error="invalid_client_metadata")), ("invalid_client_metadata",), 200),
    _case("C5-page", reply(403, b"<html><code></html>"), ("not JSON",), 403),
    _case("C5-page-with-201", reply(201, b"<html><code></html>"), ("not JSON",), 201),
    _case("C5-accepted", reply(202, _client()), ("status 202",), 202),
    _case("C5-redirect", reply(307, b"", "Location: <trap>"), ("redirects to 127.0.0.1,",), 307),
    _case("C5-limit", reply(429, b"", "Retry-After: 7"), ("wait 7 seconds",), 429),
    _case("C6-over", reply(201, _client() + b" " * LIMIT), ("not read", "65536"), 201),
    _case("C6-encoded", reply(200, b"x", "Content-Encoding: gzip"), ("not read", "gzip"), error=TransportError),
    _case("C6-cut", raw(b"HTTP/1.1 201 OK\r\nContent-Length: 900\r\n\r\n", _client()), CUT, error=TransportError),
    _case("C7-silent", Line.ignore_request, ("0.4 seconds",), error=DeadlineExceededError, timeout=SOON),
]


@pytest.mark.parametrize(("case", "pool"), runs(METADATA))
def test_metadata(case: Case, pool: Pool, watch: Watch) -> None:
    """A hostile metadata document, or none, ends in the row's error, with one request."""

    def call(origin: str, options: dict[str, Any], asked: Event) -> object:
        return watch.run(lambda: discover_server(origin, **options), asked)

    peer, outcome = case.run(pool, watch, call)
    assert peer.received.startswith(b"GET /.well-known/oauth-authorization-server HTTP/1.1\r\n")
    assert "code may be" not in str(outcome)  # there was none


@pytest.mark.parametrize(("case", "pool"), runs(REGISTRATION))
def test_registration(case: Case, pool: Pool, watch: Watch) -> None:
    """A hostile answer to a registration ends in the row's error, with one request and no secret shown."""

    def call(origin: str, options: dict[str, Any], asked: Event) -> object:
        return watch.run(lambda: register_client(_server(origin), redirect_uri=REDIRECT_URI, **options), asked)

    peer, outcome = case.run(pool, watch, call)
    assert peer.received.startswith(b"POST /register HTTP/1.1\r\n")
    assert b'{"client_name": "ticktick-oauth", ' in peer.received
    assert "code may be" not in str(outcome)


def _server(origin: str) -> AuthorizationServer:
    names = ("authorize", "token", "register")
    authorize, token, register = (f"{origin}/{name}" for name in names)
    return AuthorizationServer(
        issuer=origin, authorization_endpoint=authorize, token_endpoint=token, registration_endpoint=register
    )


def test_a_server_that_is_not_there(watch: Watch) -> None:
    """What failed is said, and nothing of a code, as there was none."""
    with closed_port() as port:
        origin = f"http://{LOOPBACK}:{port}"
        outcomes = [
            watch.run(lambda: discover_server(origin)),
            watch.run(lambda: register_client(_server(origin), redirect_uri=REDIRECT_URI)),
        ]
    for outcome in outcomes:
        assert type(outcome) is TransportError
        assert outcome.code_unused is None
        assert str(outcome).startswith(f"could not connect to {LOOPBACK}: ECONNREFUSED")
        assert "code" not in str(outcome)
