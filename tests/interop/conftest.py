"""The servers, each started once for all tests of a worker."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from interop.starting import SERVERS, RealServer, running


@pytest.fixture(scope="session")
def start() -> Iterator[Callable[[str], RealServer]]:
    """Run a server, by its name, until all tests are done."""
    with ExitStack() as stack:
        yield cache(lambda name: stack.enter_context(running(name)))


@pytest.fixture(params=SERVERS)
def real_server(start: Callable[[str], RealServer], request: pytest.FixtureRequest) -> RealServer:
    """Run each of the servers."""
    return start(request.param)


@pytest.fixture
def authlib(start: Callable[[str], RealServer]) -> RealServer:
    """Run Authlib's server."""
    return start("authlib")
