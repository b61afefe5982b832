"""The receiver of the redirect, by raw sockets: rows R11 to R15, R19, R21 and R22 of the fault list, and strays."""

import socket
import ssl
import threading
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from person import free_port
from ticktick_oauth import AuthorizationRequest
from ticktick_oauth import AuthorizationResponse
from ticktick_oauth import Client
from ticktick_oauth._http_server import Request
from ticktick_oauth._loopback import RedirectReceiver
from ticktick_oauth.exceptions import AuthorizationError

STATE = "state-canary"
CODE = "code-canary"
GOOD = f"/?code={CODE}&state={STATE}"
SOON = 0.05
LATE = 10.0


class Running:
    """A receiver that listens, and the ways to speak to it."""

    def __init__(self, redirect_uri: str, host: str = "127.0.0.1") -> None:
        self.host = host
        self.port = free_port(host)
        client = Client(client_id="id", client_secret="secret-canary", redirect_uri=redirect_uri.format(port=self.port))
        self.told: list[str] = []
        self.receiver = RedirectReceiver(AuthorizationRequest(client=client, state=STATE), self.told.append)

    @property
    def name(self) -> str:
        """What a browser sends as Host."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def connect(self) -> socket.socket:
        """Open a connection."""
        return socket.create_connection((self.host, self.port), timeout=LATE)

    def send(self, data: bytes) -> bytes:
        """Send raw bytes on a connection of their own, and return all that comes until the other side closes."""
        with self.connect() as connection:
            connection.sendall(data)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def get(self, target: str, *, method: str = "GET", host: str | None = None) -> tuple[int, str]:
        """Make a request as a browser does, and return the status and the whole answer."""
        head = f"{method} {target} HTTP/1.1\r\nHost: {host or self.name}\r\nConnection: close\r\n\r\n"
        answer = self.send(head.encode("latin-1")).decode()
        return int(answer.split()[1]), answer

    def code(self) -> str:
        """Return the code that has come."""
        response = self.receiver.wait(LATE)
        assert isinstance(response, AuthorizationResponse)
        return response.code


@pytest.fixture
def running() -> Iterator[Running]:
    """Give a receiver that listens on a free port."""
    running = Running("http://127.0.0.1:{port}/")
    with running.receiver:
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
    assert [] == running.told


def test_nothing_comes_within_the_time(running: Running) -> None:
    """A wait that ends empty is None, and a later one may bring the code."""
    assert running.receiver.wait(SOON) is None
    running.get(GOOD)
    assert CODE == running.code()


def test_the_wait_ends_when_the_page_has_left(running: Running) -> None:
    """The redirect is read at once, and told when its answer is on its way."""
    answer = running.receiver._answer(Request(method="GET", target=GOOD, headers={"host": running.name}, body=b""))
    assert (200, None) == (answer.status, running.receiver.wait(0))
    answer.then()
    assert CODE == running.code()


def test_the_page_has_left_before_the_wait_ends() -> None:
    """Whoever closes the receiver as soon as the code is there cuts off no page."""
    for _ in range(10):
        running = Running("http://127.0.0.1:{port}/")
        with running.receiver:
            connection = running.connect()
            connection.sendall(f"GET {GOOD} HTTP/1.1\r\nHost: {running.name}\r\n\r\n".encode())
            assert CODE == running.code()
        with connection:
            answer = b"".join(iter(lambda: connection.recv(65536), b""))  # noqa: B023 - called at once
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b"</html>\n")


def test_a_browser_that_does_not_wait_for_the_page_is_heard(running: Running) -> None:
    """The code counts even when the connection is gone before the answer is."""
    with running.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.sendall(f"GET {GOOD} HTTP/1.1\r\nHost: {running.name}\r\n\r\n".encode())
    assert CODE == running.code()


def test_a_denial_is_an_error_with_a_page(running: Running) -> None:
    """The person's no ends the wait with the server's words."""
    status, answer = running.get(f"/?error=access_denied&state={STATE}")
    with pytest.raises(AuthorizationError) as caught:
        running.receiver.wait(LATE)
    assert (200, "access_denied") == (status, caught.value.error)
    assert "Access denied" in answer


def test_a_servers_error_has_the_page_of_errors(running: Running) -> None:
    """An error that is no denial is not called one."""
    status, answer = running.get(f"/?error=server_error&state={STATE}")
    with pytest.raises(AuthorizationError, match="server_error"):
        running.receiver.wait(LATE)
    assert (200, True) == (status, "This sign-in did not work" in answer)


def test_r11_a_reload_is_no_second_answer(running: Running) -> None:
    """R11: the same redirect again gets a 4xx and changes nothing, and in the end the port is closed."""
    running.get(GOOD)
    assert 410 == running.get(GOOD)[0]
    assert 410 == running.get(f"/?error=access_denied&state={STATE}")[0]
    assert CODE == running.code()
    running.receiver.__exit__()
    with pytest.raises(ConnectionRefusedError):
        running.connect()


@pytest.mark.parametrize(
    ("method", "target", "status", "told"),
    [
        pytest.param("GET", f"/?code={CODE}&state=other", 400, True, id="wrong-state"),
        pytest.param("GET", f"/?code={CODE}", 400, True, id="no-state"),
        pytest.param("GET", f"/?state={STATE}", 400, True, id="no-code"),
        pytest.param("GET", f"{GOOD}&code=twice", 400, True, id="code-twice"),
        pytest.param("GET", "/favicon.ico", 404, False, id="favicon"),
        pytest.param("GET", "/", 400, False, id="root"),
        pytest.param("GET", f"/elsewhere?code={CODE}&state={STATE}", 404, False, id="other-path"),
        pytest.param("GET", f"//evil.example{GOOD}", 404, False, id="two-slashes"),
        pytest.param("HEAD", GOOD, 405, False, id="head"),
        pytest.param("POST", GOOD, 405, False, id="post"),
        pytest.param("OPTIONS", GOOD, 405, False, id="options"),
        pytest.param("GET", f"http://127.0.0.1{GOOD}", 404, False, id="absolute-form"),
        pytest.param("CONNECT", "evil.example:443", 404, False, id="connect"),
    ],
)
def test_r12_strays_do_not_end_the_wait(method: str, target: str, status: int, *, told: bool, running: Running) -> None:
    """R12: what is not the redirect gets its 4xx without an echo of it; then the right one still counts."""
    met, answer = running.get(target, method=method)
    assert (status, told) == (met, bool(running.told))
    assert not [word for word in (CODE, STATE, "evil.example") if word in answer + str(running.told)]
    assert (method == "HEAD") == answer.endswith("\r\n\r\n")
    assert running.receiver.wait(SOON) is None
    assert 200 == running.get(GOOD)[0]
    assert CODE == running.code()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="connect-and-close"),
        pytest.param(b"\r\n\r\n", id="empty-lines"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="ssh"),
        pytest.param(b"\0\1\2\3\r\n\r\n", id="binary"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", id="200-headers"),
        pytest.param(b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", id="negative-length"),
    ],
)
def test_r12_a_port_scan_disturbs_nothing(data: bytes, running: Running, capfd: pytest.CaptureFixture[str]) -> None:
    """R12: what is no HTTP is left to itself, and prints nothing."""
    with running.connect() as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"" == answer or b"<!DOCTYPE html>" in answer
    assert 200 == running.get(GOOD)[0]
    assert CODE == running.code()
    assert ("", "") == capfd.readouterr()


def test_r13_idle_and_slow_connections_hold_up_nobody(running: Running) -> None:
    """R13: a preconnect that stays idle and a request that never ends are served beside, and cut off at the end."""
    with running.connect() as idle, running.connect() as slow:
        slow.sendall(b"GET /?code=")
        assert 200 == running.get(GOOD)[0]
        assert CODE == running.code()
        running.receiver.__exit__()
        assert b"" == idle.recv(1)
        assert b"" == slow.recv(1)


def test_r14_tls_on_the_port_is_hinted_at(running: Running) -> None:
    """R14: a browser that was upgraded to https gets no answer, the person a hint, and the wait goes on."""
    context = ssl.create_default_context()
    with running.connect() as connection, pytest.raises(OSError, match=r".") as caught:
        context.wrap_socket(connection, server_hostname="127.0.0.1")
    assert not isinstance(caught.value, TimeoutError)
    assert ["https"] == [word for told in running.told for word in ("https",) if word in told]
    assert 200 == running.get(GOOD)[0]
    assert CODE == running.code()


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost:{port}"]
)
def test_r15_another_host_is_refused(host: str, running: Running) -> None:
    """R15: a page whose name was made to lead here (DNS rebinding) says its own name, and gets a 4xx."""
    status, answer = running.get(GOOD, host=host.format(port=running.port))
    assert (421, False) == (status, "evil" in answer)
    assert running.receiver.wait(SOON) is None


def test_r15_no_host_at_all_is_refused(running: Running) -> None:
    """R15: a request without a Host header, as of HTTP/1.0, comes from no browser."""
    assert b" 421 " in running.send(f"GET {GOOD} HTTP/1.0\r\n\r\n".encode())[:15]


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
    with pytest.raises(AuthorizationError) as caught:
        running.receiver.wait(LATE)
    assert text == caught.value.description


def test_ipv6_is_listened_on_when_it_is_the_redirect_uri() -> None:
    """The literal of the redirect URI decides which loopback address it is."""
    running = Running("http://[::1]:{port}/callback", host="::1")
    with running.receiver:
        assert 200 == running.get(GOOD.replace("/", "/callback"))[0]
        assert CODE == running.code()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", running.port))


def test_localhost_is_listened_on_by_its_ipv4_literal() -> None:
    """`localhost` on ::1 may be another process; the browser comes to 127.0.0.1 and says the name."""
    running = Running("http://localhost:{port}")
    assert "127.0.0.1" == running.receiver._host  # not a name, which a resolver could lead elsewhere
    with running.receiver:
        assert 421 == running.get(GOOD)[0]
        assert 200 == running.get(GOOD, host=f"LocalHost:{running.port}")[0]
        assert CODE == running.code()


@pytest.mark.parametrize(
    ("redirect_uri", "port", "hosts"),
    [
        ("http://127.0.0.1/", 80, {"127.0.0.1", "127.0.0.1:80"}),
        ("http://127.0.0.1:80/", 80, {"127.0.0.1", "127.0.0.1:80"}),
        ("http://127.0.0.1:/", 80, {"127.0.0.1", "127.0.0.1:80"}),
        ("http://LOCALHOST", 80, {"localhost", "localhost:80"}),
        ("http://[::1]/", 80, {"[::1]", "[::1]:80"}),
        ("http://127.0.0.1:08080/", 8080, {"127.0.0.1:8080"}),
    ],
)
def test_the_default_port_may_be_left_out(redirect_uri: str, port: int, hosts: set[str]) -> None:
    """Port 80 need not stand in the redirect URI, nor in what the browser says as Host."""
    client = Client(client_id="id", client_secret="secret", redirect_uri=redirect_uri)
    receiver = RedirectReceiver(AuthorizationRequest(client=client))
    assert (port, hosts) == (receiver._port, receiver._hosts)


def test_a_query_of_the_redirect_uri_stays() -> None:
    """What the redirect URI has as a query comes back with the code, and is ignored."""
    running = Running("http://127.0.0.1:{port}/in?tenant=1")
    with running.receiver:
        assert 200 == running.get(f"/in?tenant=1&code={CODE}&state={STATE}")[0]
        assert CODE == running.code()


def test_a_fault_of_this_package_is_not_hidden(
    running: Running, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """An exception that is no peer's doing is shown, without the request, and the wait goes on."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("a fault")

    with monkeypatch.context() as patch:
        patch.setattr(AuthorizationRequest, "parse_response", fail)
        assert b"" == running.send(f"GET {GOOD} HTTP/1.1\r\nHost: {running.name}\r\n\r\n".encode())
    assert 200 == running.get(GOOD)[0]
    assert CODE == running.code()
    shown = capfd.readouterr().err
    assert "ZeroDivisionError: a fault" in shown
    assert not [word for word in (CODE, STATE) if word in shown]


def test_the_thread_and_the_port_are_gone_at_the_end(running: Running) -> None:
    """A block that was left leaves nothing behind."""
    with running.connect() as idle:
        idle.sendall(b"GET")
        running.receiver.__exit__()
    assert not running.receiver._thread.is_alive()
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", running.port))
