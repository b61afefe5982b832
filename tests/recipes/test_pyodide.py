"""Pyodide, the Python of browsers and of Cloudflare's workers, which has no sockets: the real one, under Node."""

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from processes import TAKE_ORDERS, orders, pack, run
from roads.readme import RECIPES
from ticktick_oauth import AuthorizationRequest, Client
from ticktick_oauth.sandbox import Sandbox

pytestmark = pytest.mark.slow


@pytest.fixture
def pyodide(sandbox: Sandbox, client: Client, tmp_path: Path) -> Callable[[str], str]:
    """Return what runs a program that has a client and a code, and returns what it prints."""
    npm = shutil.which("npm")
    modules = run(npm, "root", "--global").stdout.strip() if npm else "/nowhere"
    if not Path(modules, "pyodide").is_dir():
        pytest.skip("needs npm install --global pyodide")
    pack(tmp_path)
    for wheel in tmp_path.glob("*.whl"):
        zipfile.ZipFile(wheel).extractall(tmp_path)
    request = AuthorizationRequest(client=client)
    line = orders(client, request.parse_response(sandbox.sign_in(request)).code)
    start = TAKE_ORDERS.replace("sys.stdin.readline()", repr(line))  # it has no standard input
    environment = {"PATH": os.environ["PATH"], "NODE_PATH": modules}

    def run_it(program: str) -> str:
        finished = run("node", RECIPES / "pyodide.mjs", tmp_path, env=environment, stdin=start + program)
        assert (0, "") == (finished.returncode, finished.stderr)
        return finished.stdout

    return run_it


def test_fetch_carries_a_token_request(sandbox: Sandbox, pyodide: Callable[[str], str]) -> None:
    """The README's function trades a code for a token by JavaScript's fetch."""
    program = (RECIPES / "pyodide_exchange.py").read_text()
    exchange = "print((await exchange(client, AuthorizationResponse(code=codes[0]))).expires_in)"
    assert "15551999\n" == pyodide(f"{program}\n{exchange}")
    assert 1 == len(sandbox.requests)


def test_an_exchange_is_refused_before_the_code_leaves(sandbox: Sandbox, pyodide: Callable[[str], str]) -> None:
    """With a pool of the caller's too, the error says what to do instead, and that the code may be used."""
    program = """
import urllib3
from ticktick_oauth import exchange_code
from ticktick_oauth.exceptions import TransportError
for http in (None, urllib3.PoolManager()):
    try:
        exchange_code(client, codes[0], http=http)
    except TransportError as error:
        print(error.code_unused, "fetch" in str(error), "TokenRequest" in str(error))
"""
    assert "True True True\nTrue True True\n" == pyodide(program)
    assert [] == sandbox.requests
