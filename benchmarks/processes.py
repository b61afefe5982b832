"""A fresh process per case, in turn: A B A B."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .figures import Measurement

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Usage:
    """What a whole process took."""

    seconds: float
    peak_bytes: int


def environment(**extra: str) -> dict[str, str]:
    """Return the environment of a child: it finds this package, and may keep its compiled files."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**kept, "PYTHONPATH": path, **extra}


# The kernel counts the memory of the process that spawns in, up to the exec: so this one does not spawn by itself,
# but by a bare interpreter, which is smaller than any case. `wait4`, since only it tells the peak of this very child.
_LAUNCHER = """
import os, sys, time
null = os.open(os.devnull, os.O_WRONLY)
start = time.perf_counter()
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
_, status, usage = os.wait4(pid, 0)
print(time.perf_counter() - start, usage.ru_maxrss)
sys.exit(status != 0)
"""


def run(code: str, python: str = sys.executable, **extra: str) -> Usage:
    """Run a program to its end."""
    command = [sys.executable, "-I", "-S", "-c", _LAUNCHER, python, "-c", code]
    answer = subprocess.run(command, env=environment(**extra), stdout=subprocess.PIPE, check=True, text=True)
    seconds, peak = answer.stdout.split()
    # In bytes on macOS, in KiB elsewhere.
    return Usage(float(seconds), int(peak) * (1 if sys.platform == "darwin" else 1024))


def ask(*arguments: str, **extra: str) -> Any:  # noqa: ANN401 - whatever the worker answers
    """Ask a fresh worker."""
    command = [sys.executable, "-m", f"{__package__}.worker", *arguments]
    answer = subprocess.run(command, env=environment(**extra), stdout=subprocess.PIPE, check=True)
    return json.loads(answer.stdout)


def pip(*arguments: str, python: str = sys.executable) -> None:
    """Run pip; of its words, only those of a failure are shown."""
    subprocess.run([python, "-m", "pip", "--disable-pip-version-check", "-qq", *arguments], check=True)


def in_turn(
    cases: Sequence[str],
    rounds: int,
    measure: Callable[[str], dict[str, float]],
    warmups: int = 1,
) -> dict[str, dict[str, list[float]]]:
    """Measure all cases in each round; give the values by work and case. The first rounds, to warm up, do not count."""
    values: dict[str, dict[str, list[float]]] = {}
    for number in range(warmups + rounds):
        for case in cases:
            for work, value in measure(case).items():
                by_case = values.setdefault(work, {}).setdefault(case, [])
                if number >= warmups:
                    by_case.append(value)
    return values


def measurements(
    values: dict[str, dict[str, list[float]]],
    units: Callable[[str], str],
    names: dict[str, str],
) -> list[Measurement]:
    """Turn the values of `in_turn` into measurements, with the competitors' own names."""
    return [
        Measurement(work, units(work), {names[case]: samples for case, samples in by_case.items()})
        for work, by_case in values.items()
    ]
