"""The small HTTP server of the receiver and the sandbox, by raw sockets: whatever comes, and however it ends."""

import resource
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from errno import EADDRINUSE, EADDRNOTAVAIL
from time import monotonic
from unittest.mock import Mock

import pytest
import trustme

from person import LATE, free_port
from processes import eventually, run_program, started
from raw import connect, is_listened_on, rest, send
from ticktick_oauth._sign_in import http_server as _server
from ticktick_oauth._sign_in.http_server import Answer, Listener, Request, page

GOOD = b"GET /a?b=c HTTP/1.1\r\nHost: here\r\n\r\n"


def echo(request: Request) -> Answer:
    """Answer with what was understood of a request."""
    return page(200, f"{request.method} {request.path} {request.query} {len(request.body)}".encode())


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Run a server."""
    with closing(Listener("127.0.0.1", 0, echo)) as listener:
        yield listener


def test_a_request_becomes_an_answer(listener: Listener) -> None:
    """Method, path, query and body of a request are what it says; the connection is for this one."""
    data = b"POST /a/b?c=d&e HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\nxyz"
    head, _, body = send(listener.port, data + GOOD).partition(b"\r\n\r\n")
    first, *lines = [line.rstrip() for line in head.split(b"\r\n")]
    assert b"HTTP/1.0 200 OK" == first
    assert {b"Server: ticktick-oauth", b"Content-Length: 17"} <= set(lines)
    assert b"POST /a/b c=d&e 3" == body


@pytest.mark.parametrize(
    ("status", "data"),
    [
        pytest.param(200, b"POST / HTTP/1.1\r\nContent-Length: 99999\r\n\r\n" + b"x" * 99999, id="body-of-100-kb"),
        pytest.param(400, b"POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100000, id="larger-body"),
        pytest.param(400, b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", id="negative-length"),
        pytest.param(400, b"POST / HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n", id="a-digit-that-is-none"),
        pytest.param(400, b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nxyz", id="body-cut-off"),
        pytest.param(400, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="chunked"),
        pytest.param(400, b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", id="r26-two-hosts"),
        pytest.param(400, b"GET / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", id="r26-two-lengths"),
        pytest.param(200, b"GET http://[ HTTP/1.1\r\n\r\n", id="half-an-address"),
        pytest.param(200, b"GET /\xe9 HTTP/1.1\r\n\r\n", id="not-ascii"),
        pytest.param(414, b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\n\r\n", id="r19-line-of-70-kb"),
        pytest.param(431, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", id="200-headers"),
        pytest.param(501, b"BREW / HTTP/1.1\r\n\r\n", id="another-method"),
        pytest.param(505, b"GET / HTTP/2.0\r\n\r\n", id="http-2"),
        pytest.param(400, b"\0\1\2\3\r\n\r\n", id="binary"),
        pytest.param(400, b"SSH-2.0-OpenSSH_9.6\r\n", id="ssh"),
        pytest.param(None, b"", id="nothing"),
        pytest.param(None, b"\r\n\r\n", id="two-line-ends"),
        pytest.param(None, b"GET / HT", id="half-a-line"),
    ],
)
def test_r12_whatever_comes_is_answered(
    status: int | None, data: bytes, listener: Listener, capfd: pytest.CaptureFixture[str]
) -> None:
    """R12: an answer arrives whole, whatever a request looks like; nothing is printed, and the next one is served."""
    answer = send(listener.port, data)
    if status is not None:
        assert status == int(answer.split()[1])
    if status not in {None, 200}:
        assert b"<p>The request cannot be read. If you" in answer
        assert b"</html>\n" == answer[-8:]
    assert b"GET /a b=c 0" in send(listener.port, GOOD)
    assert ("", "") == capfd.readouterr()


def test_a_stalled_handshake_delays_nobody_else() -> None:
    """A peer that connects to a TLS server and says nothing has its own thread to keep waiting."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    with ExitStack() as stack:
        port = stack.enter_context(closing(Listener("127.0.0.1", 0, echo, ssl_context=context))).port
        _, connection = (stack.enter_context(connect(port)) for _ in range(2))
        connection.settimeout(LATE)
        secure = stack.enter_context(trusted.wrap_socket(connection, server_hostname="127.0.0.1"))
        secure.sendall(GOOD)
        assert secure.recv(15) == b"HTTP/1.0 200 OK"


def test_a_mistake_of_this_package_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """When making an answer fails, the error goes where Python's threads put theirs."""
    raised: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda error: raised.append(error.exc_value))

    def fail(_: Request) -> Answer:
        raise ZeroDivisionError("a mistake")

    with closing(Listener("127.0.0.1", 0, fail)) as listener:
        assert b"" == send(listener.port, GOOD)
    eventually(lambda: raised)
    assert ["a mistake"] == [str(error) for error in raised]


def test_the_reprs_show_no_secret() -> None:
    """A request and an answer show neither targets, headers nor bodies, in which codes and tokens stand."""
    request = Request(method="GET", path="/canary", query="code=canary", headers={"a": "canary"}, body=b"canary")
    answer = Answer(status=302, headers={"Location": "/?code=canary"}, body=b"canary")
    assert ("Request(method='GET')", "Answer(status=302)") == (repr(request), repr(answer))


def test_r25_without_a_file_descriptor_the_connection_waits(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R25: a process that has run out of file descriptors serves the connection when one is free again."""
    failed = threading.Event()
    monkeypatch.setattr("time.sleep", lambda _: failed.set())
    send(listener.port, GOOD)  # what is imported at the first request is there
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as connection:
        connection.settimeout(LATE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            connection.connect(("127.0.0.1", listener.port))
            assert failed.wait(LATE)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        connection.sendall(GOOD)
        assert b"GET /a b=c 0" in rest(connection)


def test_r25_without_a_thread(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """R25: what cannot be served is closed; who begins to listen gets an OSError that says so, and the port is free."""
    port = free_port()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", Mock(side_effect=RuntimeError("can't start new thread")))
        with connect(listener.port) as connection:
            assert b"" == rest(connection)
        with pytest.raises(OSError, match=r"cannot listen: no thread can start \(can't start new thread\)$"):
            Listener("127.0.0.1", port, echo)
    Listener("127.0.0.1", port, echo).close()
    assert b"GET /a b=c 0" in send(listener.port, GOOD)


def test_the_end_breaks_off_what_is_open(listener: Listener) -> None:
    """Idle connections and requests that never end are cut off at the end; no thread stays, or holds up the process."""
    before = set(threading.enumerate())
    with connect(listener.port) as idle, connect(listener.port) as slow:
        slow.sendall(b"GET /")
        eventually(lambda: len(set(threading.enumerate()) - before) == 2)
        assert all(thread.daemon for thread in threading.enumerate() if thread.name.startswith("Thread"))
        listener.close()
        assert (b"", b"") == (rest(idle), rest(slow))
    eventually(lambda: set(threading.enumerate()) < before)
    assert not is_listened_on(listener.port)


@pytest.mark.parametrize(("grace", "is_answered"), [(LATE, True), (0.05, False)])
def test_the_end_waits_a_moment_for_an_answer(
    grace: float, monkeypatch: pytest.MonkeyPatch, *, is_answered: bool
) -> None:
    """An answer that is nearly made when all else ends is waited for, and arrives; another is left to its thread."""
    monkeypatch.setattr(_server, "_GRACE_SECONDS", grace)
    asked, go_on = threading.Event(), threading.Event()

    def answer_late(request: Request) -> Answer:
        asked.set()
        go_on.wait(LATE)
        return echo(request)

    with closing(Listener("127.0.0.1", 0, answer_late)) as listener, connect(listener.port) as connection:
        connection.sendall(GOOD)
        assert asked.wait(LATE)
        if is_answered:
            threading.Timer(0.1, go_on.set).start()
        listener.close()
        assert is_answered == go_on.is_set()
        go_on.set()
        assert not is_answered or b"GET /a b=c 0" in rest(connection)


def test_the_end_of_an_answer_is_seen_at_once(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the end of an answer while the server waits for what a peer still has to say."""
    monkeypatch.setattr(_server, "_GRACE_SECONDS", 2 * LATE)
    with connect(listener.port) as connection:
        connection.sendall(GOOD)
        assert b"GET /a b=c 0" in rest(connection)


@pytest.mark.parametrize(("taken", "other"), [("::1", "127.0.0.1"), ("127.0.0.1", "::1")])
def test_localhost_is_in_use_when_one_address_is(taken: str, other: str) -> None:
    """Another program on one of the two addresses would get the code, so the port counts as in use."""
    port = free_port()
    with closing(Listener(taken, port, echo)):
        with pytest.raises(OSError, match=f"cannot listen on port {port} of localhost: ") as caught:
            Listener("localhost", port, echo)
        assert EADDRINUSE == caught.value.errno
        assert not is_listened_on(port, other)


def test_localhost_without_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without IPv6 has no ::1 that another program could listen on."""
    bind = socket.socket.bind

    def fail(self: socket.socket, address: tuple[str, int]) -> None:
        if self.family == socket.AF_INET6:
            raise OSError(EADDRNOTAVAIL, "Cannot assign requested address")
        bind(self, address)

    monkeypatch.setattr(socket.socket, "bind", fail)
    with closing(Listener("localhost", 0, echo)) as listener:
        assert (True, False) == (is_listened_on(listener.port), is_listened_on(listener.port, "::1"))


def test_n31_the_system_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """N31: in its own words, which on Windows C's table of errors does not have."""
    monkeypatch.setattr(socket.socket, "bind", Mock(side_effect=OSError(10048, "in use, says Windows")))
    with pytest.raises(OSError, match=r"cannot listen on port 9 of 127\.0\.0\.1: in use, says Windows$"):
        Listener("127.0.0.1", 9, echo)


def test_a_port_can_be_used_again_at_once() -> None:
    """A connection that was closed here keeps its port for a minute, which does not keep the next sign-in from it."""
    with closing(Listener("127.0.0.1", 0, echo)) as listener, connect(listener.port) as connection:
        connection.sendall(GOOD)
        rest(connection)
    Listener("127.0.0.1", listener.port, echo).close()


def test_r24_of_too_many_connections_the_oldest_idle_goes(listener: Listener) -> None:
    """R24: 64 may wait; one more, and the first of them is closed, while a new request is answered."""
    with ExitStack() as stack:
        first, *_ = [stack.enter_context(connect(listener.port)) for _ in range(64)]
        assert b"GET /a b=c 0" in send(listener.port, GOOD)
        assert b"" == rest(first)


@pytest.mark.parametrize(("connections", "descriptors"), [(60, 32), (300, 256)])
def test_r24_held_connections_hold_up_nobody(connections: int, descriptors: int) -> None:
    """R24: whoever holds hundreds of connections leaves descriptors for the one that counts."""
    program = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({descriptors}, {descriptors}))
from ticktick_oauth._sign_in.http_server import Answer, Listener
print(Listener("127.0.0.1", 0, lambda _: Answer(status=200, body=b"here", headers=dict())).port, flush=True)
sys.stdin.read()
"""
    with started([sys.executable, "-c", program]) as process, ExitStack() as stack:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        for _ in range(connections):
            stack.enter_context(connect(port))
        began = monotonic()
        assert send(port, GOOD).endswith(b"here")
        assert monotonic() - began < LATE / 2


@pytest.mark.parametrize("trickle", [b"", b"GET /?a="], ids=["nothing", "a request"])
def test_r24_a_slow_peer_has_one_end(trickle: bytes, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """R24: the time for a request is that of all of it: a byte now and then does not renew it."""
    monkeypatch.setattr(_server, "_REQUEST_SECONDS", 0.3)
    end = monotonic() + LATE
    with connect(listener.port) as connection, suppress(ConnectionError):
        connection.settimeout(0.02)
        received = None
        while received != b"":
            assert monotonic() < end
            connection.sendall(trickle)
            trickle = trickle[-1:]
            with suppress(TimeoutError):
                received = connection.recv(1)


def test_r24_a_peer_that_takes_no_answer_has_one_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """R24: nor does it keep a thread by not reading what it asked for."""
    monkeypatch.setattr(_server, "_REQUEST_SECONDS", 0.2)
    with closing(Listener("127.0.0.1", 0, lambda _: page(200, bytes(1 << 26)))) as listener:
        before = set(threading.enumerate())
        with connect(listener.port) as connection:
            connection.sendall(GOOD)
            assert b"HTTP/1.0 " == connection.recv(9)
            eventually(lambda: before >= set(threading.enumerate()))


@pytest.mark.parametrize("more", [b"", b"x" * 65536], ids=["nothing", "a flood"])
def test_r24_what_follows_an_answer_is_read_for_a_moment(
    more: bytes, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R24: a peer that never hangs up keeps no thread, though it sends for ever after its 4xx."""
    monkeypatch.setattr(_server, "_GRACE_SECONDS", 0.2)
    before = set(threading.enumerate())
    end = monotonic() + LATE
    with connect(listener.port) as connection, suppress(ConnectionError):
        connection.sendall(b"BREW / HTTP/1.1\r\n\r\n")
        assert b"HTTP/1.0 " == connection.recv(9)
        connection.settimeout(0.05)
        while set(threading.enumerate()) - before:
            assert monotonic() < end
            with suppress(TimeoutError):
                connection.sendall(more)


INTERPRETER = """
try:
    import _interpreters as interpreters
except ImportError:  # before Python 3.13
    import _xxsubinterpreters as interpreters
made = interpreters.create()
interpreters.run_string(made, '''
from ticktick_oauth import sandbox, sign_in
for call in (lambda: sandbox.Sandbox().__enter__(), lambda: sign_in(open_browser=False)):
    try:
        call()
    except OSError as error:
        print(error.strerror.partition(" (")[0], flush=True)
''')
interpreters.destroy(made)
"""
DESCRIPTORS = """
import resource, socket
from ticktick_oauth._sign_in.http_server import Listener
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
try:
    Listener("127.0.0.1", 0, None)
except OSError as error:
    print(error.strerror)
"""


@pytest.mark.parametrize(
    ("program", "words"),
    [
        pytest.param(INTERPRETER, "cannot listen: no thread can start\n" * 2, id="a subinterpreter, without daemons"),
        pytest.param(DESCRIPTORS, "cannot listen on port 0 of 127.0.0.1: Too many open files\n", id="no descriptor"),
    ],
)
def test_r25_where_nobody_can_listen(program: str, words: str) -> None:
    """R25: an OSError says so, at once."""
    assert words == run_program(program)
