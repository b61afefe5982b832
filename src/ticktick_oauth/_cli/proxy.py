"""Go through the environment's proxy: by CONNECT (RFC 9110 section 9.3.6), or by SOCKS."""

import re
import socket
from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from attrs import field, frozen

from .output import USAGE, Stop

if TYPE_CHECKING:
    from .._network.connection import TLSConnection

_PORTS = {"http": 80, "https": 443}
_SOCKS_PORT = 1080


@frozen(kw_only=True)
class Proxy:
    """A proxy, by its scheme, host and port, and what it asks for."""

    scheme: str
    host: str
    port: int
    credentials: tuple[str, str] | None = field(repr=False)
    """A user name and a password."""

    @classmethod
    def parse(cls, text: str) -> "Proxy":
        """Read an address, http without a scheme; one that cannot be used is a `Stop` that shows none of it."""
        from importlib.util import find_spec

        scheme, separator, rest = text.partition("://")
        scheme, rest = (scheme.lower(), rest) if separator else ("http", text)
        auth, _, location = rest.rpartition("@")
        match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?/?", location)
        # RFC 3986 section 3.2: these end the user information; a part of a password would be taken for the host.
        if re.search(r"[@/\\?#\s]", auth):
            reason = "percent-encode its user name and password: @ is %40, / %2F, \\ %5C, # %23, ? %3F"
        elif match is None or not 0 < int(match[2] or 1) < 65536 or not re.fullmatch("https?|socks(4a?|5h?)", scheme):
            reason = "its address must be like http://HOST:PORT or socks5h://HOST:PORT"
        elif scheme.startswith("socks") and find_spec("socks") is None:
            reason = "SOCKS needs PySocks: pip install PySocks, uv tool install --with PySocks ticktick-oauth, or "
            reason += "pipx inject ticktick-oauth PySocks"
        else:
            user, _, password = map(unquote, auth.partition(":"))
            port = int(match[2] or _PORTS.get(scheme, _SOCKS_PORT))
            credentials = (user, password) if auth else None
            return cls(scheme=scheme, host=match[1].strip("[]"), port=port, credentials=credentials)
        raise Stop(f"the environment's proxy cannot be used: {reason}; --no-proxy goes without", USAGE)

    def connect(self, connection: "TLSConnection") -> None:
        """Connect to the proxy, and have it connect to the host."""
        if self.scheme not in _PORTS:
            connection.connect_to(self.host, self.port, "the proxy ", lambda address: self._socks(connection, address))
            return
        headers = None
        if self.credentials:
            headers = {"Proxy-Authorization": f"Basic {b64encode(':'.join(self.credentials).encode()).decode()}"}
        connection.set_tunnel(connection.host, connection.port, headers)
        connection.connect_to(self.host, self.port, "the proxy ")
        if self.scheme == "https":
            connection.start_tls(self.host, "the proxy")
        connection.attempt.task = f"open a tunnel to {connection.attempt.host}"
        connection._tunnel()  # noqa: SLF001 - http.client's

    def _socks(self, connection: "TLSConnection", address: tuple[Any, ...]) -> socket.socket:
        """Make a socket that reads a SOCKS proxy's answers within the time that is left."""
        import socks  # type: ignore[import-untyped]

        made: Any = socks.socksocket(address[0])
        version = socks.SOCKS5 if "5" in self.scheme else socks.SOCKS4
        # With the last letter, the proxy looks up the host's name.
        remote_names = self.scheme in {"socks4a", "socks5h"}
        made.set_proxy(version, *address[-1][:2], remote_names, *(self.credentials or ("", "")))

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
