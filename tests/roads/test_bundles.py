"""One file or folder to ship: the tools that make it find the rooms that the facade loads at their first use."""

import os
import sys
import zipapp
from importlib.util import find_spec
from pathlib import Path

import pytest

from roads.running import run
from roads.wheels import DEPENDENCIES, pack

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
NAMES = ["ticktick-oauth", *DEPENDENCIES]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with the program."""
    (tmp_path / "app.py").write_text(PROGRAM)
    return tmp_path


def pip(folder: Path) -> dict[str, str]:
    """Return an environment in which pip has the wheels of what is installed here, and no index."""
    for name in NAMES:
        pack(name, folder)
    return {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "SHIV_ROOT": str(folder / "shiv")}


def check(*command: str | Path, folder: Path) -> None:
    """Run what was made, from elsewhere and with an empty environment."""
    (folder / "elsewhere").mkdir()
    finished = run(*command, cwd=folder / "elsewhere", env={"SHIV_ROOT": str(folder / "shiv")})
    assert (0, "15551999\n", "") == (finished.returncode, finished.stdout, finished.stderr)


@pytest.mark.skipif(find_spec("PyInstaller") is None, reason="needs the dependency group roads")
def test_pyinstaller(folder: Path) -> None:
    """A program that PyInstaller made has every room."""
    made = run(sys.executable, "-m", "PyInstaller", "--log-level", "ERROR", "app.py", cwd=folder)
    assert made.returncode == 0, made.stderr
    check(folder / "dist/app/app", folder=folder)


@pytest.mark.skipif(find_spec("cx_Freeze") is None, reason="needs the dependency group roads")
def test_cx_freeze(folder: Path) -> None:
    """So has one that cx_Freeze made."""
    made = run(Path(sys.executable).parent / "cxfreeze", "--script", "app.py", "--target-dir", "made", cwd=folder)
    assert made.returncode == 0, made.stderr
    check(folder / "made/app", folder=folder)


def test_zipapp(folder: Path) -> None:
    """A zipapp runs from its one file, with all dependencies in it."""
    (folder / "content").mkdir()
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", "content", *NAMES]
    assert run(*install, cwd=folder, env=pip(folder)).returncode == 0
    (folder / "app.py").rename(folder / "content" / "app.py")
    zipapp.create_archive(folder / "content", folder / "app.pyz", main="app:main")
    check(sys.executable, "-I", folder / "app.pyz", folder=folder)


@pytest.mark.skipif(find_spec("shiv") is None, reason="needs the dependency group roads")
def test_shiv(folder: Path) -> None:
    """So does one by shiv: here the package's own command."""
    shiv = [sys.executable, "-m", "shiv", "--quiet", "--console-script", "ticktick-oauth", "--output-file", "app.pyz"]
    made = run(*shiv, *NAMES, cwd=folder, env=pip(folder))
    assert made.returncode == 0, made.stderr
    finished = run(sys.executable, folder / "app.pyz", "demo", cwd=folder, env=pip(folder))
    assert (0, "") == (finished.returncode, finished.stderr)
    assert "a valid token" in finished.stdout
