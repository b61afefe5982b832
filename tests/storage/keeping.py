"""Tokens to keep, and other processes, users and mounts to keep them with."""

import os
import pickle
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from unittest.mock import Mock
from uuid import UUID

import pytest

from ticktick_oauth import IssuedToken, OAuthTokenV1
from ticktick_oauth.exceptions import StorageError

ACCESS_TOKEN = UUID("6f9619ff-8b86-4011-b42d-00c04fc964ff")
ISSUED_AT = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
ISSUED = IssuedToken(token=OAuthTokenV1(access_token=ACCESS_TOKEN, expires_in=15551999), issued_at=ISSUED_AT)
OLD = IssuedToken(token=OAuthTokenV1(access_token=ACCESS_TOKEN, expires_in=1), issued_at=ISSUED_AT)
DEADLINE = 60
ELSEWHERE = "name a file in a writable folder, such as /tmp, by --token-file or $TICKTICK_OAUTH_TOKEN_FILE"
WITHOUT_FILE = f"{ELSEWHERE}, or put a token into $TICKTICK_OAUTH_TOKEN"

# What another process needs: `issued(n)` makes a token that expires after n seconds, `attempt` prints what is refused.
PRELUDE = """
import errno, os, pathlib, resource, signal, sys
from ticktick_oauth import IssuedToken, OAuthTokenV1
from ticktick_oauth.exceptions import StorageError
from ticktick_oauth.storage import TokenFile, default_path
from ticktick_oauth.storage._token_file import forget, keep
from storage.keeping import ACCESS_TOKEN, ISSUED, ISSUED_AT, OLD

def issued(seconds):
    return IssuedToken(token=OAuthTokenV1(access_token=ACCESS_TOKEN, expires_in=seconds), issued_at=ISSUED_AT)

def attempt(task, *arguments):
    try:
        print(task(*arguments))
    except StorageError as error:
        print(error.errno, error)

store = TokenFile(sys.argv[1]) if len(sys.argv) > 1 else None
"""
# Root may do anything: become nobody, once all that is needed is imported.
DROP_ROOT = """
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
"""
_TESTS = str(Path(__file__).parents[1])

posix_only = pytest.mark.skipif(os.name != "posix", reason="POSIX modes and special files")
root_only = pytest.mark.skipif(getattr(os, "getuid", lambda: 1)() != 0, reason="only root can become another user")


def command(code: str, *arguments: str | Path) -> list[str]:
    """Return the command that runs code in another process, behind the prelude."""
    return [sys.executable, "-c", f"import sys; sys.path.insert(0, {_TESTS!r})\n{PRELUDE}{code}", *map(str, arguments)]


def python(code: str, *arguments: str | Path, env: dict[str, str] | None = None, mount: str = "") -> str:
    """Run code in another process and return what it prints.

    With shell commands that mount something, the process sees these mounts, and nobody else does.
    """
    run = command(code, *arguments)
    if mount:
        shell = ["unshare", "--mount", "sh", "-ec"]
        if subprocess.run([*shell, "mount -t tmpfs none /tmp"], capture_output=True, check=False).returncode != 0:
            pytest.skip("this user may not mount anything")
        run = [*shell, f'{mount}\nexec "$0" "$@"', *run]
    finished = subprocess.run(run, check=False, capture_output=True, text=True, timeout=DEADLINE, env=env)
    assert (0, "") == (finished.returncode, finished.stderr)
    return finished.stdout


def mode_of(path: Path) -> int:
    """Return the permission bits of a file, a link not followed."""
    return stat.S_IMODE(path.lstat().st_mode)


def fail_with(number: int) -> Mock:
    """Make a stand-in for a system call that fails."""
    return Mock(side_effect=OSError(number, os.strerror(number), ACCESS_TOKEN.hex))


def failure_of(task: Callable[..., object], *arguments: object) -> StorageError:
    """Run what has to fail with a StorageError that is fit to be shown, and return it."""
    with pytest.raises(StorageError) as caught:
        task(*arguments)
    error = caught.value
    shown = "".join((str(error), repr(error), repr(vars(error)), *traceback.format_exception_only(type(error), error)))
    assert str(ACCESS_TOKEN) not in shown
    assert ACCESS_TOKEN.hex not in shown
    assert (None, None) == (error.__cause__, error.__context__)
    copied = pickle.loads(pickle.dumps(error))
    assert (error.args, str(error), error.errno) == (copied.args, str(copied), copied.errno)
    return error
