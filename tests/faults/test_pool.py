"""A caller's pool: used as it is, for one request, and released; what then depends on it."""

import threading
from collections.abc import Callable

import pytest
import urllib3
from urllib3.contrib.socks import SOCKSProxyManager

from faults.cases import HEAD, SOON, TOKEN, raw, reply
from faults.peer import LOOPBACK, Line, Peer, Script, closed_port, issuing, tunnel
from faults.tls import Authority
from faults.watch import Watch, assert_error
from ticktick_oauth import OAuthTokenV1, discover_server, exchange_code
from ticktick_oauth.exceptions import DeadlineExceededError, OAuthError, TokenEndpointError, TransportError

ENDPOINT = "https://ticktick.invalid/oauth/token"


def test_h24_a_pool_is_used_and_not_closed(watch: Watch) -> None:
    """Two exchanges go over one connection, which is still the pool's to use; H24: no cookie is sent again."""
    issued: dict[str, str] = {}
    with Peer(issuing(issued)) as peer, urllib3.PoolManager() as http:
        client = watch.client(peer.url())
        tokens = [str(exchange_code(client, code, http=http).access_token) for code in ("one", "two")]
        assert http.request("POST", peer.url(), body=b"code=three", retries=False).status == 200
        tokens += [str(exchange_code(client, code).access_token) for code in ("four", "five")]
    assert [issued[code] for code in ("one", "two", "four", "five")] == tokens
    assert (peer.connections, peer.requests) == (3, 5)
    assert b"cookie" not in peer.received.lower()


def test_an_interim_answer_ends_its_connection(watch: Watch) -> None:
    """What comes behind an interim answer is the answer to that request, and never to the next one of the pool."""
    answered = threading.Event()

    def play(line: Line) -> None:
        line.receive_request()
        if line is line.peer.lines[0]:
            line.send(b"HTTP/1.1 102 Processing\r\n\r\n")
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
    assert str(first).endswith("status 102; the answer was not read: it is an interim answer, which has none")
    assert isinstance(second, OAuthTokenV1)
    assert (peer.connections, peer.requests) == (2, 2)


RETRY = urllib3.Retry(5, allowed_methods=None, status_forcelist=[503], redirect=5, backoff_factor=0)


@pytest.mark.parametrize("retries", [RETRY, 5], ids=["Retry", "5"])
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
def test_a_pools_own_retries_are_off(
    watch: Watch, retries: urllib3.Retry | int, play: Script, error: type[Exception]
) -> None:
    """However a pool retries and follows redirects by itself, the code is sent once."""
    with Peer(play) as peer, urllib3.PoolManager(retries=retries) as http:
        outcome = watch.exchange(peer.url(), http=http)
    assert type(outcome) is error
    assert not getattr(outcome, "code_unused", False)
    assert (peer.connections, peer.requests) == (1, 1)


THEIRS = {"user-agent": "theirs", "X-Team": "a", "authorization": "Bearer canary", "ACCEPT": "text/xml"}
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
    first, *lines = peer.received.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    assert len(headers) == len(lines)
    assert watch.canaries.found_in([headers.pop("authorization")]) == ["credentials"]
    assert int(headers.pop("content-length")) > 100
    assert headers == {
        "host": f"{LOOPBACK}:{peer.port}",
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-type": "application/x-www-form-urlencoded",
        **({"user-agent": "theirs", "x-team": "a"} if theirs else {"user-agent": "ticktick-oauth"}),
    }
    assert first == "POST /oauth/token HTTP/1.1"


def test_a_pools_credentials_are_not_sent() -> None:
    """What a pool brings along for another purpose stays at home, also where the request has no Authorization."""
    with Peer(reply(400)) as peer, urllib3.PoolManager(headers=THEIRS) as http, pytest.raises(OAuthError):
        discover_server(f"http://{LOOPBACK}:{peer.port}", http=http)
    assert peer.requests == 1
    assert b"canary" not in peer.received


def test_a_pool_that_is_all_in_use(watch: Watch) -> None:
    """To wait for a slot counts for the deadline, and sends nothing."""
    with Peer(raw(HEAD, b"Content-Length: 5\r\n\r\n12345")) as peer, urllib3.PoolManager(maxsize=1, block=True) as http:
        taken = http.request("GET", peer.url(), preload_content=False)
        outcome = watch.exchange(peer.url(), http=http, timeout=SOON)
        taken.close()
        taken.release_conn()
    assert_error(outcome, "connection from the pool", error=DeadlineExceededError)
    assert SOON <= watch.elapsed < SOON + 1
    assert peer.requests == 1  # which took the connection


# Proxies


def _socks(url: str) -> SOCKSProxyManager:
    return SOCKSProxyManager(url.replace("http:", "socks5h:"))


KINDS = pytest.mark.parametrize("kind", [urllib3.ProxyManager, _socks], ids=["http", "socks"])
Kind = Callable[[str], urllib3.PoolManager]


@pytest.mark.parametrize("end", [None, Line.end, Line.reset], ids=["token", "FIN", "RST"])
def test_a_proxy_for_tls(watch: Watch, authority: Authority, end: Script | None) -> None:
    """Over CONNECT the proxy sees the host alone; a lost request is in urllib3's words its error, yet it was sent."""

    def lose(line: Line) -> None:
        line.receive_request()
        if end:
            end(line)

    script = lose if end else reply(200, TOKEN)
    with (
        Peer(script, tls=authority.server(), fill=watch.canaries.fill) as peer,
        Peer(tunnel(peer.port)) as proxy,
        urllib3.ProxyManager(proxy.url(), ca_certs=str(authority.file)) as http,
    ):
        outcome = watch.exchange(peer.url(), http=http)
    if end:
        assert_error(outcome, "outcome unknown", code_unused=False)
    assert bool(end) != isinstance(outcome, OAuthTokenV1)
    assert proxy.received.startswith(f"CONNECT {LOOPBACK}:{peer.port} HTTP/1.".encode())
    assert (proxy.connections, proxy.requests, peer.requests) == (1, 0, 1)


@KINDS
def test_a_proxy_that_is_not_there(watch: Watch, kind: Kind) -> None:
    """Where the proxy does not listen, nothing was sent."""
    with closed_port() as port, kind(f"http://{LOOPBACK}:{port}") as http:
        assert_error(watch.exchange(ENDPOINT, http=http), " through the proxy: ECONNREFUSED")


@pytest.mark.parametrize(
    ("status", "words"),
    [(403, ": it does not let this host through"), (407, ": it wants a user name and password"), (502, "")],
)
def test_n24_a_proxy_that_refuses_a_tunnel(watch: Watch, status: int, words: str) -> None:
    """N24: a refused CONNECT carried no request; the status is the proxy's, and its words are nobody's to show."""
    with Peer(reply(status, b"<html>")) as proxy, urllib3.ProxyManager(proxy.url()) as http:
        outcome = watch.exchange(ENDPOINT, http=http)
    assert_error(outcome, f" through the proxy: the proxy answered with status {status}{words}; the code")
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

    with Peer(play) as proxy, _socks(proxy.url()) as http:
        assert_error(watch.exchange(ENDPOINT, http=http), " through the proxy: the SOCKS proxy refused", words)
    assert proxy.requests == 0


def test_a_proxy_that_stalls(watch: Watch) -> None:
    """The deadline counts for the way through the proxy, too; a tunnel that may have stood leaves the code in doubt."""
    with Peer(Line.hold) as proxy, urllib3.ProxyManager(proxy.url()) as http:
        outcome = watch.exchange(ENDPOINT, http=http, timeout=SOON)
    assert_error(outcome, error=DeadlineExceededError, code_unused=False)
    assert watch.elapsed < SOON + 1


SEEN = "^http must not be a pool by which a request without TLS goes to a proxy, which would see all$"


@KINDS
def test_n25_no_plain_request_goes_through_a_proxy(watch: Watch, kind: Kind) -> None:
    """N25: to a proxy an endpoint without TLS, which is this machine's own, would show both secrets."""
    with Peer(reply()) as proxy, kind(proxy.url()) as http, pytest.raises(ValueError, match=SEEN):
        watch.exchange(f"http://{LOOPBACK}:9/oauth/token", http=http)
    assert proxy.connections == 0


def test_n25_nor_one_that_the_pool_would_forward(watch: Watch) -> None:
    """N25: urllib3 can send what is for a server with TLS in clear to a proxy with TLS."""
    http = urllib3.ProxyManager("https://proxy.invalid", use_forwarding_for_https=True)
    with http, pytest.raises(ValueError, match=SEEN):
        watch.exchange(ENDPOINT, http=http)


@pytest.mark.parametrize("http", ["pool", urllib3.HTTPConnectionPool(LOOPBACK), urllib3.PoolManager])
def test_only_a_pool_manager_is_taken(watch: Watch, http: object) -> None:
    """Also a pool for one host, which would send the secrets there whatever the server's address is."""
    with pytest.raises(TypeError, match=r"^http must be of type PoolManager, not "):
        watch.exchange(ENDPOINT, http=http)
