"""The README's line for cron, as cron runs it: by sh, with a short PATH."""

import os
import re
from pathlib import Path

import pytest

from roads.readme import README
from roads.running import run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no cron")


def script(path: Path, text: str) -> None:
    """Make a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("code", [0, 1, 5, 6, None])
def test_it_alarms_on_exit_1_alone(code: int | None, tmp_path: Path) -> None:
    """Where the token ends soon, there is a mail; where the command fails or is missing, cron mails what it says."""
    line = re.findall(r"^0 9 \* \* \*  (.*)$", README.read_text("utf-8"), re.MULTILINE)[0]
    script(tmp_path / "bin" / "mail", 'cat >"$HOME/mail"')
    if code is not None:
        script(tmp_path / ".local/bin/ticktick-oauth", f"echo out; exit {code}")
    finished = run("sh", "-c", line, env={"HOME": str(tmp_path), "PATH": f"{tmp_path}/bin:/usr/bin:/bin"})
    assert ("", code is None) == (finished.stdout, "not found" in finished.stderr)
    assert (code == 1) == (tmp_path / "mail").exists()
