"""Run a local authorization server that answers as TickTick's does, for demos and for tests of programs that sign in.

It serves loopback only, keeps all in memory, and its tokens open nothing.
"""

import json
import secrets
import time
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from .._checks import check_text, check_type
from .._network.calls import MAX_TIMEOUT, check_timeout
from .._protocol.authorization import AuthorizationRequest
from .._protocol.client import DEFAULT_REDIRECT_URI, Client
from .._protocol.server import AuthorizationServer
from .._sign_in.http_server import Answer, Listener
from ._authority import AUTHORIZATION_PATH, Authority, ReceivedRequest
from ._ledger import RegisteredClient

if TYPE_CHECKING:
    from ssl import SSLContext
else:
    SSLContext = object  # for typing.get_type_hints: ssl loads late

__all__ = ["ReceivedRequest", "Sandbox"]

# Seconds that a person's browser would wait.
_PATIENCE = 30.0
# TickTick's tokens have been seen with 180 days less a second.
_LIFETIME = 15_551_999


class Sandbox:
    """A threaded server on 127.0.0.1, for the time of a ``with`` block.

    It issues one token per client, user and scope: a second sign-in brings the same with less time, as TickTick's does.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        ssl_context: "SSLContext | None" = None,
        auto_approve: bool = True,
        check_pkce: bool = True,
        lifetime: int = _LIFETIME,
    ) -> None:
        """Prepare a sandbox.

        Args:
            port: The port to listen on; 0 takes a free one.
            ssl_context: A server's context with its certificate loaded, to speak TLS; None for plain HTTP.
            auto_approve: Whether the authorization endpoint approves by itself; if not, it shows a consent page.
            check_pkce: Whether the code verifier of a client with a secret is checked, where it sent a challenge. The
                software that TickTick appears to run does not. A public client's is always required and checked.
            lifetime: Seconds that a token is good for; after them, the next sign-in brings another.

        Raises:
            TypeError: port or lifetime is not a whole number, or ssl_context no SSLContext.
            ValueError: port is not 0 to 65535.

        """
        if not 0 <= check_type("port", port, int) <= 65535:
            raise ValueError("port must be 0 to 65535")
        check_type("lifetime", lifetime, int)
        if ssl_context is not None:
            import ssl

            check_type("ssl_context", ssl_context, ssl.SSLContext)
        self._port = port
        self._ssl_context = ssl_context
        self._authority = Authority(
            auto_approve=auto_approve, check_pkce=check_pkce, lifetime=lifetime, clock=time.monotonic
        )

    def __enter__(self) -> "Sandbox":  # noqa: PYI034 - `typing.Self` is younger than Python 3.10
        """Start to listen; an OSError names a port that cannot be had, and a RuntimeError says that it is running."""
        if self._authority.server is not None:
            raise RuntimeError("the sandbox is running already: make another")
        self._http = Listener("127.0.0.1", self._port, self._authority.answer, ssl_context=self._ssl_context)
        self._authority.open(f"{'http' if self._ssl_context is None else 'https'}://127.0.0.1:{self._http.port}")
        return self

    def __exit__(self, *_: object) -> None:
        self._authority.close()
        self._http.close()

    @property
    def requests(self) -> list[ReceivedRequest]:
        """What the token endpoint was asked so far, in the order of arrival."""
        return self._authority.requests

    @property
    def server(self) -> AuthorizationServer:
        """The server's addresses, for the time of the ``with`` block.

        Raises:
            RuntimeError: the sandbox is not running.

        """
        if self._authority.server is None:
            raise RuntimeError("the sandbox is not running: use it in a with block (with Sandbox() as sandbox: ...)")
        return self._authority.server

    def client(self, *, redirect_uri: str = DEFAULT_REDIRECT_URI) -> Client:
        """Register a client, with a fresh id and secret.

        Raises:
            RuntimeError: the sandbox is not running.
            TypeError: redirect_uri is not a str.
            ValueError: it is not an address for a code.

        """
        server = self.server
        secret = secrets.token_urlsafe(24)
        registered = RegisteredClient(client_secret=secret, redirect_uris=(redirect_uri,))
        client = Client(client_id=registered.client_id, client_secret=secret, redirect_uri=redirect_uri, server=server)
        self._authority.ledger.clients[client.client_id] = registered
        return client

    def sign_in(self, request: AuthorizationRequest, *, user: str = "user", deny: bool = False) -> str:
        """Play the person in the browser, over HTTP: open the authorization URL and allow, or deny.

        Returns:
            The URL that the browser is sent to, for ``request.parse_response``.

        Raises:
            RuntimeError: the sandbox is not running.
            TypeError: the request is not an ``AuthorizationRequest``.
            ValueError: the sandbox shows an error page instead, as for a client that it did not make.

        """
        from http.client import HTTPConnection, HTTPSConnection

        address, uri = urlsplit(self.server.issuer).netloc, check_type("request", request, AuthorizationRequest).uri
        if self._ssl_context is None:
            connection = HTTPConnection(address, timeout=_PATIENCE)
        else:
            from ssl import CERT_NONE, PROTOCOL_TLS_CLIENT, SSLContext

            # The peer is this very process, whose certificate may be of any authority.
            context = SSLContext(PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, CERT_NONE
            connection = HTTPSConnection(address, timeout=_PATIENCE, context=context)
        with closing(connection):
            decision = urlencode({"user": user, "decision": "deny" if deny else "allow"})
            target = f"{AUTHORIZATION_PATH}?{urlsplit(uri).query}"
            connection.request("POST", target, decision, {"Content-Type": "application/x-www-form-urlencoded"})
            response = connection.getresponse()
        location = response.getheader("Location")
        if location is None:
            raise ValueError(
                f"the sandbox answered with an error page (status {response.status}); is the client one of its own?"
            )
        return location

    def next_answer(
        self,
        status: int,
        body: bytes | str | Mapping[str, object] | None,
        *,
        content_type: str = "application/json",
        delay: float = 0.0,
    ) -> None:
        """Force what the token endpoint answers next, whatever it is asked; further calls queue up.

        Args:
            status: The HTTP status.
            body: The body; a str is sent as UTF-8, a mapping as JSON, None as nothing at all.
            content_type: The Content-Type header.
            delay: Seconds to wait before the answer, up to 3600; the end of the ``with`` block cuts them short.

        Raises:
            TypeError: an argument is of the wrong type.
            ValueError: the status has not three digits, the content type is not one line of ASCII, or the delay is out
                of its range.

        """
        if not 100 <= check_type("status", status, int) <= 999:
            raise ValueError("status must be 100 to 999")
        if not check_text("content_type", content_type).isascii():
            raise ValueError("content_type must be ASCII")
        if delay != 0:
            check_timeout(delay, MAX_TIMEOUT, "delay")
        if isinstance(body, Mapping):
            body = json.dumps(dict(body))
        octets = body.encode() if isinstance(body, str) else check_type("body", b"" if body is None else body, bytes)
        answer = Answer(status=status, body=octets, headers={"Content-Type": content_type})
        self._authority.forced.append((answer, delay))
