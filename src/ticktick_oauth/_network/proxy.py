"""Go through a proxy that the command was given: by CONNECT (RFC 9110 section 9.3.6), or by SOCKS."""

import socket
from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from urllib3.util import Url

if TYPE_CHECKING:
    from .connection import TLSConnection

_PORTS = {"http": 80, "https": 443}
_SOCKS_PORT = 1080


def connect_through(connection: "TLSConnection", proxy: Url) -> None:
    """Connect to a proxy, and have it connect to the host."""
    scheme, host = str(proxy.scheme), str(proxy.host).strip("[]")
    port = proxy.port or _PORTS.get(scheme, _SOCKS_PORT)
    user, _, password = (proxy.auth or "").partition(":")
    user, password = unquote(user), unquote(password)
    if scheme not in _PORTS:
        connection.connect_to(
            host, port, "the proxy ", lambda address: _socks(connection, scheme, address, user, password)
        )
        return
    credentials = b64encode(f"{user}:{password}".encode()).decode()
    headers = {"Proxy-Authorization": f"Basic {credentials}"} if proxy.auth else None
    connection.set_tunnel(connection.host, connection.port, headers)
    connection.connect_to(host, port, "the proxy ")
    if scheme == "https":
        connection.start_tls(host, "the proxy")
    connection.attempt.task = f"open a tunnel to {connection.attempt.host}"
    connection._tunnel()  # noqa: SLF001 - http.client's


def _socks(
    connection: "TLSConnection", scheme: str, address: tuple[Any, ...], user: str, password: str
) -> socket.socket:
    """Make a socket that reads a SOCKS proxy's answers within the time that is left."""
    import socks  # type: ignore[import-untyped]

    made: Any = socks.socksocket(address[0])
    version = socks.SOCKS5 if "5" in scheme else socks.SOCKS4
    # With the last letter, the proxy looks up the host's name.
    made.set_proxy(version, *address[-1][:2], scheme in {"socks4a", "socks5h"}, user, password)

    def recv_into(buffer: Any) -> int:  # noqa: ANN401 - `Buffer` has a name from Python 3.12 on
        made.settimeout(connection.attempt.left())
        return socket.socket.recv_into(made, buffer)

    made.recv_into = recv_into

    def connect(_: object) -> None:
        socks.socksocket.connect(made, (connection.host, connection.port))

    made.connect = connect
    # PySocks connects to both.
    connection.attempt.task = f"connect to {connection.attempt.host} through the proxy"
    return made  # type: ignore[no-any-return]
