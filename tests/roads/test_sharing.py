"""What may be shared: the lines of the README's list that no other test is about."""

import asyncio
import pickle
import shutil
from base64 import b64decode, b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import urllib3
from attrs import AttrsInstance, fields
from attrs.exceptions import FrozenInstanceError

from faults.peer import Peer, issuing
from processes import LATE, PACKAGE, run_program
from roads.echoing import client_of
from ticktick_oauth import (
    TICKTICK,
    AuthorizationRequest,
    AuthorizationResponse,
    Client,
    RegistrationRequest,
    TokenRequest,
    dump_issued,
    exchange_code,
    load_issued,
)

MANY = 12
LINE = (
    '{"version": 1, "issued_at": "2026-11-23T12:00:00+00:00", "server": {"issuer": "https://ticktick.com", '
    '"authorization_endpoint": "https://ticktick.com/oauth/authorize", "token_endpoint": '
    '"https://ticktick.com/oauth/token", "registration_endpoint": "https://api.ticktick.com/oauth/register"}, '
    '"token": {"access_token": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "expires_in": 15551999, '
    '"token_type": "bearer", "scope": "tasks:read tasks:write"}}'
)
ISSUED = load_issued(LINE)
CLIENT = Client(client_id="id", client_secret="secret")
VALUES: list[AttrsInstance] = [
    TICKTICK,
    CLIENT,
    AuthorizationRequest.with_pkce(client=CLIENT),
    AuthorizationResponse(code="code"),
    TokenRequest(client=CLIENT, code="code"),
    RegistrationRequest(server=TICKTICK, redirect_uri="http://127.0.0.1:8080/"),
    ISSUED,
    ISSUED.token,
]


@pytest.mark.parametrize("pool", [lambda: None, urllib3.PoolManager], ids=["fresh", "pool"])
def test_tasks_share_a_client_and_a_pool(pool: Callable[[], urllib3.PoolManager | None]) -> None:
    """Twelve tasks exchange at once with one client, and one pool; each has the token of its own code."""
    issued: dict[str, str] = {}
    together = Barrier(MANY, timeout=LATE)
    with Peer(issuing(issued, before=together.wait)) as peer:
        client, http = client_of(peer.url()), pool()

        async def exchange(code: str) -> tuple[str, str]:
            token = await asyncio.to_thread(exchange_code, client, code, http=http, timeout=LATE)
            return code, str(token.access_token)

        async def exchange_all() -> list[tuple[str, str]]:
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(MANY))
            return await asyncio.gather(*(exchange(f"code-{number}") for number in range(MANY)))

        tokens = asyncio.run(exchange_all())
        if http is not None:
            http.clear()
    assert issued == dict(tokens)
    assert MANY == len(issued)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_is_immutable(value: AttrsInstance) -> None:
    """No field can be set; and each is named, so that no two texts can be swapped unseen."""
    names = [field.name for field in fields(type(value))]
    for name in names:
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, None)
    with pytest.raises(TypeError, match="positional argument"):
        type(value)(*(getattr(value, name) for name in names))


def test_values_pickle_to_another_process() -> None:
    """A process of the same version reads equal values."""
    program = """
import base64, pickle, sys
values = pickle.loads(base64.b64decode(sys.stdin.read()))
print(base64.b64encode(pickle.dumps(values)).decode())
"""
    back = run_program(program, stdin=b64encode(pickle.dumps(VALUES)).decode())
    assert VALUES == pickle.loads(b64decode(back))


def test_the_line_of_a_token_is_the_same_in_every_version() -> None:
    """What version 0.1.0 writes is written out here, so that a change of the format is a decision."""
    assert LINE == dump_issued(ISSUED)
    assert ISSUED == load_issued(LINE)


def test_two_copies_in_one_process(tmp_path: Path) -> None:
    """A vendored copy reads the line of the other; a value of the other is a TypeError that names both modules."""
    shutil.copytree(PACKAGE, tmp_path / "app" / "_vendor" / "ticktick_oauth")
    program = """
import sys
import ticktick_oauth
from app._vendor import ticktick_oauth as vendored
line = sys.stdin.read()
assert vendored.dump_issued(vendored.load_issued(line)) == line
try:
    vendored.dumps(ticktick_oauth.load_issued(line).token)
except TypeError as error:
    print(error)
"""
    name = "ticktick_oauth._token.model.OAuthTokenV1"
    assert f"token must be of type app._vendor.{name}, not {name}\n" == run_program(program, cwd=tmp_path, stdin=LINE)
