"""A function that has its token from its environment, under Google Cloud's functions-framework."""

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
from ticktick_oauth import IssuedToken, OAuthTokenV1, dump_issued


@contextmanager
def served(program: Path, **variables: str) -> Iterator[str]:
    """Serve a function by functions-framework, and yield its address."""
    command = [sys.executable, "-m", "functions_framework", "--target=projects", f"--source={program}", "--debug"]
    with subprocess.Popen(
        [*command, "--host=127.0.0.1", "--port=0"],
        env={"PATH": os.environ["PATH"], **variables},
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
def test_a_cloud_function(tmp_path: Path) -> None:
    """It calls the API with the kept token, and without one answers 503 and says what to run."""

    def play(line: Line) -> None:
        line.receive_request()
        line.answer(200, b"[]")

    token = OAuthTokenV1(access_token=uuid4(), expires_in=180 * 86400)
    issued = IssuedToken(token=token, issued_at=datetime.now(timezone.utc))
    path = paste("main.py", tmp_path)
    with Peer(play) as api:
        program = path.read_text()
        path.write_text(program.replace("https://api.ticktick.com/open/v1", api.url().removesuffix("/oauth/token")))
        with served(path, TICKTICK_OAUTH_TOKEN=dump_issued(issued)) as address, urlopen(address) as answer:
            assert (200, b"[]") == (answer.status, answer.read())
    assert b"GET /project HTTP/1.1\r\n" in api.received
    assert f"Authorization: {token.authorization_header()}\r\n".encode() in api.received
    with served(path, HOME=str(tmp_path)) as address:
        with pytest.raises(HTTPError) as refused:
            urlopen(address)
        with refused.value as error:
            assert 503 == error.code
            assert b"ticktick-oauth login" in error.read()
