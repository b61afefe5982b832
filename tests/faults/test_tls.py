"""The rows T1 to T15: TLS that fails, and what comes of it."""

import os
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import urllib3

from faults.cases import HEAD, POOLED, SOON, TOKEN, reply
from faults.flood import hello_requests, key_updates, tickets
from faults.parent import run
from faults.peer import LOOPBACK, Line, Peer, Script
from faults.tls import Authority, self_signed
from faults.watch import Watch
from ticktick_oauth import OAuthTokenV1
from ticktick_oauth.exceptions import (
    DeadlineExceededError,
    InvalidTokenError,
    OAuthError,
    TokenEndpointError,
    TransportError,
)

pytestmark = pytest.mark.usefixtures("trusted")


def _play(
    watch: Watch, script: Script, context: ssl.SSLContext | None, *, timeout: float = 10.0
) -> tuple[OAuthTokenV1 | OAuthError, Peer]:
    """Exchange with an https peer; where there is no context, the script has the raw connection."""
    with Peer(script, tls=context, fill=watch.canaries.fill) as peer:
        begun = peer.asked if context else peer.met
        outcome = watch.exchange(peer.url().replace("http://", "https://"), begun, timeout=timeout)
    assert peer.connections == 1
    assert watch.elapsed < timeout + 1
    return outcome, peer


def _assert_unused(outcome: OAuthTokenV1 | OAuthError, peer: Peer, *words: str) -> None:
    assert isinstance(outcome, TransportError)
    assert outcome.code_unused
    assert not [word for word in (*words, "127.0.0.1") if word not in str(outcome)], outcome
    assert peer.requests == 0


def _assert_lost(outcome: OAuthTokenV1 | OAuthError, peer: Peer) -> None:
    assert type(outcome) is TransportError, outcome
    assert not outcome.code_unused
    assert "outcome unknown" in str(outcome)
    assert peer.requests == 1


def test_the_trust_store_is_kept_between_exchanges(
    watch: Watch, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Reading the trust store takes longer than all else: a second exchange does without, until it is another one."""
    made: list[ssl.SSLContext] = []
    create = ssl.create_default_context

    def count() -> ssl.SSLContext:
        made.append(create())
        return made[-1]

    monkeypatch.setattr(ssl, "create_default_context", count)
    copy = tmp_path / "copy.pem"
    copy.write_bytes(authority.file.read_bytes())
    stores = [("SSL_CERT_DIR", folder) for folder in ("/nowhere", "/nowhere", "/elsewhere", "/nowhere")]
    for name, value in (*stores, ("SSL_CERT_FILE", str(copy))):
        monkeypatch.setenv(name, value)
        assert isinstance(_play(watch, reply(200, TOKEN), authority.server())[0], OAuthTokenV1)
    assert len(made) == 4


def test_a_trust_store_that_was_mended_is_read_again(
    watch: Watch, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever adds the authority that was missing need not start the program again."""
    store = Authority(tmp_path).file
    monkeypatch.setenv("SSL_CERT_FILE", str(store))
    _assert_unused(*_play(watch, reply(200, TOKEN), authority.server()), "certificate")
    store.write_bytes(authority.file.read_bytes())
    assert isinstance(_play(watch, reply(200, TOKEN), authority.server())[0], OAuthTokenV1)


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        (["other.example"], {}, ["mismatch"]),
        (["127.0.0.2"], {}, ["mismatch"]),
        (["localhost"], {}, ["mismatch"]),
        ([], {"days": (-9, -8)}, ["expired", "clock"]),
        ([], {"days": (8, 9)}, ["not yet valid", "clock"]),
        ([], {"common_name": "127.0.0.1"}, []),
    ],
    ids=["T2-name", "T2-address", "T2-kind", "T3", "T3b", "T4"],
)
def test_t2_t3_t4_a_certificate_that_does_not_fit(
    watch: Watch, authority: Authority, names: list[str], options: dict[str, Any], words: list[str]
) -> None:
    """T2, T3, T4: another host, another time, which may be this machine's clock's fault, or a common name alone."""
    outcome, peer = _play(watch, reply(200, TOKEN), authority.server(*names, **options))
    _assert_unused(outcome, peer, "the certificate was refused: ", *words)


def test_t4_a_common_name_that_fits(watch: Watch, authority: Authority) -> None:
    """T4: a certificate without alternative names is refused on all Pythons."""
    with Peer(reply(200, TOKEN), tls=authority.server(common_name="localhost")) as peer:
        outcome = watch.exchange(peer.url("localhost"))
    assert isinstance(outcome, TransportError)
    assert (True, 0) == (outcome.code_unused, peer.requests)
    assert "the certificate was refused: " in str(outcome)


@pytest.mark.parametrize("make", [lambda folder: Authority(folder).server(), self_signed])
def test_t1_an_unknown_authority(watch: Watch, tmp_path: Path, make: Callable[[Path], ssl.SSLContext]) -> None:
    """T1: a certificate of an authority that nobody named, or one that signed itself, is refused before the request."""
    outcome, peer = _play(watch, reply(200, TOKEN), make(tmp_path))
    _assert_unused(outcome, peer, "certificate", "is its authority in the system's trust store")


def _after_hello(then: Callable[[Line], object]) -> Script:
    def play(line: Line) -> None:
        line.receive()
        then(line)

    return play


# A ServerHello of version 3.2, which is TLS 1.1: random bytes, no session, an old cipher suite, no compression.
TLS11 = b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02" + bytes(32) + b"\x00\x00\x2f\x00"
DRIP = b"\x16\x03\x03\x40\x00" + b"\x02" * 500


@pytest.mark.parametrize(
    ("then", "error"),
    [
        (lambda line: (line.connected.sendall(TLS11), line.end()), TransportError),
        (Line.hold, DeadlineExceededError),
        (lambda line: line.drip(DRIP), DeadlineExceededError),
        (Line.end, TransportError),
        (Line.reset, TransportError),
        (lambda line: (line.answer(400, b"this is an https port? no: <code>"), line.end()), TransportError),
    ],
    ids=["T5", "T6-stall", "T6-drip", "T7-FIN", "T7-RST", "T11"],
)
def test_t5_t6_t7_t11_a_handshake_that_does_not_end(
    watch: Watch, then: Callable[[Line], object], error: type[TransportError]
) -> None:
    """T5 to T7, T11: TLS 1.1 only, a stall, a drip, an end, plain HTTP: no request was sent, and the deadline holds."""
    is_late = error is DeadlineExceededError
    outcome, peer = _play(watch, _after_hello(then), None, timeout=SOON if is_late else 10.0)
    assert type(outcome) is error
    _assert_unused(outcome, peer, "TLS handshake", f"{SOON:g} seconds" if is_late else ": ")


def _bad_record(line: Line) -> None:
    line.receive_request()
    with socket.socket(fileno=os.dup(line.connected.fileno())) as below:
        below.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
    line.hold()


def test_t8_a_bad_record_after_the_request(watch: Watch, authority: Authority) -> None:
    """T8: a TLS error behind the request does not send it again."""
    outcome, peer = _play(watch, _bad_record, authority.server())
    _assert_lost(outcome, peer)


def test_t9_a_client_certificate_demanded(watch: Watch, authority: Authority) -> None:
    """T9: with TLS 1.3 the server's refusal comes behind the request, which may have been read."""
    context = authority.server()
    context.load_verify_locations(authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    outcome, peer = _play(watch, reply(200, TOKEN), context)
    assert type(outcome) is TransportError
    assert not outcome.code_unused
    assert "outcome unknown" in str(outcome)
    assert peer.requests == 0


def _cut(line: Line) -> None:
    line.receive_request()
    line.send(HEAD + b"\r\n" + TOKEN[:-5])
    line.end()


def test_t10_a_cut_without_a_close_notify(watch: Watch, authority: Authority) -> None:
    """T10: what is framed by the end of the connection and cut off is not a token."""
    outcome, peer = _play(watch, _cut, authority.server())
    assert type(outcome) is InvalidTokenError
    assert "not JSON" in str(outcome)
    assert peer.requests == 1


def test_t11_tls_on_the_http_port(watch: Watch, authority: Authority) -> None:
    """T11: a plain request to a TLS server was on the wire."""
    with Peer(reply(200, TOKEN), tls=authority.server()) as peer:
        outcome = watch.exchange(peer.url().replace("https://", "http://"))
    assert type(outcome) is TransportError
    assert not outcome.code_unused


@pytest.mark.parametrize("content", [None, "", "no certificate\n"], ids=["missing", "empty", "garbage"])
def test_t12_a_trust_store_without_certificates(
    watch: Watch, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    """T12: with nothing to trust the error says where to look."""
    store = tmp_path / "store.pem"
    if content is not None:
        store.write_text(content, encoding="ascii")
    monkeypatch.setenv("SSL_CERT_FILE", str(store))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    outcome, peer = _play(watch, reply(200, TOKEN), authority.server())
    words = "system's trust store" if store.exists() else "the file that SSL_CERT_FILE names does not exist"
    _assert_unused(outcome, peer, "certificate", words, "SSL_CERT_FILE")


@pytest.mark.parametrize("records", [hello_requests, tickets, key_updates])
def test_t13_a_flood(watch: Watch, authority: Authority, tmp_path: Path, records: Callable[..., Any]) -> None:
    """T13: records without end, in the handshake or behind the request, are cut at the deadline."""
    context = None if records is hello_requests else authority.server()
    script = hello_requests if context is None else records(context, tmp_path)
    outcome, _ = _play(watch, script, context, timeout=SOON)
    assert type(outcome) is DeadlineExceededError
    assert outcome.code_unused == (context is None)
    assert f"{SOON:g} seconds" in str(outcome)


def _answer_the_head(line: Line) -> None:
    line.receive()
    line.answer(401, b'{"error":"invalid_client"}')


def test_t14_an_answer_before_the_body_is_read(watch: Watch, authority: Authority) -> None:
    """T14: a server that answers the head and closes is heard each time, since the body is on its way by then."""
    with Peer(_answer_the_head, tls=authority.server(), fill=watch.canaries.fill) as peer:
        outcomes = [watch.exchange(peer.url()) for _ in range(20)]
    assert [TokenEndpointError] * 20 == [type(outcome) for outcome in outcomes]


@POOLED
def test_t15_a_key_log_that_cannot_be_written(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, http: urllib3.PoolManager | None
) -> None:
    """T15: the variable is named, and nothing was sent."""
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "none" / "keys.log"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))  # another store than any before
    with Peer(Line.hold) as peer:
        outcome = watch.exchange(peer.url().replace("http://", "https://"), http=http)
    assert type(outcome) is TransportError
    assert outcome.code_unused
    task = "read the trust store" if http is None else "get the answer of 127.0.0.1"
    reason = "ENOENT, No such file or directory (SSLKEYLOGFILE names a file that cannot be written)"
    assert f"could not {task}: {reason}" == str(outcome).partition("; ")[0]
    assert peer.received == b""


def test_t15_a_python_without_ssl(watch: Watch) -> None:
    """T15: what is missing is named, and nothing was sent."""
    output, result = run("without_ssl", client_secret=watch.canaries.client_secret, code=watch.canaries.code)
    watch.note(output)
    assert result["code_unused"] is True
    assert "could not load urllib3: " in result["words"]
    assert "ssl" in result["words"]


@pytest.mark.parametrize("name", ["localhost", "localhost."])
def test_an_https_address_without_a_port(
    watch: Watch, authority: Authority, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The port is 443, and the Host header has none, nor the root's dot; the endpoint's query is sent."""
    asked: list[object] = []
    with Peer(reply(200, TOKEN), tls=authority.server(), fill=watch.canaries.fill) as peer:

        def resolve(host: object, port: object, *_: object, **__: object) -> list[tuple[Any, ...]]:
            asked.extend([host, port])
            return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (LOOPBACK, peer.port))]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        assert isinstance(watch.exchange(f"https://{name}/oauth/token?tenant=a%20b&x="), OAuthTokenV1)
    assert [name, 443] == asked
    assert peer.received.startswith(b"POST /oauth/token?tenant=a%20b&x= HTTP/1.1\r\n")
    assert b"\r\nHost: localhost\r\n" in peer.received


def test_http_1_1_is_asked_for(watch: Watch, authority: Authority) -> None:
    """A server that speaks HTTP/2 as well learns in the handshake (ALPN) that this client does not."""
    context = authority.server()
    context.set_alpn_protocols(["h2", "http/1.1"])
    chosen: list[str | None] = []

    def play(line: Line) -> None:
        line.receive_request()
        assert isinstance(line.connected, ssl.SSLSocket)
        chosen.append(line.connected.selected_alpn_protocol())
        line.answer(200, TOKEN)
        line.end()

    with Peer(play, tls=context, fill=watch.canaries.fill) as peer:
        assert isinstance(watch.exchange(peer.url()), OAuthTokenV1)
    assert ["http/1.1"] == chosen
