"""Other people's servers, each run for the tests that are about it."""

import json
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import urllib3
from attrs import frozen

from interop import serving
from processes import run, started
from ticktick_oauth import Client, discover_server

TESTS = Path(__file__).parent.parent
# The servers, and the modules that a server's script imports.
NEEDS = {"authlib": ("authlib", "flask"), "toolkit": ("django", "oauth2_provider", "werkzeug"), "oidc": ()}


@frozen(kw_only=True)
class RealServer:
    """A running server, and a client that it knows."""

    name: str
    client: Client

    @property
    def issuer(self) -> str:
        """The server's name."""
        return self.client.server.issuer

    def whose(self, authorization: str) -> str | None:
        """Ask the server whose token a header bears; None when the header is refused."""
        resource = f"{self.issuer}/{serving.RESOURCE_PATH}"
        answer = urllib3.request("GET", resource, headers={"Authorization": authorization}, retries=False)
        assert answer.status in {200, 401, 403}
        return answer.data.decode() if answer.status == 200 else None


@pytest.fixture(scope="session", params=NEEDS)
def real_server(request: pytest.FixtureRequest) -> Iterator[RealServer]:
    """Run each of the servers as a process."""
    name: str = request.param
    command = [sys.executable, "-m", f"interop.{name}_server"] if name != "oidc" else _node_command()
    if None in map(find_spec, NEEDS[name]):
        pytest.skip("needs the dependency group interop")
    # Without the variable, Authlib answers over TLS alone.
    with started(command, {"AUTHLIB_INSECURE_TRANSPORT": "1"}, TESTS) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        port = process.stdout.readline().strip()
        assert port, process.stderr.read()
        server = discover_server(f"http://127.0.0.1:{port}{'/tenant' if name == 'authlib' else ''}")
        client = Client(
            client_id=serving.CLIENT_ID,
            client_secret=serving.CLIENT_SECRET,
            redirect_uri=serving.REDIRECT_URI,
            server=server,
        )
        yield RealServer(name=name, client=client)


def _node_command() -> list[str]:
    node, npm = shutil.which("node"), shutil.which("npm")
    modules = run(npm, "root", "--global").stdout.strip() if npm else "/nowhere"
    if node is None or not Path(modules, "oidc-provider").is_dir():
        pytest.skip("needs npm install --global oidc-provider")
    client = {
        "client_id": serving.CLIENT_ID,
        "client_secret": serving.CLIENT_SECRET,
        "redirect_uris": [serving.REDIRECT_URI],
    }
    paths = {
        "authorization": serving.AUTHORIZE_PATH,
        "registration": serving.REGISTER_PATH,
        "token": serving.TOKEN_PATH,
    }
    shape = {"client": client, "paths": paths, "lifetime": serving.LIFETIME, "scope": serving.SCOPE}
    return [node, str(TESTS / "interop" / "oidc_server.mjs"), modules, json.dumps(shape)]
