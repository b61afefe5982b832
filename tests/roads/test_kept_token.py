"""A program that has its token from its environment: a variable, or a mounted secret."""

import os
import sys
from datetime import datetime, timezone
from pathlib import Path
from uuid import uuid4

import pytest

from roads.running import run, run_program
from ticktick_oauth import IssuedToken, OAuthTokenV1, dump_issued

ONE_LINE = "from ticktick_oauth.storage import require_token; print(require_token().authorization_header())"
# What may load for the kept token's road beside what parsing loads: no randomness, no hashes, no network.
NEVER_LOADED = ["asyncio", "hashlib", "http", "random", "secrets", "shlex", "socket", "ssl", "urllib3"]


@pytest.fixture
def issued() -> IssuedToken:
    """Make a token of TickTick's that was issued just now."""
    token = OAuthTokenV1(access_token=uuid4(), expires_in=180 * 86400)
    return IssuedToken(token=token, issued_at=datetime.now(timezone.utc))


def environment(**variables: str | Path) -> dict[str, str]:
    """Return an environment without HOME."""
    return {"PATH": os.environ["PATH"], **{name: str(value) for name, value in variables.items()}}


def test_a_token_from_a_variable(issued: IssuedToken) -> None:
    """One line makes the header, and loads nothing that it has no use for."""
    program = f"{ONE_LINE}\nimport sys\nprint([name for name in {NEVER_LOADED} if name in sys.modules])"
    out = run_program(program, env=environment(TICKTICK_OAUTH_TOKEN=dump_issued(issued)))
    assert f"{issued.token.authorization_header()}\n[]\n" == out


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root may mount")
def test_a_token_from_a_mounted_secret(issued: IssuedToken, tmp_path: Path) -> None:
    """As Kubernetes mounts it: a link to a file that all may read, on a read-only file system."""
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "token").write_text(dump_issued(issued))
    (tmp_path / "token").symlink_to("..data/token")
    mount = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    command = ["unshare", "--mount", "sh", "-ec", mount, str(tmp_path), sys.executable, "-c", ONE_LINE]
    finished = run(*command, env=environment(TICKTICK_OAUTH_TOKEN_FILE=tmp_path / "token"))
    assert (f"{issued.token.authorization_header()}\n", "") == (finished.stdout, finished.stderr)
