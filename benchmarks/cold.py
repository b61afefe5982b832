"""Measure from the start of a process to its first validated token: the time, and the memory at its peak."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .bundles import FLOOR, OURS, Bundles, module
from .documents import COMMON
from .figures import ON, Row, rows
from .processes import in_turn, run

_COMPETITORS = (OURS, FLOOR, "pydantic", "pyticktick", "msgspec", "by hand")
# Those that have a target, which holds on every Python.
_ELSEWHERE = (OURS, FLOOR, "pydantic", "pyticktick")


def program(competitor: str) -> str:
    """Return the whole of a process that parses one document."""
    return f"from {module('parse', competitor)} import from_bytes; from_bytes({COMMON!r})"


def cold(bundles: Bundles, rounds: int) -> list[Row]:
    """Time whole processes, in turn, on this Python and then on every other that is there."""
    measured = _cold(bundles, rounds, _COMPETITORS, "")
    for minor in range(10, 30):
        name = f"python3.{minor}"
        if minor == sys.version_info.minor or not _runs(name):
            continue
        with tempfile.TemporaryDirectory() as folder:
            measured += _cold(Bundles(Path(folder), name), rounds, _ELSEWHERE, f"{ON}3.{minor}")
    return measured


def _cold(bundles: Bundles, rounds: int, competitors: tuple[str, ...], on: str) -> list[Row]:
    def measure(competitor: str) -> dict[str, float]:
        milliseconds, peak = run(bundles.python, program(competitor), bundles.environment(competitor))
        return {"cold start": milliseconds, "cold start: peak memory": peak}

    values = in_turn(competitors, rounds, measure)
    units = {"cold start": "ms", "cold start: peak memory": "MiB"}
    return [row for work, unit in units.items() for row in rows(work + on, unit, values[work])]


def _runs(name: str) -> bool:
    # A name may be there only to say that the Python behind it is not active, as pyenv's are.
    return shutil.which(name) is not None and not subprocess.run([name, "-c", ""], capture_output=True).returncode  # noqa: PLW1510 - asked here
