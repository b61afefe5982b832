"""A function that has its token from its environment, under Google Cloud's functions-framework."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import pytest
import urllib3

from faults.peer import Line, Peer
from processes import LATE, started
from roads.readme import RECIPES
from ticktick_oauth import IssuedToken, OAuthTokenV1, dump_issued


@contextmanager
def answered(program: Path, **variables: str) -> Iterator[urllib3.BaseHTTPResponse]:
    """Serve a function by functions-framework, and yield its answer."""
    command = [sys.executable, "-m", "functions_framework", "--target=projects", f"--source={program}", "--debug"]
    environment = {"PATH": os.environ["PATH"], **variables}
    with started([*command, "--host=127.0.0.1", "--port=0"], environment) as server:
        assert server.stderr is not None
        address = next(found[1] for line in server.stderr if (found := re.search(r"Running on (http://\S+)", line)))
        yield urllib3.request("GET", address, retries=False, timeout=LATE)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("functions_framework") is None, reason="needs the dependency group roads")
def test_a_cloud_function(tmp_path: Path) -> None:
    """It calls the API with the kept token, and without one answers 503 and says what to run."""

    def play(line: Line) -> None:
        line.receive_request()
        line.answer(200, b"[]")

    token = OAuthTokenV1(access_token=uuid4(), expires_in=180 * 86400)
    issued = dump_issued(IssuedToken(token=token, issued_at=datetime.now(timezone.utc)))
    with Peer(play) as api:
        program = (RECIPES / "main.py").read_text()
        (path := tmp_path / "main.py").write_text(
            program.replace("https://api.ticktick.com/open/v1", api.url().removesuffix("/oauth/token"))
        )
        with answered(path, TICKTICK_OAUTH_TOKEN=issued) as answer:
            assert (200, b"[]") == (answer.status, answer.data)
    assert b"GET /project HTTP/1.1\r\n" in api.received
    assert f"Authorization: {token.authorization_header()}\r\n".encode() in api.received
    with answered(path, HOME=str(tmp_path)) as answer:
        assert (503, True) == (answer.status, b"ticktick-oauth login" in answer.data)
