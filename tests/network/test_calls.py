"""The three functions that use the network, on their good days; their bad ones are in tests/faults."""

from collections.abc import Callable
from inspect import signature

import pytest
import urllib3

from ticktick_oauth import (
    AuthorizationRequest,
    AuthorizationResponse,
    Client,
    discover_server,
    exchange_code,
    register_client,
)
from ticktick_oauth.sandbox import Sandbox

REDIRECT_URI = "http://127.0.0.1:43117/"


@pytest.mark.parametrize("pooled", [False, True], ids=["fresh", "pool"])
def test_from_an_issuer_to_a_token(sandbox: Sandbox, *, pooled: bool) -> None:
    """Discovered, registered, allowed and exchanged, without a secret; the response brings its PKCE verifier along."""
    with urllib3.PoolManager() as pool:
        http = pool if pooled else None
        server = discover_server(sandbox.server.issuer, http=http)
        client = register_client(server, redirect_uri=REDIRECT_URI, http=http)
        request = AuthorizationRequest.with_pkce(client=client)
        exchange_code(client, request.parse_response(sandbox.sign_in(request)), http=http)
    assert sandbox.server == server
    assert (client.client_secret, client.redirect_uri) == (None, REDIRECT_URI)
    assert "code_verifier" in sandbox.requests[-1].form


def test_a_response_and_a_verifier_are_a_mistake(client: Client) -> None:
    """Two verifiers are one too many, even the same."""
    response = AuthorizationResponse(code="a", code_verifier="v" * 43)
    words = "code_verifier must not be given beside an AuthorizationResponse, which has its own"
    with pytest.raises(TypeError, match=f"^{words}$"):
        exchange_code(client, response, code_verifier="v" * 43)


@pytest.mark.parametrize("send", [exchange_code, discover_server, register_client])
def test_ten_seconds_are_the_default(send: Callable[..., object]) -> None:
    """What is sent without a timeout has ten seconds."""
    assert 10.0 == signature(send).parameters["timeout"].default
