"""From pyticktick: its names beside ours, and its client with a token that was signed in here."""

import os
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest
from pydantic import ValidationError

import ticktick_oauth as ours
from conformance.parity import pyticktick_token
from faults.peer import Line, Peer
from processes import run
from roads.readme import blocks
from ticktick_oauth import AuthorizationRequest, IssuedToken, exchange_code
from ticktick_oauth.exceptions import InvalidTokenError
from ticktick_oauth.sandbox import Sandbox
from ticktick_oauth.storage import TokenFile

ANSWER = {"access_token": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "expires_in": 15551999}
CLIENT = """
import os
from pyticktick import Client
print(Client(v1_base_url=os.environ["API"]).get_projects_v1().root)
"""


def test_their_names_beside_ours() -> None:
    """Each row of the README's table about the model has the same outcome on both sides."""
    theirs = pyticktick_token()
    token, model = ours.structure(ANSWER), theirs.model_validate(ANSWER)
    assert model.model_dump_json() == ours.dumps(token)
    assert model.model_dump(mode="json") == ours.unstructure(token)
    assert theirs.model_validate_json(ours.dumps(token)) == model
    assert token == ours.loads(model.model_dump_json())
    assert theirs.model_json_schema() == ours.json_schema()
    with pytest.raises(ValidationError, match="precious"):
        theirs.model_validate({"access_token": "precious", "expires_in": 1})
    with pytest.raises(InvalidTokenError) as refused:
        ours.structure({"access_token": "precious", "expires_in": 1})
    assert "precious" not in str(refused.value)


@pytest.mark.slow
def test_their_client_uses_our_token(sandbox: Sandbox, tmp_path: Path) -> None:
    """The README's two lines set what a real pyticktick.Client needs to call the API, here a peer of our own."""
    pyticktick_token()
    request = AuthorizationRequest(client=sandbox.client())
    token = exchange_code(request.client, request.parse_response(sandbox.sign_in(request)))
    TokenFile(tmp_path / "token.json").save(IssuedToken(token=token, issued_at=datetime.now(timezone.utc)))

    def play(line: Line) -> None:
        line.receive_request()
        line.answer(200, b"[]", "Content-Type: application/json")

    (lines,) = blocks("sh", "pyticktick-env")
    lines = lines.replace("...", "'of-the-portal'")
    with Peer(play) as api:
        environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "TICKTICK_OAUTH_TOKEN_FILE": str(tmp_path / "token.json"),
            "API": api.url().removesuffix("oauth/token"),
        }
        finished = run("sh", "-euc", f'{lines}exec python -c "$0"', CLIENT, env=environment)
    assert (0, "[]\n") == (finished.returncode, finished.stdout), finished.stderr
    assert b"GET /project HTTP/1.1\r\n" in api.received
    assert f"Authorization: {token.authorization_header()}\r\n".encode() in api.received
