"""A serverless function, under the very runtime client that Lambda runs Python functions with."""

import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from interop.runtime_api import RuntimeApi
from interop.starting import TESTS
from ticktick_oauth import AuthorizationRequest
from ticktick_oauth import Client
from ticktick_oauth import OAuthTokenV1
from ticktick_oauth import exchange_code
from ticktick_oauth import structure
from ticktick_oauth.sandbox import Sandbox

pytestmark = pytest.mark.skipif(
    find_spec("awslambdaric") is None, reason="there is no module awslambdaric: install the dependency group interop"
)


@contextmanager
def deployed(client: Client, log: Path) -> Iterator[RuntimeApi]:
    """Run the function of ``lambda_handler.py`` in a process of its own; all that it prints or logs goes to a file."""
    with (
        RuntimeApi() as api,
        log.open("wb") as file,
        subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", "interop.lambda_handler.handler"],
            cwd=TESTS,
            env={
                "AWS_LAMBDA_RUNTIME_API": api.address,
                "AWS_LAMBDA_LOG_FORMAT": "JSON",
                "AWS_LAMBDA_LOG_LEVEL": "DEBUG",
                "ISSUER": client.server.issuer,
                "CLIENT_ID": client.client_id,
                "CLIENT_SECRET": str(client.client_secret),
            },
            stdout=file,
            stderr=file,
        ) as process,
    ):
        try:
            yield api
        finally:
            process.kill()


def redirected(sandbox: Sandbox, client: Client, user: str) -> dict[str, str | None]:
    """Sign in up to the redirect; return the event that it is to the function."""
    request = AuthorizationRequest.with_pkce(client=client)
    redirect = sandbox.sign_in(request, user=user)
    return {
        "rawQueryString": urlsplit(redirect).query,
        "state": request.state,
        "code_verifier": request.code_verifier,
    }


def issued(sandbox: Sandbox, client: Client, user: str) -> OAuthTokenV1:
    """Sign in without the function; a user's token is the same each time."""
    request = AuthorizationRequest(client=client)
    return exchange_code(client, request.parse_response(sandbox.sign_in(request, user=user)).code)


def test_a_warm_function_gives_each_person_their_token_in_silence(
    sandbox: Sandbox, client: Client, tmp_path: Path
) -> None:
    """One process serves two people, asks once for each, and prints and logs nothing with the level at DEBUG."""
    log = tmp_path / "log"
    with deployed(client, log) as api:
        outcomes = [api.invoke(redirected(sandbox, client, user)) for user in ("ada", "bob")]
    assert ["response", "response"] == [kind for kind, _ in outcomes]
    assert len({document["process"] for _, document in outcomes}) == 1
    assert len(sandbox.requests) == 2
    tokens = [structure(document["token"]).access_token for _, document in outcomes]
    assert [issued(sandbox, client, user).access_token for user in ("ada", "bob")] == tokens
    assert log.read_bytes() == b""


def test_a_failed_invocation_logs_no_secret_and_harms_no_other(
    sandbox: Sandbox, client: Client, tmp_path: Path
) -> None:
    """What the runtime logs and reports of a replayed redirect names the error, shows no secret, and leaves it warm."""
    log = tmp_path / "log"
    first, other = redirected(sandbox, client, "ada"), redirected(sandbox, client, "bob")
    with deployed(client, log) as api:
        outcomes = [api.invoke(event) for event in (first, first, other)]
    assert ["response", "error", "response"] == [kind for kind, _ in outcomes]
    assert outcomes[0][1]["process"] == outcomes[2][1]["process"]
    error = outcomes[1][1]
    assert error["errorType"] == "TokenEndpointError"
    assert "the code was used already or is not whole" in error["errorMessage"]
    shown = log.read_text() + str(error)
    assert "exchange_code" in shown  # the traceback
    code = (
        AuthorizationRequest(client=client, state=str(first["state"])).parse_response(str(first["rawQueryString"])).code
    )
    credentials = b64encode(f"{client.client_id}:{client.client_secret}".encode()).decode()
    token = outcomes[0][1]["token"]["access_token"]
    secrets = code, first["state"], first["code_verifier"], client.client_secret, credentials, token
    assert [] == [secret for secret in secrets if str(secret) in shown]
