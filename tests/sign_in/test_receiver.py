"""The receiver of the redirect, by raw sockets.

| id | what comes | what must come of it |
| --- | --- | --- |
| R11 | the same redirect twice (prefetch, reload) | one answer; the second sees the page of success, or a closed port |
| R12 | a wrong state, favicon.ico, ``/``, HEAD, POST, absolute form, a port scan | 4xx; the wait goes on |
| R13 | an idle connection, a request line that never ends | the wait goes on |
| R14 | TLS, as of a browser that turns http into https | no answer, a hint, and the wait goes on |
| R15 | ``Host: evil.example`` (DNS rebinding) | 4xx |
| R19 | a request line of 70 KB | 414, and the wait goes on |
| R21 | the redirect before anyone waits | it is there when somebody does |
| R22 | ``error_description=<script>``, ``onload=`` | nothing of it in the page; a policy that runs nothing |
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from queue import Queue
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


class Running:
    """A receiver that listens, and the ways to speak to it."""

    def __init__(self, redirect_uri: str | None = None) -> None:
        self.arrivals: Queue[AuthorizationResponse | AuthorizationError | str] = Queue()
        put = self.arrivals.put
        self.receiver = RedirectReceiver(redirect_uri, on_redirect=put, on_stray=put, is_over=lambda: False)
        self.request = request_for(self.receiver.redirect_uri)
        self.receiver.expect(self.request)
        address = urlsplit(self.receiver.redirect_uri)
        self.host, self.port = address.hostname or "", address.port or 0
        self.literal = self.host.replace("localhost", "127.0.0.1")
        self.name = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __enter__(self) -> "Running":  # noqa: PYI034 - `typing.Self` is younger than Python 3.10
        return self

    def __exit__(self, *_: object) -> None:
        self.receiver.close()

    def get(
        self, target: str, *, method: str = "GET", host: str | None = None, cookie: str = "", body: str = ""
    ) -> tuple[int, str]:
        """Make a request as a browser does, and return the status and the whole answer."""
        head = f"{method} {target} HTTP/1.1\r\nHost: {host or self.name}\r\nConnection: close\r\nCookie: {cookie}\r\n"
        data = f"{head}Content-Length: {len(body)}\r\n\r\n{body}"
        answer = send(self.port, data.encode("latin-1"), self.literal).decode()
        return int(answer.split()[1]), answer

    def code(self) -> str:
        """Return the code that has come."""
        response = self.arrivals.get(timeout=LATE)
        assert isinstance(response, AuthorizationResponse)
        return response.code

    def error(self) -> AuthorizationError:
        """Return the server's or the person's no that has come."""
        error = self.arrivals.get(timeout=LATE)
        assert isinstance(error, AuthorizationError)
        return error

    def reason(self) -> str:
        """Return why something was refused."""
        refusal = self.arrivals.get(timeout=LATE)
        assert isinstance(refusal, str)
        return refusal


def request_for(redirect_uri: str) -> AuthorizationRequest:
    """Make a request that is answered there."""
    client = Client(client_id="id", client_secret="secret-canary", redirect_uri=redirect_uri)
    return AuthorizationRequest(client=client, state=STATE)


@pytest.fixture
def running() -> Iterator[Running]:
    """Run a receiver on a free port."""
    with Running() as running:
        yield running


def test_the_redirect_brings_the_code_and_a_page(running: Running) -> None:
    """The one right request is answered with a page that holds nothing of it, and with the headers of every page."""
    status, answer = running.get(GOOD)
    assert (200, CODE) == (status, running.code())
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
    assert running.arrivals.empty()


def test_the_page_has_left_before_the_wait_ends() -> None:
    """Whoever closes the receiver as soon as the code is there cuts off no page."""
    for _ in range(10):
        with Running() as running:
            connection = connect(running.port)
            connection.sendall(f"GET {GOOD} HTTP/1.1\r\nHost: {running.name}\r\n\r\n".encode())
            assert CODE == running.code()
        with connection:
            answer = rest(connection)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b"</html>\n")


def test_a_browser_that_does_not_wait_for_the_page_is_heard(running: Running) -> None:
    """The code counts even when the connection is gone before the answer is."""
    with connect(running.port) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.sendall(f"GET {GOOD} HTTP/1.1\r\nHost: {running.name}\r\n\r\n".encode())
    assert CODE == running.code()


@pytest.mark.parametrize(
    ("error", "heading"), [("access_denied", "Access denied"), ("server_error", "This sign-in did not work")]
)
def test_an_error_ends_the_wait(error: str, heading: str, running: Running) -> None:
    """The person's no, and the server's, end the wait with its words, each with a page of its own."""
    status, answer = running.get(f"/?error={error}&state={STATE}")
    assert (200, error) == (status, running.error().error)
    assert heading in answer


def test_r11_a_reload_sees_the_same_page(running: Running) -> None:
    """R11: who comes after a prefetch sees its page, brings no second answer, and in the end a closed port."""
    pages = [running.get(GOOD), running.get(GOOD), running.get(f"/?error=access_denied&state={STATE}")]
    assert [(200, True)] * 3 == [(status, "Access allowed" in answer) for status, answer in pages]
    assert (CODE, 0) == (running.code(), running.arrivals.qsize())


def test_r11_the_port_is_closed_in_the_end() -> None:
    """R11: after the block nothing listens there."""
    with Running() as running:
        port = running.port
        assert is_listened_on(port)
    assert not is_listened_on(port)


@pytest.mark.parametrize(
    ("method", "target", "status", "reason"),
    [
        pytest.param("GET", f"/?code={CODE}&state=other", 400, "state is not", id="wrong-state"),
        pytest.param("GET", f"/?code={CODE}", 400, "no state", id="no-state"),
        pytest.param("GET", f"/?state={STATE}", 400, "no code", id="no-code"),
        pytest.param("GET", f"{GOOD}&code=twice", 400, "more than once", id="code-twice"),
        pytest.param("GET", "/favicon.ico", 404, None, id="favicon"),
        pytest.param("GET", "/", 400, None, id="root"),
        pytest.param("GET", "/elsewhere?code=other&state=other", 404, None, id="other-path-other-state"),
        pytest.param("GET", f"/elsewhere{GOOD[1:]}", 404, "another path", id="other-path"),
        pytest.param("GET", f"//evil.example{GOOD}", 404, "another path", id="two-slashes"),
        pytest.param("GET", f"http://evil.example{GOOD}", 421, "another host", id="absolute-form"),
        pytest.param("HEAD", GOOD, 405, "another method", id="head"),
        pytest.param("POST", GOOD, 405, "another method", id="post"),
        pytest.param("OPTIONS", "/", 405, None, id="options"),
        pytest.param("CONNECT", "evil.example:443", 404, None, id="connect"),
    ],
)
def test_r12_strays_do_not_end_the_wait(
    method: str, target: str, status: int, reason: str | None, running: Running
) -> None:
    """R12: what is not the redirect gets its 4xx and no echo; what looks like it is reported; the right one counts."""
    met, answer = running.get(target, method=method)
    reported = "" if reason is None else running.reason()
    assert (status, True) == (met, (reason or "") in reported)
    assert not [word for word in (CODE, STATE, "evil.example", "start again") if word in answer]
    assert not [word for word in (CODE, STATE, "evil.example") if word in reported]
    assert (method == "HEAD") == answer.endswith("\r\n\r\n")
    assert running.arrivals.empty()
    assert 200 == running.get(GOOD)[0]
    assert CODE == running.code()


def test_a_redirect_to_another_path_is_reported(running: Running) -> None:
    """A path that was mistyped, here or at the server, can be corrected in the browser."""
    assert 404 == running.get(f"/elsewhere{GOOD[1:]}")[0]
    assert (
        "the redirect came to another path than that of the redirect URI: correct the path of the address in the "
        "browser, and load it again"
    ) == running.reason()


def test_a_redirect_by_post_is_reported(running: Running) -> None:
    """A server that posts its answer (response_mode=form_post) brings the state in the body."""
    assert 405 == running.get("/", method="POST", body=GOOD.partition("?")[2])[0]
    assert (
        "the redirect came by another method than GET, perhaps from a program that looks at links before the browser "
        "does: open the authorization URL again"
    ) == running.reason()


@pytest.mark.parametrize("target", [GOOD, f"/?state={STATE}", f"/?a=b&state={quote(STATE)}&code=c"])
def test_headers_that_are_too_long_are_reported(target: str, running: Running) -> None:
    """The redirect with more cookies than can be read is 431, and reported with what helps."""
    assert 431 == running.get(target, cookie="x" * 70000)[0]
    assert (
        "the redirect came in a request that is too long or malformed, perhaps for the cookies that other programs on "
        "this machine have set: open the authorization URL again in a private window"
    ) == running.reason()
    assert 200 == running.get(GOOD)[0]
    assert CODE == running.code()


def test_other_headers_that_are_too_long_are_not_reported(running: Running) -> None:
    """What does not carry this sign-in's state is not reported."""
    assert 431 == running.get("/?state=other", cookie="x" * 70000)[0]
    assert running.arrivals.empty()


def test_each_reason_is_reported_once(running: Running) -> None:
    """A flood of bogus redirects, while nobody listens to the reasons, delays nothing and repeats nothing."""
    for number in range(100):
        running.get(f"/?code=bogus&state={number}")
    running.get(GOOD)
    assert "state is not" in running.reason()
    assert CODE == running.code()


def test_r12_a_port_scan_disturbs_nothing(running: Running, capfd: pytest.CaptureFixture[str]) -> None:
    """R12: what is not HTTP is left to itself, prints nothing, and is not reported."""
    for data in (b"", b"\r\n\r\n", b"SSH-2.0-OpenSSH_9.6\r\n", b"\0\1\2\3\r\n\r\n"):
        send(running.port, data)
    assert 200 == running.get(GOOD)[0]
    assert CODE == running.code()
    assert ("", "") == capfd.readouterr()


def test_r13_idle_and_slow_connections_hold_up_nobody(running: Running) -> None:
    """R13: preconnects that stay idle, and a request that never ends, are served beside the redirect."""
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(connect(running.port))
        stack.enter_context(connect(running.port)).sendall(b"GET /?code=")
        assert 200 == running.get(GOOD)[0]  # in less than the half minute that each of these may stay idle
        assert CODE == running.code()


def test_r14_tls_on_the_port_is_hinted_at(running: Running) -> None:
    """R14: a browser that was upgraded to https gets no answer, the person a hint, and the wait goes on."""
    context = ssl.create_default_context()
    with connect(running.port) as connection, pytest.raises(OSError, match=r".") as caught:
        context.wrap_socket(connection, server_hostname="127.0.0.1")
    assert not isinstance(caught.value, TimeoutError)
    assert (
        "the browser tried https, but the redirect URI is http: change https:// to http:// in its address bar"
    ) == running.reason()
    assert 200 == running.get(GOOD)[0]
    assert CODE == running.code()


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost:{port}", "a b", "{name}/x"]
)
def test_r15_another_host_is_refused(host: str, running: Running) -> None:
    """R15: a page whose name was made to lead here (DNS rebinding) says its own name: a 4xx, reported if it is ours."""
    host = host.format(port=running.port, name=running.name)
    status, answer = running.get(GOOD, host=host)
    assert (421, False) == (status, "evil" in answer)
    assert (
        f"the redirect came for another host or port than http://{running.name}: change the start of the address in "
        "the browser to that, and load it again"
    ) == running.reason()
    running.get("/?code=bogus&state=bogus", host=host)
    assert running.arrivals.empty()


def test_r15_no_host_at_all_is_refused(running: Running) -> None:
    """R15: a request without a Host header, as of HTTP/1.0, comes from no browser."""
    assert b" 421 " in send(running.port, f"GET {GOOD} HTTP/1.0\r\n\r\n".encode())[:15]


def test_r19_a_request_line_of_70_kb_is_refused(running: Running) -> None:
    """R19: a line that no browser sends is 414, and the wait goes on."""
    status, answer = running.get(f"/?code={'x' * 70000}&state={STATE}")
    assert (414, False) == (status, "xxx" in answer)
    assert 200 == running.get(GOOD)[0]
    assert CODE == running.code()


def test_r21_the_redirect_may_come_before_anyone_waits(running: Running) -> None:
    """R21: what came before the browser call returned is there when it is waited for."""
    thread = threading.Thread(target=running.get, args=(GOOD,))
    thread.start()
    thread.join(LATE)
    assert CODE == running.code()


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '" onload="alert(1)', "'><img src=x>"])
def test_r22_nothing_of_the_redirect_is_in_the_page(text: str, running: Running) -> None:
    """R22: what the server says of an error reaches the program, not the page, whose style alone may be applied."""
    status, answer = running.get(f"/?error=access_denied&error_description={quote(text)}&state={STATE}")
    assert 200 == status
    assert not [word for word in ("alert", "onload=", "img src") if word in answer]
    assert "script-src" not in answer  # so default-src 'none' holds
    assert text == running.error().description


def test_nothing_is_accepted_before_a_request_is_expected() -> None:
    """The port is bound first, for a client to be registered with; until a request is made, all is stray."""
    arrivals: list[object] = []
    receiver = RedirectReceiver(None, on_redirect=arrivals.append, on_stray=arrivals.append, is_over=lambda: False)
    port = urlsplit(receiver.redirect_uri).port or 0
    assert b" 404 " in send(port, f"GET {GOOD} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())[:15]
    send(port, f"GET {GOOD} HTTP/1.1\r\nCookie: {'x' * 70000}\r\n\r\n".encode())
    receiver.close()
    assert [] == arrivals


def test_it_works_in_a_thread_that_is_not_the_main_one() -> None:
    """A program may sign in from any thread."""
    codes: list[str] = []

    def sign_in() -> None:
        with Running() as running:
            running.get(GOOD)
            codes.append(running.code())

    thread = threading.Thread(target=sign_in)
    thread.start()
    thread.join(LATE)
    assert [CODE] == codes


def test_ipv6_is_listened_on_when_it_is_the_redirect_uri() -> None:
    """The literal of the redirect URI decides which loopback address it is."""
    port = free_port("::1")
    with Running(f"http://[::1]:{port}/callback") as running:
        assert 200 == running.get(GOOD.replace("/", "/callback"))[0]
        assert (CODE, False) == (running.code(), is_listened_on(port))


@pytest.mark.parametrize("literal", ["127.0.0.1", "::1"])
def test_localhost_is_listened_on_at_both_addresses(literal: str) -> None:
    """A browser may look up `localhost` as either; it says the name, and neither literal."""
    with Running(f"http://localhost:{free_port()}") as running:
        running.literal = literal
        assert 421 == running.get(GOOD, host=f"127.0.0.1:{running.port}")[0]
        assert "another host" in running.reason()
        assert 200 == running.get(GOOD, host=f"LocalHost:{running.port}")[0]
        assert CODE == running.code()


def test_a_port_in_use_is_named() -> None:
    """Another program on the port, be it on one address of `localhost` alone, is an OSError that names it."""
    with Running() as running:
        port = running.port
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(OSError, match=f"cannot listen on port {port} of {host}: Address already in use"):
                Running(f"http://{host}:{port}/")


def test_a_query_of_the_redirect_uri_stays() -> None:
    """What the redirect URI has as a query comes back with the code, and is ignored."""
    with Running(f"http://127.0.0.1:{free_port()}/in?tenant=1") as running:
        assert 200 == running.get(f"/in?tenant=1&code={CODE}&state={STATE}")[0]
        assert CODE == running.code()


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


def test_r26_a_target_in_absolute_form_is_taken(running: Running) -> None:
    """R26: as a client sends it that believes to speak to a proxy; its host goes before that of the header."""
    assert 200 == running.get(f"http://{running.name}{GOOD}", host="evil.example")[0]
    assert CODE == running.code()


@pytest.mark.parametrize("twice", ["Host: {name}", "Content-Length: 0"])
def test_r26_a_header_that_stands_twice_is_refused(twice: str, running: Running) -> None:
    """R26: two Host or two Content-Length headers are two requests in one: 400."""
    head = (
        f"GET {GOOD} HTTP/1.1\r\nHost: {running.name}\r\nContent-Length: 0\r\n{twice.format(name=running.name)}\r\n\r\n"
    )
    assert b" 400 " in send(running.port, head.encode())[:15]


def test_r27_it_listens_on_loopback_alone(running: Running) -> None:
    """R27: of all the sockets of this process, none listens on another address."""
    with Sandbox() as sandbox:
        port = urlsplit(sandbox.server.issuer).port
        listening = [found for found in listening_addresses() if found[1] in {running.port, port}]
        assert [("127.0.0.1", running.port), ("127.0.0.1", port)] == sorted(listening, key=lambda each: each[1] == port)


def test_r27_localhost_is_both_loopback_addresses_and_no_other() -> None:
    """R27: the name stands for 127.0.0.1 and ::1."""
    with Running(f"http://localhost:{free_port()}/") as running:
        assert {"127.0.0.1", "::1"} == {host for host, port in listening_addresses() if port == running.port}
