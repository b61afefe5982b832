"""Runs what `faults.child` does in a process of its own, and waits for one that waits."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from person import eventually


def run(mode: str, **orders: object) -> Any:  # noqa: ANN401 - it is JSON
    """Run a child, to which warnings are errors, with its orders, and return its answer."""
    paths = [str(Path(__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-m", "faults.child", mode],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        input=json.dumps(orders),
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert ("", 0) == (finished.stderr, finished.returncode)
    return json.loads(finished.stdout)


def wait_until_it_waits(child: "subprocess.Popen[str]") -> None:
    """Wait until a child sleeps in a system call (on Linux), where an interrupt meets no half-made object."""
    stat = Path(f"/proc/{child.pid}/stat")
    eventually(lambda: stat.read_text("ascii").rpartition(")")[2].split()[0] == "S")
