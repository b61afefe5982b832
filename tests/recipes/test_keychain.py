"""The operating system's key ring as a store, here GNOME's."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from processes import run
from roads.readme import RECIPES

pytestmark = pytest.mark.skipif(find_spec("keyring") is None, reason="needs the dependency group roads")
PROGRAM = """
from datetime import datetime, timezone
from uuid import UUID
from keychain import Keychain
from ticktick_oauth import IssuedToken, OAuthTokenV1, get_token

def issue(number):
    token = OAuthTokenV1(access_token=UUID(int=number, version=4), expires_in=180 * 86400)
    return IssuedToken(token=token, issued_at=datetime.now(timezone.utc))

store = Keychain()
assert store.load() is None
store.delete()
for number in (1, 2):
    store.save(issue(number))
assert get_token(store) == issue(2).token
store.delete()
assert store.load() is None
store.save(issue(3))
print("kept")
"""


def environment(folder: Path, backend: str) -> dict[str, str]:
    """Return the environment of a program with the recipe, and with a key ring of that kind."""
    names = dict.fromkeys(("HOME", "XDG_RUNTIME_DIR"), str(folder))
    return {**names, "PATH": os.environ["PATH"], "PYTHONPATH": str(RECIPES), "PYTHON_KEYRING_BACKEND": backend}


@pytest.mark.skipif(
    None in map(shutil.which, ("dbus-run-session", "gnome-keyring-daemon")),
    reason="needs dbus-run-session and gnome-keyring-daemon",
)
def test_the_keychain(tmp_path: Path) -> None:
    """The recipe keeps a token in GNOME's keyring, unlocked in a session of its own, and nothing in plain text."""
    # The daemon ends with its session's bus.
    session = 'printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null; exec "$0" -c "$1"'
    command = ["dbus-run-session", "--", "sh", "-c", session, sys.executable, PROGRAM]
    finished = run(*command, env=environment(tmp_path, "keyring.backends.SecretService.Keyring"))
    assert (0, "kept\n") == (finished.returncode, finished.stdout), finished.stderr
    rings = list((tmp_path / ".local/share/keyrings").glob("*.keyring"))
    assert rings
    assert not [ring for ring in rings if b"access_token" in ring.read_bytes()]


def test_no_key_ring_is_a_storage_error(tmp_path: Path) -> None:
    """Where there is no key ring, nobody is asked to sign in."""
    program = "from keychain import Keychain\nfrom ticktick_oauth import get_token\nget_token(Keychain(), show=print)"
    finished = run(sys.executable, "-c", program, env=environment(tmp_path, "keyring.backends.fail.Keyring"))
    assert (1, "") == (finished.returncode, finished.stdout)
    assert "StorageError: the key ring cannot be read: " in finished.stderr
