"""Pyodide, the Python of browsers and of Cloudflare's workers, which has no sockets: the real one, under Node."""

import os
import shutil
import zipfile
from pathlib import Path

import pytest

from roads.readme import paste
from roads.running import TAKE_ORDERS, orders, run
from roads.wheels import DEPENDENCIES, pack
from ticktick_oauth import AuthorizationRequest, Client
from ticktick_oauth.sandbox import Sandbox

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def node() -> dict[str, str]:
    """Find npm's global modules; return the environment in which Node does."""
    npm = shutil.which("npm")
    modules = Path(run(npm, "root", "--global").stdout.strip()) if npm else Path("/nowhere")
    if not (modules / "pyodide").is_dir():
        pytest.skip("needs npm install --global pyodide")
    return {"PATH": os.environ["PATH"], "NODE_PATH": str(modules)}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the wheels of the package and its dependencies into a folder."""
    folder = tmp_path_factory.mktemp("packages")
    for name in ["ticktick-oauth", *DEPENDENCIES]:
        pack(name, folder)
    for wheel in folder.glob("*.whl"):
        zipfile.ZipFile(wheel).extractall(folder)
    return folder


def run_in_pyodide(program: str, node: dict[str, str], packages: Path) -> str:
    """Run a program in Pyodide, and return what it prints."""
    finished = run("node", Path(__file__).parent / "pyodide.mjs", packages, env=node, stdin=program)
    assert (0, "") == (finished.returncode, finished.stderr)
    return finished.stdout


def with_orders(client: Client, code: str) -> str:
    """Return the start of a program that has the client and the code: there is no standard input."""
    return TAKE_ORDERS.replace("sys.stdin.readline()", repr(orders(client, code)))


def sign_in(sandbox: Sandbox) -> tuple[Client, str]:
    """Make a client and a code."""
    request = AuthorizationRequest(client=sandbox.client())
    return request.client, request.parse_response(sandbox.sign_in(request)).code


def test_fetch_carries_a_token_request(sandbox: Sandbox, node: dict[str, str], packages: Path) -> None:
    """The README's function trades a code for a token by JavaScript's fetch."""
    recipe = paste("pyodide_exchange.py", packages).read_text()
    program = f"""{with_orders(*sign_in(sandbox))}{recipe}
from ticktick_oauth import AuthorizationResponse
token = await exchange(client, AuthorizationResponse(code=codes[0]))
print(token.expires_in)
"""
    assert "15551999\n" == run_in_pyodide(program, node, packages)
    assert 1 == len(sandbox.requests)


@pytest.mark.parametrize("http", ["None", "urllib3.PoolManager()"], ids=["fresh", "pool"])
def test_an_exchange_is_refused_before_the_code_leaves(
    http: str, sandbox: Sandbox, node: dict[str, str], packages: Path
) -> None:
    """With a pool of the caller's too, the error says what to do instead, and that the code may be used."""
    program = f"""{with_orders(*sign_in(sandbox))}
import urllib3
from ticktick_oauth import exchange_code
from ticktick_oauth.exceptions import TransportError
try:
    exchange_code(client, codes[0], http={http})
except TransportError as error:
    print(error.code_unused, "fetch" in str(error), "TokenRequest" in str(error))
"""
    assert "True True True\n" == run_in_pyodide(program, node, packages)
    assert [] == sandbox.requests
