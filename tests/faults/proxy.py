"""A proxy on loopback, as the script of a peer: it tunnels to one port, whatever host it is asked for."""

import select
import socket
from base64 import b64encode

from .peer import LOOPBACK, Line, Script


def tunnel(port: int, user: str = "", password: str = "") -> Script:
    """Tunnel by CONNECT, or by SOCKS 5, to a port of loopback; with a user, for nobody else."""

    def play(line: Line) -> None:
        line.receive()
        if line.received.startswith(b"\x05"):
            let_in = _answer_socks(line, user.encode(), password.encode())
        else:
            credentials = b64encode(f"{user}:{password}".encode()) if user else b""
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
