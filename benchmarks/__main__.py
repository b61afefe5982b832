"""The command: ``python -m benchmarks [part] [--json FILE] [--plot FILE] [--compare FILE]``."""

import argparse
import json
import platform
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from .cold import cold
from .exchange import exchange
from .figures import Measurement
from .figures import cost_table
from .figures import growth_table
from .figures import ratio_table
from .parse import gate
from .parse import growth
from .parse import memory
from .parse import parse
from .size import size

_PARTS = ("parse", "cold", "exchange", "memory", "size", "hostile")
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
    parser.add_argument("part", nargs="?", choices=_PARTS, help="one part; all of them by default")
    parser.add_argument("--rounds", type=int, help="how often each competitor has its turn (parse: 5, others: 20)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw cold start and memory as an SVG")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="compare instruction counts with kept ones")
    return parser.parse_args()


def main() -> None:
    """Run what is asked for and print it."""
    arguments = _arguments()
    parts = [arguments.part] if arguments.part else list(_PARTS)
    facts = _environment()
    _say("; ".join(f"{name} {value}" for name, value in facts.items()))
    results: list[Measurement] = []
    notes: dict[str, str] = {}
    kept: dict[str, object] = {"environment": facts}
    if "parse" in parts:
        notes |= gate()
        results += parse(arguments.rounds or 5)
        grown = growth()
        kept["growth"] = grown
        for kind in ("by number", "by size"):
            _say(growth_table(grown, kind))
    if "cold" in parts:
        results += cold(arguments.rounds or 20)
    if "exchange" in parts:
        results += exchange(arguments.rounds or 20)
    if "memory" in parts:
        results += memory()
    if "size" in parts:
        results += size()
    for measurement in results:
        _say(cost_table(measurement))
    _say(ratio_table(results, notes))
    for name, note in notes.items():
        _say(f"* {name}: {note}.")
    if arguments.json:
        kept |= {"measurements": [asdict(each) for each in results], "notes": notes}
        arguments.json.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def _say(text: str) -> None:
    print(text, end="\n\n", flush=True)  # noqa: T201 - it is what the command is for


if __name__ == "__main__":
    main()
