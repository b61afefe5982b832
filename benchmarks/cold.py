"""``cold``: from the start of a process to its first validated token, and the memory that takes at its peak."""

import sys

from .contract import COLD_CASES
from .contract import parse_names
from .documents import COMMON
from .figures import Measurement
from .processes import in_turn
from .processes import measurements
from .processes import run

_FLOOR = "floor"


def _program(case: str) -> str:
    module = f"{__package__}.cases.parse.{case}"
    if case == _FLOOR:
        return f"import {module}"
    return f"from {module} import from_bytes; from_bytes({COMMON!r})"


def cold(rounds: int, python: str = sys.executable) -> list[Measurement]:
    """Time whole processes, in turn."""

    def measure(case: str) -> dict[str, float]:
        usage = run(_program(case), python)
        return {"cold start": 1e3 * usage.seconds, "cold start: peak memory": usage.peak_bytes / 2**20}

    values = in_turn((*COLD_CASES, _FLOOR), rounds, measure)
    names = {**parse_names(COLD_CASES), _FLOOR: "the floor"}
    return measurements(values, lambda work: "MiB" if "memory" in work else "ms", names)
