"""The operating system's key ring as a store, here GNOME's."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from roads.readme import paste
from roads.running import run

PROGRAM = """
from datetime import datetime, timezone
from uuid import UUID
from keychain import Keychain
from ticktick_oauth import IssuedToken, OAuthTokenV1

def issue(number):
    token = OAuthTokenV1(access_token=UUID(int=number, version=4), expires_in=180 * 86400)
    return IssuedToken(token=token, issued_at=datetime.now(timezone.utc))

store = Keychain()
assert store.load() is None
store.delete()
for number in (1, 2):
    store.save(issue(number))
assert store.load().token == issue(2).token
store.delete()
assert store.load() is None
store.save(issue(3))
print("kept")
"""
NEEDED = ("dbus-run-session", "gnome-keyring-daemon")


@pytest.mark.skipif(find_spec("keyring") is None, reason="needs the dependency group roads")
@pytest.mark.skipif(None in map(shutil.which, NEEDED), reason="needs dbus-run-session and gnome-keyring-daemon")
def test_the_keychain(tmp_path: Path) -> None:
    """The recipe keeps a token in GNOME's keyring, unlocked in a session of its own, and nothing in plain text."""
    paste("keychain.py", tmp_path)
    (tmp_path / "program.py").write_text(PROGRAM)
    # The daemon ends with its session's bus.
    session = 'printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null; exec "$@"'
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring",
    }
    program = [sys.executable, str(tmp_path / "program.py")]
    finished = run("dbus-run-session", "--", "sh", "-c", session, "sh", *program, env=environment)
    assert (0, "kept\n") == (finished.returncode, finished.stdout), finished.stderr
    rings = list((tmp_path / ".local/share/keyrings").glob("*.keyring"))
    assert rings
    assert not [ring for ring in rings if b"access_token" in ring.read_bytes()]


@pytest.mark.skipif(find_spec("keyring") is None, reason="needs the dependency group roads")
def test_no_key_ring_is_a_storage_error(tmp_path: Path) -> None:
    """Where there is no key ring, nobody is asked to sign in."""
    paste("keychain.py", tmp_path)
    program = "from keychain import Keychain\nfrom ticktick_oauth import get_token\nget_token(Keychain(), show=print)"
    environment = {"PATH": os.environ["PATH"], "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    finished = run(sys.executable, "-c", program, cwd=tmp_path, env=environment)
    assert (1, "") == (finished.returncode, finished.stdout)
    assert "StorageError: the key ring cannot be read: " in finished.stderr
