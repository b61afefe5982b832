"""One file or folder to ship: the tools that make it find the rooms that the facade loads at their first use."""

import os
import sys
import zipapp
from importlib.util import find_spec
from pathlib import Path

import pytest

from processes import DISTRIBUTIONS, pack, run

pytestmark = pytest.mark.slow
PROGRAM = """
import ticktick_oauth
from ticktick_oauth import AuthorizationRequest, exchange_code
from ticktick_oauth.sandbox import Sandbox

def main():
    assert all(getattr(ticktick_oauth, name) is not None for name in ticktick_oauth.__all__)
    with Sandbox() as sandbox:
        request = AuthorizationRequest(client=sandbox.client())
        print(exchange_code(request.client, request.parse_response(sandbox.sign_in(request))).expires_in)

if __name__ == "__main__":
    main()
"""


def check(*command: str | Path, folder: Path) -> None:
    """Run what was made, from elsewhere and with an empty environment."""
    (folder / "elsewhere").mkdir()
    finished = run(*command, cwd=folder / "elsewhere", env={})
    assert (0, "15551999\n", "") == (finished.returncode, finished.stdout, finished.stderr)


@pytest.mark.skipif(find_spec("PyInstaller") is None, reason="needs the dependency group roads")
def test_pyinstaller(tmp_path: Path) -> None:
    """A program that PyInstaller made has every room."""
    (tmp_path / "app.py").write_text(PROGRAM)
    made = run(sys.executable, "-m", "PyInstaller", "--log-level", "ERROR", "app.py", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    check(tmp_path / "dist/app/app", folder=tmp_path)


def test_zipapp(tmp_path: Path) -> None:
    """A zipapp runs from its one file, with all dependencies in it."""
    pack(tmp_path)
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", "content", *DISTRIBUTIONS]
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    assert run(*install, cwd=tmp_path, env=environment).returncode == 0
    (tmp_path / "content" / "app.py").write_text(PROGRAM)
    zipapp.create_archive(tmp_path / "content", tmp_path / "app.pyz", main="app:main")
    check(sys.executable, "-I", tmp_path / "app.pyz", folder=tmp_path)
