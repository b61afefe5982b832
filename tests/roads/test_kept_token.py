"""A function that has its token from its environment: the README's, under Google Cloud's functions-framework."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen
from uuid import uuid4

import pytest

from faults.peer import Line, Peer
from roads.readme import paste
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


@contextmanager
def served(program: Path, **variables: str) -> Iterator[str]:
    """Serve a function by functions-framework, and yield its address."""
    command = [sys.executable, "-m", "functions_framework", "--target=projects", f"--source={program}", "--debug"]
    with subprocess.Popen(
        [*command, "--host=127.0.0.1", "--port=0"],
        env=environment(**variables),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stderr is not None
        try:
            yield next(found[1] for line in server.stderr if (found := re.search(r"Running on (http://\S+)", line)))
        finally:
            server.terminate()
            server.stderr.read()


@pytest.mark.slow
@pytest.mark.skipif(find_spec("functions_framework") is None, reason="needs the dependency group roads")
def test_a_cloud_function(issued: IssuedToken, tmp_path: Path) -> None:
    """The README's function calls the API with the kept token, and without one answers 503 and says what to run."""

    def play(line: Line) -> None:
        line.receive_request()
        line.answer(200, b"[]")

    path = paste("main.py", tmp_path)
    with Peer(play) as api:
        program = path.read_text()
        path.write_text(program.replace("https://api.ticktick.com/open/v1", api.url().removesuffix("/oauth/token")))
        with served(path, TICKTICK_OAUTH_TOKEN=dump_issued(issued)) as address, urlopen(address) as answer:
            assert (200, b"[]") == (answer.status, answer.read())
    assert b"GET /project HTTP/1.1\r\n" in api.received
    assert f"Authorization: {issued.token.authorization_header()}\r\n".encode() in api.received
    with served(path, HOME=str(tmp_path)) as address:
        with pytest.raises(HTTPError) as refused:
            urlopen(address)
        with refused.value as error:
            assert 503 == error.code
            assert b"ticktick-oauth login" in error.read()
