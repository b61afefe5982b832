"""The receiver of the redirect, by raw sockets."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing
from queue import Queue
from typing import TypeVar
from urllib.parse import quote, urlsplit

import pytest

from person import LATE, free_port, listening_addresses
from raw import connect, is_listened_on, rest, send
from ticktick_oauth import AuthorizationRequest, AuthorizationResponse, Client
from ticktick_oauth._sign_in.receiver import RedirectReceiver, parse_loopback
from ticktick_oauth.exceptions import AuthorizationError
from ticktick_oauth.sandbox import Sandbox

STATE = "state-canary"
CODE = "code-canary"
GOOD = f"/?code={CODE}&state={STATE}"
PATH = (
    "the redirect came to another path than that of the redirect URI: correct the path of the address in the browser, "
    "and load it again"
)
METHOD = (
    "the redirect came by another method than GET, perhaps from a program that looks at links before the browser does: "
    "open the authorization URL again"
)
_T = TypeVar("_T")


class Running(RedirectReceiver):
    """A receiver that listens, and the ways to speak to it."""

    def __init__(self, redirect_uri: str | None = None, literal: str = "127.0.0.1") -> None:
        self.arrivals: Queue[object] = Queue()
        put = self.arrivals.put
        super().__init__(redirect_uri, on_redirect=put, on_stray=put, is_over=lambda: False, program="Chores")
        client = Client(client_id="id", client_secret="secret-canary", redirect_uri=self.redirect_uri)
        self.request = AuthorizationRequest(client=client, state=STATE)
        self.literal = literal
        self.name = urlsplit(self.redirect_uri).netloc

    def get(
        self, target: str, *, method: str = "GET", host: str | None = None, cookie: str = "", body: str = ""
    ) -> tuple[int, str]:
        """Make a request as a browser does, and return the status and the whole answer."""
        head = f"{method} {target} HTTP/1.1\r\nHost: {self.name if host is None else host}\r\nCookie: {cookie}\r\n"
        data = f"{head}Content-Length: {len(body)}\r\n\r\n{body}"
        answer = send(self.port, data.encode("latin-1"), self.literal).decode()
        return int(answer.split()[1]), answer

    def arrived(self, kind: type[_T]) -> _T:
        """Return what has come: an `AuthorizationResponse`, an `AuthorizationError`, or why something was refused."""
        arrival = self.arrivals.get(timeout=LATE)
        assert isinstance(arrival, kind)
        return arrival

    def succeed(self, target: str = GOOD, host: str | None = None) -> str:
        """Have the one right request come, and nothing beside it; return its page."""
        assert self.arrivals.empty()
        status, answer = self.get(target, host=host)
        assert (200, CODE) == (status, self.arrived(AuthorizationResponse).code)
        return answer


@pytest.fixture
def running() -> Iterator[Running]:
    """Run a receiver on a free port."""
    with closing(Running()) as running:
        yield running


def test_the_redirect_brings_the_code_and_a_page(running: Running) -> None:
    """The one right request is answered with a page that holds nothing of it, and with the headers of every page."""
    answer = running.succeed()
    assert "Access allowed" in answer
    assert not [word for word in (CODE, STATE, "secret-canary") if word in answer]
    for header in (
        "Referrer-Policy: no-referrer",
        "Cache-Control: no-store",
        "Content-Security-Policy: default-src 'none'; ",
        "X-Content-Type-Options: nosniff",
        "Content-Type: text/html; charset=utf-8",
    ):
        assert f"\r\n{header}" in answer


def test_the_page_leaves_before_the_end() -> None:
    """Whoever closes the receiver as soon as the code is there cuts off no page."""
    for _ in range(10):
        with closing(Running()) as running:
            connection = connect(running.port)
            connection.sendall(f"GET {GOOD} HTTP/1.1\r\nHost: {running.name}\r\n\r\n".encode())
            running.arrived(AuthorizationResponse)
        with connection:
            answer = rest(connection)
        assert answer.startswith(b"HTTP/1.0 200 ")
        assert answer.endswith(b"</html>\n")


@pytest.mark.parametrize(
    ("error", "description", "heading"),
    [
        ("access_denied", "<script>alert(1)</script>", "<h1>Access denied</h1>"),
        ("access_denied", "'><img src=x>", "<h1>Access denied</h1>"),
        ("server_error", '" onload="alert(1)', "<p>The server sent an error instead of a code. Go back to the program"),
    ],
)
def test_r22_an_error_ends_the_wait(error: str, description: str, heading: str, running: Running) -> None:
    """R22: the words of the person's no, and of the server's, reach the program, and not the page of each."""
    status, answer = running.get(f"/?error={error}&error_description={quote(description)}&state={STATE}")
    arrived = running.arrived(AuthorizationError)
    assert (200, error, description) == (status, arrived.error, arrived.description)
    assert heading in answer
    assert not [word for word in ("alert", "onload=", "img src", "script-src") if word in answer]


def test_r11_a_reload_sees_the_same_page() -> None:
    """R11: who comes after a prefetch sees its page, and in the end a closed port."""
    with closing(Running()) as running:
        assert ["Access allowed" in running.succeed() for _ in range(2)] == [True, True]
    assert not is_listened_on(running.port)


@pytest.mark.parametrize(
    ("method", "target", "body", "reason"),
    [
        pytest.param("GET", f"/?code={CODE}&state=other", "", "the redirect's state is not", id="wrong-state"),
        pytest.param("GET", "/?code=other", "", "the redirect has no state", id="no-state"),
        pytest.param("GET", "/favicon.ico", "", None, id="favicon"),
        pytest.param("GET", "/", "", None, id="root"),
        pytest.param("GET", "/elsewhere?code=other&state=other", "", None, id="other-path-other-state"),
        pytest.param("GET", f"/elsewhere{GOOD[1:]}", "", PATH, id="other-path"),
        pytest.param("GET", f"//evil.example{GOOD}", "", PATH, id="two-slashes"),
        pytest.param("GET", f"http://evil.example{GOOD}", "", "the redirect came for another host", id="absolute-form"),
        pytest.param("HEAD", GOOD, "", METHOD, id="head"),
        pytest.param("POST", "/", GOOD[2:], METHOD, id="response_mode=form_post"),
        pytest.param("OPTIONS", "/", "", None, id="options"),
        pytest.param("CONNECT", "evil.example:443", "", None, id="connect"),
    ],
)
def test_r12_strays_do_not_end_the_wait(
    method: str, target: str, body: str, reason: str | None, running: Running
) -> None:
    """R12: what is not the redirect gets its 4xx and no echo; what looks like it is reported; the right one counts."""
    status, answer = running.get(target, method=method, body=body)
    reported = "" if reason is None else running.arrived(str)
    assert (404, True) == (status, reported.startswith(reason or ""))
    assert not [word for word in (CODE, STATE, "evil.example", "start again") if word in answer]
    assert not [word for word in (CODE, STATE, "evil.example") if word in reported]
    assert (method == "HEAD") == answer.endswith("\r\n\r\n")
    running.succeed()


@pytest.mark.parametrize("state", [STATE, "other"])
def test_headers_that_are_too_long_are_reported(state: str, running: Running) -> None:
    """The redirect with more cookies than can be read is 431, and reported with what helps if the state is ours."""
    assert 431 == running.get(f"/?a=b&state={state}&code=c", cookie="x" * 70000)[0]
    assert state != STATE or (
        "the redirect came in a request that is too long or malformed, perhaps for the cookies that other programs on "
        "this machine have set: open the authorization URL again in a private window"
    ) == running.arrived(str)
    running.succeed()


def test_each_reason_is_reported_once(running: Running) -> None:
    """A flood of bogus redirects repeats nothing."""
    for number in range(9):
        running.get(f"/?code=bogus&state={number}")
    assert "state is not" in running.arrived(str)
    running.succeed()


def test_r13_idle_and_slow_connections_hold_up_nobody(running: Running) -> None:
    """R13: preconnects that stay idle, and a request that never ends, are served beside the redirect."""
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(connect(running.port))
        stack.enter_context(connect(running.port)).sendall(b"GET /?code=")
        running.succeed()  # in less than the half minute that each of these may stay idle


def test_r14_tls_on_the_port_is_hinted_at(running: Running) -> None:
    """R14: a browser that was upgraded to https gets no answer, the person a hint, and the wait goes on."""
    context = ssl.create_default_context()
    with connect(running.port) as connection, pytest.raises(OSError, match=r".") as caught:
        context.wrap_socket(connection, server_hostname="127.0.0.1")
    assert not isinstance(caught.value, TimeoutError)
    assert (
        "the browser tried https, but the redirect URI is http: change https:// to http:// in its address bar"
    ) == running.arrived(str)
    running.succeed()


@pytest.mark.parametrize(
    "host", ["evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost:{port}", "a b", "{name}/x", ""]
)
def test_r15_another_host_is_refused(host: str, running: Running) -> None:
    """R15: a page whose name was made to lead here (DNS rebinding) says its own name: a 4xx, reported if it is ours."""
    host = host.format(port=running.port, name=running.name)
    status, answer = running.get(GOOD, host=host)
    assert (404, False) == (status, "evil" in answer)
    assert "<p>This is not the answer that ticktick-oauth waits for. If you are" in answer
    assert (
        f"the redirect came for another host or port than http://{running.name}: change the start of the address in "
        "the browser to that, and load it again"
    ) == running.arrived(str)
    running.get("/?code=bogus&state=bogus", host=host)
    assert running.arrivals.empty()


def test_nothing_is_accepted_before_a_request_is_expected(running: Running) -> None:
    """The port is bound first, for a client to be registered with; until a request is made, all is stray."""
    running.request = None
    assert [404, 431] == [running.get(GOOD, cookie=cookie)[0] for cookie in ("", "x" * 70000)]
    assert running.arrivals.empty()


@pytest.mark.parametrize(
    ("redirect_uri", "literal", "target", "name"),
    [
        ("http://[::1]:{}/callback", "::1", "/callback?", "[::1]:{}"),
        ("http://localhost:{}", "127.0.0.1", "/?", "LocalHost:{}"),
        ("http://localhost:{}", "::1", "/?", "LocalHost:{}"),
        ("http://127.0.0.1:{}/in?tenant=1", "127.0.0.1", "/in?tenant=1&", "127.0.0.1:{}"),
    ],
)
def test_the_redirect_uri_says_where(redirect_uri: str, literal: str, target: str, name: str) -> None:
    """A literal is that address, a name both; its path and its query come back with the code."""
    port = free_port()
    with closing(Running(redirect_uri.format(port), literal)) as running:
        assert 404 == running.get(f"{target}{GOOD[2:]}", host=f"127.9.9.9:{port}")[0]
        assert "another host" in running.arrived(str)
        running.succeed(f"{target}{GOOD[2:]}", name.format(port))


@pytest.mark.parametrize(
    ("redirect_uri", "can"),
    [
        ("http://127.9.9.9/callback?a=b", True),
        ("http://[::1]:1/", True),
        ("HTTP://LocalHost", True),
        ("https://127.0.0.1:8080/", False),
        ("http://127.0.0.09/", False),
        ("http://example.com/", False),
        ("http://127.0.0.1:0/", False),
        ("127.0.0.1:8080", False),
    ],
)
def test_what_can_be_listened_on(redirect_uri: str, *, can: bool) -> None:
    """A redirect URI of plain HTTP on a loopback address can be listened on, and no other."""
    assert can == (parse_loopback(redirect_uri) is not None)


@pytest.mark.parametrize("target", [GOOD, GOOD.removeprefix("/")], ids=["path", "no path"])
def test_r26_a_target_in_absolute_form_is_taken(target: str, running: Running) -> None:
    """R26: as a client sends it that believes to speak to a proxy; its host goes before that of the header."""
    running.succeed(f"http://{running.name}{target}", "evil.example")


@pytest.mark.parametrize(
    ("host", "addresses"), [("127.0.0.1", {"127.0.0.1"}), ("localhost", {"127.0.0.1", "::1"}), ("[::1]", {"::1"})]
)
def test_r27_it_listens_on_loopback_alone(host: str, addresses: set[str], sandbox: Sandbox) -> None:
    """R27: of all the sockets of this machine, none has its port, or the sandbox's, on another address."""
    with closing(Running(f"http://{host}:{free_port()}/")) as running:
        found = listening_addresses()
    assert addresses == {address for address, port in found if port == running.port}
    assert {"127.0.0.1"} == {address for address, port in found if port == urlsplit(sandbox.server.issuer).port}
