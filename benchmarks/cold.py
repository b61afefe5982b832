"""``cold``: from the start of a process to its first validated token, and the memory that takes at its peak."""

import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from .contract import COLD_CASES
from .contract import parse_names
from .documents import COMMON
from .figures import Measurement
from .processes import ROOT
from .processes import in_turn
from .processes import measurements
from .processes import pip
from .processes import run

_FLOOR = "floor"
# What the cases import, besides this package and the standard library.
_DISTRIBUTIONS = ("attrs", "cattrs", "msgspec", "pydantic", "pyticktick")


def _program(case: str) -> str:
    module = f"{__package__}.cases.parse.{case}"
    if case == _FLOOR:
        return f"import {module}"
    return f"from {module} import from_bytes; from_bytes({COMMON!r})"


def cold(rounds: int) -> list[Measurement]:
    """Time whole processes, in turn, on this Python and then on every other that is there."""
    results = _cold(rounds, sys.executable, "")
    for name in _others():
        with tempfile.TemporaryDirectory() as folder:
            try:
                python = _equip(name, folder)
            except subprocess.CalledProcessError as error:
                sys.stderr.write(f"left out: {name}, for which the competitors cannot be installed ({error})\n")
            else:
                results += _cold(rounds, python, f" on {name}")
    return results


def _cold(rounds: int, python: str, where: str) -> list[Measurement]:
    def measure(case: str) -> dict[str, float]:
        usage = run(_program(case), python)
        return {f"cold start{where}": 1e3 * usage.seconds, f"cold start: peak memory{where}": usage.peak_bytes / 2**20}

    values = in_turn((*COLD_CASES, _FLOOR), rounds, measure)
    names = {**parse_names(COLD_CASES), _FLOOR: "the floor"}
    return measurements(values, lambda work: "MiB" if "memory" in work else "ms", names)


def _others() -> list[str]:
    """Return the names of the other Pythons on the PATH that this package is for."""
    names = [f"python3.{minor}" for minor in range(10, 30) if minor != sys.version_info.minor]
    return [name for name in names if shutil.which(name) and _runs(name)]


def _runs(name: str) -> bool:
    # A name may be there only to say that the Python behind it is not active, as pyenv's are.
    return subprocess.run([name, "-c", ""], capture_output=True, check=False).returncode == 0


def _equip(name: str, folder: str) -> str:
    """Make a Python's environment, with this package and the others' versions of this environment; give its path."""
    subprocess.run([name, "-m", "venv", folder], check=True)
    python = str(Path(folder, "bin", "python"))
    pip("install", str(ROOT), *(f"{each}=={version(each)}" for each in _DISTRIBUTIONS), python=python)
    return python
