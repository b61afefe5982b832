"""The rows N that take more than one connection's script, some of them in a process of their own."""

import errno
import gc
import math
import re
import signal
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import urllib3

from faults.cases import POOLED, SOON, TOKEN, reply
from faults.parent import run
from faults.peer import LOOPBACK, Line, Peer, Script, black_hole, closed_port, issuing
from faults.tls import hello_requests
from faults.watch import Watch, assert_error
from ticktick_oauth import OAuthTokenV1, discover_server, exchange_code
from ticktick_oauth.exceptions import DeadlineExceededError, TransportError

ENDPOINT = "https://ticktick.invalid/oauth/token"
LACKING = 4711  # a family of addresses that the system does not have
Address = tuple[int, tuple[str, int]]


def _resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: Address) -> None:
    found = [(family, socket.SOCK_STREAM, 0, "", where) for family, where in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


@POOLED
def test_n1_refused(watch: Watch, http: urllib3.PoolManager | None) -> None:
    """N1: where nobody listens, nothing was sent; of a code nothing is said where there was none."""
    words = f" {LOOPBACK}: ECONNREFUSED, Connection refused"
    with closed_port() as port:
        origin = f"http://{LOOPBACK}:{port}"
        assert_error(watch.exchange(origin, http=http), f"{words}; the code")
        assert_error(watch.run(lambda: discover_server(origin, http=http)), words, code_unused=None)


@POOLED
def test_n2_no_such_name(watch: Watch, monkeypatch: pytest.MonkeyPatch, http: urllib3.PoolManager | None) -> None:
    """N2: a name that does not resolve is reported in the resolver's words, with the proxy that was not used."""

    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert_error(watch.exchange(ENDPOINT, http=http), " ticktick.invalid: no such name; the code")
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:3128")
    hint = "" if http else "; $ALL_PROXY is not used unless you pass http=urllib3.ProxyManager(...)"
    assert_error(watch.exchange(ENDPOINT, http=http), f"no such name{hint}; the code")
    with closed_port() as port:
        _resolve_to(monkeypatch, (socket.AF_INET, (LOOPBACK, port)))
        assert_error(watch.exchange(ENDPOINT, http=http), f"ECONNREFUSED, Connection refused{hint}; the code")


def test_n2_a_name_that_cannot_be_looked_up(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """N2: so is a label that is too long for the resolver, and a name without addresses."""
    words = "could not resolve x", ".invalid: the host's name has an empty or too long part (Unicode"
    assert_error(watch.exchange(f"https://{'x' * 64}.invalid/"), *words)
    _resolve_to(monkeypatch)
    assert_error(watch.exchange(ENDPOINT), "could not resolve ticktick.invalid: no address is known; the code")


@pytest.mark.parametrize(
    ("addresses", "http"), [(1, None), (1, urllib3.PoolManager()), (3, None)], ids=["N3", "N3-pool", "N4"]
)
def test_n3_n4_dead_addresses(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, addresses: int, http: urllib3.PoolManager | None
) -> None:
    """N3 and N4: one address that swallows the SYN, or three of them, are given up at the one deadline."""
    with black_hole() as port:
        _resolve_to(monkeypatch, *[(socket.AF_INET, (LOOPBACK, port))] * addresses)
        outcome = watch.exchange(ENDPOINT, timeout=SOON, http=http)
    assert_error(outcome, f"ticktick.invalid within {SOON:g} seconds; the code", error=DeadlineExceededError)
    assert SOON <= watch.elapsed < SOON + 1


def test_n5_the_last_address_is_alive(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """N5: an address of a family that the system lacks and a dead one, which has its share, lead on to the next."""
    with black_hole() as dead, Peer(reply(200, TOKEN), fill=watch.canaries.fill) as peer:
        others = [(socket.AF_INET, (LOOPBACK, port)) for port in (dead, peer.port)]
        _resolve_to(monkeypatch, (LACKING, ("::1", 1)), *others)
        outcome = watch.exchange("http://localhost/", timeout=2)
    assert isinstance(outcome, OAuthTokenV1)
    assert 1 <= watch.elapsed < 2
    assert peer.requests == 1


def test_n8_a_server_that_does_not_even_read(watch: Watch) -> None:
    """N8: the deadline holds while the request is being sent, too."""
    with Peer(lambda line: line.peer.stopped.wait(20)) as peer:
        client = watch.client(peer.url())
        outcome = watch.run(lambda: exchange_code(client, "x" * 8_000_000, timeout=SOON), peer.met)
    assert_error(outcome, f" {SOON:g} seconds", error=DeadlineExceededError, code_unused=False)
    assert watch.elapsed < SOON + 1


@pytest.mark.parametrize(
    ("scheme", "then"),
    [("http", Line.hold), ("https", Line.hold), ("https", hello_requests)],
    ids=["waiting", "handshake", "flood"],
)
def test_n14_ctrl_c(watch: Watch, scheme: str, then: Script) -> None:
    """N14: an interrupt passes through as it is, and the connection is closed; in a handshake, and in a flood, too."""
    main = threading.main_thread().ident
    assert main is not None

    def play(line: Line) -> None:
        line.receive()
        threading.Timer(0.1, signal.pthread_kill, (main, signal.SIGINT)).start()
        then(line)

    with Peer(play) as peer, pytest.raises(KeyboardInterrupt) as caught:
        watch.exchange(f"{scheme}://{LOOPBACK}:{peer.port}/", timeout=60)
    assert caught.value.args == ()
    assert peer.requests == (scheme == "http")


def test_n15_the_environments_proxies_are_not_used(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """N15: a proxy comes in by a pool and in no other way."""
    with Peer(reply()) as trap, Peer(reply(200, TOKEN), fill=watch.canaries.fill) as peer:
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, trap.url())
        assert isinstance(watch.exchange(peer.url()), OAuthTokenV1)
    assert (trap.connections, peer.requests) == (0, 1)


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


def test_n17_fork(watch: Watch) -> None:
    """N17: after an exchange and a fork both processes get tokens of their own."""
    issued: dict[str, str] = {}
    with Peer(issuing(issued)) as peer:
        codes = ["first", "mine", "childs"]
        tokens = run("forked", url=peer.url(), secret=watch.canaries.client_secret, codes=codes)
    assert issued == tokens
    assert len(set(tokens.values())) == peer.requests == 3


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


def test_n20_no_file_descriptor_is_left(watch: Watch) -> None:
    """N20: the system's error is named, nothing was sent, nothing stays open, and the next exchange is fine."""
    issued: dict[str, str] = {}
    with Peer(issuing(issued)) as peer:
        options: dict[str, Any] = {"url": peer.url(), "secret": watch.canaries.client_secret}
        cold, warm = run("starved", refused=watch.canaries.code, granted=["cold", "warm"], **options)
    watch.note(*cold["faces"], *warm["faces"])
    assert issued == {"cold": cold["token"], "warm": warm["token"]}
    assert (True, True, 0, 0) == (cold["code_unused"], warm["code_unused"], cold["sockets"], warm["sockets"])
    assert errno.errorcode[errno.EMFILE] in warm["faces"][0]


@POOLED
@pytest.mark.parametrize("addresses", [("192.0.2.1",), ("127.0.0.1", "192.0.2.1"), ("::1", "2001:db8::1")])
def test_n22_a_loopback_name_that_is_not_one(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...], http: urllib3.PoolManager | None
) -> None:
    """N22: without TLS nothing is sent to where a resolver says that localhost is; with TLS, a certificate decides."""
    plain = "localhost is not only loopback here: a request without TLS must not leave this machine; the code was not"
    _resolve_to(monkeypatch, *((LACKING, (address, 9)) for address in addresses))
    assert_error(watch.exchange("http://localhost:9/oauth/token", http=http), plain)
    assert_error(watch.exchange("https://localhost/oauth/token", http=http), " localhost: EAFNOSUPPORT")


@pytest.mark.parametrize(
    ("version", "is_fine"),
    [
        *((version, False) for version in ("1.26.20", "2.1.0", "2.2.2", "2.2.3rc1", "unknown")),
        *((version, True) for version in ("2.2.3", "2.3.dev0", "2.10", "3")),
    ],
)
def test_n23_an_older_urllib3(watch: Watch, monkeypatch: pytest.MonkeyPatch, version: str, *, is_fine: bool) -> None:
    """N23: a copy that would lose the token sends nothing; what was found and what is needed is said."""
    with Peer(reply(200, TOKEN), fill=watch.canaries.fill) as peer, monkeypatch.context() as patch:
        patch.setattr(urllib3, "__version__", version)
        outcome = watch.exchange(peer.url())
    if not is_fine:
        words = f"{version} was found in {urllib3.__file__}, and 2.2.3 or newer is needed; the code"
        assert_error(outcome, f"could not load urllib3: {words}")
    assert (peer.connections, is_fine) == (is_fine, isinstance(outcome, OAuthTokenV1))


def test_pyodide(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Python has no sockets the code does not leave, and the error says what does it."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "emscripten")
        outcome = watch.exchange(ENDPOINT)
        with pytest.raises(TransportError, match=r"fetch carry the document for AuthorizationServer.from_metadata$"):
            discover_server("https://ticktick.invalid")
    assert_error(outcome, "this Python has no sockets: let JavaScript's fetch carry a TokenRequest; the code was not")


def test_a_connection_is_closed_when_the_exchange_ends(watch: Watch) -> None:
    """No socket waits for the garbage collector, whatever the outcome."""
    gc.disable()
    try:
        # A script ends when the other side hangs up, so that leaving the block shows that it did.
        with Peer(reply(200, TOKEN), fill=watch.canaries.fill) as good, Peer(reply(400)) as bad:
            outcomes = watch.exchange(good.url()), watch.exchange(bad.url())
        assert len(outcomes) == good.connections + bad.connections
    finally:
        gc.enable()
