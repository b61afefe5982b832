"""An older urllib3 in front on the path, as a Lambda layer or another package's pin may put one there."""

import sys
from pathlib import Path

import pytest

from faults.peer import Peer
from processes import TAKE_ORDERS, orders, run, run_program
from roads.echoing import client_of, echoing


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.26.20", "2.2.2"])
def test_nothing_is_sent_by_an_older_urllib3(version: str, tmp_path: Path) -> None:
    """The error says what was found and where, and that the code may be used again: not one connection was made."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path)]
    assert run(*pip, f"urllib3=={version}").returncode == 0
    program = f"""{TAKE_ORDERS}
sys.path.insert(0, {str(tmp_path)!r})
from ticktick_oauth import exchange_code
from ticktick_oauth.exceptions import TransportError
try:
    exchange_code(client, codes[0])
except TransportError as error:
    print(error.code_unused, error)
"""
    with Peer(echoing()) as peer:
        out = run_program(program, stdin=orders(client_of(peer.url()), "code"))
    assert out.startswith("True ")
    assert f"{version} was found in {tmp_path / 'urllib3'}" in out
    assert "2.2.3 or newer is needed" in out
    assert 0 == peer.connections
