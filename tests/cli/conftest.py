"""What the tests of the command line share."""

import io
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from ticktick_oauth._cli import main


class Ended(NamedTuple):
    """How a command ended: its exit code, and what stands on its standard output and standard error."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; `stdin` is what it finds there, None a closed one."""

    def run(*arguments: str, stdin: bytes | None = b"") -> Ended:
        stream = None if stdin is None else io.TextIOWrapper(io.BytesIO(stdin))
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", stream)
            return Ended(main(arguments), *capsys.readouterr())

    return run
