"""The README's program and its two recipes for stores work: on GNOME's keyring, and on moto, AWS's double."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from pathlib import Path
from typing import Any
from uuid import UUID
from uuid import uuid4

import pytest

from ticktick_oauth import IssuedToken
from ticktick_oauth import OAuthTokenV1
from ticktick_oauth import load_issued
from ticktick_oauth.storage import TokenFile

README = Path(__file__).parent.parent / "README.md"
LATE = 60
NAMES = """
from datetime import datetime, timedelta, timezone
from uuid import UUID
from ticktick_oauth import IssuedToken, OAuthTokenV1

def issued(number):
    token = OAuthTokenV1(access_token=UUID(int=number, version=4), expires_in=180 * 86400)
    return IssuedToken(token=token, issued_at=datetime.now(timezone.utc))
"""
# What every store has to do.
CONTRACT = """
assert store.load() is None
store.delete()
store.save(issued(1))
store.save(issued(2))
assert store.load().token == issued(2).token
store.delete()
store.delete()
assert store.load() is None
print("kept")
"""
KEYRING = ("dbus-run-session", "gnome-keyring-daemon")


def recipe(words: str) -> str:
    """Return the README's Python block that has these words."""
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    (block,) = (block for block in blocks if words in block)
    return f"{NAMES}{block}"


@pytest.mark.parametrize(
    ("seconds", "warning"), [(180 * 86400, ""), (13 * 86400, "the TickTick token expires on"), (0, None), (None, None)]
)
def test_a_programs_road(
    seconds: int | None,
    warning: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It gives a valid token, warns 14 days ahead, and stops with the command to run when there is none."""
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN_FILE", str(tmp_path / "token.json"))
    token = OAuthTokenV1(access_token=uuid4(), expires_in=180 * 86400)
    if seconds is not None:
        issued_at = datetime.now(timezone.utc) + timedelta(seconds=seconds - 180 * 86400)
        TokenFile().save(IssuedToken(token=token, issued_at=issued_at))
    namespace: dict[str, Any] = {}
    exec(recipe("def load_token"), namespace)
    if warning is None:
        with pytest.raises(SystemExit, match=r"^there is no valid TickTick token; run: ticktick-oauth login$"):
            namespace["load_token"]()
    else:
        assert token == namespace["load_token"]()
        assert capsys.readouterr().err.startswith(warning)
    assert warning != "" or capsys.readouterr().err == ""


@pytest.mark.skipif(None in map(shutil.which, KEYRING), reason="needs dbus-run-session and gnome-keyring-daemon")
def test_the_keychain(tmp_path: Path) -> None:
    """The recipe keeps a token in GNOME's keyring, unlocked in a session of its own, and nothing in plain text."""
    program = f"{recipe('class Keychain')}\nstore = Keychain()\n{CONTRACT}store.save(issued(3))\n"
    (tmp_path / "program.py").write_text(program)
    # The daemon ends with its session's bus.
    session = 'printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null; exec "$@"'
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring",
    }
    finished = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", session, "sh", sys.executable, str(tmp_path / "program.py")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=LATE,
    )
    assert (0, "kept\n") == (finished.returncode, finished.stdout), finished.stderr
    rings = list((tmp_path / ".local/share/keyrings").glob("*.keyring"))
    assert rings
    assert not [ring for ring in rings if b"access_token" in ring.read_bytes()]


@pytest.fixture(scope="module")
def machine() -> Iterator[dict[str, str]]:
    """Run moto's server, and give the environment of a machine that uses it."""
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as server:
        assert server.stderr is not None
        address = next(found[1] for line in server.stderr if (found := re.search(r"Running on (http://\S+)", line)))
        yield {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "AWS_ENDPOINT_URL": address,
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        server.terminate()
        server.stderr.read()


def start(program: str, environment: dict[str, str]) -> "subprocess.Popen[str]":
    """Start the recipe and a program behind it on a machine, whose secret is called shared."""
    code = f"{recipe('class SharedSecret')}\nimport sys\nstore = SharedSecret('shared')\n{program}"
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_a_shared_secret(machine: dict[str, str]) -> None:
    """The recipe keeps a token, and two machines that save at once leave one whole token, of one of them."""
    with start(CONTRACT, machine) as one:
        assert ("kept\n", "") == one.communicate(timeout=LATE)
    # Each reads back what it finds after each save: always a whole token, whoever's.
    saving = """
from ticktick_oauth.storage import dump_issued
print("ready", flush=True)
first = int(sys.stdin.readline())
for number in range(first, first + 20):
    store.save(issued(number))
    assert store.load().token.access_token.int
print(dump_issued(store.load()))
"""
    machines = [start(saving, machine) for _ in range(2)]
    for each in machines:
        assert each.stdout is not None
        assert "ready\n" == each.stdout.readline()
    for each, first in zip(machines, (100, 200), strict=True):
        assert each.stdin is not None
        each.stdin.write(f"{first}\n")
        each.stdin.flush()
    ends = [each.communicate(timeout=LATE) for each in machines]
    assert ["", ""] == [err for _, err in ends]
    last = {load_issued(out).token.access_token for out, _ in ends}
    written = {UUID(int=number, version=4) for first in (100, 200) for number in range(first, first + 20)}
    assert last <= written
    assert last & {UUID(int=119, version=4), UUID(int=219, version=4)}
