"""Serve the token endpoint that all competitors ask: one process of its own, on loopback, over TLS.

Started as ``python -m benchmarks.server FOLDER``; it writes the certificates to trust into the folder, and prints its
port. An answer leaves in one write, without Nagle's delay: else 40 ms of a delayed acknowledgement would hide every
difference.
"""

import re
import socket
import ssl
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

from .documents import COMMON

BUNDLE = "authorities.pem"
_HEAD = re.compile(rb"(?is).*?\r\ncontent-length: *([0-9]+)\r\n(?:.*?\r\n)?\r\n")
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: %d\r\n\r\n" % len(COMMON)
) + COMMON


def _read_request(connection: socket.socket) -> bool:
    """Read one request, body and all; return whether there was one."""
    request = b""
    while not (head := _HEAD.match(request)) or len(request) < head.end() + int(head[1]):
        chunk = connection.recv(65536)
        if not chunk:
            return False
        request += chunk
    return True


def _serve(plain: socket.socket, context: ssl.SSLContext) -> None:
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A client may leave at any moment.
    with suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
        while _read_request(connection):
            connection.sendall(_ANSWER)


def main() -> None:
    """Serve until killed."""
    import certifi
    import trustme

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    # Among as many others as a real client has to load.
    bundle = Path(certifi.where()).read_bytes() + b"\n" + authority.cert_pem.bytes()
    Path(sys.argv[1], BUNDLE).write_bytes(bundle)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)  # noqa: T201 - who started it reads this
        while True:
            Thread(target=_serve, args=(listener.accept()[0], context), daemon=True).start()


if __name__ == "__main__":
    main()
