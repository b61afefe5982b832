"""The README's line for cron, as cron runs it: by sh, with a short PATH."""

import os
from pathlib import Path

import pytest

from processes import run
from roads.readme import blocks

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no cron")


@pytest.mark.parametrize("code", [0, 1, 5, None])
def test_it_alarms_on_exit_1_alone(code: int | None, tmp_path: Path) -> None:
    """Where the token ends soon, there is a mail; where the command fails or is missing, cron mails what it says."""
    (block,) = blocks("", "0 9 * * *  ")
    programs = {"mail": 'cat >"$HOME/mailed"', ".local/bin/ticktick-oauth": f"echo out; exit {code}"}
    (tmp_path / ".local/bin").mkdir(parents=True)
    for name, text in programs.items():
        if name == "mail" or code is not None:
            (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
            (tmp_path / name).chmod(0o755)
    environment = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:/usr/bin:/bin"}
    finished = run("sh", "-c", block.removeprefix("0 9 * * *  "), env=environment)
    assert ("", code is None) == (finished.stdout, "not found" in finished.stderr)
    assert (code == 1) == (tmp_path / "mailed").exists()
