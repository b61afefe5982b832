"""A forward proxy on loopback, as the script of a peer: plain requests in absolute form, and CONNECT."""

import re
import select
import socket

from .peer import Line


def forward(line: Line) -> None:
    """Pass one request on, or tunnel one connection, until a side hangs up."""
    line.receive_request()
    request = bytes(line.received)
    if connect := re.match(rb"CONNECT ([^ ]+):([0-9]+) ", request):
        host, port, head = connect[1], connect[2], b""
    else:
        absolute = re.match(rb"([A-Z]+) http://([^ :/]+):([0-9]+)([^ ]*) (.*)", request, re.DOTALL)
        assert absolute, request.partition(b"\r\n")[0]
        host, port, head = absolute[2], absolute[3], b"%s %s %s" % (absolute[1], absolute[4], absolute[5])
    with socket.create_connection((host.decode(), int(port)), timeout=10) as upstream:
        upstream.sendall(head)
        if connect:
            line.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        while True:
            readable, _, _ = select.select([line.connected, upstream], [], [], 10)
            if upstream in readable:
                data = upstream.recv(65536)
                line.connected.sendall(data)
                if not data:
                    return
            if line.connected in readable:
                start = len(line.received)
                if not line.receive():
                    return
                upstream.sendall(line.received[start:])
