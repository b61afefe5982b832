"""The README's functions: AWS Lambda's, under its own runtime client, and Google Cloud's, under functions-framework."""

import os
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import urllib3

from faults.peer import Line, Peer
from processes import LATE, pack, run, started
from recipes.runtime_api import RuntimeApi
from roads.readme import RECIPES
from ticktick_oauth import AuthorizationRequest, Client, IssuedToken, OAuthTokenV1, dump_issued, load_issued
from ticktick_oauth.sandbox import Sandbox

pytestmark = pytest.mark.slow
Invoke = Callable[..., Any]
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
ATTRIBUTES = "Max-Age=600; Path=/; Secure; HttpOnly; SameSite=Lax"
# The whole file system, for this process alone.
READ_ONLY = ["unshare", "--mount", "sh", "-ec", 'mount -o remount,bind,ro / && ! touch "$0"/x 2>&- && exec "$@"']


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the bundle by the program's own commands, of wheels of what is installed here."""
    folder = tmp_path_factory.mktemp("function")
    pack(folder)
    program = Path(shutil.copy(RECIPES / "lambda_function.py", folder)).read_text()
    commands = "\n".join(re.findall("^  ((?:python|cp) .*)$", program, re.MULTILINE))
    environment = {"PATH": PATH, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}
    finished = run("sh", "-euc", commands, cwd=folder, env=environment)
    assert finished.returncode == 0, finished.stderr
    return folder / "bundle"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run an empty Secrets Manager, and name it in the environment."""
    server = pytest.importorskip("moto.server", reason="needs the dependency group roads")
    running = server.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*running.get_host_and_port()))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    yield
    running.stop()


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    """Make a client whose redirect URI is the function's."""
    return sandbox.client(redirect_uri="https://function.example/callback")


@pytest.fixture
def invoke(aws: None, bundle: Path, client: Client, tmp_path: Path) -> Iterator[Invoke]:  # noqa: ARG001 - for its time
    """Run Lambda's function under its runtime client, on a read-only file system, without HOME; it prints nothing."""
    pytest.importorskip("awslambdaric", reason="needs the dependency group roads")
    program = (bundle / "lambda_function.py").read_text()
    # The one change to the program.
    server = f"from ticktick_oauth import *\nclient = Client(\n    server={client.server},"
    task, log = tmp_path / "task", tmp_path / "log"
    task.mkdir()
    (task / "lambda_function.py").write_text(program.replace("client = Client(", server))
    environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")} | {
        "PATH": PATH,
        "PYTHONPATH": str(bundle),
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_LEVEL": "WARN",
        "OWNER_PASSWORD": "open",
        "TICKTICK_CLIENT_ID": client.client_id,
        "TICKTICK_CLIENT_SECRET": str(client.client_secret),
        "TICKTICK_REDIRECT_URI": client.redirect_uri,
    }
    command = [*READ_ONLY, str(tmp_path), sys.executable, "-m", "awslambdaric", "lambda_function.handler"]
    with RuntimeApi() as api, log.open("wb") as file:
        variables = {**environment, "AWS_LAMBDA_RUNTIME_API": api.address}
        with subprocess.Popen(command, cwd=task, env=variables, stdout=file, stderr=file) as process:
            try:
                yield lambda event, seconds=LATE: api.invoke(event, seconds=seconds)[0]
            finally:
                process.kill()
    assert "" == log.read_text()


def start(body: str | None) -> dict[str, object]:
    """Return the event of a browser that comes to /start, or posts its form."""
    encoded = {"body": b64encode(body.encode()).decode(), "isBase64Encoded": True} if body else {}
    return {"rawPath": "/start", "rawQueryString": "", **encoded}


def callback(redirect: str, *cookies: str) -> dict[str, object]:
    """Return the event of a browser that comes to the redirect URI; without a cookie, its key is missing."""
    event = {"rawPath": "/callback", "rawQueryString": urlsplit(redirect).query}
    return {**event, "cookies": cookies} if cookies else {**event}


def test_a_function_signs_a_person_in(sandbox: Sandbox, invoke: Invoke, client: Client) -> None:
    """From /start to the token in Secrets Manager; a secret that goes while the person signs in loses no token."""
    import boto3

    secrets = boto3.client("secretsmanager")
    form, wrong = (invoke(start(body)) for body in (None, "password=shut"))
    assert form == wrong == {**form, "statusCode": 200, "headers": {"Content-Type": "text/html"}}
    begun = invoke(start("password=open"))
    cookie, _, attributes = begun["cookies"][0].partition("; ")
    name, _, state = cookie.partition("=")
    assert (303, "__Host-state", ATTRIBUTES) == (begun["statusCode"], name, attributes)
    request = AuthorizationRequest(client=client, state=state)
    assert request.uri == begun["headers"]["Location"]
    redirect = sandbox.sign_in(request)
    secrets.delete_secret(SecretId="ticktick", ForceDeleteWithoutRecovery=True)
    assert (503, 1) == (invoke(callback(redirect, "another=cookie", cookie))["statusCode"], len(sandbox.requests))
    secrets.create_secret(Name="ticktick")
    ended = invoke(callback(redirect, cookie))
    done, _, attributes = ended["cookies"][0].partition("; ")
    assert (200, "Signed in.") == (ended["statusCode"], ended["body"])
    assert (f"__Host-done={state}", ATTRIBUTES) == (done, attributes)
    assert ended == invoke(callback(redirect, cookie, done))  # a reload, for which nothing is sent
    assert 1 == len(sandbox.requests)
    assert {"statusCode": 404} == invoke({"rawPath": "/favicon.ico", "rawQueryString": ""})
    kept = load_issued(secrets.get_secret_value(SecretId="ticktick")["SecretString"])
    assert (client.server, False) == (kept.server, kept.is_expired(now=datetime.now(timezone.utc)))


def test_a_function_refuses_what_it_cannot_trust(sandbox: Sandbox, invoke: Invoke, client: Client) -> None:
    """A missing, foreign or malformed cookie, a denial and a silent server are each a clean 400, in time."""
    request = AuthorizationRequest(client=client)
    cookie = f"__Host-state={request.state}"
    redirect = sandbox.sign_in(request)
    sandbox.next_answer(200, None, delay=LATE)
    for event, words in [
        (callback(redirect), "state"),
        (callback(redirect, "__Host-state=another"), "state"),
        (callback(redirect, "__Host-state"), "state"),
        (callback("", cookie), "state"),
        (callback(sandbox.sign_in(request, deny=True), cookie), "the person denied the access"),
        (callback(redirect, cookie), "seconds"),
    ]:
        assert words == "seconds" or not sandbox.requests
        answer = invoke(event, seconds=3)  # of which a silent token endpoint may take at most one
        assert (400, "text/plain") == (answer["statusCode"], answer["headers"]["Content-Type"])
        assert words in answer["body"]


@pytest.mark.skipif(find_spec("functions_framework") is None, reason="needs the dependency group roads")
def test_a_cloud_function(tmp_path: Path) -> None:
    """It calls the API with the kept token, and without one answers 503 and says what to run."""

    def play(line: Line) -> None:
        line.receive_request()
        line.answer(200, b"[]")

    def answer(**variables: str) -> tuple[int, bytes]:
        # Its command would start a reloader, and that a process that outlives it.
        program = f"import functions_framework as f; f.create_app('projects', {str(path)!r}).run('127.0.0.1', 0)"
        with started([sys.executable, "-c", program], {"PATH": PATH, **variables}) as server:
            assert server.stderr is not None
            address = next(found[1] for line in server.stderr if (found := re.search(r"Running on (http://\S+)", line)))
            answer = urllib3.request("GET", address, retries=False, timeout=LATE)
            return answer.status, answer.data

    path = tmp_path / "main.py"
    token = OAuthTokenV1(access_token=uuid4(), expires_in=180 * 86400)
    with Peer(play) as api:
        program, place = (RECIPES / "main.py").read_text(), api.url().removesuffix("/oauth/token")
        path.write_text(program.replace("https://api.ticktick.com/open/v1", place))
        issued = IssuedToken(token=token, issued_at=datetime.now(timezone.utc))
        assert (200, b"[]") == answer(TICKTICK_OAUTH_TOKEN=dump_issued(issued))
    assert b"GET /project HTTP/1.1\r\n" in api.received
    assert f"Authorization: {token.authorization_header()}\r\n".encode() in api.received
    status, body = answer(HOME=str(tmp_path))
    assert (503, True) == (status, b"ticktick-oauth login" in body)
