"""Start one of the servers, and describe it."""

import json
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
import urllib3
from attrs import frozen

from interop.serving import (
    AUTHORIZE_PATH,
    CLIENT_ID,
    CLIENT_SECRET,
    LIFETIME,
    REDIRECT_URI,
    REGISTER_PATH,
    RESOURCE_PATH,
    SCOPE,
    TOKEN_PATH,
)
from ticktick_oauth import AuthorizationServer, Client

TESTS = Path(__file__).parent.parent
# Seconds for a server to come up on a busy machine; each takes one to four.
PATIENCE = 120.0
# The modules that a server's script imports.
NEEDS = {"authlib": ("authlib", "flask"), "toolkit": ("django", "oauth2_provider")}
SERVERS = [*NEEDS, "oidc"]


@frozen(kw_only=True)
class RealServer:
    """A running server, and what a program has to know of it."""

    name: str
    client: Client
    resource: str
    """An address that asks for a token."""

    @property
    def issuer(self) -> str:
        """The server's name."""
        return self.client.server.issuer

    def ask_resource(self, authorization: str) -> tuple[int, bytes]:
        """Ask whose token a header bears, and return the status and the answer to a good one."""
        answer = urllib3.request("GET", self.resource, headers={"Authorization": authorization}, retries=False)
        return answer.status, answer.data if answer.status == 200 else b""


@contextmanager
def running(name: str) -> Iterator[RealServer]:
    """Run a server as a process, from the line by which it says that it listens to the end of the block."""
    with subprocess.Popen(
        _node_command() if name == "oidc" else _python_command(name),
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


def _python_command(name: str) -> list[str]:
    if None in map(find_spec, NEEDS[name]):
        pytest.skip("needs the dependency group interop")
    return [sys.executable, "-m", f"interop.{name}_server"]


def _node_command() -> list[str]:
    node, npm = shutil.which("node"), shutil.which("npm")
    modules = Path(subprocess.check_output([npm, "root", "--global"], text=True).strip()) if npm else Path("/nowhere")
    if node is None or not (modules / "oidc-provider").is_dir():
        pytest.skip("needs npm install --global oidc-provider")
    shape = {
        "paths": {"authorization": AUTHORIZE_PATH, "registration": REGISTER_PATH, "token": TOKEN_PATH},
        "client": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uris": [REDIRECT_URI]},
        "lifetime": LIFETIME,
        "resource": RESOURCE_PATH,
        "scope": SCOPE,
    }
    return [node, str(TESTS / "interop" / "oidc_server.mjs"), str(modules), json.dumps(shape)]


def _describe(name: str, *, port: int, client_id: str, client_secret: str) -> RealServer:
    issuer = f"http://127.0.0.1:{port}"
    server = AuthorizationServer(
        issuer=issuer,
        authorization_endpoint=f"{issuer}/{AUTHORIZE_PATH}",
        token_endpoint=f"{issuer}/{TOKEN_PATH}",
        registration_endpoint=f"{issuer}/{REGISTER_PATH}",
        authorization_response_iss_parameter_supported=name in {"oidc", "toolkit"},
    )
    client = Client(client_id=client_id, client_secret=client_secret, redirect_uri=REDIRECT_URI, server=server)
    return RealServer(name=name, client=client, resource=f"{issuer}/{RESOURCE_PATH}")
