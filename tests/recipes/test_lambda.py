"""The README's function for AWS Lambda, called as Lambda calls it, in a bundle that its own commands made."""

import json
import os
import re
import shutil
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from processes import LATE, TAKE_ORDERS, orders, pack, run, started
from roads.readme import RECIPES
from ticktick_oauth import AuthorizationRequest, Client, exchange_code, load_issued
from ticktick_oauth.sandbox import Sandbox

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(None in map(find_spec, ("boto3", "moto")), reason="needs the dependency group roads"),
]
Invoke = Callable[..., Any]
ATTRIBUTES = "Max-Age=600; Path=/; Secure; HttpOnly; SameSite=Lax"
# The whole file system, for this process alone.
READ_ONLY = ["unshare", "--mount", "sh", "-ec", 'mount -o remount,bind,ro / && ! touch "$0"/x 2>&- && exec "$@"']
# Answers an event on each line, with the milliseconds that are left for it.
RUNTIME = f"""{TAKE_ORDERS}
from types import SimpleNamespace
import lambda_function

lambda_function.client = client  # the same, of the sandbox
for line in sys.stdin:
    event, left = json.loads(line)
    answer = lambda_function.handler(event, SimpleNamespace(get_remaining_time_in_millis=lambda: left))
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the bundle by the program's own commands, of wheels of what is installed here."""
    folder = tmp_path_factory.mktemp("function")
    pack(folder)
    program = Path(shutil.copy(RECIPES / "lambda_function.py", folder)).read_text()
    commands = "\n".join(re.findall("^  ((?:python|cp) .*)$", program, re.MULTILINE))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}
    finished = run("sh", "-euc", commands, cwd=folder, env=environment)
    assert finished.returncode == 0, finished.stderr
    return folder / "bundle"


@pytest.fixture(scope="module")
def machine(bundle: Path) -> Iterator[dict[str, str]]:
    """Run an empty Secrets Manager, and return the environment of a machine that uses it; there is no HOME."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(bundle),
        "AWS_ENDPOINT_URL": "http://{}:{}".format(*server.get_host_and_port()),
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
        "OWNER_PASSWORD": "open",
    }
    server.stop()


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    """Make a client whose redirect URI is the function's."""
    return sandbox.client(redirect_uri="https://function.example/callback")


@pytest.fixture
def invoke(machine: dict[str, str], client: Client, tmp_path: Path) -> Iterator[Invoke]:
    """Run the function, on a read-only file system; by the end it has printed nothing of its own."""
    words = {name: str(getattr(client, name)) for name in ("client_id", "client_secret", "redirect_uri")}
    environment = machine | {f"TICKTICK_{name.upper()}": word for name, word in words.items()}
    with started([*READ_ONLY, tmp_path, sys.executable, "-c", RUNTIME], environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(orders(client))

        def invoke(event: object, seconds: float = LATE) -> object:
            print(json.dumps([event, seconds * 1000]), file=process.stdin, flush=True)
            return json.loads(process.stdout.readline())  # type: ignore[union-attr] # it is not, above

        yield invoke
        assert ("", "") == process.communicate(timeout=LATE)


def start(body: str | None) -> dict[str, object]:
    """Return the event of a browser that comes to /start, or posts its form."""
    encoded = {"body": b64encode(body.encode()).decode(), "isBase64Encoded": True} if body else {}
    return {"rawPath": "/start", "rawQueryString": "", **encoded}


def callback(query: str, *cookies: str) -> dict[str, object]:
    """Return the event of a browser that comes to the redirect URI; without a cookie, its key is missing."""
    return {"rawPath": "/callback", "rawQueryString": query, **({"cookies": cookies} if cookies else {})}


def test_a_function_signs_a_person_in(
    sandbox: Sandbox, invoke: Invoke, client: Client, machine: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From /start to the token in Secrets Manager; a secret that goes while the person signs in loses no token."""
    import boto3

    for name, value in machine.items():
        monkeypatch.setenv(name, value)
    secrets = boto3.client("secretsmanager")
    form, wrong = (invoke(start(body)) for body in (None, "password=shut"))
    assert form == wrong == {**form, "statusCode": 200, "headers": {"Content-Type": "text/html"}}
    started = invoke(start("password=open"))
    cookie, _, attributes = started["cookies"][0].partition("; ")
    name, _, state = cookie.partition("=")
    assert (303, "__Host-state", ATTRIBUTES) == (started["statusCode"], name, attributes)
    request = AuthorizationRequest(client=client, state=state)
    assert request.uri == started["headers"]["Location"]
    query = urlsplit(sandbox.sign_in(request, user="ada")).query
    secrets.delete_secret(SecretId="ticktick", ForceDeleteWithoutRecovery=True)
    assert (503, 1) == (invoke(callback(query, "another=cookie", cookie))["statusCode"], len(sandbox.requests))
    secrets.create_secret(Name="ticktick")
    ended = invoke(callback(query, cookie))
    assert (200, "Signed in.") == (ended["statusCode"], ended["body"])
    done, _, attributes = ended["cookies"][0].partition("; ")
    assert (f"__Host-done={state}", ATTRIBUTES) == (done, attributes)
    assert ended == invoke(callback(query, cookie, done))  # a reload, for which nothing is sent
    assert 1 == len(sandbox.requests)
    assert {"statusCode": 404} == invoke({"rawPath": "/favicon.ico", "rawQueryString": ""})
    kept = load_issued(secrets.get_secret_value(SecretId="ticktick")["SecretString"])
    # A user's token is the same each time.
    again = AuthorizationRequest(client=client)
    token = exchange_code(client, again.parse_response(sandbox.sign_in(again, user="ada")))
    assert (token.access_token, client.server) == (kept.token.access_token, kept.server)


def test_a_function_refuses_what_it_cannot_trust(sandbox: Sandbox, invoke: Invoke, client: Client) -> None:
    """A missing, foreign or malformed cookie, a denial and a replay are each a clean 400."""
    request = AuthorizationRequest(client=client)
    cookie = f"__Host-state={request.state}"
    query = urlsplit(sandbox.sign_in(request)).query
    denied = urlsplit(sandbox.sign_in(request, deny=True)).query
    invoke(start("password=open"))
    for event, words in [
        (callback(query), "state"),
        (callback(query, "__Host-state=another"), "state"),
        (callback(query, "__Host-state"), "state"),
        (callback("", cookie), "state"),
        (callback(denied, cookie), "the person denied the access"),
    ]:
        answer = invoke(event)
        assert (400, "text/plain") == (answer["statusCode"], answer["headers"]["Content-Type"])
        assert words in answer["body"]
    assert [] == sandbox.requests
    assert 200 == invoke(callback(query, cookie))["statusCode"]
    replayed = invoke(callback(query, cookie))
    assert (400, True) == (replayed["statusCode"], "the code was used already" in replayed["body"])


def test_a_function_answers_before_its_own_time_is_up(sandbox: Sandbox, invoke: Invoke, client: Client) -> None:
    """Of three seconds that an invocation has, a silent token endpoint may take at most one."""
    request = AuthorizationRequest(client=client)
    query = urlsplit(sandbox.sign_in(request)).query
    sandbox.next_answer(200, None, delay=LATE)
    answer = invoke(callback(query, f"__Host-state={request.state}"), seconds=3)
    assert (400, True) == (answer["statusCode"], "seconds" in answer["body"])
