"""What travels over a socket, byte by byte."""

import socket

from person import LATE


def connect(port: int, host: str = "127.0.0.1") -> socket.socket:
    """Open a connection."""
    return socket.create_connection((host, port), timeout=LATE)


def rest(connection: socket.socket) -> bytes:
    """Return all that still comes until the other side closes."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def send(port: int, data: bytes, host: str = "127.0.0.1") -> bytes:
    """Send bytes on a connection of their own, then no more, and return the whole answer."""
    with connect(port, host) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return rest(connection)


def is_listened_on(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether a port takes connections."""
    try:
        connect(port, host).close()
    except (ConnectionRefusedError, ConnectionResetError):  # the latter on its way to closing
        return False
    return True
