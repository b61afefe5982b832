"""What several test modules share."""

from collections.abc import Iterator

import pytest

from ticktick_oauth import Client
from ticktick_oauth.sandbox import Sandbox


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


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Give a running sandbox that approves by itself."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    """Give a client that the sandbox knows."""
    return sandbox.client()
