"""What the modules of fault tests share."""

from collections.abc import Iterator

import pytest

from faults.tls import Authority
from faults.watch import Watch


@pytest.fixture
def unchecked(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Watch:
    """Make exchanges that a test is to find the leaks of."""
    return Watch(caplog, capfd)


@pytest.fixture
def watch(unchecked: Watch) -> Iterator[Watch]:
    """Make exchanges whose secrets must show nowhere by the end of the test."""
    yield unchecked
    assert unchecked.leaks() == []


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Make an authority for the whole run, which nothing trusts that does not name its file."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Have the system's trust store be that authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return authority
