"""Starts what `faults.child` does in a process of its own, and takes its answer."""

import json
import os
import subprocess
import sys
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
    """Give a child its orders."""
    assert child.stdin
    child.stdin.write(json.dumps(orders))
    child.stdin.close()
    child.stdin = None


def finish(child: "subprocess.Popen[str]") -> tuple[str, Any]:
    """Wait for a child; return what it printed, as text and as JSON."""
    output, errors = child.communicate(timeout=120)
    assert (child.returncode, errors) == (0, "")
    return output, json.loads(output)


def run(mode: str, **orders: object) -> tuple[str, Any]:
    """Run a child from its start to its end."""
    with start(mode) as child:
        order(child, orders)
        return finish(child)
