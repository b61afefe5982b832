"""The rows T1 to T12: TLS that fails, and what comes of it."""

import errno
import os
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faults.cases import HEAD
from faults.cases import SOON
from faults.cases import TOKEN
from faults.cases import reply
from faults.issuer import issuing
from faults.parent import run
from faults.peer import LOOPBACK
from faults.peer import Line
from faults.peer import Peer
from faults.peer import Script
from faults.tls import Authority
from faults.watch import Watch
from ticktick_oauth import TICKTICK
from ticktick_oauth import AuthorizationServer
from ticktick_oauth import OAuthTokenV1
from ticktick_oauth import _exchange
from ticktick_oauth.exceptions import DeadlineExceededError
from ticktick_oauth.exceptions import InvalidTokenError
from ticktick_oauth.exceptions import OAuthError
from ticktick_oauth.exceptions import TransportError


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Make an authority for the whole run."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def watch(
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[Watch]:
    """Make exchanges that trust the authority, and whose secrets must show nowhere by the end of the test."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    watch = Watch(caplog, capfd)
    yield watch
    assert watch.leaks() == []


def _play(
    watch: Watch,
    script: Script,
    context: ssl.SSLContext | None,
    *,
    timeout: float = 10.0,
) -> tuple[OAuthTokenV1 | OAuthError, Peer]:
    """Exchange with an https peer; where there is no context, the script has the raw connection."""
    with Peer(script, tls=context, fill=watch.canaries.fill) as peer:
        outcome = watch.exchange(peer.url().replace("http://", "https://"), timeout=timeout)
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


def test_a_good_certificate_gives_the_token(watch: Watch, authority: Authority) -> None:
    """The rows below fail by what they are about and by nothing else."""
    outcome, peer = _play(watch, reply(200, TOKEN), authority.server())
    assert isinstance(outcome, OAuthTokenV1)
    assert peer.requests == 1


def test_a_name_may_end_in_the_root(watch: Watch, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host written with its last dot is the same host to the certificate, which never has the dot."""
    with Peer(reply(200, TOKEN), tls=authority.server("localhost"), fill=watch.canaries.fill) as peer:
        address = (socket.AF_INET, socket.SOCK_STREAM, 0, "", (LOOPBACK, peer.port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [address])
        assert isinstance(watch.exchange("https://localhost./oauth/token"), OAuthTokenV1)


def test_the_trust_store_is_kept_between_exchanges(
    watch: Watch, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading the trust store takes longer than all else: a second exchange does without."""
    made: list[ssl.SSLContext] = []
    create = ssl.create_default_context

    def count() -> ssl.SSLContext:
        made.append(create())
        return made[-1]

    monkeypatch.setattr(ssl, "create_default_context", count)
    monkeypatch.setenv("SSL_CERT_DIR", "/nowhere")  # another store than any before
    for _ in range(2):
        assert isinstance(_play(watch, reply(200, TOKEN), authority.server())[0], OAuthTokenV1)
    assert len(made) == 1


def test_a_trust_store_that_was_mended_is_read_again(
    watch: Watch, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever adds the authority that was missing need not start the program again."""
    store = Authority(tmp_path).file
    monkeypatch.setenv("SSL_CERT_FILE", str(store))
    _assert_unused(*_play(watch, reply(200, TOKEN), authority.server()), "certificate")
    store.write_bytes(authority.file.read_bytes())
    assert isinstance(_play(watch, reply(200, TOKEN), authority.server())[0], OAuthTokenV1)


@pytest.fixture
def first_exchange() -> Iterator[None]:
    """Have the test's first exchange read the trust store, as the first of a process does."""
    _exchange._tls_context.cache_clear()
    yield
    _exchange._tls_context.cache_clear()


@pytest.mark.usefixtures("first_exchange")
def test_the_trust_store_is_read_in_a_thread_that_ends(
    watch: Watch, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While urllib3 is loaded, another thread reads the store; the exchange does not go on before that has ended."""
    readers: list[threading.Thread] = []
    awaited = threading.Event()
    alive: list[bool] = []
    create, connect = ssl.create_default_context, _exchange._connect

    class Reader(threading.Thread):
        def join(self, timeout: float | None = None) -> None:
            awaited.set()
            super().join(timeout)

    def read() -> ssl.SSLContext:
        readers.append(threading.current_thread())
        awaited.wait(1)  # the exchange comes first to where it has to wait
        return create()

    def connect_then(attempt: Any) -> socket.socket:  # noqa: ANN401 - its class is private
        alive.extend(thread.is_alive() for thread in threading.enumerate() if isinstance(thread, Reader))
        return connect(attempt)

    monkeypatch.setattr(_exchange, "Thread", Reader)
    monkeypatch.setattr(ssl, "create_default_context", read)
    monkeypatch.setattr(_exchange, "_connect", connect_then)
    assert isinstance(_play(watch, reply(200, TOKEN), authority.server())[0], OAuthTokenV1)
    assert [type(reader) for reader in readers] == [Reader]
    assert alive == []


@pytest.mark.usefixtures("first_exchange")
def test_an_exchange_without_another_thread(
    watch: Watch, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system gives no more threads, the trust store is read by the one that there is."""

    class Refused(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_exchange, "Thread", Refused)
    assert isinstance(_play(watch, reply(200, TOKEN), authority.server())[0], OAuthTokenV1)


@pytest.mark.usefixtures("first_exchange")
def test_urllib3_that_cannot_be_loaded(watch: Watch, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation that lacks it is told by its name, before there is a connection."""
    with Peer(reply(200, TOKEN), tls=authority.server()) as peer, monkeypatch.context() as patch:
        patch.setitem(sys.modules, "urllib3.connection", None)
        outcome = watch.exchange(peer.url().replace("http://", "https://"))
    assert type(outcome) is TransportError
    assert "could not load urllib3: ModuleNotFoundError; the code was not sent" in str(outcome)
    assert peer.connections == 0


@pytest.mark.usefixtures("first_exchange")
def test_a_trust_store_that_cannot_be_read(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails in the thread fails again, and is told, where the store is needed."""

    def fail() -> ssl.SSLContext:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(ssl, "create_default_context", fail)
    with Peer(Line.hold) as peer:
        outcome = watch.exchange(peer.url().replace("http://", "https://"))
    assert type(outcome) is TransportError
    assert "could not read the trust store: EACCES, Permission denied; the code was not sent" in str(outcome)
    assert peer.received == b""


@pytest.mark.parametrize("mode", ["cold", "ending"])
def test_the_first_exchange_of_a_process(watch: Watch, authority: Authority, mode: str) -> None:
    """One thread alone imports, so that none waits for another's; none stays; Python 3.12 starts none at its end."""
    issued: dict[str, str] = {}
    with Peer(issuing(issued), tls=authority.server()) as peer:
        url = peer.url().replace("http://", "https://")
        output, result = run(mode, client_secret=watch.canaries.client_secret, url=url, code="first")
    watch.note(output)
    assert {"token": issued["first"], "threads": 1, "importers": ["MainThread"]} == result


def test_t1_an_unknown_authority(watch: Watch, tmp_path: Path) -> None:
    """T1: a certificate of an authority that nobody named is refused before the request."""
    outcome, peer = _play(watch, reply(200, TOKEN), Authority(tmp_path).server())
    _assert_unused(outcome, peer, "certificate", "trust store")


@pytest.mark.parametrize("name", ["other.example", "127.0.0.2", "localhost"])
def test_t2_another_name(watch: Watch, authority: Authority, name: str) -> None:
    """T2: a certificate for another host is refused."""
    outcome, peer = _play(watch, reply(200, TOKEN), authority.server(name))
    _assert_unused(outcome, peer, "certificate", "mismatch")


@pytest.mark.parametrize(("days", "words"), [((-9, -8), "expired"), ((8, 9), "not yet valid")], ids=["T3", "T3b"])
def test_t3_t3b_out_of_its_time(watch: Watch, authority: Authority, days: tuple[int, int], words: str) -> None:
    """T3 and T3b: what may be this machine's clock's fault says so."""
    outcome, peer = _play(watch, reply(200, TOKEN), authority.server(days=days))
    _assert_unused(outcome, peer, "certificate", words, "clock")


def test_t4_a_common_name_only(watch: Watch, authority: Authority) -> None:
    """T4: a certificate without alternative names is refused on all Pythons."""
    with Peer(reply(200, TOKEN), tls=authority.server(common_name="localhost")) as peer:
        outcome = watch.exchange(peer.url("localhost"))
    assert isinstance(outcome, TransportError)
    assert outcome.code_unused
    assert "certificate" in str(outcome)
    assert peer.requests == 0


def _hello_of_tls11(line: Line) -> None:
    line.receive()
    # A ServerHello of version 3.2, which is TLS 1.1: random bytes, no session, an old cipher suite, no compression.
    hello = b"\x02\x00\x00\x26\x03\x02" + bytes(32) + b"\x00\x00\x2f\x00"
    line.connected.sendall(b"\x16\x03\x02" + len(hello).to_bytes(2, "big") + hello)
    line.end()


def test_t5_tls_11_only(watch: Watch) -> None:
    """T5: a server that knows TLS 1.1 at the most is not spoken to."""
    outcome, peer = _play(watch, _hello_of_tls11, None)
    _assert_unused(outcome, peer, "TLS")


def _stall(line: Line) -> None:
    line.hold()


def _drip(line: Line) -> None:
    line.receive()
    line.drip(b"\x16\x03\x03\x40\x00" + b"\x02" * 500)


@pytest.mark.parametrize("script", [_stall, _drip])
def test_t6_a_slow_handshake(watch: Watch, script: Script) -> None:
    """T6: a handshake that stalls or drips is cut at the deadline, before the request."""
    outcome, peer = _play(watch, script, None, timeout=SOON)
    assert type(outcome) is DeadlineExceededError
    _assert_unused(outcome, peer, "handshake", f"{SOON:g} seconds")


def _fin(line: Line) -> None:
    line.receive()
    line.end()


def _rst(line: Line) -> None:
    line.receive()
    line.reset()


@pytest.mark.parametrize("script", [_fin, _rst])
def test_t7_a_handshake_cut_off(watch: Watch, script: Script) -> None:
    """T7: a connection that ends in the handshake has carried no request."""
    outcome, peer = _play(watch, script, None)
    _assert_unused(outcome, peer, "handshake")


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
    """T10: what is framed by the end of the connection and cut off is no token."""
    outcome, peer = _play(watch, _cut, authority.server())
    assert type(outcome) is InvalidTokenError
    assert "not JSON" in str(outcome)
    assert peer.requests == 1


def _plain(line: Line) -> None:
    line.receive()
    line.answer(400, b"this is an https port? no: <code>")
    line.end()


def test_t11_plain_http_on_the_https_port(watch: Watch) -> None:
    """T11: an answer in plain HTTP to the handshake carries no request and no answer."""
    outcome, peer = _play(watch, _plain, None)
    _assert_unused(outcome, peer, "handshake", "TLS")


def test_t11_tls_on_the_http_port(watch: Watch, authority: Authority) -> None:
    """T11: a plain request to a TLS server was on the wire."""
    with Peer(reply(200, TOKEN), tls=authority.server()) as peer:
        outcome = watch.exchange(peer.url().replace("https://", "http://"))
    assert type(outcome) is TransportError
    assert not outcome.code_unused


def test_t11_no_secret_travels_off_loopback_without_tls() -> None:
    """T11: an http:// token endpoint is a mistake of the caller's."""
    with pytest.raises(ValueError, match="token_endpoint must start with https://"):
        AuthorizationServer(
            issuer=TICKTICK.issuer,
            authorization_endpoint=TICKTICK.authorization_endpoint,
            token_endpoint="http://ticktick.com/oauth/token",
        )


@pytest.mark.parametrize("content", [None, "", "no certificate\n"], ids=["missing", "empty", "garbage"])
def test_t12_a_trust_store_that_is_none(
    watch: Watch,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    content: str | None,
) -> None:
    """T12: with nothing to trust the error says where to look."""
    store = tmp_path / "store.pem"
    if content is not None:
        store.write_text(content, encoding="ascii")
    monkeypatch.setenv("SSL_CERT_FILE", str(store))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    outcome, peer = _play(watch, reply(200, TOKEN), authority.server())
    _assert_unused(outcome, peer, "certificate", "trust store", "SSL_CERT_FILE")
