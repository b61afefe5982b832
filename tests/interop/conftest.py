"""The servers, each started once for all tests of a worker."""

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from interop.starting import RealServer
from interop.starting import running

# The modules that a server's script imports.
NEEDS = {"authlib": ("authlib", "flask"), "toolkit": ("django", "oauth2_provider")}


@pytest.fixture(scope="session", params=NEEDS)
def real_server(request: pytest.FixtureRequest) -> Iterator[RealServer]:
    """Give each of the servers, running."""
    name: str = request.param
    missing = [module for module in NEEDS[name] if find_spec(module) is None]
    if missing:
        pytest.skip(f"there is no module {' and no '.join(missing)}: install the dependency group interop")
    with running(name) as server:
        yield server
