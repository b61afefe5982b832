"""The small HTTP server of the receiver and the sandbox, by raw sockets: whatever comes, and however it ends."""

import os
import resource
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from errno import EADDRINUSE, EADDRNOTAVAIL
from time import monotonic

import pytest
import trustme

from person import LATE, free_port
from processes import eventually, started
from raw import connect, is_listened_on, rest, send
from ticktick_oauth._sign_in import listener as _listener
from ticktick_oauth._sign_in.http_server import Answer, Request, listen, page
from ticktick_oauth._sign_in.listener import Listener

GOOD = b"GET /a?b=c HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"


def echo(request: Request) -> Answer:
    """Answer with what was understood of a request."""
    return page(200, f"{request.method} {request.path} {request.query} {len(request.body)}".encode())


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Run a server."""
    with listen("127.0.0.1", 0, echo) as listener:
        yield listener


def test_a_request_becomes_an_answer(listener: Listener) -> None:
    """Method, path, query and body of a request are what it says."""
    data = b"POST /a/b?c=d&e HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\nConnection: close\r\n\r\nxyz"
    head, _, body = send(listener.port, data).partition(b"\r\n\r\n")
    lines = [line.rstrip() for line in head.split(b"\r\n")]
    assert [b"HTTP/1.1 200 OK", b"Server: ticktick-oauth"] == lines[:2]
    assert b"Content-Length: 17" in lines
    assert b"POST /a/b c=d&e 3" == body


def test_a_connection_serves_more_than_one_request(listener: Listener) -> None:
    """A connection stays open for the next request, as HTTP/1.1 has it."""
    data = b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nConnection: close\r\n\r\n"
    assert 2 == send(listener.port, data).count(b"HTTP/1.1 200 OK")


def test_an_answer_leaves_in_one_write(listener: Listener) -> None:
    """The whole answer comes in one piece, so that no delayed acknowledgement stands between its parts."""
    with connect(listener.port) as connection:
        connection.sendall(GOOD)
        assert connection.recv(65536).endswith(b"\r\n\r\nGET /a b=c 0")


@pytest.mark.parametrize(
    ("status", "data"),
    [
        pytest.param(413, b"POST / HTTP/1.1\r\nContent-Length: " + b"1" * 5000 + b"\r\n\r\n", id="5000-digits"),
        pytest.param(413, b"POST / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n" + b"x" * 65537, id="large-body"),
        pytest.param(400, b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", id="negative-length"),
        pytest.param(400, b"POST / HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n", id="a-digit-that-is-none"),
        pytest.param(400, b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nxyz", id="body-cut-off"),
        pytest.param(411, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="chunked"),
        pytest.param(200, b"GET http://[ HTTP/1.1\r\nConnection: close\r\n\r\n", id="half-an-address"),
        pytest.param(200, b"GET /\xe9 HTTP/1.1\r\nConnection: close\r\n\r\n", id="not-ascii"),
        pytest.param(414, b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\n\r\n", id="line-of-70-kb"),
        pytest.param(431, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", id="200-headers"),
        pytest.param(431, b"GET / HTTP/1.1\r\nCookie: " + b"x" * 70000 + b"\r\n\r\n", id="cookies-of-70-kb"),
        pytest.param(501, b"BREW / HTTP/1.1\r\n\r\n", id="another-method"),
        pytest.param(505, b"GET / HTTP/2.0\r\n\r\n", id="http-2"),
        pytest.param(400, b"\0\1\2\3\r\n\r\n", id="binary"),
        pytest.param(400, b"SSH-2.0-OpenSSH_9.6\r\n", id="ssh"),
    ],
)
def test_every_request_gets_an_answer(
    status: int, data: bytes, listener: Listener, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever a request looks like, its answer arrives whole; nothing is printed, and the next one is served."""
    answer = send(listener.port, data)
    assert status == int(answer.split()[1])
    assert b"<p>The request cannot be read. If you" in answer or status == 200
    assert b"</html>\n" == answer[-8:] or status == 200
    assert b"GET /a b=c 0" in send(listener.port, GOOD)
    assert ("", "") == capfd.readouterr()


def test_what_follows_a_refused_body_is_no_request(listener: Listener) -> None:
    """A connection ends with its 413, as the rest of that body would be read as the next request."""
    data = b"POST / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n" + GOOD
    assert 1 == send(listener.port, data).count(b"HTTP/1.1 ")


def test_a_body_of_exactly_64_kib_is_read(listener: Listener) -> None:
    """The limit itself is within it."""
    data = b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 65536\r\n\r\n" + b"x" * 65536
    assert send(listener.port, data).endswith(b" 65536")


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"GET / HT"])
def test_what_is_not_a_request_is_left_alone(
    data: bytes, listener: Listener, capfd: pytest.CaptureFixture[str]
) -> None:
    """A peer that connects and says nothing disturbs nobody."""
    send(listener.port, data)
    assert b"GET /a b=c 0" in send(listener.port, GOOD)
    assert ("", "") == capfd.readouterr()


def test_what_cannot_be_read_is_reported_by_its_first_line() -> None:
    """Who listens learns the first line of what was no request, or that a peer started TLS."""
    seen: list[bytes] = []
    with listen("127.0.0.1", 0, echo, on_unreadable=seen.append) as listener:
        send(listener.port, b"GET /x HTTP/1.1\r\nCookie: " + b"x" * 70000 + b"\r\n\r\n")
        with connect(listener.port) as connection, suppress(OSError):
            ssl.create_default_context().wrap_socket(connection, server_hostname="127.0.0.1")
    assert [b"GET /x HTTP/1.1\r\n", b"\x16"] == seen


def test_a_stalled_handshake_delays_nobody_else() -> None:
    """A peer that connects to a TLS server and says nothing has its own thread to keep waiting."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    with ExitStack() as stack:
        port = stack.enter_context(listen("127.0.0.1", 0, echo, ssl_context=context)).port
        _, connection = (stack.enter_context(connect(port)) for _ in range(2))
        connection.settimeout(LATE)
        secure = stack.enter_context(trusted.wrap_socket(connection, server_hostname="127.0.0.1"))
        secure.sendall(GOOD)
        assert secure.recv(15) == b"HTTP/1.1 200 OK"


def test_a_mistake_of_this_package_is_answered_and_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """When making an answer fails, the peer sees a page of it, the error goes where Python's threads put theirs."""
    raised: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda error: raised.append(error.exc_value))

    def fail(_: Request) -> Answer:
        raise ZeroDivisionError("a mistake")

    with listen("127.0.0.1", 0, fail) as listener:
        answer = send(listener.port, GOOD)
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"<p>This program made a mistake. If you" in answer
    assert ["a mistake"] == [str(error) for error in raised]


def test_nothing_is_taken_by_position() -> None:
    """The parts of a request and of an answer have names and no order."""
    with pytest.raises(TypeError, match="positional argument"):
        Request("GET", "/", {}, b"")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional argument"):
        Answer(200, b"", {})  # type: ignore[call-arg]


def test_the_reprs_show_no_secret() -> None:
    """A request and an answer show neither targets, headers nor bodies, in which codes and tokens stand."""
    request = Request(method="GET", target="/?code=canary", headers={"authorization": "canary"}, body=b"canary")
    answer = Answer(status=302, headers={"Location": "/?code=canary"}, body=b"canary", on_sent=lambda: None)
    assert ("Request(method='GET')", "Answer(status=302)") == (repr(request), repr(answer))


def test_without_a_file_descriptor_the_connection_waits(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has run out of file descriptors serves the connection when one is free again."""
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


def test_without_a_thread_the_connection_is_closed(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that can start no more threads closes what it cannot serve, and goes on."""

    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        with connect(listener.port) as connection:
            assert b"" == rest(connection)
    assert b"GET /a b=c 0" in send(listener.port, GOOD)


def test_the_end_breaks_off_what_is_open(listener: Listener) -> None:
    """Idle connections and requests that never end are cut off at the end, and no thread stays."""
    threads = threading.active_count() - 1
    with connect(listener.port) as idle, connect(listener.port) as slow:
        slow.sendall(b"GET /")
        eventually(lambda: threading.active_count() == threads + 3)
        listener.close()
        assert (b"", b"") == (rest(idle), rest(slow))
    assert (threads, False) == (threading.active_count(), is_listened_on(listener.port))


def test_the_end_does_not_wait_long_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that is busy with an answer when all else ends is left to itself after a moment."""
    monkeypatch.setattr(_listener, "_END_SECONDS", 0.05)
    asked, go_on = threading.Event(), threading.Event()

    def answer_late(request: Request) -> Answer:
        asked.set()
        go_on.wait(LATE)
        return echo(request)

    with listen("127.0.0.1", 0, answer_late) as listener, connect(listener.port) as connection:
        connection.sendall(GOOD)
        assert asked.wait(LATE)
        began = monotonic()
        listener.close()
        ended = monotonic()
        go_on.set()
    assert ended - began < LATE / 2


def test_the_end_waits_for_an_answer_that_is_nearly_done() -> None:
    """A thread that ends a little after all else is waited for."""
    asked, go_on = threading.Event(), threading.Event()
    answered: list[Request] = []

    def answer_soon(request: Request) -> Answer:
        asked.set()
        go_on.wait(LATE)
        answered.append(request)
        return echo(request)

    with listen("127.0.0.1", 0, answer_soon) as listener, connect(listener.port) as connection:
        connection.sendall(GOOD)
        assert asked.wait(LATE)
        threading.Timer(0.1, go_on.set).start()
        listener.close()
        assert 1 == len(answered)


def test_the_end_of_an_answer_is_seen_at_once(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the end of an answer while the server waits for what a peer still has to say."""
    monkeypatch.setattr(_listener, "_DRAIN_SECONDS", 2 * LATE)
    with connect(listener.port) as connection:
        connection.sendall(GOOD)
        assert b"GET /a b=c 0" in rest(connection)


def test_a_peer_that_never_hangs_up_keeps_no_thread(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a peer still has to say is waited for as long as its answer takes to arrive, and no longer."""
    monkeypatch.setattr(_listener, "_DRAIN_SECONDS", 0.05)
    threads = threading.active_count()
    with connect(listener.port) as connection:
        connection.sendall(GOOD)
        assert b"GET /a b=c 0" in rest(connection)
        eventually(lambda: threading.active_count() <= threads)


def test_no_answer_waits_for_an_acknowledgement(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nagle's algorithm, by which an answer waits until the peer acknowledged the one before, is off."""
    options: list[tuple[object, ...]] = []
    monkeypatch.setattr(socket.socket, "setsockopt", lambda _, *option: options.append(option))
    send(listener.port, GOOD)
    assert (socket.IPPROTO_TCP, socket.TCP_NODELAY, True) in options


def test_no_thread_keeps_the_process_from_ending(listener: Listener) -> None:
    """The interpreter waits for threads that are not daemons, and here are none."""
    with connect(listener.port) as idle:
        idle.sendall(GOOD)
        rest(idle)
        others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
        assert [] == [thread for thread in others if not thread.daemon and thread.name.startswith("Thread")]


def test_localhost_is_both_addresses() -> None:
    """A name that a browser may look up as 127.0.0.1 or as ::1 is listened on at both."""
    with listen("localhost", 0, echo) as listener:
        for host in ("127.0.0.1", "::1"):
            assert b"GET /a b=c 0" in send(listener.port, GOOD, host)


@pytest.mark.parametrize(("taken", "other"), [("::1", "127.0.0.1"), ("127.0.0.1", "::1")])
def test_localhost_is_in_use_when_one_address_is(taken: str, other: str) -> None:
    """Another program on one of the two addresses would get the code, so the port counts as in use."""
    port = free_port()
    with listen(taken, port, echo):
        with pytest.raises(OSError, match=f"cannot listen on port {port} of localhost: ") as caught:
            listen("localhost", port, echo)
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
    with listen("localhost", 0, echo) as listener:
        assert (True, False) == (is_listened_on(listener.port), is_listened_on(listener.port, "::1"))


def open_connections(stack: ExitStack, port: int, count: int) -> list[socket.socket]:
    """Open connections that say nothing."""
    return [stack.enter_context(connect(port)) for _ in range(count)]


@pytest.mark.skipif(os.name != "posix", reason="on Windows another program could take the port")
def test_a_port_can_be_used_again_at_once() -> None:
    """A connection that was closed here keeps its port for a minute, which does not keep the next sign-in from it."""
    with listen("127.0.0.1", 0, echo) as listener, connect(listener.port) as connection:
        connection.sendall(GOOD)
        rest(connection)
    with listen("127.0.0.1", listener.port, echo) as again:
        assert again.port == listener.port


def test_r24_of_too_many_connections_the_oldest_idle_goes(listener: Listener) -> None:
    """R24: 64 may wait; one more, and the first of them is closed, while a new request is answered."""
    with ExitStack() as stack:
        first, *_ = open_connections(stack, listener.port, 64)
        assert b"GET /a b=c 0" in send(listener.port, GOOD)
        assert b"" == rest(first)


@pytest.mark.parametrize(("connections", "descriptors"), [(300, 256), (1100, 1024)])
def test_r24_held_connections_hold_up_nobody(connections: int, descriptors: int) -> None:
    """R24: whoever holds hundreds of connections leaves descriptors for the one that counts."""
    program = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({descriptors}, {descriptors}))
from ticktick_oauth._sign_in.http_server import listen, page
with listen("127.0.0.1", 0, lambda request: page(200, b"here")) as listener:
    print(listener.port, flush=True)
    sys.stdin.read()
"""
    with started([sys.executable, "-c", program]) as process, ExitStack() as stack:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        open_connections(stack, port, connections)
        began = monotonic()
        assert send(port, GOOD).endswith(b"here")
        assert monotonic() - began < LATE / 2


@pytest.mark.parametrize("trickle", [b"GET /?a=", b""], ids=["a request", "nothing"])
def test_r24_a_slow_peer_has_one_end(trickle: bytes, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """R24: the time for a request is that of all of it: a byte now and then does not renew it."""
    monkeypatch.setattr(_listener, "REQUEST_SECONDS", 0.3)
    with connect(listener.port) as connection:
        connection.settimeout(LATE)
        ended = threading.Event()

        def drip() -> None:
            with suppress(OSError):
                connection.sendall(trickle)
                while trickle and not ended.wait(0.02):
                    connection.sendall(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        with suppress(ConnectionError):
            assert b"" == connection.recv(1)
        ended.set()
        thread.join(LATE)


def test_r24_a_peer_that_sends_for_ever_after_its_answer_has_an_end(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R24: what follows a 4xx is read for a moment, however much it is."""
    monkeypatch.setattr(_listener, "_DRAIN_SECONDS", 0.2)
    end = monotonic() + LATE
    with connect(listener.port) as connection:
        connection.sendall(b"BREW / HTTP/1.1\r\n\r\n")
        with suppress(ConnectionError):
            while monotonic() < end:
                connection.sendall(b"x" * 65536)
    assert monotonic() < end


def test_r25_without_a_thread_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """R25: no thread can start, as in a subinterpreter without daemons: an OSError says so, and the port is free."""
    port = free_port()

    def fail(_: threading.Thread) -> None:
        raise RuntimeError("daemon threads are disabled in this interpreter")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        with pytest.raises(OSError, match="cannot listen: no thread can start"):
            listen("127.0.0.1", port, echo)
    listen("127.0.0.1", port, echo).close()


def test_r25_in_a_subinterpreter() -> None:
    """R25: an isolated interpreter has no daemon threads: the sandbox and a sign-in are an OSError that says so."""
    inner = """
from ticktick_oauth import sandbox, sign_in
for call in (lambda: sandbox.Sandbox().__enter__(), lambda: sign_in(open_browser=False)):
    try:
        call()
    except OSError as error:
        print(error.strerror.partition(" (")[0], flush=True)
"""
    program = f"""
try:
    import _interpreters as interpreters
except ImportError:  # before Python 3.13
    import _xxsubinterpreters as interpreters
made = interpreters.create()
interpreters.run_string(made, {inner!r})
interpreters.destroy(made)
"""
    with started([sys.executable, "-c", program]) as process:
        out, errors = process.communicate(timeout=LATE)
    assert ("cannot listen: no thread can start\n" * 2, "") == (out, errors)


def test_r25_without_a_descriptor_nobody_listens() -> None:
    """R25: no descriptor is left: an OSError that says so, at once."""
    program = """
import resource, socket
from ticktick_oauth._sign_in.http_server import listen
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
try:
    listen("127.0.0.1", 0, None)
except OSError as error:
    print(error.strerror)
"""
    with started([sys.executable, "-c", program]) as process:
        out, errors = process.communicate(timeout=LATE)
    assert ("cannot listen on port 0 of 127.0.0.1: Too many open files\n", "") == (out, errors)


def test_what_a_child_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """It closes its copies of all that is listened on."""
    with socket.socket() as one:
        monkeypatch.setattr(_listener, "_listening", [one])
        _listener._close_in_child()
        assert -1 == one.fileno()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_does_not_keep_the_port() -> None:
    """A process that is forked meanwhile has none of the threads, and closes what they listened on."""
    program = """
import os, socket, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads
from ticktick_oauth._sign_in.http_server import listen
listener = listen("127.0.0.1", 0, None)
ready, end = os.pipe(), os.pipe()
if os.fork() == 0:
    os.close(1)
    os.close(end[1])
    os.write(ready[1], b"x")
    os.read(end[0], 1)  # until the parent is gone
    os._exit(0)
os.read(ready[0], 1)
listener.close()
print(socket.socket().connect_ex(("127.0.0.1", listener.port)) != 0, flush=True)
"""
    with started([sys.executable, "-c", program]) as process:
        out, _ = process.communicate(timeout=LATE)
    assert "True\n" == out
