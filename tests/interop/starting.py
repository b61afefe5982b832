"""How a test starts one of the servers, and what it learns of it."""

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from interop.serving import AUTHORIZE_PATH
from interop.serving import REDIRECT_URI
from interop.serving import RESOURCE_PATH
from interop.serving import TOKEN_PATH
from ticktick_oauth import AuthorizationServer
from ticktick_oauth import Client

TESTS = Path(__file__).parent.parent
# Seconds for a server to come up on a busy machine; each takes one to four.
PATIENCE = 120.0


@frozen(kw_only=True)
class RealServer:
    """A running server, and what a program has to know of it."""

    name: str
    client: Client
    resource: str
    """An address that asks for a token."""


@contextmanager
def running(name: str) -> Iterator[RealServer]:
    """Run a server as a process, from the line by which it says that it listens to the end of the block."""
    with subprocess.Popen(
        [sys.executable, "-m", f"interop.{name}_server"],
        cwd=TESTS,
        env={"AUTHLIB_INSECURE_TRANSPORT": "1"},  # else Authlib answers over TLS alone
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], PATIENCE)[0], "the server did not come up in time"
            line = process.stdout.readline()
            assert line, "the server ended; its standard error says why"
            yield _describe(name, **json.loads(line))
        finally:
            process.kill()


def _describe(name: str, *, port: int, client_id: str, client_secret: str) -> RealServer:
    issuer = f"http://127.0.0.1:{port}"
    server = AuthorizationServer(
        issuer=issuer,
        authorization_endpoint=f"{issuer}/{AUTHORIZE_PATH}",
        token_endpoint=f"{issuer}/{TOKEN_PATH}",
    )
    client = Client(client_id=client_id, client_secret=client_secret, redirect_uri=REDIRECT_URI, server=server)
    return RealServer(name=name, client=client, resource=f"{issuer}/{RESOURCE_PATH}")
