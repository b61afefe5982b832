"""A copy inside another package, made by the ``vendoring`` tool with all its dependencies, or cut down by hand."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from faults.peer import Peer
from roads.echoing import SECRET, client_of, echoing
from roads.readme import block_with
from roads.running import TAKE_ORDERS, orders, run, run_program
from roads.wheels import DEPENDENCIES, pack

# An import of what was not vendored fails.
ALONE = """
import sys
sys.path.insert(0, "src")
for name in ("attr", "attrs", "cattr", "cattrs", "exceptiongroup", "ticktick_oauth", "typing_extensions", "urllib3"):
    sys.modules[name] = None
"""


def vendor(folder: Path, settings: str) -> None:
    """Make a project with these settings of the tool, and have the tool fill its ``_vendor``."""
    target = folder / "src" / "app" / "_vendor"
    target.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(settings)
    for package in (target, target.parent):
        (package / "__init__.py").touch()
    (wheels := folder / "wheels").mkdir()
    requirements = [pack(name, wheels) for name in ["ticktick-oauth", *DEPENDENCIES]]
    (target / "vendor.txt").write_text("\n".join(requirements))
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "TMPDIR": str(folder),
    }
    finished = run(sys.executable, "-m", "vendoring", "sync", cwd=folder, env=environment)
    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project by the README's settings."""
    if find_spec("vendoring") is None:
        pytest.skip("needs the dependency group roads")
    folder = tmp_path_factory.mktemp("app")
    vendor(folder, block_with("[tool.vendoring]", "toml"))
    return folder


@pytest.mark.slow
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


@pytest.mark.slow
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
    assert "precious-code" not in finished.stderr
    assert SECRET not in finished.stderr
    assert "Basic" not in finished.stderr
