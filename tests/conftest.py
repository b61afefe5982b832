"""What several test modules share."""

import os
import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from ticktick_oauth import Client
from ticktick_oauth.sandbox import Sandbox

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

with suppress(ImportError):  # not in the group of Windows
    from hypothesis import HealthCheck, settings

    # A machine may pause for longer than an example is worth; and examples of one run are not another's.
    settings.register_profile("suite", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("suite")

# With these, Chromium asks nobody but the servers of the tests, and runs as root too.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let CI ask that no test be skipped: there, whatever a test needs is installed."""
    parser.addoption("--no-skips", action="store_true", help="fail when a test is skipped")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run under --no-skips that skipped something; the summary says what was missing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--no-skips") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one sentence what was skipped and why, instead of a line for each test."""
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        reasons = sorted({report.longrepr[2].removeprefix("Skipped: ").removeprefix("needs ") for report in skipped})
        terminalreporter.write_line(
            f"{len(skipped)} skipped, for want of: {'; '.join(reasons)}. The script .ci/run installs all of it."
        )


@pytest.fixture(scope="session", autouse=True)
def _default_signals() -> None:
    """Let the programs that tests start hear every signal, also where `nohup` or a shell's `&` started the tests."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Run alike whoever starts the tests: without a proxy, a client, or a token of one's own."""
    for name in os.environ:
        if re.match(r"(?i)TICKTICK_(OAUTH_TOKEN|CLIENT)|(HTTPS?|ALL|NO)_PROXY$", name):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "nobody"))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Give a running sandbox that approves by itself."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    """Give a client that the sandbox knows."""
    return sandbox.client()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Chrome]":
    """Start a browser with a profile of its own, driven by the driver that came with it, so that nothing is fetched."""
    pytest.importorskip("selenium", reason="needs the dependency group roads")
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    from person import LATE

    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("needs chromium and chromedriver")
    options = ChromeOptions()
    options.binary_location = program
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    browser = Chrome(options=options, service=Service(driver))
    browser.set_page_load_timeout(LATE)
    yield browser
    browser.quit()
