"""The rows of the group Network that take more than one connection's script, and memory, in processes of their own."""

import errno
import gc
import math
import re
import signal
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3

from faults.canaries import Canaries
from faults.cases import BODIES, POOLED, SOON, TOKEN, reply
from faults.flood import hello_requests
from faults.issuer import issuing
from faults.parent import finish, order, run, start, wait_until_it_waits
from faults.peer import LOOPBACK, Line, Peer, Script, black_hole, closed_port
from faults.watch import Watch
from ticktick_oauth import OAuthTokenV1, discover_server, exchange_code
from ticktick_oauth._network import connection as _connection
from ticktick_oauth.exceptions import DeadlineExceededError, OAuthError, TransportError


def _assert_unused(outcome: OAuthTokenV1 | OAuthError, *words: str) -> None:
    assert isinstance(outcome, TransportError)
    assert outcome.code_unused
    assert not [word for word in (*words, "may be used again") if word not in str(outcome)], outcome


def _resolve_to(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    addresses = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (LOOPBACK, port)) for port in ports]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)


@POOLED
def test_n1_refused(watch: Watch, http: urllib3.PoolManager | None) -> None:
    """N1: where nobody listens, nothing was sent."""
    with closed_port() as port:
        outcome = watch.exchange(f"http://{LOOPBACK}:{port}/", http=http)
    _assert_unused(outcome, f" {LOOPBACK}: ECONNREFUSED, Connection refused; the code")


@POOLED
@pytest.mark.parametrize("number", [socket.EAI_NONAME, socket.EAI_AGAIN])
def test_n2_no_such_name(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, number: int, http: urllib3.PoolManager | None
) -> None:
    """N2: a name that does not resolve is reported in the resolver's words, with the proxy that was not used."""

    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(number, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    _assert_unused(watch.exchange("https://ticktick.invalid/", http=http), " ticktick.invalid: no such name; the code")
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:3128")
    hint = "; $ALL_PROXY is not used unless you pass http=urllib3.ProxyManager(...)"
    outcome = watch.exchange("https://ticktick.invalid/", http=http)
    _assert_unused(outcome, f"no such name{'' if http else hint}; the code")


def test_n2_a_name_that_cannot_be_looked_up(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """N2: so is a label that is too long for the resolver, and a name without addresses."""
    outcome = watch.exchange(f"https://{'x' * 64}.invalid/")
    _assert_unused(outcome, "could not resolve x", ".invalid: the host's name has an empty or too long part (Unicode")
    _resolve_to(monkeypatch)
    outcome = watch.exchange("https://ticktick.invalid/")
    _assert_unused(outcome, "could not resolve ticktick.invalid: no address is known; the code")


@pytest.mark.parametrize(
    ("addresses", "http"), [(1, None), (1, urllib3.PoolManager()), (3, None)], ids=["N3", "N3-pool", "N4"]
)
def test_n3_n4_dead_addresses(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, addresses: int, http: urllib3.PoolManager | None
) -> None:
    """N3 and N4: one address that swallows the SYN, or three of them, are given up at the one deadline."""
    with black_hole() as port:
        _resolve_to(monkeypatch, *[port] * addresses)
        outcome = watch.exchange("https://ticktick.invalid/", timeout=SOON, http=http)
    assert type(outcome) is DeadlineExceededError
    _assert_unused(outcome, f"ticktick.invalid within {SOON:g} seconds; the code")
    assert SOON <= watch.elapsed < SOON + 1


def test_n5_the_second_address_is_alive(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """N5: a dead first address takes its share of the time, and the second gets the one request."""
    with black_hole() as dead, Peer(reply(200, TOKEN), fill=watch.canaries.fill) as peer:
        _resolve_to(monkeypatch, dead, peer.port)
        outcome = watch.exchange("http://localhost/", timeout=3)
    assert isinstance(outcome, OAuthTokenV1)
    assert 1.5 <= watch.elapsed < 3
    assert peer.requests == 1


def test_n5_an_address_family_that_the_system_lacks(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """N5: a first address for which there is no socket at all leads on to the second, too."""
    with Peer(reply(200, TOKEN), fill=watch.canaries.fill) as peer:
        lacking = (4711, socket.SOCK_STREAM, 0, "", (LOOPBACK, 1))
        alive = (socket.AF_INET, socket.SOCK_STREAM, 0, "", (LOOPBACK, peer.port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [lacking, alive])
        outcome = watch.exchange("http://localhost/")
    assert isinstance(outcome, OAuthTokenV1)
    assert peer.requests == 1


def test_n6_a_reset_at_once(watch: Watch) -> None:
    """N6: whether the reset meets the connecting or the request, the code counts as unused only if nothing left."""
    with Peer(Line.reset) as peer:
        outcome = watch.exchange(peer.url())
    assert type(outcome) is TransportError
    assert outcome.code_unused == ("connect to" in str(outcome))
    assert peer.received == b""


def test_the_end_of_the_time_is_not_within_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no time is left none is given to a socket, to which zero seconds mean something else."""
    moments = iter([5.0, 7.5, 8.0])
    # Not the module's own, which other threads of the run ask, too.
    monkeypatch.setattr(_connection, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    attempt = _connection.Attempt("https://ticktick.invalid/", 3.0, None, code_unused=None)
    assert [3.0, 0.5] == [attempt.left(), attempt.left()]
    with pytest.raises(TimeoutError):
        attempt.left()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_error_before_there_is_a_connection(watch: Watch, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """What goes wrong inside of urllib3 before the host is looked up is not the trust store's fault."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("any")

    monkeypatch.setattr(urllib3.PoolManager, "urlopen", fail)
    outcome = watch.exchange(f"{scheme}://localhost/oauth/token")
    _assert_unused(outcome, "could not make a connection: an unexpected error (RuntimeError); the code")


def test_n8_a_server_that_does_not_even_read(watch: Watch) -> None:
    """N8: the deadline holds while the request is being sent, too."""
    with socket.create_server((LOOPBACK, 0)) as listener:  # the kernel accepts, and nobody reads
        client = watch.client(f"http://{LOOPBACK}:{listener.getsockname()[1]}/token")
        start = time.monotonic()
        with pytest.raises(DeadlineExceededError) as caught:
            exchange_code(client, "x" * 8_000_000, timeout=1)
    assert time.monotonic() - start < 2
    assert not caught.value.code_unused


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"])
def test_n15_the_environments_proxies_are_not_used(watch: Watch, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """N15: a proxy comes in by a pool and in no other way."""
    with Peer(reply()) as trap, Peer(reply(200, TOKEN), fill=watch.canaries.fill) as peer:
        monkeypatch.setenv(name, trap.url())
        assert isinstance(watch.exchange(peer.url()), OAuthTokenV1)
    assert trap.connections == 0
    assert peer.requests == 1


def test_n16_two_threads_at_once(watch: Watch) -> None:
    """N16: two exchanges that are on the wire at the same time get their own tokens."""
    issued: dict[str, str] = {}
    both = threading.Barrier(2)
    with Peer(issuing(issued, before=lambda: both.wait(10))) as peer, ThreadPoolExecutor(2) as executor:
        client = watch.client(peer.url())
        codes = ["first", "second"]
        tokens = list(executor.map(lambda code: str(exchange_code(client, code).access_token), codes))
    assert [issued[code] for code in codes] == tokens
    assert tokens[0] != tokens[1]


@pytest.mark.parametrize(
    ("timeout", "words"),
    [
        *((timeout, "over 0 and up to 3600 seconds") for timeout in (0, -1, math.nan, math.inf, 3600.1)),
        (True, "a number of seconds, not bool"),
        ("5", "a number of seconds, not str"),
        (None, "a number of seconds, not NoneType"),
        (timedelta(1), r"a number of seconds, not timedelta: use its .total_seconds()"),
    ],
)
def test_n19_a_timeout_that_is_none(watch: Watch, timeout: object, words: str) -> None:
    """N19: it is refused by its name, and its range or its type, before there is a connection."""
    kind = ValueError if words.startswith("over") else TypeError
    with Peer(reply(200, TOKEN)) as peer, pytest.raises(kind, match=f"^timeout must be {re.escape(words)}$"):
        watch.exchange(peer.url(), timeout=timeout)
    assert peer.connections == 0


@pytest.mark.parametrize("timeout", [1, 3600, 3600.0, 0.9])
def test_n19_a_timeout_in_its_range(watch: Watch, timeout: float) -> None:
    """N19: whole numbers and both kinds of fractions are fine."""
    with Peer(reply(200, TOKEN), fill=watch.canaries.fill) as peer:
        assert isinstance(watch.exchange(peer.url(), timeout=timeout), OAuthTokenV1)


def test_a_connection_is_closed_when_the_exchange_ends(watch: Watch) -> None:
    """No socket waits for the garbage collector, whatever the outcome."""
    gc.collect()
    gc.disable()
    try:
        with Peer(reply(200, TOKEN), fill=watch.canaries.fill) as good, Peer(Line.reset) as bad:
            watch.exchange(good.url())
            watch.exchange(bad.url())
        # A script ends when the other side hangs up, so that leaving the block shows that it did.
        assert (good.connections, bad.connections) == (1, 1)
    finally:
        gc.enable()


@POOLED
@pytest.mark.parametrize("addresses", [("192.0.2.1",), ("127.0.0.1", "192.0.2.1"), ("::1", "2001:db8::1")])
def test_n22_a_loopback_name_that_is_not_one(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...], http: urllib3.PoolManager | None
) -> None:
    """N22: without TLS nothing is sent to where a resolver says that localhost is."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 9)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    outcome = watch.exchange("http://localhost:9/oauth/token", http=http)
    assert type(outcome) is TransportError
    assert outcome.code_unused
    assert "localhost is not only loopback here" in str(outcome)


def test_n22_with_tls_a_name_may_lead_anywhere(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """N22: a certificate says who is there, so that an address elsewhere is tried, here of a family that is lacking."""
    lacking = (4711, socket.SOCK_STREAM, 0, "", ("192.0.2.1", 9))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [lacking])
    _assert_unused(watch.exchange("https://localhost/oauth/token"), "could not connect to localhost: EAFNOSUPPORT")


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "127.255.0.1"])
def test_n22_a_loopback_name_that_is_one(watch: Watch, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """N22: each address of 127.0.0.0/8, and ::1, is this machine."""
    with Peer(reply(200, TOKEN), fill=watch.canaries.fill) as peer:
        dead = (socket.AF_INET6, socket.SOCK_STREAM, 0, "", ("::1", 1))
        alive = (socket.AF_INET, socket.SOCK_STREAM, 0, "", (LOOPBACK, peer.port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [dead, alive])
        assert isinstance(watch.exchange(f"http://{name}:{peer.port}/oauth/token"), OAuthTokenV1)


@pytest.mark.parametrize("version", ["1.26.20", "2.1.0", "2.2.2", "2.2.3rc1", "unknown"])
@POOLED
def test_n23_an_older_urllib3(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, version: str, http: urllib3.PoolManager | None
) -> None:
    """N23: a copy that would lose the token sends nothing; what was found and what is needed is said."""
    with Peer(reply(200, TOKEN)) as peer, monkeypatch.context() as patch:
        patch.setattr(urllib3, "__version__", version)
        outcome = watch.exchange(peer.url(), http=http)
    words = f"{version} was found in {urllib3.__file__}, and 2.2.3 or newer is needed; the code"
    _assert_unused(outcome, f"could not load urllib3: {words}")
    assert peer.connections == 0


@pytest.mark.parametrize("version", ["2.2.3", "2.3.dev0", "2.10", "3"])
def test_n23_urllib3_of_today(watch: Watch, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    """N23: the floor itself, and whatever comes behind it, are fine."""
    with Peer(reply(200, TOKEN), fill=watch.canaries.fill) as peer, monkeypatch.context() as patch:
        patch.setattr(urllib3, "__version__", version)
        assert isinstance(watch.exchange(peer.url()), OAuthTokenV1)


def test_urllib3_that_is_not_there(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation that lacks it says so, and the code may be used again."""
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "urllib3", None)
        outcome = watch.exchange("https://ticktick.invalid/oauth/token")
    _assert_unused(outcome, "could not load urllib3: import of urllib3 halted")


@POOLED
def test_pyodide(watch: Watch, monkeypatch: pytest.MonkeyPatch, http: urllib3.PoolManager | None) -> None:
    """Where Python has no sockets the code does not leave, by a pool either, and the error says what does it."""
    with Peer(reply(200, TOKEN)) as peer, monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "emscripten")
        outcome = watch.exchange(peer.url(), http=http)
        with pytest.raises(TransportError, match=r"fetch carry the document for AuthorizationServer.from_metadata$"):
            discover_server(peer.url())
    _assert_unused(outcome, "this Python has no sockets", "fetch carry a TokenRequest")
    assert peer.connections == 0


# In processes of their own


def _run(mode: str, watch: Watch, **orders: object) -> Any:  # noqa: ANN401 - it is JSON
    output, result = run(mode, client_secret=watch.canaries.client_secret, **orders)
    watch.note(output)
    return result


def _stall(line: Line) -> None:
    line.receive()
    line.peer.asked.set()
    line.hold()


@pytest.mark.parametrize(
    ("script", "scheme"), [(Line.ignore_request, "http"), (_stall, "https"), (hello_requests, "https")]
)
def test_n14_ctrl_c(watch: Watch, script: Script, scheme: str) -> None:
    """N14: an interrupt passes through as it is, and the connection is closed; in a handshake, and in a flood, too."""
    with Peer(script) as peer, start("interrupted") as child:
        url = peer.url().replace("http", scheme)
        order(child, {"client_secret": watch.canaries.client_secret, "url": url, "code": watch.canaries.code})
        assert peer.asked.wait(30)
        if script is not hello_requests:
            wait_until_it_waits(child)
        child.send_signal(signal.SIGINT)
        output, result = finish(child)
    watch.note(output)
    assert result == {"sockets": 0, "args": []}
    assert peer.requests == (script is Line.ignore_request)


def test_n17_fork(watch: Watch) -> None:
    """N17: after an exchange and a fork both processes get tokens of their own."""
    issued: dict[str, str] = {}
    with Peer(issuing(issued)) as peer:
        tokens = _run("forked", watch, url=peer.url(), codes=["first", "mine", "childs"])
    assert issued == tokens
    assert len(set(tokens.values())) == 3
    assert peer.requests == 3


@pytest.mark.parametrize("warm", ["warm", ""], ids=["warm", "cold"])
def test_n20_no_file_descriptor_is_left(watch: Watch, warm: str) -> None:
    """N20: the system's error is named, nothing was sent, nothing stays open, and the next exchange is fine."""
    issued: dict[str, str] = {}
    with Peer(issuing(issued)) as peer:
        result = _run("starved", watch, url=peer.url(), warm=warm, codes=[watch.canaries.code, "granted"])
    watch.note(*result["faces"])
    assert (result["error"], result["code_unused"], result["sockets"]) == ("TransportError", True, 0)
    assert watch.canaries.code not in issued
    if warm:
        assert errno.errorcode[errno.EMFILE] in result["words"]
        assert issued["granted"] == result["token"]


def test_memory_stays_flat_for_hostile_bodies(watch: Watch) -> None:
    """H20 to H23: endless, huge and compressed bodies cost less than 16 MiB above a good exchange."""
    with ExitStack() as stack:
        good = stack.enter_context(Peer(reply(200, TOKEN), fill=Canaries().fill))
        peers = [stack.enter_context(Peer(case.play, fill=watch.canaries.fill)) for case in BODIES]
        urls = [peer.url() for peer in (good, *peers)]
        result = _run("weighed", watch, code=watch.canaries.code, urls=urls)
    assert [case.error.__name__ for case in BODIES if case.error] == result["outcomes"][1:]
    assert {1} == {peer.requests for peer in peers}
    assert result["growth"] < 16 * 1024
