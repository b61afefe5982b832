"""Measure whole processes: their time, their memory, their instructions."""

import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

_VALGRIND = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")


# The kernel counts the memory of the process that spawns in, up to the exec: so this one does not spawn by itself,
# but by a bare interpreter, which is smaller than any case. `wait4` alone has the peak of this very child.
_LAUNCHER = """
import os, sys, time
null = os.open(os.devnull, os.O_WRONLY)
start = time.perf_counter()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
_, status, usage = os.wait4(pid, 0)
print(time.perf_counter() - start, usage.ru_maxrss)
sys.exit(status != 0)
"""


def run(python: str, code: str, environment: Mapping[str, str]) -> tuple[float, float]:
    """Run a program to its end; return the milliseconds that it took, and its peak of memory in MiB."""
    command = [sys.executable, "-I", "-S", "-c", _LAUNCHER, python, "-c", code]
    printed = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True).stdout
    seconds, peak = printed.split()
    # In bytes on macOS, in KiB elsewhere.
    return 1e3 * float(seconds), int(peak) / (2**20 if sys.platform == "darwin" else 2**10)


def count(python: str, code: str, environment: Mapping[str, str]) -> int:
    """Return the instructions of a program from the start of its process to its end, as valgrind counts them."""
    # A fixed seed, so that two runs have the same sets and dicts.
    variables = {**environment, "PYTHONHASHSEED": "0"}
    command = [*_VALGRIND, python, "-c", code]
    counted = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    found = re.search(r"I +refs: +([\d,]+)", counted.stderr)
    if found is None:
        raise RuntimeError(f"valgrind printed no count: {counted.stderr}")
    return int(found[1].replace(",", ""))


def side_by_side(jobs: Mapping[str, tuple[str, str, Mapping[str, str]]]) -> dict[str, list[float]]:
    """Count programs two at a time, in millions: another process changes no count."""
    with ThreadPoolExecutor(2) as pool:
        counted = {case: pool.submit(count, *job) for case, job in jobs.items()}
    return {case: [each.result() / 1e6] for case, each in counted.items()}


def in_turn(
    cases: Sequence[str], rounds: int, measure: Callable[[str], Mapping[str, float]], *, warmups: int = 1
) -> dict[str, dict[str, list[float]]]:
    """Measure all cases in each round, A B A B; give the values by work and case. The warm-up rounds do not count."""
    values: dict[str, dict[str, list[float]]] = {}
    for number in range(warmups + rounds):
        for case in cases:
            for work, value in measure(case).items():
                by_case = values.setdefault(work, {}).setdefault(case, [])
                if number >= warmups:
                    by_case.append(value)
    return values
