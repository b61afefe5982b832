"""Measure from the start of a process to its first validated token: the time, and the memory at its peak."""

from .bundles import FLOOR, OURS, Bundles, module
from .documents import COMMON
from .figures import Row, rows
from .processes import in_turn, run

_COMPETITORS = (OURS, FLOOR, "pydantic", "pyticktick", "msgspec", "by hand")
_ELSEWHERE = (OURS, FLOOR, "pydantic", "pyticktick")


def program(competitor: str) -> str:
    """Return the whole of a process that parses one document."""
    return f"from {module('parse', competitor)} import from_bytes; from_bytes({COMMON!r})"


def cold(bundles: Bundles, rounds: int) -> list[Row]:
    """Time whole processes, in turn."""

    def measure(competitor: str) -> dict[str, float]:
        milliseconds, peak = run(bundles.python, program(competitor), bundles.environment(competitor))
        return {"cold start": milliseconds, "cold start: peak memory": peak}

    values = in_turn(_ELSEWHERE if bundles.on else _COMPETITORS, rounds, measure)
    units = {"cold start": "ms", "cold start: peak memory": "MiB"}
    return [row for work, unit in units.items() for row in rows(work + bundles.on, unit, values[work])]
