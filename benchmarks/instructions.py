"""Count the instructions of whole processes, which do not depend on how busy the machine is.

Four roads lead to a token or to what is done with it: from a document; from a token that is kept in the environment to
the header of a request; the redirect that begins a sign-in, in a program that has imported what its exchange will need;
and the exchange. Beside them stand the command line and the import alone.
"""

import subprocess
from collections.abc import Mapping
from itertools import product

from . import cold, exchange
from .bundles import BARE, FLOOR, OURS, PROGRAM, Bundles, module
from .documents import KEPT
from .figures import Row, rows
from .processes import side_by_side

_HEADER = "from {} import header; print(header())"
# Without the state, which is random.
_START = "from {} import start; print(start('https://ticktick.com').partition('&state=')[0])"
_COMMAND = "import sys; from ticktick_oauth._cli import main; sys.exit(main([{!r}]))"
_KEPT = _HEADER.format(module("kept", OURS))
# Each against one thing alone.
_ALONE: dict[str, dict[str, str]] = {
    **{f"command: {name}": {OURS: _COMMAND.format(name), PROGRAM: _KEPT} for name in ("status", "token")},
    **{f"command: {name}": {OURS: _COMMAND.format(name), BARE: "pass"} for name in ("--help", "--version")},
    "import ticktick_oauth": {OURS: "import ticktick_oauth", BARE: "pass"},
}
# What is put behind the name of a road, whether there are .pyc files, and what is put before the program.
_MODES = (
    ("", True, ""),
    (", no .pyc", False, ""),
    (", no collector", True, "import gc; gc.disable(); "),
)
_IN_ALL_MODES = ("cold start", "kept token")


def instructions(bundles: Bundles, rounds: int) -> list[Row]:
    """Count the roads, in millions; in a single round, and on another Python, those that say most."""
    counted: list[Row] = []
    with exchange.serving() as (address, trust):
        variables = trust | {"TICKTICK_OAUTH_TOKEN": KEPT, "HOME": str(bundles.folder(BARE))}
        roads = {
            "cold start": {name: cold.program(name) for name in (OURS, FLOOR, "pydantic")},
            "kept token": {OURS: _KEPT} | {n: _HEADER.format(module("kept", n)) for n in (FLOOR, "pydantic")},
            "start of a sign-in": {
                name: _START.format(module("web", name)) for name in (OURS, "httpx + pydantic", "requests + pydantic")
            },
            "exchange": {name: exchange.program(name, address) for name in (*exchange.COUNTED, *exchange.BY_HAND)},
        }
        if bundles.on:
            del roads["start of a sign-in"]
            roads["exchange"] = {name: roads["exchange"][name] for name in exchange.COUNTED}
        if rounds == 1:
            del roads["start of a sign-in"], roads["exchange"]
        for road, programs in roads.items():
            _agree(bundles, road, programs, variables)
        for (road, programs), (mode, compiled, before) in product((roads | _ALONE).items(), _MODES):
            if mode and (rounds == 1 or bundles.on or road not in _IN_ALL_MODES):
                continue

            jobs = {
                name: (bundles.python, before + code, bundles.environment(name, compiled=compiled) | variables)
                for name, code in programs.items()
            }
            counted += rows(f"{road}: instructions{mode}{bundles.on}", "million", side_by_side(jobs))
    return counted


def _agree(bundles: Bundles, road: str, programs: Mapping[str, str], variables: Mapping[str, str]) -> None:
    """Require that all print the same."""
    printed = set()
    for name, code in programs.items():
        command = [bundles.python, "-c", code]
        printed.add(subprocess.check_output(command, env=bundles.environment(name) | dict(variables)))
    if len(printed) > 1:
        raise SystemExit(f"the competitors do not agree in {road!r}: {printed}")
