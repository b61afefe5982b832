"""The command: ``python -m benchmarks [part] [--json FILE] [--plot FILE] [--compare FILE]``."""

import argparse
import json
import platform
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from .breakdown import cold_table
from .breakdown import import_table
from .breakdown import warm_table
from .cold import cold
from .exchange import exchange
from .figures import OURS
from .figures import Measurement
from .figures import cost_table
from .figures import growth_table
from .figures import ratio_table
from .hostile import hostile
from .hostile import hostile_table
from .hostile import unclean
from .instructions import ALARM
from .instructions import available
from .instructions import comparison
from .instructions import instructions
from .parse import gate
from .parse import growth
from .parse import memory
from .parse import parse
from .plot import plot
from .size import size

_PARTS = ("parse", "cold", "exchange", "memory", "size", "hostile")
_BREAKDOWN = "breakdown"
_MEASURED: dict[str, Callable[[argparse.Namespace], list[Measurement]]] = {
    "parse": lambda arguments: parse(arguments.rounds or 5),
    "cold": lambda arguments: cold(arguments.rounds or 20),
    "exchange": lambda arguments: exchange(arguments.rounds or 20),
    "memory": lambda _: memory(),
    "size": lambda _: size(),
}
_DISTRIBUTIONS = (
    "attrs",
    "cattrs",
    "urllib3",
    "pydantic",
    "pydantic_core",
    "pyticktick",
    "msgspec",
    "orjson",
    "httpx",
    "requests",
    "requests-oauthlib",
    "Authlib",
    "requests_oauth2client",
)


def _environment() -> dict[str, str]:
    """Return what the figures depend on."""
    return {
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "machine": f"{platform.system()} {platform.machine()}, {_processor()}",
        **{name: version(name) for name in _DISTRIBUTIONS},
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        lines = information.read_text(encoding="utf-8").splitlines()
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        if models:
            return f"{len(models)} x {models[0]}"
    return platform.processor()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("part", nargs="?", choices=(*_PARTS, _BREAKDOWN), help="one part; all but the last by default")
    parser.add_argument("--rounds", type=int, help="how often each competitor has its turn (parse: 5, others: 20)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw cold start and memory as an SVG")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="compare instruction counts with kept ones")
    return parser.parse_args()


def main() -> None:
    """Run what is asked for and print it."""
    arguments = _arguments()
    if arguments.compare:
        _compare(arguments.compare)
    elif arguments.part == _BREAKDOWN:
        _break_down()
    else:
        _measure(arguments)


def _measure(arguments: argparse.Namespace) -> None:
    parts = [arguments.part] if arguments.part else list(_PARTS)
    facts = _environment()
    _say("; ".join(f"{name} {value}" for name, value in facts.items()))
    kept: dict[str, object] = {"environment": facts}
    notes: dict[str, str] = {}
    if "parse" in parts:
        notes = gate()
        kept |= _grow()
    results = [each for part in parts if part in _MEASURED for each in _MEASURED[part](arguments)]
    if "hostile" in parts:
        kept |= _be_hostile()
    for measurement in results:
        _say(cost_table(measurement))
    if results:
        _say(ratio_table(results, notes))
    for name, note in notes.items():
        _say(f"* {name}: {note}.")
    if arguments.plot:
        plot(results, arguments.plot)
    if arguments.json:
        if "parse" in parts and available():
            kept["instructions"] = instructions()
        kept |= {"measurements": [asdict(each) for each in results], "notes": notes}
        arguments.json.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def _grow() -> dict[str, object]:
    grown = growth()
    for kind in ("by number", "by size"):
        _say(growth_table(grown, kind))
    return {"growth": grown}


def _be_hostile() -> dict[str, object]:
    rows = hostile()
    _say(hostile_table(rows))
    if bad := unclean(rows, OURS):
        raise SystemExit(f"ours is not clean: {', '.join(bad)}")
    return {"hostile": rows}


def _break_down() -> None:
    _check_valgrind()
    for show in (cold_table, import_table, warm_table):
        _say(show())


def _compare(path: Path) -> None:
    """Count the instructions of the warm paths, and fail when one costs so much more than it did."""
    _check_valgrind()
    before = json.loads(path.read_text(encoding="utf-8"))
    facts = _environment()
    # A count belongs to one Python and its libraries.
    for name, value in before["environment"].items():
        if facts.get(name) != value:
            _say(f"{name} was {value}, and is {facts.get(name)}: the counts may differ by that alone")
    shown, risen = comparison(before["instructions"], instructions())
    _say(shown)
    if risen:
        raise SystemExit(f"over {ALARM} times the cost: {', '.join(risen)}")


def _check_valgrind() -> None:
    if not available():
        raise SystemExit("valgrind, which counts, is not there")


def _say(text: str) -> None:
    print(text, end="\n\n", flush=True)  # noqa: T201 - it is what the command is for


if __name__ == "__main__":
    main()
