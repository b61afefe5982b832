"""Count the instructions of a function's fresh processes, with its ``.pyc`` files and without any.

A count does not depend on how busy the machine is. There are three roads: from a document to a token; from a token that
an environment variable keeps to the header of a request; and the redirect that begins a sign-in, in a program that has
imported what its exchange will need.
"""

import subprocess

from .bundles import FLOOR, OURS, Bundles, module
from .cold import program
from .documents import KEPT
from .figures import Row, rows
from .processes import count, side_by_side

_VARIABLE = "TICKTICK_TOKEN"
_HEADER = f"from {{}} import header; print(header({_VARIABLE!r}))"
# Without the state, which is random.
_START = "from {} import start; print(start('https://ticktick.com').partition('&state=')[0])"
_ROADS: dict[str, dict[str, str]] = {
    "cold start": {name: program(name) for name in (OURS, FLOOR, "pydantic")},
    "kept token": {name: _HEADER.format(module("kept", name)) for name in (OURS, "pydantic")},
    "start of a sign-in": {
        name: _START.format(module("web", name)) for name in (OURS, "httpx + pydantic", "requests + pydantic")
    },
}


def instructions(bundles: Bundles) -> list[Row]:
    """Count each road, compiled and not, in millions."""
    counted = []
    for road, programs in _ROADS.items():
        _agree(bundles, road, programs)
        for compiled in (True, False):

            def count_one(name: str, programs: dict[str, str] = programs, *, compiled: bool = compiled) -> int:
                return count(bundles.python, programs[name], _environment(bundles, name, compiled=compiled))

            work = f"{road}: instructions" if compiled else f"{road} without .pyc: instructions"
            counted += rows(work, "million", side_by_side(count_one, list(programs)))
    return counted


def _environment(bundles: Bundles, name: str, *, compiled: bool) -> dict[str, str]:
    return bundles.environment(name, compiled=compiled) | {_VARIABLE: KEPT}


def _agree(bundles: Bundles, road: str, programs: dict[str, str]) -> None:
    """Require that all print the same."""
    printed = set()
    for name, code in programs.items():
        command = [bundles.python, "-c", code]
        printed.add(subprocess.check_output(command, env=_environment(bundles, name, compiled=False)))
    if len(printed) > 1:
        raise SystemExit(f"the competitors do not agree in {road!r}: {printed}")
