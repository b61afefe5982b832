"""A server of raw sockets that plays a script to each connection and keeps what it was sent."""

import re
import select
import socket
import ssl
import struct
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from urllib.parse import parse_qs
from uuid import uuid4

LOOPBACK = "127.0.0.1"
# Longer than any of the tests' own deadlines; nothing waits for it unless a test fails.
_PATIENCE = 20.0
# For a script to end when its test does: a connection that was left open would keep it longer.
_END = 5.0


class Line:
    """One connection, as the server has it."""

    def __init__(self, connected: socket.socket, peer: "Peer") -> None:
        self.connected = connected
        self.peer = peer
        self.received = bytearray()

    def receive(self) -> bool:
        """Take what the other side sends next; false at its end."""
        data = self.connected.recv(65536)
        self.received += data
        return bool(data)

    def receive_request(self) -> None:
        """Take one whole request: its headers and, by their Content-Length, its body."""
        start = len(self.received)
        while not (head := re.search(rb"\r\n\r\n", self.received[start:])):
            if not self.receive():
                return
        length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", self.received[start : start + head.end()])
        end = start + head.end() + (int(length[1]) if length else 0)
        while len(self.received) < end and self.receive():
            pass
        self.peer.asked.set()

    def send(self, data: bytes) -> None:
        """Send bytes, with the secrets that they echo."""
        self.connected.sendall(self.peer.fill(data))

    def answer(self, status: int, body: bytes = b"", *headers: str, connection: str = "close") -> None:
        """Send an answer with a Content-Length."""
        body = self.peer.fill(body)
        lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(body)}", f"Connection: {connection}", *headers]
        self.send("".join(f"{line}\r\n" for line in lines).encode("latin-1") + b"\r\n" + body)

    def drip(self, data: bytes, interval: float = 0.02) -> None:
        """Send one byte after the other, with pauses, until the other side hangs up."""
        for byte in self.peer.fill(data):
            if self.peer.stopped.wait(interval):
                return
            self.connected.sendall(bytes([byte]))

    def ignore_request(self) -> None:
        """Take one request, and say nothing until the other side hangs up."""
        self.receive_request()
        self.hold()

    def hold(self) -> None:
        """Say nothing until the other side hangs up."""
        while self.receive():
            pass

    def end(self) -> None:
        """Send a FIN and take what still comes, so that nothing is answered with a RST."""
        self.connected.shutdown(socket.SHUT_WR)
        self.hold()

    def reset(self) -> None:
        """Send a RST."""
        self.connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connected.close()


Script = Callable[[Line], object]


class Peer:
    """The server, on a port of its own on loopback, for the time of a ``with`` block.

    Its counts are complete when the block ends.
    """

    def __init__(
        self, script: Script, *, tls: ssl.SSLContext | None = None, fill: Callable[[bytes], bytes] = bytes
    ) -> None:
        self.script = script
        self.tls = tls
        self.fill = fill
        self.lines: list[Line] = []
        self.stopped = threading.Event()
        self.met = threading.Event()
        """Set once it has accepted a connection."""
        self.asked = threading.Event()
        """Set once a whole request has come."""
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]

    def url(self, host: str = LOOPBACK) -> str:
        """Return the address of its token endpoint."""
        return f"http{'s' if self.tls else ''}://{host}:{self.port}/oauth/token"

    @property
    def connections(self) -> int:
        """How many connections it accepted."""
        return len(self.lines)

    @property
    def requests(self) -> int:
        """How many requests came, in whole or in part."""
        return sum(len(re.findall(rb"(?:GET|POST) [^ ]+ HTTP/", line.received)) for line in self.lines)

    @property
    def received(self) -> bytes:
        """All that came, over all connections, as it was before TLS."""
        return b"".join(line.received for line in self.lines)

    def __enter__(self) -> "Peer":  # noqa: PYI034 - `Self` has a name from Python 3.11 on
        self._threads[0].start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.stopped.set()
        # A connection of its own wakes the listener up.
        with socket.socket() as waker:
            waker.connect((LOOPBACK, self.port))
        self._threads[0].join(_PATIENCE)
        self._listener.close()
        for thread in self._threads:
            thread.join(_END)
        if kind is None:
            assert not [thread for thread in self._threads if thread.is_alive()]

    def _accept(self) -> None:
        while True:
            connected, _ = self._listener.accept()
            if self.stopped.is_set():
                connected.close()
                return
            thread = threading.Thread(target=self._play, args=(connected,))
            self._threads.append(thread)
            thread.start()

    def _play(self, connected: socket.socket) -> None:
        connected.settimeout(_PATIENCE)
        line = Line(connected, self)
        self.lines.append(line)
        self.met.set()
        # That the other side hangs up is what most scripts are about.
        with suppress(OSError):
            try:
                if self.tls:
                    line.connected = self.tls.wrap_socket(connected, server_side=True)
                self.script(line)
            finally:
                line.connected.close()
                # Thousands of lines may be kept; their TLS states would be most of what they take.
                line.connected = connected


def issuing(issued: dict[str, str], *, before: Callable[[], object] = lambda: None) -> Script:
    """Answer each request on a connection with a token of its own, kept by its code."""

    def play(line: Line) -> None:
        while True:
            start = len(line.received)
            line.receive_request()
            form = line.received[start:].partition(b"\r\n\r\n")[2]
            if not form:
                return
            before()
            code = parse_qs(form.decode("ascii"))["code"][0]
            assert code not in issued
            issued[code] = str(uuid4())
            body = b'{"access_token":"%s","expires_in":1}' % issued[code].encode()
            line.answer(200, body, "Set-Cookie: a=b", connection="keep-alive")

    return play


def tunnel(port: int, user: str = "", password: str = "") -> Script:
    """Tunnel by CONNECT, or by SOCKS 5, to a port of loopback; with a user, for nobody else."""

    def play(line: Line) -> None:
        line.receive()
        if line.received.startswith(b"\x05"):
            let_in = _answer_socks(line, user.encode(), password.encode())
        else:
            credentials = b"Basic " + b64encode(f"{user}:{password}".encode()) if user else b""
            let_in = credentials in line.received
            line.connected.sendall(b"HTTP/1.1 %d Reason\r\n\r\n" % (200 if let_in else 407))
        if let_in:
            with socket.create_connection((LOOPBACK, port)) as upstream:
                _pipe(line.connected, upstream)

    return play


def _answer_socks(line: Line, user: bytes, password: bytes) -> bool:
    line.connected.sendall(b"\x05\x02" if user else b"\x05\x00")
    line.receive()
    if user:  # RFC 1929
        let_in = line.received.endswith(b"\x01%c%s%c%s" % (len(user), user, len(password), password))
        line.connected.sendall(b"\x01\x00" if let_in else b"\x01\x01")
        if not let_in:
            return False
        line.receive()
    line.connected.sendall(b"\x05\x00\x00\x01" + bytes(6))
    return True


def _pipe(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until a side hangs up."""
    ways = {one: other, other: one}
    while True:
        for source in select.select(list(ways), [], [], 20)[0]:
            data = source.recv(65536)
            if not data:
                return
            ways[source].sendall(data)


@contextmanager
def black_hole() -> Iterator[int]:
    """Open a port that answers no SYN: its queue of connections is full and nobody accepts."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((LOOPBACK, 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@contextmanager
def closed_port() -> Iterator[int]:
    """Keep a port on which nobody listens and that nobody else can take."""
    with socket.socket() as bound:
        bound.bind((LOOPBACK, 0))
        yield bound.getsockname()[1]
