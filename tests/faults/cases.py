"""The rows of the groups Network and HTTP that one connection's script can play."""

import gzip
import json
import re
import socket
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

import pytest
import urllib3
from attrs import field, frozen

from ticktick_oauth import OAuthTokenV1
from ticktick_oauth.exceptions import (
    DeadlineExceededError,
    InvalidTokenError,
    OAuthError,
    TokenEndpointError,
    TransportError,
)

from .pages import TOMCAT_401
from .peer import LOOPBACK, Line, Peer, Script
from .watch import Watch

TOKEN = b'{"access_token":"<access_token>","token_type":"bearer","expires_in":15551999}'
CHUNK = f"{len(TOKEN) - len('<access_token>') + 36:x}".encode()
# What a hostile server may repeat: all the secrets that it was sent.
ECHO = "<code> <client_secret> <code_verifier>"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LIMIT = 64 * 1024
# What the token has to be filled up with, for a body of exactly that size.
SPACE = b" " * (LIMIT - int(CHUNK, 16))
DATES = "Retry-After: Mon, 23 Nov 2026 12:01:30 GMT"
SOON = 0.4
POOLED = pytest.mark.parametrize("http", [None, urllib3.PoolManager()], ids=["fresh", "pool"])


@frozen(kw_only=True)
class Case:
    """What a server does, and what must come of it."""

    row: str
    name: str = ""
    play: Script
    error: type[OAuthError] | None = None
    """None: a token."""
    says: tuple[str, ...] = ()
    fields: Mapping[str, object] = field(factory=dict)
    requests: int = 1
    timeout: float = 10.0
    hard: bool = False
    """Whether it takes the hard deadline of a connection of our own."""

    def __str__(self) -> str:
        return f"{self.row}-{self.name}" if self.name else self.row

    def run(self, pool: "Pool", watch: Watch, call: "Call") -> tuple[Peer, object]:
        """Play it, and check what came of it."""
        http = pool()
        with Peer(reply()) as trap, Peer(self.play) as peer:
            origin = f"http://{LOOPBACK}:{peer.port}"
            names = {b"<trap>": trap.url().encode(), b"<origin>": origin.encode()}
            peer.fill = lambda data: watch.canaries.fill(re.sub(b"<trap>|<origin>", lambda name: names[name[0]], data))
            outcome = call(origin, {"http": http, "timeout": self.timeout}, peer.asked)
            if http is not None:
                http.clear()
        assert (peer.connections, self.requests, trap.connections) == (1, peer.requests, 0)
        assert watch.elapsed < self.timeout + 1
        if self.row != "N11" or type(outcome) is not TransportError:  # where http.client gives up first, since 3.14
            assert (self.error or OAuthTokenV1) is type(outcome), outcome
            assert not [words for words in self.says if words not in str(outcome)], outcome
            assert not ("not read" in self.says and "not JSON" in str(outcome))
            assert dict(self.fields) == {name: getattr(outcome, name) for name in self.fields}
        return peer, outcome


Call = Callable[[str, dict[str, Any], Event], object]
Pool = Callable[[], urllib3.PoolManager | None]


def runs(cases: list[Case]) -> list[Any]:
    """Return a test's parameters: each case over a connection of its own, and by a pool, which has no hard deadline."""
    fresh = [pytest.param(case, lambda: None, id=f"{case}-fresh") for case in cases]
    return fresh + [pytest.param(case, urllib3.PoolManager, id=f"{case}-pool") for case in cases if not case.hard]


def reply(status: int = 200, body: bytes = b"", *headers: str) -> Script:
    """Answer one request."""

    def play(line: Line) -> None:
        line.receive_request()
        line.answer(status, body, *headers)
        line.end()

    return play


def raw(*parts: bytes) -> Script:
    """Take one request, then send the bytes as they are, then end the connection."""

    def play(line: Line) -> None:
        line.receive_request()
        for part in parts:
            line.send(part)
        line.end()

    return play


def dripped(head: bytes, rest: bytes) -> Script:
    """Take one request, then send some bytes at once and the rest one by one."""

    def play(line: Line) -> None:
        line.receive_request()
        line.send(head)
        line.drip(rest)

    return play


def endless(head: bytes, block: bytes) -> Script:
    """Take one request, then send the block again and again until the other side hangs up."""

    def play(line: Line) -> None:
        line.receive_request()
        line.send(head)
        while not line.peer.stopped.is_set():
            line.send(block)

    return play


def _reset(line: Line) -> None:
    # Once the first byte is there, as before it the reset may meet the connecting itself.
    line.connected.recv(1, socket.MSG_PEEK)
    line.reset()


def _answer_at_once(line: Line) -> None:
    # The request stays unread, so that closing sends a RST behind the answer.
    line.answer(400, b'{"error":"invalid_request","error_description":"<code>"}')


def _json(**members: object) -> bytes:
    return json.dumps(members).encode()


def _refused(
    row: str,
    status: int,
    body: bytes = b"",
    *headers: str,
    name: str = "",
    says: tuple[str, ...] = (),
    **fields: object,
) -> Case:
    return Case(
        row=row,
        name=name,
        play=reply(status, body, *headers),
        error=TokenEndpointError,
        says=(f"status {status}", *says),
        fields={"status": status, **fields},
    )


def _lost(row: str, name: str, play: Script, *says: str) -> Case:
    return Case(row=row, name=name, play=play, error=TransportError, says=(*says, "outcome unknown"))


def _late(row: str, name: str, play: Script, *, hard: bool = True) -> Case:
    error = DeadlineExceededError
    return Case(row=row, name=name, play=play, error=error, says=(f"{SOON:g} seconds",), timeout=SOON, hard=hard)


def _page(row: str, name: str, *headers: str, body: bytes = b"<html><code> <access_token></html>") -> Case:
    says = ("not JSON", headers[0].removeprefix("Content-Type: ") if headers else "missing")
    return Case(row=row, name=name, play=reply(200, body, *headers), error=InvalidTokenError, says=says)


def _layers(count: int) -> bytes:
    body = b"\0" * 10_000_000
    for _ in range(count):
        body = gzip.compress(body, 1)
    return body


NETWORK = [
    Case(
        row="N6",
        play=_reset,
        error=TransportError,
        says=("outcome unknown",),
        requests=0,  # none was read; it may have been
    ),
    _lost("N7", "", raw()),
    _late("N8", "", Line.ignore_request, hard=False),
    _late("N9", "", dripped(HEAD + b"Content-Length: 500\r\n\r\n", b" " * 500)),
    _late("N10", "", dripped(b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n" * 50)),
    _late("N11", "fast", endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n")),
    _late("N11", "slow", dripped(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50)),
    _late("N12", "drip", dripped(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 500)),
    _lost("N12", "line", raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * LIMIT + b"1\r\n")),
    _lost("N12", "extension", raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 2 * LIMIT + b"\r\n")),
    Case(
        row="N13",
        play=_answer_at_once,
        error=TokenEndpointError,
        says=("status 400", "invalid_request"),
        fields={"status": 400, "error": "invalid_request", "description": "[redacted]"},
        requests=0,  # it was not read
    ),
]

REFUSALS = [
    *(
        _refused(f"H{row}", status, ECHO.encode(), f"Location: {target}", name=name, says=(f"redirects to {host}",))
        for row, status in enumerate((301, 302, 303, 307, 308), start=1)
        for name, target, host in (
            ("same", "/elsewhere?code=<code>#<access_token>", "the same host"),
            ("other", "<trap>?code=<code>&secret=<client_secret>", "127.0.0.1,"),
        )
    ),
    _refused(
        "H6",
        400,
        _json(error="invalid_grant", error_description="Invalid authorization code: <code>"),
        says=("used already or is not whole",),
        error="invalid_grant",
        description="Invalid authorization code: [redacted]",
    ),
    _refused(
        "H7",
        400,
        _json(error="invalid_grant", error_description="Redirect URI mismatch."),
        says=("redirect_uri must be exactly that of the authorization request", "http://127.0.0.1:8080/"),
        description="Redirect URI mismatch.",
    ),
    _refused("H8", 401, _json(error="invalid_client"), says=("client id or secret",), error="invalid_client"),
    _refused("H8b", 401, TOMCAT_401.encode(), "Content-Type: text/html", says=("client id or secret",), error=None),
    _refused(
        "H9",
        401,
        _json(error="invalid_client"),
        'WWW-Authenticate: Bearer error="invalid_client", <code>',
        says=("client id or secret",),
        error="invalid_client",
    ),
    *(
        _refused("H10", 400, _json(error=code, error_description=ECHO), name=code, says=(code,), error=code)
        for code in ("unsupported_grant_type", "invalid_scope", "unauthorized_client", "invalid_request")
    ),
    _refused("H11", 403, b"<html>blocked: <code></html>", "Content-Type: text/html", says=("not JSON",)),
    _refused("H11", 404, name="404", says=("empty",)),
    _refused("H11", 405, _json(error="method_not_allowed"), name="405", says=("method_not_allowed",)),
    _refused("H12", 429, b"", "Retry-After: 5", name="seconds", says=("wait 5 seconds",), retry_after=5),
    _refused("H12", 429, b"", DATES, "Date: Mon, 23 Nov 2026 12:00:00 GMT", name="date", retry_after=90),
    _refused("H12", 429, b"", DATES, name="date-alone", retry_after=None),
    _refused("H12", 429, b"", "Retry-After: -1", name="negative", retry_after=None),
    _refused("H12", 429, b"", "Retry-After: <code>", name="garbage", retry_after=None),
    _refused("H12", 503, b"", "Retry-After: 1000000000", name="huge", retry_after=10**9),
    *(
        _refused("H13", status, body, name=f"{status}-{name}", says=("the service is at fault",))
        for status in (500, 502, 503, 504)
        for name, body in (("html", b"<html><code></html>"), ("empty", b""))
    ),
    _refused("H14", 500, TOKEN),
    _refused("H15", 200, _json(error="invalid_grant", error_description=ECHO), error="invalid_grant"),
    _refused(
        "H16",
        200,
        _json(error="odd", error_description=f"{ECHO} <access_token>", access_token="<access_token>", expires_in=1),
        description="[redacted] [redacted] [redacted] [redacted]",
    ),
    *(_refused("H17", status, TOKEN, name=str(status)) for status in (201, 202, 203, 206, 299, 999)),
    _refused("H17", 204, name="204"),
    Case(
        row="H17",
        name="103",
        play=raw(b"HTTP/1.1 103 Early Hints\r\nLink: <code>\r\n\r\n" + HEAD + b"Content-Length: 2\r\n\r\n{}"),
        error=TokenEndpointError,
        says=("not read", "interim"),
        fields={"status": 103},
    ),
    Case(
        row="H17",
        name="101",
        play=raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: <code>\r\n\r\n", TOKEN),
        error=TokenEndpointError,
        says=("not read", "interim"),
        fields={"status": 101},
    ),
    _refused("H19", 400, b"<oauth><error>invalid_grant</error><error_description><code></error_description></oauth>"),
    *(
        _refused("H27", 400, _json(error="e", error_description=f"x {echo} y"), name=echo, description="[redacted]")
        for echo in ("<html code>", "<percent client_secret>", "<both code>")
    ),
    *(
        _refused("H25", 400, _json(error="e", error_description=said), name=name, description=shown)
        for name, said, shown in (
            ("ansi", "\x1b[31m<code>\x1b[0m", "[31m[redacted][0m"),
            ("bidi", "\u202e\u2066<client_secret>\u2069", "[redacted]"),
            ("newlines", "one\r\ntwo\nthree", "onetwothree"),
            ("long", "x" * 50_000, "x" * 200),
            ("number", 5, None),
            ("list", ["<code>"], None),
        )
    ),
]

TOKENS = [
    *(
        Case(row="H26", name=repr(encoding), play=reply(200, TOKEN, f"Content-Encoding: {encoding}"))
        for encoding in ("", "identity ", "identity, identity", "Identity", ",")
    ),
    Case(row="H26", name="null", play=reply(200, b'{"error":null,' + TOKEN[1:])),
    Case(row="H18", name="latin1", play=reply(200, TOKEN, "Content-Type: application/json;charset=latin1")),
    Case(row="H18", name="plain", play=reply(200, TOKEN, "Content-Type: text/plain")),
    Case(row="H18", name="untyped", play=reply(200, TOKEN)),
    Case(row="H22", name="fits", play=reply(200, TOKEN[:-1] + SPACE + b"}")),
    Case(
        row="H21",
        name="chunked",
        play=raw(HEAD, b"Transfer-Encoding: chunked\r\n\r\n", CHUNK, b"\r\n", TOKEN, b"\r\n0\r\n\r\n"),
    ),
    _page("H18", "login", "Content-Type: text/html"),
    _page("H18", "missing"),
    _page("H18", "echo", "Content-Type: [redacted]"),
    *(
        Case(row="H18", name=name, play=reply(200, body), error=InvalidTokenError, says=(says,))
        for name, body, says in (("null", b'{"access_token":null,"expires_in":1}', "access_token"),)
    ),
]

BODIES = [
    *(
        _lost(
            "H20",
            f"200-{name}",
            reply(200, body, f"Content-Encoding: {name}"),
            f"it came with the content encoding {shown}, which was not asked for; outcome",
        )
        for name, body, shown in (
            ("gzip", gzip.compress(TOKEN), "gzip"),
            ("br", b"br", "br"),
            ("gzip, gzip, gzip, gzip, gzip, gzip", _layers(6), "gzip, gzip, gzip, gzip, gzip, gzip"),
            ("<code>", TOKEN, "[redacted]"),
            ("x" * 10_000, TOKEN, "x" * 200),
        )
    ),
    *(
        _refused(
            "H28", status, gzip.compress(_json(error="x")), "Content-Encoding: gzip", name=name, says=says, error=None
        )
        for status, name, says in (
            (400, "400", ("not read", "gzip")),
            (401, "401", ("not read", "client id or secret")),
        )
    ),
    _refused("H28", 502, b"<html><code>" + b"x" * 70 * 1024, name="page", says=("not read", "65536")),
    _lost(
        "H22",
        "over",
        reply(200, TOKEN[:-1] + SPACE + b" }"),
        "the answer's body was not read: it is over the limit of 65536 bytes; outcome",
    ),
    _lost("H22", "infinite", endless(HEAD + b"\r\n", b" " * 65536), "65536"),
    _lost(
        "H22", "infinite-chunks", endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"a\r\n0123456789\r\n"), "65536"
    ),
    _lost("H21", "short", raw(HEAD, b"Content-Length: 500\r\n\r\n", TOKEN)),
    _lost("H21", "two-lengths", raw(HEAD, b"Content-Length: 5\r\nContent-Length: 500\r\n\r\n", TOKEN)),
    _lost("H21", "chunk-cut", raw(HEAD, b"Transfer-Encoding: chunked\r\n\r\n500\r\n", TOKEN)),
    _lost("H21", "chunk-garbage", raw(HEAD, b"Transfer-Encoding: chunked\r\n\r\n<code>\r\n", TOKEN)),
    _lost("H21", "chunk-negative", raw(HEAD, b"Transfer-Encoding: chunked\r\n\r\n-5\r\n", TOKEN)),
    _lost("H21", "chunk-huge", raw(HEAD, b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", TOKEN)),
    _lost("H21", "length-1e18", raw(HEAD, b"Content-Length: 1" + b"0" * 18 + b"\r\n\r\n", TOKEN)),
    _lost("H21", "length-1e30", raw(HEAD, b"Content-Length: 1" + b"0" * 30 + b"\r\n\r\n", TOKEN)),
    _lost("H23", "headers", raw(b"HTTP/1.1 200 OK\r\n", b"X: <code>\r\n" * 101, b"\r\n", TOKEN)),
    _lost("H23", "header", raw(b"HTTP/1.1 200 OK\r\nX: <code>", b"x" * 70 * 1024, b"\r\n\r\n", TOKEN)),
    _lost("H23", "status-line", raw(b"<code> <access_token>\r\n\r\n", TOKEN)),
    _lost("H23", "status-nan", raw(b"HTTP/1.1 <code> OK\r\n\r\n", TOKEN)),
    _lost("H23", "status-long", raw(b"HTTP/1.1 200 <code>" + b"x" * 70 * 1024 + b"\r\n\r\n", TOKEN)),
    _lost("H23", "http09", raw(TOKEN)),
    _lost("H23", "http2", raw(b"HTTP/2 200 OK\r\n\r\n", TOKEN)),
    _lost("H23", "http2-frames", raw(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80")),
]

CASES = [*NETWORK, *REFUSALS, *TOKENS, *BODIES]
