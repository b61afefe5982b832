"""The README's function for AWS Lambda, under the runtime client that Lambda runs Python functions with."""

import os
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from recipes.runtime_api import RuntimeApi
from roads.readme import paste
from roads.running import LATE, run
from roads.wheels import DEPENDENCIES, pack
from ticktick_oauth import AuthorizationRequest, Client, exchange_code, load_issued
from ticktick_oauth.sandbox import Sandbox

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        None in map(find_spec, ("awslambdaric", "boto3", "moto")), reason="needs the dependency group roads"
    ),
]
REDIRECT_URI = "https://function.example/callback"
ATTRIBUTES = "Max-Age=600; Path=/; Secure; HttpOnly; SameSite=Lax"
# The whole file system, for this process alone.
READ_ONLY = ["unshare", "--mount", "sh", "-ec", 'mount -o remount,bind,ro / && ! touch "$0"/x 2>&- && exec "$@"']


@pytest.fixture(scope="module")
def machine() -> Iterator[dict[str, str]]:
    """Run an empty Secrets Manager, and return the environment of a machine that uses it; there is no HOME."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": "http://{}:{}".format(*server.get_host_and_port()),
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    server.stop()


def boto3_client(environment: dict[str, str]) -> Any:  # noqa: ANN401 - boto3's
    """Return a client of the machine's Secrets Manager."""
    import boto3

    return boto3.client(
        "secretsmanager",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_DEFAULT_REGION"],
        aws_access_key_id="id",
        aws_secret_access_key="secret",
    )


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the bundle by the program's own commands, of wheels of what is installed here."""
    folder = tmp_path_factory.mktemp("function")
    for name in ["ticktick-oauth", *DEPENDENCIES]:
        pack(name, folder)
    program = paste("lambda_function.py", folder).read_text()
    commands = "\n".join(re.findall("^  ((?:python|cp) .*)$", program, re.MULTILINE))
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder),
    }
    finished = run("sh", "-euc", commands, cwd=folder, env=environment)
    assert finished.returncode == 0, finished.stderr
    return folder / "bundle"


@contextmanager
def deployed(
    bundle: Path, machine: dict[str, str], client: Client, folder: Path, **environment: str
) -> Iterator[RuntimeApi]:
    """Run the function for a client, whose server is not TickTick's; all that it prints goes to a file."""
    server = client.server
    program = (bundle / "lambda_function.py").read_text()
    # The one change to the program.
    changed = program.replace(
        "client = Client(", f"from ticktick_oauth import *\nclient = Client(\n    server={server},"
    )
    assert changed != program
    (folder / "task").mkdir()
    (folder / "task" / "lambda_function.py").write_text(changed)
    with (
        RuntimeApi() as api,
        (folder / "log").open("wb") as file,
        subprocess.Popen(
            [*READ_ONLY, folder, sys.executable, "-m", "awslambdaric", "lambda_function.handler"],
            cwd=folder / "task",
            env={
                **machine,
                "PYTHONPATH": str(bundle),
                "AWS_LAMBDA_RUNTIME_API": api.address,
                "AWS_LAMBDA_LOG_FORMAT": "JSON",
                "AWS_LAMBDA_LOG_LEVEL": "WARN",
                "OWNER_PASSWORD": "open",
                "TICKTICK_CLIENT_ID": client.client_id,
                "TICKTICK_CLIENT_SECRET": str(client.client_secret),
                "TICKTICK_REDIRECT_URI": client.redirect_uri,
                **environment,
            },
            stdout=file,
            stderr=file,
        ) as process,
    ):
        try:
            yield api
        finally:
            process.kill()


def start(body: str | None) -> dict[str, object]:
    """Return the event of a browser that comes to /start, or posts its form."""
    encoded = {"body": b64encode(body.encode()).decode(), "isBase64Encoded": True} if body else {}
    return {"rawPath": "/start", "rawQueryString": "", **encoded}


def callback(query: str, *cookies: str) -> dict[str, object]:
    """Return the event of a browser that comes to the redirect URI; without a cookie, its key is missing."""
    return {"rawPath": "/callback", "rawQueryString": query, **({"cookies": cookies} if cookies else {})}


def test_a_function_signs_a_person_in(sandbox: Sandbox, bundle: Path, machine: dict[str, str], tmp_path: Path) -> None:
    """From /start to the token in Secrets Manager, on a read-only file system, without HOME, in silence.

    A secret that goes while the person signs in loses no token.
    """
    client = sandbox.client(redirect_uri=REDIRECT_URI)
    with deployed(bundle, machine, client, tmp_path) as api:
        (form, wrong) = (api.invoke(start(body))[0] for body in (None, "password=shut"))
        assert form == wrong == {**form, "statusCode": 200, "headers": {"Content-Type": "text/html"}}
        (started,) = api.invoke(start("password=open"))
        cookie, _, attributes = started["cookies"][0].partition("; ")
        name, _, state = cookie.partition("=")
        assert (303, "__Host-state", ATTRIBUTES) == (started["statusCode"], name, attributes)
        request = AuthorizationRequest(client=client, state=state)
        assert request.uri == started["headers"]["Location"]
        query = urlsplit(sandbox.sign_in(request, user="ada")).query
        secrets = boto3_client(machine)
        secrets.delete_secret(SecretId="ticktick", ForceDeleteWithoutRecovery=True)
        (failed,) = api.invoke(callback(query, "another=cookie", cookie))
        assert (503, 1) == (failed["statusCode"], len(sandbox.requests))
        secrets.create_secret(Name="ticktick")
        (ended,) = api.invoke(callback(query, cookie))
        assert (200, "Signed in.") == (ended["statusCode"], ended["body"])
        done, _, attributes = ended["cookies"][0].partition("; ")
        assert (f"__Host-done={state}", ATTRIBUTES) == (done, attributes)
        assert [ended] == api.invoke(callback(query, cookie, done))  # a reload, for which nothing is sent
        assert 1 == len(sandbox.requests)
        assert [{"statusCode": 404}] == api.invoke({"rawPath": "/favicon.ico", "rawQueryString": ""})
    kept = load_issued(boto3_client(machine).get_secret_value(SecretId="ticktick")["SecretString"])
    # A user's token is the same each time.
    again = AuthorizationRequest(client=client)
    token = exchange_code(client, again.parse_response(sandbox.sign_in(again, user="ada")))
    assert (token.access_token, client.server) == (kept.token.access_token, kept.server)
    assert "" == (tmp_path / "log").read_text()


def test_a_function_refuses_what_it_cannot_trust(
    sandbox: Sandbox, bundle: Path, machine: dict[str, str], tmp_path: Path
) -> None:
    """A missing, foreign or malformed cookie, a denial and a replay are each a clean 400."""
    client = sandbox.client(redirect_uri=REDIRECT_URI)
    request = AuthorizationRequest(client=client)
    cookie = f"__Host-state={request.state}"
    query = urlsplit(sandbox.sign_in(request)).query
    denied = urlsplit(sandbox.sign_in(request, deny=True)).query
    refusals = [
        (callback(query), "state"),
        (callback(query, "__Host-state=another"), "state"),
        (callback(query, "__Host-state"), "state"),
        (callback(query, "__Host-state="), "state"),
        (callback("", cookie), "state"),
        (callback(denied, cookie), "the person denied the access"),
    ]
    with deployed(bundle, machine, client, tmp_path) as api:
        api.invoke(start("password=open"))
        for event, words in refusals:
            (answer,) = api.invoke(event)
            assert (400, "text/plain") == (answer["statusCode"], answer["headers"]["Content-Type"])
            assert words in answer["body"]
        assert [] == sandbox.requests
        (first,) = api.invoke(callback(query, cookie))
        (replayed,) = api.invoke(callback(query, cookie))
    assert (200, 400) == (first["statusCode"], replayed["statusCode"])
    assert "the code was used already or is not whole" in replayed["body"]
    assert "" == (tmp_path / "log").read_text()


def test_a_function_answers_before_its_own_time_is_up(
    sandbox: Sandbox, bundle: Path, machine: dict[str, str], tmp_path: Path
) -> None:
    """Of three seconds that an invocation has, a silent token endpoint may take at most one; nothing is logged."""
    client = sandbox.client(redirect_uri=REDIRECT_URI)
    request = AuthorizationRequest(client=client)
    query = urlsplit(sandbox.sign_in(request)).query
    with deployed(bundle, machine, client, tmp_path, AWS_LAMBDA_LOG_LEVEL="DEBUG") as api:
        api.invoke({"rawPath": "/", "rawQueryString": ""})  # the cold start
        sandbox.next_answer(200, None, delay=LATE)
        (answer,) = api.invoke(callback(query, f"__Host-state={request.state}"), seconds=3)
    assert 400 == answer["statusCode"]
    assert "seconds" in answer["body"]
    assert "" == (tmp_path / "log").read_text()
