"""A caller's pool: used as it is, for one request, and released; what then depends on it."""

import errno
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
import urllib3
from urllib3.contrib.socks import SOCKSProxyManager

from faults.cases import BODIES, HEAD, LIMIT, REFUSALS, SOON, TOKEN, dripped, raw, reply
from faults.issuer import issuing
from faults.peer import LOOPBACK, Line, Peer, Script, closed_port
from faults.proxy import tunnel
from faults.tls import Authority
from faults.watch import Watch
from ticktick_oauth import AuthorizationServer, Client, OAuthTokenV1, discover_server, exchange_code, register_client
from ticktick_oauth.exceptions import DeadlineExceededError, OAuthError, TokenEndpointError, TransportError


def _headers(peer: Peer) -> dict[str, str]:
    head = peer.received.partition(b"\r\n\r\n")[0].decode("ascii")
    lines = [line.partition(": ") for line in head.split("\r\n")[1:]]
    assert len(lines) == len({name.lower() for name, _, _ in lines})
    return {name.lower(): value for name, _, value in lines}


def test_a_pool_is_used_and_not_closed(watch: Watch) -> None:
    """Two exchanges go over one connection, which is still the pool's to use afterwards."""
    issued: dict[str, str] = {}
    with Peer(issuing(issued)) as peer, urllib3.PoolManager() as http:
        client = watch.client(peer.url())
        tokens = [str(exchange_code(client, code, http=http).access_token) for code in ("one", "two")]
        assert http.request("POST", peer.url(), body=b"code=three", retries=False).status == 200
    assert [issued["one"], issued["two"]] == tokens
    assert (peer.connections, peer.requests) == (1, 3)


@pytest.mark.parametrize("status", [102, 103, 199])
def test_an_interim_answer_ends_its_connection(watch: Watch, status: int) -> None:
    """What comes behind an interim answer is the answer to that request, and never to the next one of the pool."""
    answered = threading.Event()

    def play(line: Line) -> None:
        line.receive_request()
        if line is line.peer.lines[0]:
            line.send(b"HTTP/1.1 %d Interim\r\n\r\n" % status)
            answered.wait(10)
            line.connected.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n["not yours"]')
        else:
            line.answer(200, TOKEN)
        line.hold()

    with Peer(play, fill=watch.canaries.fill) as peer, urllib3.PoolManager() as http:
        first = watch.exchange(peer.url(), http=http)
        answered.set()
        second = watch.exchange(peer.url(), http=http)
    assert isinstance(first, TokenEndpointError)
    assert first.status == status
    assert str(first).endswith("the answer was not read: it is an interim answer, which has none")
    assert isinstance(second, OAuthTokenV1)
    assert (peer.connections, peer.requests) == (2, 2)


RETRY = urllib3.Retry(5, allowed_methods=None, status_forcelist=[503], redirect=5, backoff_factor=0)


@pytest.mark.parametrize("retries", [RETRY, 5, True], ids=["Retry", "5", "True"])
@pytest.mark.parametrize(
    ("play", "error"),
    [
        (reply(503, b"", "Retry-After: 1"), TokenEndpointError),
        (reply(429, b"", "Retry-After: 1"), TokenEndpointError),
        (reply(307, b"", "Location: /elsewhere"), TokenEndpointError),
        (reply(303, b"", "Location: /elsewhere"), TokenEndpointError),
        (raw(), TransportError),
        (raw(HEAD, b"Content-Length: 5\r\n\r\n1"), TransportError),
    ],
    ids=["503", "429", "307", "303", "no answer", "half an answer"],
)
def test_a_pools_own_retries_are_off(watch: Watch, retries: Any, play: Script, error: type[Exception]) -> None:  # noqa: ANN401 - urllib3 takes three types
    """However a pool retries and follows redirects by itself, the code is sent once."""
    with Peer(play) as peer, urllib3.PoolManager(retries=retries) as http:
        outcome = watch.exchange(peer.url(), http=http)
    assert type(outcome) is error
    assert not getattr(outcome, "code_unused", False)
    assert (peer.connections, peer.requests) == (1, 1)


@pytest.mark.parametrize(
    "send",
    [
        lambda client, http: exchange_code(client, "code", code_verifier="v" * 43, http=http),
        lambda client, http: discover_server(client.server.issuer, http=http),
        lambda client, http: register_client(client.server, redirect_uri=client.redirect_uri, http=http),
    ],
    ids=["exchange", "discover", "register"],
)
def test_a_pools_credentials_are_not_sent(send: Callable[[Client, urllib3.PoolManager], object]) -> None:
    """What a pool brings along for another purpose stays at home, also where the request has no Authorization."""
    play = reply(400, b'{"error":"x"}')
    with Peer(play) as peer, urllib3.PoolManager(headers={"authorization": "Bearer canary"}) as http:
        endpoints = ("issuer", "authorization_endpoint", "token_endpoint", "registration_endpoint")
        server = AuthorizationServer(**dict.fromkeys(endpoints, peer.url()))  # type: ignore[arg-type] # its flag is not among them
        with pytest.raises(OAuthError):
            send(Client(client_id="id", client_secret=None, server=server), http)
    assert peer.requests == 1
    assert b"canary" not in peer.received


THEIRS = {"user-agent": "theirs", "X-Team": "a", "authorization": "Basic x", "ACCEPT": "text/xml"}
THEIRS |= {"content-type": "text/plain", "accept-encoding": "gzip"}


@pytest.mark.parametrize("theirs", [None, {}, THEIRS], ids=["fresh", "bare pool", "pool"])
def test_a_pools_headers_stay_and_ours_win(watch: Watch, theirs: dict[str, str] | None) -> None:
    """A pool's User-Agent and its own headers are sent; the four that the exchange depends on are ours."""
    http = None if theirs is None else urllib3.PoolManager(headers=theirs)
    with Peer(reply(200, TOKEN), fill=watch.canaries.fill) as peer:
        assert isinstance(watch.exchange(peer.url(), http=http), OAuthTokenV1)
    if http is not None:
        assert http.headers == theirs
        http.clear()
    headers = _headers(peer)
    assert watch.canaries.found_in([headers.pop("authorization")]) == ["credentials"]
    assert int(headers.pop("content-length")) > 100
    assert headers == {
        "host": f"{LOOPBACK}:{peer.port}",
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-type": "application/x-www-form-urlencoded",
        **({"user-agent": "theirs", "x-team": "a"} if theirs else {"user-agent": "ticktick-oauth"}),
    }
    assert peer.received.startswith(b"POST /oauth/token HTTP/1.1\r\n")


def test_a_private_authority_comes_in_by_a_pool(watch: Watch, authority: Authority) -> None:
    """A pool's own trust decides: with the file the exchange works, without it nothing is sent."""
    tls = authority.server()
    with (
        Peer(reply(200, TOKEN), tls=tls, fill=watch.canaries.fill) as peer,
        urllib3.PoolManager(ca_certs=str(authority.file)) as http,
    ):
        assert isinstance(watch.exchange(peer.url(), http=http), OAuthTokenV1)
        with urllib3.PoolManager() as other:
            outcome = watch.exchange(peer.url(), http=other)
    assert type(outcome) is TransportError
    assert "certificate" in str(outcome)
    assert peer.requests == 1


# code_unused


def test_n9_by_a_pool(watch: Watch) -> None:
    """N9: the deadline is checked between reads of the body."""
    drip = dripped(HEAD + b"Content-Length: 500\r\n\r\n", b" " * 500)
    with Peer(drip) as peer, urllib3.PoolManager() as http:
        outcome = watch.exchange(peer.url(), peer.asked, http=http, timeout=SOON)
    assert type(outcome) is DeadlineExceededError
    assert not outcome.code_unused
    assert watch.elapsed < SOON + 1


def test_no_more_is_read_than_shows_that_it_is_too_much(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """One byte over the limit is enough to refuse an answer, in however many pieces it comes."""
    asked: list[int] = []
    came: list[int] = []
    read1 = urllib3.HTTPResponse.read1

    def count(response: urllib3.HTTPResponse, amount: int) -> bytes:
        asked.append(sum(came) + amount)
        data = read1(response, amount)
        came.append(len(data))
        return data

    monkeypatch.setattr(urllib3.HTTPResponse, "read1", count)
    with Peer(raw(HEAD + b"\r\n" + b" " * 1000, b" " * 3 * LIMIT)) as peer:
        outcome = watch.exchange(peer.url())
    assert type(outcome) is TransportError
    assert [LIMIT + 1] * len(came) == asked


# Slots


def test_no_slot_of_a_pool_is_lost(watch: Watch) -> None:
    """With one slot to wait for, each outcome frees it for the next exchange."""
    cases = [case for case in (*REFUSALS, *BODIES) if case.row in {"H1", "H8b", "H13", "H17", "H20", "H21", "H22"}]
    scripts = iter([*(case.play for case in cases), raw(), Line.reset, Line.ignore_request, reply(200, TOKEN)])

    def play(line: Line) -> None:
        next(scripts)(line)

    with Peer(play, fill=watch.canaries.fill) as peer, urllib3.PoolManager(maxsize=1, block=True) as http:
        for case in cases:
            assert case.error is type(watch.exchange(peer.url(), http=http)), case
        for timeout, error in ((5, TransportError), (5, TransportError), (SOON, DeadlineExceededError)):
            assert error is type(watch.exchange(peer.url(), http=http, timeout=timeout))
        assert isinstance(watch.exchange(peer.url(), http=http), OAuthTokenV1)
    assert peer.connections == len(cases) + 4


def test_a_pool_that_is_all_in_use(watch: Watch) -> None:
    """To wait for a slot counts for the deadline, and sends nothing."""
    with Peer(raw(HEAD, b"Content-Length: 5\r\n\r\n12345")) as peer, urllib3.PoolManager(maxsize=1, block=True) as http:
        taken = http.request("GET", peer.url(), preload_content=False)
        outcome = watch.exchange(peer.url(), http=http, timeout=SOON)
        taken.close()
        taken.release_conn()
    assert type(outcome) is DeadlineExceededError
    assert outcome.code_unused
    assert "connection from the pool" in str(outcome)
    assert SOON <= watch.elapsed < SOON + 1
    assert peer.requests == 1  # which took the connection


# Proxies


def test_a_proxy_for_tls(watch: Watch, authority: Authority) -> None:
    """Over CONNECT the proxy sees the host and nothing of the request."""
    tls = authority.server()
    with (
        Peer(reply(200, TOKEN), tls=tls, fill=watch.canaries.fill) as peer,
        Peer(tunnel(peer.port)) as proxy,
        urllib3.ProxyManager(proxy.url(), ca_certs=str(authority.file)) as http,
    ):
        assert isinstance(watch.exchange(peer.url(), http=http), OAuthTokenV1)
    assert proxy.received.startswith(f"CONNECT {LOOPBACK}:{peer.port} HTTP/1.".encode())
    assert (proxy.connections, proxy.requests, peer.requests) == (1, 0, 1)


def _assert_unused(outcome: OAuthTokenV1 | OAuthError, *words: str) -> None:
    assert type(outcome) is TransportError
    assert outcome.code_unused
    assert not [word for word in (*words, " through the proxy: ") if word not in str(outcome)], outcome


def _socks(peer: Peer) -> SOCKSProxyManager:
    return SOCKSProxyManager(f"socks5h://{LOOPBACK}:{peer.port}")


ENDPOINT = "https://ticktick.invalid/oauth/token"


def test_a_proxy_that_is_not_there(watch: Watch) -> None:
    """Where the proxy does not listen, nothing was sent."""
    with closed_port() as port, urllib3.ProxyManager(f"http://{LOOPBACK}:{port}") as http:
        _assert_unused(watch.exchange(ENDPOINT, http=http), "ECONNREFUSED")
    with closed_port() as port, SOCKSProxyManager(f"socks5h://{LOOPBACK}:{port}") as http:
        _assert_unused(watch.exchange(ENDPOINT, http=http), "ECONNREFUSED")


@pytest.mark.parametrize(
    ("status", "words"),
    [(403, ": it does not let this host through"), (407, ": it wants a user name and password"), (502, "")],
)
def test_n24_a_proxy_that_refuses_a_tunnel(watch: Watch, status: int, words: str) -> None:
    """N24: a refused CONNECT carried no request; the status is the proxy's, and its words are nobody's to show."""
    with Peer(reply(status, b"<html>"), fill=watch.canaries.fill) as proxy, urllib3.ProxyManager(proxy.url()) as http:
        outcome = watch.exchange(ENDPOINT, http=http)
    _assert_unused(outcome, f": the proxy answered with status {status}{words}; the code")
    assert "Reason" not in str(outcome)
    assert b"POST" not in proxy.received


@pytest.mark.parametrize(
    ("answers", "words"),
    [((b"\x05\xff",), "authentication methods were rejected"), ((b"\x05\x00", b"\x05\x02\0\x01" + bytes(6)), "0x02")],
    ids=["authentication", "ruleset"],
)
def test_n24_a_socks_proxy_that_refuses(watch: Watch, answers: tuple[bytes, ...], words: str) -> None:
    """N24: a SOCKS proxy's own refusal is reported in the words of its protocol."""

    def play(line: Line) -> None:
        for answer in answers:
            line.receive()
            line.send(answer)
        line.hold()

    with Peer(play) as proxy, _socks(proxy) as http:
        _assert_unused(watch.exchange(ENDPOINT, http=http), "the SOCKS proxy refused", words)
    assert proxy.requests == 0


def test_a_proxy_that_stalls(watch: Watch) -> None:
    """The deadline counts for the way through the proxy, too; a tunnel that may have stood leaves the code in doubt."""
    with Peer(Line.hold) as proxy, urllib3.ProxyManager(proxy.url()) as http:
        outcome = watch.exchange(ENDPOINT, http=http, timeout=SOON)
    assert type(outcome) is DeadlineExceededError
    assert not outcome.code_unused
    assert watch.elapsed < SOON + 1


@pytest.mark.parametrize("end", [Line.end, Line.reset], ids=["FIN", "RST"])
def test_a_request_that_is_lost_behind_a_proxy(watch: Watch, authority: Authority, end: Script) -> None:
    """urllib3 reports it as the proxy's error, as it does one in connecting; yet the request was sent."""

    def lose(line: Line) -> None:
        line.receive_request()
        end(line)

    with (
        Peer(lose, tls=authority.server()) as peer,
        Peer(tunnel(peer.port)) as proxy,
        urllib3.ProxyManager(proxy.url(), ca_certs=str(authority.file)) as http,
    ):
        outcome = watch.exchange(peer.url(), http=http)
    assert type(outcome) is TransportError
    assert not outcome.code_unused
    assert peer.requests == 1


@pytest.mark.parametrize("kind", ["http", "socks"])
def test_n25_no_plain_request_goes_through_a_proxy(watch: Watch, kind: str) -> None:
    """N25: to a proxy an endpoint without TLS, which is this machine's own, would show both secrets."""
    with (
        Peer(reply()) as proxy,
        urllib3.ProxyManager(proxy.url()) if kind == "http" else _socks(proxy) as http,
        pytest.raises(ValueError, match=r"^http must not be a proxy's pool for an endpoint without TLS"),
    ):
        watch.exchange(f"http://{LOOPBACK}:9/oauth/token", http=http)
    assert proxy.connections == 0


# Errors of a pool


class Raising(urllib3.PoolManager):
    """A pool that fails with an error of the test's own."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def urlopen(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401 - urllib3's own
        """Fail."""
        raise self._error


def _own_cause() -> Exception:
    error = OSError("around")
    error.__cause__ = error
    return error


def _own_argument() -> Exception:
    error = OSError("around")
    error.args = (ValueError(error),)
    error.args[0].args = (error,)
    return error


@pytest.mark.parametrize("make", [_own_cause, _own_argument])
def test_n26_an_error_that_is_its_own_cause(watch: Watch, make: Callable[[], Exception]) -> None:
    """N26: the search for the cause of a pool's error comes to an end."""
    outcome = watch.exchange(ENDPOINT, http=Raising(make()))
    assert type(outcome) is TransportError
    assert not outcome.code_unused


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ssl.SSLError("bad handshake"), "TLS failed (SSLError)"),
        (ssl.SSLCertVerificationError("bad certificate"), "TLS failed (SSLCertVerificationError)"),
        (
            urllib3.exceptions.SSLError("Fingerprints did not match."),
            "TLS failed: the pool's own settings or checks refused it (SSLError)",
        ),
        (urllib3.exceptions.ProtocolError("<code>"), "the answer is not proper HTTP (ProtocolError)"),
        (
            urllib3.exceptions.ClosedPoolError(urllib3.HTTPConnectionPool("x"), "<code>"),
            "the pool was closed meanwhile (ClosedPoolError)",
        ),
        (
            urllib3.exceptions.LocationParseError("<code>"),
            "the address has a part that cannot be used (LocationParseError)",
        ),
        # N31
        (OSError(10061, "<code>"), "WSAECONNREFUSED, Connection refused"),
        (OSError(99999, "<code>"), "error 99999"),
        (socket.gaierror(), "an unexpected error (gaierror)"),  # as PyPy makes some
        (ssl.SSLError(), "TLS failed (SSLError)"),
        (OSError("<code>"), "an unexpected error (OSError)"),
        (OSError("<code>", "<code>"), "an unexpected error (OSError)"),
        (RuntimeError("<code>"), "an unexpected error (RuntimeError)"),
    ],
)
def test_n31_a_pools_errors_have_a_sentence(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    """N31: none of them is a bare class name or number, and none shows what the error quotes; Windows has a table."""
    monkeypatch.setattr(socket, "errorTab", {10061: "Connection refused."}, raising=False)
    monkeypatch.setitem(errno.errorcode, 10061, "WSAECONNREFUSED")
    outcome = watch.exchange(ENDPOINT, http=Raising(error))
    assert type(outcome) is TransportError
    assert f"could not get the answer of ticktick.invalid: {words}" == str(outcome).partition("; ")[0]


@pytest.mark.parametrize(
    ("codes", "hint"),
    [
        ((8, 11, 17, 21, 66, 79, 94), ""),
        ((9, 10), " (is this machine's clock right?)"),
        ((2, 18, 19, 20), " (is its authority in the system's trust store, or in the file that SSL_CERT_FILE names?)"),
        (
            (80, 93),
            " (Python 3.13 and newer ask more of certificates: whoever runs this authority has to renew its own)",
        ),
    ],
    ids=["none", "clock", "trust", "strict"],
)
def test_a_refused_certificate_has_the_hint_of_its_code(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, codes: tuple[int, ...], hint: str
) -> None:
    """OpenSSL's words stand before what may be wrong by its code, where there is something to say."""
    for code in codes:
        error = ssl.SSLCertVerificationError("bad certificate")
        error.verify_code, error.verify_message = code, "its words"
        outcome = watch.exchange(ENDPOINT, http=Raising(error))
        assert f"the certificate was refused: its words{hint}; outcome unknown" in str(outcome)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "platform", "darwin")
            assert ("Install Certificates.command" in str(watch.exchange(ENDPOINT, http=Raising(error)))) == (
                code < 21 and "trust" in hint
            )


# Mistakes of the caller


@pytest.mark.parametrize("http", ["pool", object(), urllib3.HTTPConnectionPool(LOOPBACK), urllib3.PoolManager])
def test_only_a_pool_manager_is_taken(watch: Watch, http: object) -> None:
    """Also a pool for one host, which would send the secrets there whatever the server's address is."""
    with (
        Peer(reply(200, TOKEN)) as peer,
        pytest.raises(TypeError, match=r"^http must be of type PoolManager, not ") as caught,
    ):
        watch.exchange(peer.url(), http=http)
    watch.note(str(caught.value))
    assert peer.connections == 0
