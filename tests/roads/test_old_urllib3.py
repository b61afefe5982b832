"""An older urllib3 in front on the path, as a Lambda layer or another package's pin may put one there."""

import sys
from pathlib import Path

import pytest

from faults.peer import Peer
from roads.echoing import client_of, echoing
from roads.running import TAKE_ORDERS, orders, run, run_program

EXCHANGE = f"""{TAKE_ORDERS}
from ticktick_oauth import exchange_code
from ticktick_oauth.exceptions import TransportError
http = None
if sys.argv[1:] == ["pool"]:
    import urllib3
    http = urllib3.PoolManager()
try:
    exchange_code(client, codes[0], http=http)
except TransportError as error:
    print(error.code_unused)
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.26.20", "2.0.7", "2.1.0", "2.2.2"])
def test_nothing_is_sent_by_an_older_urllib3(version: str, tmp_path: Path) -> None:
    """The error says what was found and where, and that the code may be used again: not one connection was made."""
    layer = tmp_path / "layer"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(layer),
        f"urllib3=={version}",
    ]
    assert run(*pip).returncode == 0
    with Peer(echoing()) as peer:
        line = orders(client_of(peer.url()), "code")
        program = f"import sys\nsys.path.insert(0, {str(layer)!r})\n{EXCHANGE}"
        out = run_program(program, stdin=line)
    code_unused, message = out.splitlines()
    assert "True" == code_unused
    assert f"{version} was found in {layer / 'urllib3'}" in message
    assert "2.2.3 or newer is needed" in message
    assert 0 == peer.connections
