"""What the modules of fault tests share."""

from collections.abc import Iterator

import pytest

from faults.tls import Authority
from faults.watch import Watch


@pytest.fixture
def watch(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[Watch]:
    """Make exchanges whose secrets must show nowhere by the end of the test."""
    watch = Watch(caplog, capfd)
    yield watch
    assert watch.leaks() == []


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Make an authority for the whole run, which nothing trusts that does not name its file."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Have the system's trust store be that authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return authority
