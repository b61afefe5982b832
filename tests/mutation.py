"""Break the package in one place at a time and see whether its tests notice: ``python -m mutation``, in ``tests``.

A mutant changes one comparison, condition, constant, operator or statement of a wing. It is killed when a test of that
wing fails, and survives when none does. Prints each survivor, and the score of each wing.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import ticktick_oauth

PACKAGE = Path(ticktick_oauth.__file__).parent
TESTS = Path(__file__).parent
# The tests of each wing: a folder of the package, or a file.
WINGS = {
    "exceptions": ["test_exceptions.py", "protocol"],
    "_checks": ["protocol", "token"],
    "_token": ["token", "conformance"],
    "_protocol": ["protocol"],
    "_network": ["network", "faults", "cli/test_login_network.py"],
    "storage": ["storage", "test_docstrings.py"],
    "_sign_in": ["sign_in", "test_docstrings.py"],
    "sandbox": ["sandbox", "test_docstrings.py"],
    "_cli": ["cli"],
}
_PYTEST = [sys.executable, "-m", "pytest", "-qx", "-p", "no:randomly", "-p", "no:cacheprovider", "-m", "not slow"]
_SECONDS = 900
_PAIRS = [
    (ast.Eq, ast.NotEq),
    (ast.Lt, ast.LtE),
    (ast.Gt, ast.GtE),
    (ast.Is, ast.IsNot),
    (ast.In, ast.NotIn),
    (ast.And, ast.Or),
    (ast.Add, ast.Sub),
]
_OTHER: dict[type[ast.AST], Any] = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}


def mutate(node: ast.AST) -> ast.AST | None:  # noqa: C901, PLR0911 - a table
    """Return what may stand in a node's place."""
    match node:
        case ast.Compare(left, [operator, *operators], values) if type(operator) in _OTHER:
            return ast.Compare(left, [_OTHER[type(operator)](), *operators], values)
        case ast.BoolOp(operator, values):
            return ast.BoolOp(_OTHER[type(operator)](), values)
        case ast.BinOp(left, operator, right) if type(operator) in _OTHER:
            return ast.BinOp(left, _OTHER[type(operator)](), right)
        case ast.UnaryOp(ast.Not(), operand):
            return operand
        case ast.Constant(bool(value)):
            return ast.Constant(not value)
        case ast.Constant(int(value)):
            return ast.Constant(value + 1)
        case ast.Constant(str(value)):
            return ast.Constant(f"{value}mutant")
        case ast.If(test, body, orelse):
            return ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.IfExp(test, body, orelse):
            return ast.IfExp(test, orelse, body)
        case ast.Return(ast.expr() as value) if not isinstance(value, ast.Constant):
            return ast.Return(ast.Constant(None))
        case ast.Raise() | ast.Expr():
            return ast.Pass()
    return None


def _places(node: ast.AST) -> Iterator[tuple[Any, str | int]]:
    """Yield where each node stands, but for docstrings, annotations and other words that no test can see or quotes."""
    for name, value in ast.iter_fields(node):
        holder: Any = value if isinstance(value, list) else vars(node)
        for key in range(len(value)) if isinstance(value, list) else [name]:
            match holder[key]:
                case (
                    ast.Expr(ast.Constant())
                    | ast.If(ast.Name("TYPE_CHECKING"))
                    | ast.Call(ast.Name("cast" | "TypeVar"))
                    | ast.keyword("help" | "metavar")
                ):
                    pass
                case ast.AST() as child if name not in {"annotation", "returns"}:
                    yield holder, key
                    yield from _places(child)


def mutants(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each mutant of a file: its words, and its source."""
    tree = ast.parse(path.read_text("utf-8"))
    for holder, key in list(_places(tree)):
        node = holder[key]
        if new := mutate(node):
            holder[key] = new
            changed = ast.unparse(tree)
            holder[key] = node
            was, becomes = (ast.unparse(each).partition("\n")[0] for each in (node, new))
            yield f"{path.relative_to(PACKAGE)}:{node.lineno}: {was} -> {becomes}", changed


def survives(wing: str, path: Path, source: str, seconds: float) -> bool:
    """Run a wing's tests on a copy of the package with this source; no end in some seconds is a failure."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / PACKAGE.name
        shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"))
        (target / path.relative_to(PACKAGE)).write_text(source, encoding="utf-8")
        try:
            finished = subprocess.run(
                [*_PYTEST, *(str(TESTS / name) for name in WINGS[wing])],
                cwd=TESTS.parent,
                env={**os.environ, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                check=False,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            return False
    return finished.returncode == 0


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="break the package in one place at a time, and run its tests")
    parser.add_argument("wings", nargs="*", help=f"of {', '.join(WINGS)} (default: all)")
    parser.add_argument("--count", type=int, default=40, help="mutants of each wing (default: 40)")
    parser.add_argument("--seed", type=int, default=7, help="(default: 7)")
    arguments = parser.parse_args()
    for wing in arguments.wings or WINGS:
        files = sorted((PACKAGE / wing).rglob("*.py")) or [PACKAGE / f"{wing}.py"]
        started = time.monotonic()
        if not survives(wing, files[0], ast.unparse(ast.parse(files[0].read_text("utf-8"))), _SECONDS):
            parser.error(f"the tests of {wing} fail without a mutant")
        seconds = 10 + 3 * (time.monotonic() - started)
        every = [(path, words, changed) for path in files for words, changed in mutants(path)]
        chosen = Random(f"{arguments.seed} {wing}").sample(every, min(arguments.count, len(every)))
        survivors = [words for path, words, changed in chosen if survives(wing, path, changed, seconds)]
        killed = len(chosen) - len(survivors)
        score = f"{wing}: {killed} of {len(chosen)} killed, {100 * killed / max(len(chosen), 1):.1f} %"
        print(*survivors, score, sep="\n", flush=True)  # noqa: T201 - a command line


if __name__ == "__main__":
    main()
