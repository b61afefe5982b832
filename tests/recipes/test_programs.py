"""The programs of the README: a web server's and an async one's, a key ring's, cron's line, and pyticktick's client."""

import asyncio
import os
import shutil
import sys
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path

import pytest
from pydantic import ValidationError

import ticktick_oauth as ours
from conformance.parity import pyticktick_token
from faults.peer import Line, Peer
from processes import run
from recipes.embedded import Settings, decode
from roads.readme import RECIPES, blocks
from ticktick_oauth import AuthorizationRequest, Client, IssuedToken, OAuthTokenV1, TokenFile, exchange_code
from ticktick_oauth.exceptions import InvalidTokenError, TokenEndpointError
from ticktick_oauth.sandbox import Sandbox

PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
ANSWER = {"access_token": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "expires_in": 15551999}
WRONG = {"access_token": "precious", "expires_in": "precious"}
KEYCHAIN = """
from datetime import datetime, timezone
from uuid import UUID
from keychain import Keychain
from ticktick_oauth import IssuedToken, OAuthTokenV1, get_token

store = Keychain()
assert store.load() is None
store.delete()
for number in (1, 2):
    token = OAuthTokenV1(access_token=UUID(int=number, version=4), expires_in=180 * 86400)
    store.save(IssuedToken(token=token, issued_at=datetime.now(timezone.utc)))
assert get_token(store) == token
store.delete()
assert store.load() is None
store.save(IssuedToken(token=token, issued_at=datetime.now(timezone.utc)))
print("kept")
"""


@pytest.mark.skipif(find_spec("flask") is None, reason="needs the dependency group roads")
def test_flask(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It signs its owner in, and nobody else; a reload is a success, a foreign browser and a denial a clean 400.

    A store that fails for a while loses nothing.
    """
    client = sandbox.client(redirect_uri="https://app.example/callback")
    for name, value in {
        "FLASK_SECRET_KEY": "key",
        "OWNER_PASSWORD": "open",
        "TICKTICK_CLIENT_ID": client.client_id,
        "TICKTICK_CLIENT_SECRET": str(client.client_secret),
        "TICKTICK_REDIRECT_URI": client.redirect_uri,
        "TICKTICK_OAUTH_TOKEN_FILE": str(tmp_path / "token.json"),
    }.items():
        monkeypatch.setenv(name, value)
    from recipes import flask_app

    monkeypatch.setattr(flask_app, "client", client)  # the same, of the sandbox
    browser, other = (flask_app.app.test_client() for _ in range(2))

    def start() -> AuthorizationRequest:
        answer = browser.get("/start", base_url="https://app.example", auth=("owner", "open"))
        with browser.session_transaction(base_url="https://app.example") as session:
            request = AuthorizationRequest(client=client, state=session["state"])
        assert (302, request.uri) == (answer.status_code, answer.location)
        return request

    for guess in (None, ("owner", "shut"), ("owner", "\u00e9")):
        assert 401 == other.get("/start", base_url="https://app.example", auth=guess).status_code
    redirect = sandbox.sign_in(start())
    assert 400 == other.get(redirect).status_code
    (tmp_path / "token.json").mkdir()
    assert 503 == browser.get(redirect).status_code
    (tmp_path / "token.json").rmdir()
    assert (200, "Signed in.") == ((answer := browser.get(redirect)).status_code, answer.text)
    assert client.server == ours.load_issued((tmp_path / "token.json").read_text()).server
    assert (200, 1) == (browser.get(redirect).status_code, len(sandbox.requests))  # a reload; nothing is sent
    assert 400 == other.get(redirect).status_code
    denied = browser.get(sandbox.sign_in(start(), deny=True))
    assert (400, "text/plain") == (denied.status_code, denied.mimetype)
    assert "the person denied the access" in denied.text


@pytest.mark.skipif(find_spec("httpx") is None, reason="needs the dependency group roads")
def test_exchanges_by_httpx(sandbox: Sandbox, client: Client) -> None:
    """The function gets a token, with PKCE, and a refusal is an error as ever."""
    import httpx

    from recipes.httpx_exchange import exchange

    request = AuthorizationRequest.with_pkce(client=client)
    response = request.parse_response(sandbox.sign_in(request))

    async def exchange_twice() -> tuple[OAuthTokenV1, TokenEndpointError]:
        async with httpx.AsyncClient() as http:
            token = await exchange(http, client, response)
            with pytest.raises(TokenEndpointError) as refused:
                await exchange(http, client, response)
            return token, refused.value

    token, error = asyncio.run(exchange_twice())
    assert (15551999, 400) == (token.expires_in, error.status)


@pytest.mark.skipif(find_spec("keyring") is None, reason="needs the dependency group roads")
@pytest.mark.skipif(
    None in map(shutil.which, ("dbus-run-session", "gnome-keyring-daemon")),
    reason="needs dbus-run-session and gnome-keyring-daemon",
)
def test_the_keychain(tmp_path: Path) -> None:
    """The recipe keeps a token in GNOME's keyring, unlocked in a session of its own, and nothing in plain text.

    Where there is no key ring, the program has a StorageError, and nobody is asked to sign in.
    """
    names = dict.fromkeys(("HOME", "XDG_RUNTIME_DIR"), str(tmp_path)) | {"PATH": PATH, "PYTHONPATH": str(RECIPES)}
    # The daemon ends with its session's bus.
    session = 'printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null; exec python -c "$0"'
    environment = names | {"PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring"}
    finished = run("dbus-run-session", "--", "sh", "-c", session, KEYCHAIN, env=environment)
    assert (0, "kept\n") == (finished.returncode, finished.stdout), finished.stderr
    rings = list((tmp_path / ".local/share/keyrings").glob("*.keyring"))
    assert rings
    assert not [ring for ring in rings if b"access_token" in ring.read_bytes()]

    program = "from keychain import Keychain\nfrom ticktick_oauth import get_token\nget_token(Keychain(), show=print)"
    finished = run("python", "-c", program, env=names | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"})
    assert (1, "") == (finished.returncode, finished.stdout)
    assert "StorageError: the key ring cannot be read: " in finished.stderr


@pytest.mark.skipif(os.name == "nt", reason="there is no cron")
@pytest.mark.parametrize("code", [0, 1, 5, None])
def test_cron_alarms_on_exit_1_alone(code: int | None, tmp_path: Path) -> None:
    """Where the token ends soon, there is a mail; where the command fails or is missing, cron mails what it says."""
    (block,) = blocks("", "0 9 * * *  ")
    programs = {"mail": 'cat >"$HOME/mailed"', ".local/bin/ticktick-oauth": f"echo out; exit {code}"}
    (tmp_path / ".local/bin").mkdir(parents=True)
    for name, text in programs.items():
        if name == "mail" or code is not None:
            (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
            (tmp_path / name).chmod(0o755)
    environment = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:/usr/bin:/bin"}
    finished = run("sh", "-c", block.removeprefix("0 9 * * *  "), env=environment)
    assert ("", code is None) == (finished.stdout, "not found" in finished.stderr)
    assert (code == 1) == (tmp_path / "mailed").exists()


def test_the_token_in_msgspec_and_pydantic() -> None:
    """It goes there and back, and a wrong one is refused with our reasons and without its values."""
    token = ours.structure(ANSWER)
    assert token == decode(ours.dumps(token))
    assert token == Settings.model_validate_json(Settings(token=token).model_dump_json()).token
    with pytest.raises(ValidationError, match=r"access_token: .*expires_in: ") as refused:
        Settings.model_validate({"token": WRONG})
    assert "precious" not in str(refused.value)


def test_pyticktick_names_beside_ours() -> None:
    """Each row of the README's table about the model has the same outcome on both sides."""
    theirs = pyticktick_token()
    token, model = ours.structure(ANSWER), theirs.model_validate(ANSWER)
    assert model.model_dump_json() == ours.dumps(token)
    assert model.model_dump(mode="json") == ours.unstructure(token)
    assert theirs.model_validate_json(ours.dumps(token)) == model
    assert token == ours.loads(model.model_dump_json())
    with pytest.raises(ValidationError, match="precious"):
        theirs.model_validate(WRONG)
    with pytest.raises(InvalidTokenError) as refused:
        ours.structure(WRONG)
    assert "precious" not in str(refused.value)


@pytest.mark.slow
def test_pyticktick_uses_our_token(sandbox: Sandbox, tmp_path: Path, client: Client) -> None:
    """The README's two lines set what a real pyticktick.Client needs to call the API, here a peer of our own."""
    pytest.importorskip("pyticktick", reason="needs pyticktick 0.3.0, which wants a Python below 3.15")
    request = AuthorizationRequest(client=client)
    token = exchange_code(client, request.parse_response(sandbox.sign_in(request)))
    TokenFile(tmp_path / "token.json").save(IssuedToken(token=token, issued_at=datetime.now(timezone.utc)))

    def play(line: Line) -> None:
        line.receive_request()
        line.answer(200, b"[]", "Content-Type: application/json")

    (lines,) = blocks("sh", "pyticktick-env")
    with Peer(play) as api:
        place = api.url().removesuffix("oauth/token")
        program = f"from pyticktick import Client; print(Client(v1_base_url={place!r}).get_projects_v1().root)"
        environment = {"PATH": PATH, "HOME": str(tmp_path), "TICKTICK_OAUTH_TOKEN_FILE": str(tmp_path / "token.json")}
        script = f'{lines.replace("...", "of-the-portal")}exec python -c "$0"'
        finished = run("sh", "-euc", script, program, env=environment)
    assert (0, "[]\n") == (finished.returncode, finished.stdout), finished.stderr
    assert b"GET /project HTTP/1.1\r\n" in api.received
    assert f"Authorization: {token.authorization_header()}\r\n".encode() in api.received
