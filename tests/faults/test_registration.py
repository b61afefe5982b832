"""The rows M and C: what a server can do to a program that discovers it, or registers with it, and what comes of it."""

import json
from threading import Event
from typing import Any

import pytest

from faults.cases import LIMIT, SOON, Case, dripped, raw, reply, runs
from faults.peer import LOOPBACK, Line, Script
from faults.tls import Authority
from faults.watch import Watch
from ticktick_oauth import AuthorizationServer, discover_server, register_client
from ticktick_oauth.exceptions import DeadlineExceededError, RegistrationError, TransportError

ORIGIN = f"http://{LOOPBACK}:<port>"
ENDPOINTS = "authorization_endpoint", "token_endpoint", "registration_endpoint"
REDIRECT_URI = "http://127.0.0.1:43117/"
HTML = b"<html><code></html>"
CUT = "of 127.0.0.1: the answer was cut off, or its chunks have no proper length (IncompleteRead)"


def _discover(watch: Watch, origin: str, asked: Event, options: dict[str, Any]) -> object:
    return watch.run(lambda: discover_server(origin, **options), asked)


def _register(watch: Watch, origin: str, asked: Event, options: dict[str, Any]) -> object:
    server = AuthorizationServer(**{name: f"{origin}/{name}" for name in ("issuer", *ENDPOINTS)})  # type: ignore[arg-type] # its flag is not among them
    return watch.run(lambda: register_client(server, redirect_uri=REDIRECT_URI, **options), asked)


def _case(name: str, play: Script, *says: str, status: int | None = None, **options: Any) -> Case:  # noqa: ANN401 - as `Case` has them
    row, _, name = name.partition("-")
    error = options.setdefault("error", RegistrationError)
    fields = {"status": status} if error is RegistrationError else {}
    ask = _discover if row[0] == "M" else _register
    return Case(row=row, name=name, play=play, says=says, fields=fields, code_unused=None, ask=ask, **options)


def _unread(name: str, play: Script, *says: str) -> Case:
    return _case(name, play, *says, error=TransportError)


def _late(name: str, play: Script, *, hard: bool = False) -> Case:
    return _case(name, play, f" {SOON:g} seconds", error=DeadlineExceededError, timeout=SOON, hard=hard)


def _metadata(**members: object) -> bytes:
    document = {
        "issuer": ORIGIN,
        **{name: f"{ORIGIN}/{name}" for name in ENDPOINTS},
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
    }
    return json.dumps({**document, **members}).encode()


def _client(**members: object) -> bytes:
    document = {"client_id": "an-id", "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "none"}
    return json.dumps({**document, **members}).encode()


def _answer(name: str, member: str, value: object, **members: object) -> Case:
    members[member] = value
    if name[0] == "M":
        words = f"the server's metadata document cannot be used: {'its ' if member == 'issuer' else ''}{member}"
        return _case(name, reply(200, _metadata(**members)), words)
    words = f"the answer to the registration cannot be used: {member}"
    return _case(name, reply(201, _client(**members)), words, status=201)


CASES = [
    _answer("M1-another", "issuer", "https://evil.example"),
    _answer("M2-plain", "authorization_endpoint", "http://evil.example/<code>"),
    _answer("M2-user", "registration_endpoint", "https://a:<code>@evil.example/"),
    _answer("M2-line-end", "token_endpoint", f"{ORIGIN}/\r\nX: <code>"),
    _case("M3-page", reply(200, HTML), "it is empty, or not a JSON object"),
    _case("M4-none", reply(404, HTML), "no metadata", status=404),
    _case(
        "M4-redirect",
        reply(302, b"", "Location: http://localhost:<port>/?x=<code>"),
        "redirects to localhost,",
        status=302,
    ),
    _case("M4-fault", reply(503, b"", "Retry-After: 7"), "wait 7 seconds", status=503),
    _unread("M5-over", reply(200, _metadata() + b" " * LIMIT), "not read", "65536"),
    _unread("M5-encoded", reply(200, b"x", "Content-Encoding: br"), "not read", "br"),
    _unread("M5-cut", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", _metadata()), CUT),
    _case("M5-interim", raw(b"HTTP/1.1 103 Early Hints\r\n\r\n"), "not read", "interim", status=103),
    _late("M6-silent", Line.ignore_request),
    _late("M6-drip", dripped(b"", b"HTTP/1.1 200 OK\r\n" * 9), hard=True),
    _answer("C1-none", "client_id", None),
    _answer("C2-line-end", "client_secret", "<client_secret>\n", token_endpoint_auth_method=None),
    _answer("C3", "token_endpoint_auth_method", "<code>"),
    _answer("C4-another", "redirect_uris", ["https://evil.example/<code>"]),
    _case(
        "C5-refused",
        reply(400, b'{"error":"odd","error_description":"<client_secret>","client_secret":"<client_secret>"}'),
        "status 400, odd: [redacted]",
        status=400,
    ),
    _case("C5-error-with-200", reply(200, _client(error="odd")), "odd", status=200),
    _case("C5-page", reply(403, HTML), "not JSON", status=403),
    _case("C5-accepted", reply(202, _client()), "status 202", status=202),
    _case("C5-redirect", reply(307, b"", "Location: http://localhost:<port>/"), "redirects to localhost,", status=307),
    _case("C6-over", reply(201, _client() + b" " * LIMIT), "not read", "65536", status=201),
    _unread("C6-encoded", reply(200, b"x", "Content-Encoding: gzip"), "not read", "gzip"),
    _unread("C6-cut", raw(b"HTTP/1.1 201 OK\r\nContent-Length: 900\r\n\r\n", _client()), CUT),
    _late("C7", Line.ignore_request),
]


@pytest.mark.parametrize(("case", "pooled"), runs(CASES))
def test_a_row_of_registration(case: Case, watch: Watch, authority: Authority, *, pooled: bool) -> None:
    """A hostile document or answer ends in the row's error, with one request and no secret shown."""
    received = case.run(watch, authority, pooled=pooled)
    if case.ask is _discover:
        assert received.startswith(b"GET /.well-known/oauth-authorization-server HTTP/1.1\r\n")
    else:
        assert received.startswith(b"POST /registration_endpoint HTTP/1.1\r\n")
        assert b'{"client_name": "ticktick-oauth", ' in received
