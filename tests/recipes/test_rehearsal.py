"""Rehearse what is hard to meet in life: a person who denies, a spent code, a busy server, a slow one."""

from collections.abc import Iterator

import pytest

from ticktick_oauth import AuthorizationRequest, AuthorizationResponse, exchange_code
from ticktick_oauth.exceptions import AuthorizationError, DeadlineExceededError, TokenEndpointError
from ticktick_oauth.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a server that plays TickTick."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sign_in(sandbox: Sandbox) -> AuthorizationRequest:
    """Begin a sign-in."""
    return AuthorizationRequest(client=sandbox.client())


@pytest.fixture
def response(sandbox: Sandbox, sign_in: AuthorizationRequest) -> AuthorizationResponse:
    """Have a person allow the access."""
    return sign_in.parse_response(sandbox.sign_in(sign_in, user="ada"))


def test_denial(sandbox: Sandbox, sign_in: AuthorizationRequest) -> None:
    """The person says no."""
    with pytest.raises(AuthorizationError, match="denied"):
        sign_in.parse_response(sandbox.sign_in(sign_in, deny=True))


def test_spent_code(sign_in: AuthorizationRequest, response: AuthorizationResponse) -> None:
    """A code is for one use."""
    exchange_code(sign_in.client, response)
    with pytest.raises(TokenEndpointError, match="start again at the authorization URL"):
        exchange_code(sign_in.client, response)


def test_busy_server(sandbox: Sandbox, sign_in: AuthorizationRequest, response: AuthorizationResponse) -> None:
    """The server has too much to do."""
    sandbox.next_answer(429, None)
    with pytest.raises(TokenEndpointError, match="too many requests"):
        exchange_code(sign_in.client, response)


def test_slow_server(sandbox: Sandbox, sign_in: AuthorizationRequest, response: AuthorizationResponse) -> None:
    """The server takes a minute."""
    sandbox.next_answer(200, {}, delay=60)
    with pytest.raises(DeadlineExceededError):
        exchange_code(sign_in.client, response, timeout=0.1)
