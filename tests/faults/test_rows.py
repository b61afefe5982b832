"""The rows N and H that one connection's script can play: what comes of each, in every way to send."""

import gzip
import json
import socket
from contextlib import ExitStack

import pytest
import urllib3
from attrs import evolve

from faults.canaries import Canaries
from faults.cases import CHUNKED, HEAD, LIMIT, TOKEN, Case, dripped, endless, late, lost, raw, refused, reply, runs
from faults.parent import run
from faults.peer import Line, Peer
from faults.tls import Authority
from faults.watch import Watch
from ticktick_oauth.exceptions import InvalidTokenError

# What a hostile server may repeat: all the secrets that it was sent.
ECHO = "<code> <client_secret> <code_verifier>"
CHUNK = f"{len(TOKEN) - len('<access_token>') + 36:x}\r\n".encode()
# What the token has to be filled up with, for a body of exactly the limit.
SPACE = b" " * (LIMIT - int(CHUNK, 16))
HTML = b"<html><code> <access_token></html>"


def _reset(line: Line) -> None:
    # Once the first byte is there, as before it the reset may meet the connecting itself.
    line.connected.recv(1, socket.MSG_PEEK)
    line.reset()


def _answer_at_once(line: Line) -> None:
    # The request stays unread, so that closing sends a RST behind the answer.
    line.answer(400, b'{"error":"invalid_request","error_description":"<code>"}')


def _json(**members: object) -> bytes:
    return json.dumps(members).encode()


def _layers(count: int) -> bytes:
    body = bytes(10_000_000)
    for _ in range(count):
        body = gzip.compress(body, 1)
    return body


NETWORK = [
    lost("N6", "", _reset, requests=0),  # none was read; it may have been
    lost("N7", "", raw()),
    late("N8", "", Line.ignore_request),
    late("N9", "", dripped(HEAD + b"Content-Length: 500\r\n\r\n", b" " * 500)),
    late("N10", "", dripped(b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n" * 50), hard=True),
    late("N11", "fast", endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), hard=True),
    late("N11", "slow", dripped(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50), hard=True),
    late("N12", "drip", dripped(CHUNKED, b"0" * 500), hard=True),
    lost("N12", "line", raw(CHUNKED + b"0" * LIMIT + b"1\r\n")),
    lost("N12", "extension", raw(CHUNKED + b"1;" + b"x" * 2 * LIMIT + b"\r\n")),
    # It was not read.
    evolve(refused("N13", 400, error="invalid_request", description="[redacted]"), play=_answer_at_once, requests=0),
]

REFUSALS = [
    *(
        refused(f"H{row}", status, ECHO.encode(), f"Location: {target}", name=name, says=(f"redirects to {host}",))
        for row, status in enumerate((301, 302, 303, 307, 308), start=1)
        for name, target, host in (
            ("same", "/elsewhere?code=<code>#<access_token>", "the same host"),
            ("other", "http://localhost:<port>?code=<code>&secret=<client_secret>", "localhost,"),
        )
    ),
    refused("H6", 400, _json(error="invalid_grant", error_description="no <code>"), description="no [redacted]"),
    refused("H8b", 401, HTML, "Content-Type: text/html", says=("client id or secret",), error=None),
    refused("H9", 401, _json(error="e"), 'WWW-Authenticate: Bearer error="invalid_client", <code>', error="e"),
    refused("H12", 429, b"", "Retry-After: 5", name="seconds", says=("wait 5 seconds",), retry_after=5),
    refused("H13", 503, HTML, says=("the service is at fault",)),
    refused("H14", 500, TOKEN),
    refused("H16", 200, _json(error="e", error_description=f"{ECHO} <access_token>", access_token="<access_token>")),
    *(refused("H17", status, TOKEN, name=str(status)) for status in (201, 206, 999)),
    refused("H17", 204, name="204"),
    *(
        evolve(
            refused("H17", status, name=str(status), says=("not read", "interim")),
            play=raw(b"HTTP/1.1 %d Interim\r\nLink: <code>\r\n\r\n" % status, HEAD, b"Content-Length: 2\r\n\r\n{}"),
        )
        for status in (101, 103)
    ),
]

TOKENS = [
    *(
        Case(row="H26", name=repr(encoding), play=reply(200, TOKEN, f"Content-Encoding: {encoding}"))
        for encoding in ("", "identity ", "identity, Identity", ",")
    ),
    Case(row="H18", name="latin1", play=reply(200, TOKEN, "Content-Type: application/json;charset=latin1")),
    *(
        Case(row="H18", name=kind, play=reply(200, HTML, *headers), error=InvalidTokenError, says=("not JSON", kind))
        for kind, headers in (("text/html", ["Content-Type: text/html"]), ("missing", []))
    ),
    Case(row="H21", name="chunked", play=raw(CHUNKED, CHUNK, TOKEN, b"\r\n0\r\n\r\n")),
    Case(row="H22", name="fits", play=reply(200, TOKEN[:-1] + SPACE + b"}")),
]

BODIES = [
    *(
        lost("H20", name, reply(200, body, f"Content-Encoding: {name}"), f"encoding {shown}, which was not asked for")
        for name, body, shown in (
            ("br", b"br", "br"),
            (", ".join(["gzip"] * 6), _layers(6), ", ".join(["gzip"] * 6)),
            ("<code>", TOKEN, "[redacted]"),
            ("x" * 10_000, TOKEN, "x" * 200),
        )
    ),
    *(
        refused("H28", status, _layers(1), "Content-Encoding: gzip", name=str(status), says=says, error=None)
        for status, says in ((400, ("not read", "gzip")), (401, ("not read", "client id or secret")))
    ),
    refused("H28", 502, HTML + b"x" * 70 * 1024, name="page", says=("not read", "65536")),
    lost("H22", "over", reply(200, TOKEN[:-1] + SPACE + b" }"), "was not read: it is over the limit of 65536 bytes"),
    lost("H22", "infinite", endless(HEAD + b"\r\n", b" " * LIMIT), "65536"),
    lost("H22", "infinite-chunks", endless(CHUNKED, b"a\r\n0123456789\r\n" * 100), "65536"),
    lost("H21", "short", raw(HEAD, b"Content-Length: 500\r\n\r\n", TOKEN)),
    lost("H21", "two-lengths", raw(HEAD, b"Content-Length: 5\r\nContent-Length: 500\r\n\r\n", TOKEN)),
    lost("H21", "length-1e18", raw(HEAD, b"Content-Length: 1" + b"0" * 18 + b"\r\n\r\n", TOKEN)),
    lost("H21", "length-1e30", raw(HEAD, b"Content-Length: 1" + b"0" * 30 + b"\r\n\r\n", TOKEN)),
    *(
        lost("H21", f"chunk-{size.decode()}", raw(CHUNKED, size, b"\r\n", TOKEN))
        for size in (b"500", b"<code>", b"-5", b"f" * 18)
    ),
    lost("H23", "headers", raw(b"HTTP/1.1 200 OK\r\n", b"X: <code>\r\n" * 101, b"\r\n", TOKEN)),
    lost("H23", "header", raw(b"HTTP/1.1 200 OK\r\nX: <code>", b"x" * 70 * 1024, b"\r\n\r\n", TOKEN)),
    lost("H23", "status-line", raw(b"<code> <access_token>\r\n\r\n", TOKEN)),
    lost("H23", "status-nan", raw(b"HTTP/1.1 <code> OK\r\n\r\n", TOKEN)),
    lost("H23", "status-long", raw(b"HTTP/1.1 200 <code>" + b"x" * 70 * 1024 + b"\r\n\r\n", TOKEN)),
    lost("H23", "http09", raw(TOKEN)),
    lost("H23", "http2", raw(b"HTTP/2 200 OK\r\n\r\n", TOKEN)),
    lost("H23", "http2-frames", raw(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80")),
]


@pytest.mark.parametrize(("case", "pooled"), runs([*NETWORK, *REFUSALS, *TOKENS, *BODIES]))
def test_a_row(case: Case, watch: Watch, authority: Authority, *, pooled: bool) -> None:
    """A server's script ends in the row's token or error, in time, with one request and no secret shown."""
    case.run(watch, authority, pooled=pooled)


def test_no_slot_of_a_pool_is_lost(watch: Watch) -> None:
    """With one slot to wait for, each outcome frees it for the next exchange."""
    scripts = {str(case): case.play for case in (*REFUSALS, *TOKENS, *BODIES)}
    scripts |= {"reset": Line.reset, "silence": Line.ignore_request}
    expected = {
        **dict.fromkeys(["H1-same", "H8b", "H13", "H17-103", "H28-400"], "TokenEndpointError"),
        **dict.fromkeys(["H20-br", "H21-short", "H22-infinite", "reset"], "TransportError"),
        "silence": "DeadlineExceededError",
        "H22-fits": "OAuthTokenV1",
    }
    plays = iter([scripts[name] for name in expected])

    def play(line: Line) -> None:
        next(plays)(line)

    with Peer(play, fill=watch.canaries.fill) as peer, urllib3.PoolManager(maxsize=1, block=True) as http:
        for name, outcome in expected.items():
            timeout = 0.2 if name == "silence" else 10
            assert outcome == type(watch.exchange(peer.url(), http=http, timeout=timeout)).__name__, name
    assert peer.connections == len(expected)


def test_memory_stays_flat_for_hostile_bodies(watch: Watch) -> None:
    """H20 to H23: endless, huge and compressed bodies cost less than 16 MiB above a good exchange."""
    orders = {"secret": watch.canaries.client_secret, "code": watch.canaries.code}
    with ExitStack() as stack:
        good = stack.enter_context(Peer(reply(200, TOKEN), fill=Canaries().fill))
        peers = [stack.enter_context(Peer(case.play, fill=watch.canaries.fill)) for case in BODIES]
        result = run("weighed", good=good.url(), hostile=[peer.url() for peer in peers], **orders)
    assert [case.error.__name__ for case in BODIES if case.error] == result["outcomes"]
    assert {1} == {peer.requests for peer in peers}
    assert result["growth"] < 16 * 1024
