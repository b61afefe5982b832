"""What the servers have in common: the client they know, TickTick's paths, and how they are started and stopped."""

import logging
import sys
import threading
from collections.abc import Callable
from typing import Any

AUTHORIZE_PATH = "oauth/authorize"
TOKEN_PATH = "oauth/token"
REGISTER_PATH = "oauth/register"
# What a token is good for: it says whose it is.
RESOURCE_PATH = "resource"
USER, PASSWORD = "ada", "lovelace"
# The marks have been seen in TickTick's secrets, and change when they are form-encoded.
CLIENT_ID, CLIENT_SECRET = "the-id", "the-secret&*^"
REDIRECT_URI = "http://127.0.0.1:8080/callback"
SCOPE = "tasks:read tasks:write"
LIFETIME = 180 * 24 * 3600 - 1


def serve(application: Callable[..., Any]) -> None:
    """Serve a WSGI application on a free port of 127.0.0.1, and print it, until standard input ends."""
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel("ERROR")
    server = make_server("127.0.0.1", 0, application, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)  # noqa: T201 - how the test process learns of it
    sys.stdin.read()
