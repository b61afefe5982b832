"""Starts what `faults.child` does in a process of its own, and takes its answer."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def start(mode: str) -> "subprocess.Popen[str]":
    """Start a child, which waits for its orders; warnings are errors to it."""
    folder = str(Path(__file__).parent.parent)
    paths = [folder, *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "faults.child", mode],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def order(child: "subprocess.Popen[str]", orders: dict[str, Any]) -> None:
    """Send a child its orders."""
    assert child.stdin
    child.stdin.write(json.dumps(orders))
    child.stdin.close()
    child.stdin = None


def wait_until_it_waits(child: "subprocess.Popen[str]") -> None:
    """Wait until a child sleeps in a system call (on Linux), where an interrupt meets no half-made object."""
    end = time.monotonic() + 30
    while Path(f"/proc/{child.pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "S":
        assert time.monotonic() < end
        os.sched_yield()


def finish(child: "subprocess.Popen[str]") -> tuple[str, Any]:
    """Wait for a child; return what it printed, as text and as JSON."""
    output, errors = child.communicate(timeout=120)
    assert errors == ""
    assert child.returncode == 0
    return output, json.loads(output)


def run(mode: str, **orders: object) -> tuple[str, Any]:
    """Run a child from its start to its end."""
    with start(mode) as child:
        order(child, orders)
        return finish(child)
