"""A copy inside another package, made by the ``vendoring`` tool with all its dependencies."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from faults.peer import Peer
from processes import TAKE_ORDERS, orders, pack, run, run_program
from roads.echoing import SECRET, client_of, echoing
from roads.readme import blocks

pytestmark = pytest.mark.slow
# An import of what was not vendored fails.
ALONE = """
import sys
sys.path.insert(0, "src")
for name in ("attr", "attrs", "cattr", "cattrs", "exceptiongroup", "ticktick_oauth", "typing_extensions", "urllib3"):
    sys.modules[name] = None
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project by the README's settings, and have the tool fill its ``_vendor``."""
    if find_spec("vendoring") is None:
        pytest.skip("needs the dependency group roads")
    folder = tmp_path_factory.mktemp("app")
    target = folder / "src" / "app" / "_vendor"
    target.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(*blocks("toml", "[tool.vendoring]"))
    for package in (target, target.parent):
        (package / "__init__.py").touch()
    (target / "vendor.txt").write_text("\n".join(pack(folder)))
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder),
        "TMPDIR": str(folder),
    }
    finished = run(sys.executable, "-m", "vendoring", "sync", cwd=folder, env=environment)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return folder


def test_a_vendored_copy_signs_in(app: Path) -> None:
    """The whole flow runs by the copies of all four packages alone."""
    program = f"""{ALONE}
from app._vendor.ticktick_oauth import AuthorizationRequest, exchange_code
from app._vendor.ticktick_oauth.sandbox import Sandbox
with Sandbox() as sandbox:
    request = AuthorizationRequest(client=sandbox.client())
    print(exchange_code(request.client, request.parse_response(sandbox.sign_in(request))).expires_in)
"""
    assert "15551999\n" == run_program(program, cwd=app)


def test_a_vendored_copy_logs_no_secret(app: Path) -> None:
    """A malformed header that repeats the request is not logged, though urllib3's logger has another name there."""
    program = f"""{ALONE}{TAKE_ORDERS.replace("ticktick_oauth", "app._vendor.ticktick_oauth")}
import logging
from app._vendor import urllib3
from app._vendor.ticktick_oauth import exchange_code
logging.basicConfig(level=logging.DEBUG)
print(exchange_code(client, codes[0]).expires_in)
urllib3.PoolManager().request("POST", client.server.token_endpoint, body="by-another")
"""
    with Peer(echoing()) as peer:
        line = orders(client_of(peer.url()), "precious-code")
        finished = run(sys.executable, "-c", program, cwd=app, stdin=line)
    assert (0, "15551999\n") == (finished.returncode, finished.stdout), finished.stderr
    # The program's own request is quoted as ever, by the vendored name: the level is right, and the log was not off.
    assert "app._vendor.urllib3.connection" in finished.stderr
    assert "by-another" in finished.stderr
    assert [] == [word for word in ("Basic", "precious-code", SECRET) if word in finished.stderr]
