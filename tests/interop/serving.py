"""What the servers have in common: the client they know, TickTick's paths, and how they are started and stopped."""

import json
import os
import secrets
import sys
import threading
from collections.abc import Callable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

AUTHORIZE_PATH = "oauth/authorize"
TOKEN_PATH = "oauth/token"
REGISTER_PATH = "oauth/register"
# What a token is good for: it says whose it is.
RESOURCE_PATH = "resource"
USER, PASSWORD = "ada", "lovelace"
REDIRECT_URI = "http://127.0.0.1:8080/callback"
SCOPE = "tasks:read tasks:write"
LIFETIME = 180 * 24 * 3600 - 1

CLIENT_ID = secrets.token_hex(8)
# The marks have been seen in TickTick's secrets, and change when they are form-encoded.
CLIENT_SECRET = secrets.token_urlsafe(24) + "&*^"


def serve(application: Callable[..., Any]) -> None:
    """Serve a WSGI application on a free port of 127.0.0.1 until standard input ends, with the test process if need be.

    The one line on standard output says that the server listens, where, and for which client.
    """
    with make_server("127.0.0.1", 0, application, _Server, _QuietHandler) as server:
        ready = {"port": server.server_port, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        print(json.dumps(ready), flush=True)  # noqa: T201 - how the test process learns of it
        threading.Thread(target=_exit_with_parent, daemon=True).start()
        server.serve_forever()


class _Server(ThreadingMixIn, WSGIServer):
    """A server that answers while a browser keeps a connection open that it does not use."""

    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_request(self, _code: int | str = "-", _size: int | str = "-") -> None:
        """Leave standard error to tracebacks."""


def _exit_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)
