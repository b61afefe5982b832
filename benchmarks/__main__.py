"""Run the benchmarks: ``python -m benchmarks [part ...] [--rounds N] [--keep]``."""

import argparse
import json
import platform
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from .bundles import DISTRIBUTIONS, ROOT, Bundles
from .cold import cold
from .exchange import exchange
from .figures import Row, table
from .instructions import instructions
from .parse import gate, memory, parse
from .size import size

_PARTS: dict[str, Callable[[Bundles, int | None], list[Row]]] = {
    "cold": lambda bundles, rounds: cold(bundles, rounds or 20),
    "instructions": lambda bundles, rounds: instructions(bundles, rounds or 2),
    "exchange": lambda bundles, rounds: exchange(bundles, rounds or 20),
    "size": lambda bundles, _: size(bundles),
    "memory": lambda bundles, _: memory(bundles),
    "parse": lambda bundles, rounds: parse(bundles, rounds or 5),
}
_EVERYWHERE = {"cold", "instructions"}
RESULTS = Path(__file__).with_name("results")
# What the README shows: the last is a row where this package loses.
_IN_SHORT = {
    ("cold start: instructions", "pydantic"),
    ("cold start: peak memory", "pydantic"),
    ("exchange: instructions", "httpx + pydantic"),
    ("loads(bytes)", "pydantic"),
}


def main() -> None:
    """Run what is asked for, and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"all by default, of: {', '.join(_PARTS)}")
    parser.add_argument("--rounds", type=int, help="how often each has its turn; 1: this Python alone")
    parser.add_argument("--keep", action="store_true", help="keep the figures and the READMEs' tables")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(_PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    if arguments.keep and arguments.parts:
        parser.error("--keep needs all parts, measured in one run")
    facts = _environment()
    _say("; ".join(f"{name} {value}" for name, value in facts.items()))
    measured: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        here, others = Bundles(Path(folder)), []
        parts = set(arguments.parts or _PARTS)
        _say("\n".join(gate(here)))
        if arguments.rounds != 1 and parts & _EVERYWHERE:
            others = Bundles.elsewhere(Path(folder))
        for part in filter(parts.__contains__, _PARTS):
            for bundles in (here, *others) if part in _EVERYWHERE else (here,):
                compared = _PARTS[part](bundles, arguments.rounds)
                _say(table(compared))
                measured += compared
    if arguments.keep:
        keep(facts, measured)


def keep(facts: dict[str, str], measured: list[Row]) -> None:
    """Write the figures, and the tables of the two READMEs."""
    lines = ",\n  ".join(json.dumps(asdict(row), ensure_ascii=False) for row in measured)
    environment = json.dumps(facts, indent=1).replace("\n", "\n ")
    text = f'{{\n "environment": {environment},\n "rows": [\n  {lines}\n ]\n}}\n'
    (RESULTS / "figures.json").write_text(text, encoding="utf-8")
    for path, shown in readme_tables(measured).items():
        before, _, rest = path.read_text(encoding="utf-8").partition("\n| work |")
        after = rest.partition("\n\n")[2]
        path.write_text(f"{before}\n{shown}\n\n{after}", encoding="utf-8")


def readme_tables(measured: list[Row]) -> dict[Path, str]:
    """Return the table that each README shows."""
    in_short = [row for row in measured if (row.work, row.against) in _IN_SHORT]
    return {ROOT / "README.md": table(in_short), ROOT / "benchmarks" / "README.md": table(measured)}


def _environment() -> dict[str, str]:
    """Return what the figures depend on."""
    return {
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "machine": f"{platform.system()} {platform.machine()}, {_processor()}",
        **{name: version(name) for name in DISTRIBUTIONS},
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if not information.exists():
        return platform.processor()
    models = re.findall(r"^model name\s*: (.*)$", information.read_text(encoding="utf-8"), re.MULTILINE)
    return f"{len(models)} x {models[0]}" if models else platform.processor()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
