"""What several test modules share."""

from collections.abc import Iterator

import pytest

from ticktick_oauth import Client
from ticktick_oauth.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Give a running sandbox that approves by itself."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    """Give a client that the sandbox knows."""
    return sandbox.client()
