"""The rows T: TLS that fails, and what comes of it."""

import os
import socket
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import urllib3

from faults.cases import HEAD, POOLED, SOON, TOKEN, Case, late, lost, raw, reply, runs
from faults.peer import LOOPBACK, Line, Peer, Script
from faults.tls import Authority, hello_requests, new_keys
from faults.watch import Watch, assert_error
from ticktick_oauth import OAuthTokenV1, _network
from ticktick_oauth.exceptions import DeadlineExceededError, InvalidTokenError, TokenEndpointError, TransportError

pytestmark = pytest.mark.usefixtures("trusted")

# A ServerHello of version 3.2, which is TLS 1.1: random bytes, no session, an old cipher suite, no compression.
TLS11 = b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02" + bytes(32) + b"\x00\x00\x2f\x00"
ALERT = b"\x15\x03\x01\x00\x02\x02\x46"  # what a TLS server answers a plain request with
DRIP = b"\x16\x03\x03\x40\x00" + b"\x02" * 500
UNUSED: dict[str, Any] = {"requests": 0, "hard": True, "code_unused": True}


def _certificate(row: str, name: str, make: Callable[[Authority], ssl.SSLContext], *says: str) -> Case:
    says = ("the certificate was refused: ", LOOPBACK, *says)
    return Case(row=row, name=name, play=reply(200, TOKEN), error=TransportError, says=says, tls=make, **UNUSED)


def _handshake(row: str, name: str, *steps: Script, is_late: bool = False) -> Case:
    def play(line: Line) -> None:
        line.receive()
        for step in steps:
            step(line)

    options: dict[str, Any] = {"says": (f"TLS handshake with {LOOPBACK}",), "tls": lambda _: None, **UNUSED}
    if is_late:
        return late(row, name, play, **options)
    return Case(row=row, name=name, play=play, error=TransportError, **options)


def _bad_record(line: Line) -> None:
    line.receive_request()
    with socket.socket(fileno=os.dup(line.connected.fileno())) as below:
        below.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
    line.hold()


def _demanding(authority: Authority) -> ssl.SSLContext:
    context = authority.server()
    context.load_verify_locations(authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


CASES = [
    _certificate("T1", "another", lambda known: Authority(known.folder).server(), "in the system's trust store"),
    _certificate("T1", "self-signed", lambda known: Authority(known.folder).self_signed(), "is its authority in"),
    _certificate("T2", "name", lambda authority: authority.server("other.example"), "mismatch"),
    _certificate("T2", "address", lambda authority: authority.server("127.0.0.2"), "mismatch"),
    _certificate("T2", "kind", lambda authority: authority.server("localhost"), "mismatch"),
    _certificate("T3", "", lambda authority: authority.server(days=(-9, -8)), "expired", "clock"),
    _certificate("T3b", "", lambda authority: authority.server(days=(8, 9)), "not yet valid", "clock"),
    _handshake("T5", "", lambda line: line.connected.sendall(TLS11), Line.end),
    _handshake("T6", "stall", Line.hold, is_late=True),
    _handshake("T6", "drip", lambda line: line.drip(DRIP), is_late=True),
    _handshake("T7", "FIN", Line.end),
    _handshake("T7", "RST", Line.reset),
    lost("T8", "", _bad_record, tls=Authority.server),
    lost("T9", "", reply(200, TOKEN), tls=_demanding, requests=0),
    Case(
        row="T10",
        play=raw(HEAD, b"\r\n", TOKEN[:-5]),
        error=InvalidTokenError,
        says=("not JSON",),
        tls=Authority.server,
    ),
    _handshake("T11", "plain", lambda line: line.answer(400, b"this is an https port? no: <code>"), Line.end),
    lost("T11", "TLS", raw(ALERT)),
]


@pytest.mark.parametrize(("case", "pooled"), runs(CASES))
def test_a_row_of_tls(case: Case, watch: Watch, authority: Authority, *, pooled: bool) -> None:
    """Where the handshake fails nothing was sent; behind it, the request is not sent again."""
    case.run(watch, authority, pooled=pooled)


def _exchange(watch: Watch, context: ssl.SSLContext) -> object:
    with Peer(reply(200, TOKEN), tls=context, fill=watch.canaries.fill) as peer:
        return watch.exchange(peer.url())


def test_the_trust_store_is_kept_between_exchanges(
    watch: Watch, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is read again when it is another one, or after a failure, and not for each exchange."""
    made: list[ssl.SSLContext] = []
    create = ssl.create_default_context

    def count() -> ssl.SSLContext:
        made.append(create())
        return made[-1]

    monkeypatch.setattr(ssl, "create_default_context", count)
    context = authority.server()
    store = Authority(tmp_path).file
    for count_so_far, name, value in (
        (1, "SSL_CERT_DIR", "/nowhere"),
        (1, "SSL_CERT_DIR", "/nowhere"),
        (2, "SSL_CERT_DIR", "/elsewhere"),
        (3, "SSL_CERT_DIR", "/nowhere"),
        (4, "SSL_CERT_FILE", str(store)),
    ):
        monkeypatch.setenv(name, value)
        assert (name == "SSL_CERT_DIR") == isinstance(_exchange(watch, context), OAuthTokenV1)
        assert count_so_far == len(made)
    store.write_bytes(authority.file.read_bytes())
    assert isinstance(_exchange(watch, context), OAuthTokenV1)


def test_t4_a_common_name_that_fits(watch: Watch, authority: Authority) -> None:
    """T4: a certificate without alternative names is refused on all Pythons."""
    with Peer(reply(200, TOKEN), tls=authority.server(common_name="localhost")) as peer:
        outcome = watch.exchange(peer.url("localhost"))
    assert_error(outcome, "the certificate was refused: ")
    assert peer.requests == 0


@pytest.mark.parametrize("content", [None, "", "no certificate\n"], ids=["missing", "empty", "garbage"])
def test_t12_t17_a_trust_store_without_certificates(
    watch: Watch, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    """T12 and T17: with nothing to trust the error says where to look."""
    store = tmp_path / "store.pem"
    if content is not None:
        store.write_text(content, encoding="ascii")
    monkeypatch.setenv("SSL_CERT_FILE", str(store))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    words = "system's trust store" if store.exists() else "the file that SSL_CERT_FILE names does not exist"
    assert_error(_exchange(watch, authority.server()), "certificate", words, "SSL_CERT_FILE")


@pytest.mark.parametrize("behind_request", [False, True])
def test_t13_a_flood(watch: Watch, authority: Authority, tmp_path: Path, *, behind_request: bool) -> None:
    """T13: records without end, in the handshake or behind the request, are cut at the deadline."""
    context = authority.server() if behind_request else None
    script = new_keys(context, tmp_path) if context else hello_requests
    with Peer(script, tls=context) as peer:
        outcome = watch.exchange(f"https://{LOOPBACK}:{peer.port}/", peer.asked if context else peer.met, timeout=SOON)
    assert_error(outcome, f"{SOON:g} seconds", error=DeadlineExceededError, code_unused=not behind_request)
    assert watch.elapsed < SOON + 1


def test_t14_an_answer_before_the_body_is_read(watch: Watch, authority: Authority) -> None:
    """T14: a server that answers the head and closes is heard each time, since the body is on its way by then."""

    def play(line: Line) -> None:
        line.receive()
        line.answer(401, b'{"error":"invalid_client"}')

    with Peer(play, tls=authority.server()) as peer:
        outcomes = [watch.exchange(peer.url()) for _ in range(10)]
    assert [TokenEndpointError] * 10 == [type(outcome) for outcome in outcomes]


@POOLED
def test_t15_a_key_log_that_cannot_be_written(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, http: urllib3.PoolManager | None
) -> None:
    """T15: the variable is named, and nothing was sent."""
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "none" / "keys.log"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))  # another store than any before
    with Peer(Line.hold) as peer:
        outcome = watch.exchange(f"https://{LOOPBACK}:{peer.port}/", http=http)
    task = "read the trust store" if http is None else "get the answer of 127.0.0.1"
    reason = "ENOENT, No such file or directory (SSLKEYLOGFILE names a file that cannot be written)"
    assert_error(outcome, f"could not {task}: {reason}; the code")
    assert peer.received == b""


@pytest.mark.parametrize("module", ["ssl", "urllib3"])
def test_t15_an_installation_that_lacks_a_module(watch: Watch, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """T15: what is missing is named, and nothing was sent."""
    with monkeypatch.context() as patch:
        for name in [name for name in sys.modules if name.startswith((f"{_network.__name__}.", "urllib3"))]:
            if not name.endswith(".calls"):
                patch.delitem(sys.modules, name)
        patch.delattr(_network, "transport", raising=False)
        patch.setitem(sys.modules, module, None)
        outcome = watch.exchange("https://ticktick.invalid/")
    assert_error(outcome, f"could not load urllib3: import of {module} halted")


@pytest.mark.parametrize("name", ["localhost", "localhost."])
def test_an_https_address_without_a_port(
    watch: Watch, authority: Authority, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The port is 443, and the Host header has none, nor the root's dot; HTTP/1.1 is asked for by ALPN."""
    asked: list[object] = []
    context = authority.server()
    context.set_alpn_protocols(["h2", "http/1.1"])

    def play(line: Line) -> None:
        assert isinstance(line.connected, ssl.SSLSocket)
        asked.append(line.connected.selected_alpn_protocol())
        reply(200, TOKEN)(line)

    with Peer(play, tls=context, fill=watch.canaries.fill) as peer:

        def resolve(host: object, port: object, *_: object, **__: object) -> list[tuple[Any, ...]]:
            asked.extend([host, port])
            return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (LOOPBACK, peer.port))]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        assert isinstance(watch.exchange(f"https://{name}/oauth/token?tenant=a%20b&x="), OAuthTokenV1)
    assert [name, 443, "http/1.1"] == asked
    assert peer.received.startswith(b"POST /oauth/token?tenant=a%20b&x= HTTP/1.1\r\n")
    assert b"\r\nHost: localhost\r\n" in peer.received
