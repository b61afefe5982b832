"""Runs what `faults.child` does in a process of its own, and waits for one that waits."""

import json
from pathlib import Path
from subprocess import Popen
from typing import Any

from processes import eventually, run_program

TESTS = Path(__file__).parent.parent


def run(mode: str, **orders: object) -> Any:  # noqa: ANN401 - it is JSON
    """Call a function of the child with its orders there, and return its answer."""
    program = f"import json; from faults.child import {mode}; print(json.dumps({mode}(**json.loads(input()))))"
    return json.loads(run_program(program, cwd=TESTS, stdin=json.dumps(orders)))


def wait_until_it_waits(child: Popen[str]) -> None:
    """Wait until a child sleeps in a system call (on Linux), where an interrupt meets no half-made object."""
    stat = Path(f"/proc/{child.pid}/stat")
    eventually(lambda: stat.read_text("ascii").rpartition(")")[2].split()[0] == "S")
