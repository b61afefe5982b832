"""``--compare``: instructions per call of our warm paths, which a noisy machine does not change."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping

from .contract import parse_case
from .processes import ask
from .processes import environment
from .worker import works

_LOOPS = 500
# Well under what doubles a cost, and far over what the addresses of one run and the next make of a count.
ALARM = 1.25


def available() -> bool:
    """Whether valgrind is there to count."""
    return shutil.which("valgrind") is not None


def count(*arguments: str) -> int:
    """Return the instructions of a Python that is started with these arguments."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, *arguments]
    counted = subprocess.run(command, env=environment(PYTHONHASHSEED="0"), capture_output=True, check=True, text=True)
    found = re.search(r"Collected : (\d+)", counted.stderr)
    if found is None:
        raise RuntimeError(f"callgrind did not tell a count: {counted.stderr}")
    return int(found[1])


def count_call(job: str, *arguments: str) -> int:
    """Return the instructions that one call of what a worker repeats adds to it."""
    many, none = (count("-m", f"{__package__}.worker", job, *arguments, loops) for loops in (str(_LOOPS), "0"))
    return round((many - none) / _LOOPS)


def instructions(case: str = "ours") -> dict[str, int]:
    """Count each warm path: what many calls add to a worker that has made one."""
    paths = list(works(parse_case(case)))
    ask("repeat", case, paths[0], "0")  # so that the first counted worker does not compile its files
    return {path: count_call("repeat", case, path) for path in paths}


def comparison(before: Mapping[str, int], now: Mapping[str, int]) -> tuple[str, list[str]]:
    """Return a table of both, and the paths that cost so much more that somebody should look."""
    lines = ["| instructions a call | before | now | ratio |", "| --- | --- | --- | --- |"]
    risen = []
    for path, counted in now.items():
        if path not in before:
            continue
        ratio = counted / before[path]
        lines.append(f"| {path} | {before[path]:,} | {counted:,} | {ratio:.2f} |")
        if ratio > ALARM:
            risen.append(path)
    return "\n".join(lines), risen
