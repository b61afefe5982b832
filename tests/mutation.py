"""Break the package in one place at a time and see whether its tests notice: ``python -m mutation``, in ``tests``.

A mutant changes one comparison, condition, constant, operator or statement of a wing. It is killed when a test of that
wing fails, and survives when none does. Prints each survivor, and the score of each wing.
"""

import argparse
import ast
import copy
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import ticktick_oauth

PACKAGE = Path(ticktick_oauth.__file__).parent
TESTS = Path(__file__).parent
# The tests of each wing: a folder of the package, or a file.
WINGS = {
    "exceptions": ["test_exceptions.py", "protocol"],
    "_checks": ["protocol", "token"],
    "_token": ["token", "conformance"],
    "_protocol": ["protocol"],
    "_network": ["network", "faults"],
    "storage": ["storage"],
    "_sign_in": ["sign_in"],
    "sandbox": ["sandbox"],
    "_cli": ["cli"],
}
_PYTEST = [sys.executable, "-m", "pytest", "-qx", "-p", "no:randomly", "-p", "no:cacheprovider", "-m", "not slow"]
_SECONDS = 900
_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


def mutations(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in a node's place."""
    twin = copy.deepcopy(node)
    if isinstance(twin, ast.Compare) and type(twin.ops[0]) in _COMPARISONS:
        twin.ops[0] = _COMPARISONS[type(twin.ops[0])]()
        yield twin
    elif isinstance(twin, ast.BoolOp):
        twin.op = ast.Or() if isinstance(twin.op, ast.And) else ast.And()
        yield twin
    elif isinstance(twin, ast.UnaryOp) and isinstance(twin.op, ast.Not):
        yield twin.operand
    elif isinstance(twin, ast.BinOp) and isinstance(twin.op, (ast.Add, ast.Sub)):
        twin.op = ast.Sub() if isinstance(twin.op, ast.Add) else ast.Add()
        yield twin
    elif isinstance(twin, ast.Constant) and isinstance(twin.value, (bool, int, str)):
        yield ast.Constant(_another(twin.value))
    elif isinstance(twin, (ast.If, ast.IfExp)):
        twin.test = ast.UnaryOp(ast.Not(), twin.test)
        yield twin
    elif isinstance(twin, ast.Return) and twin.value is not None and not isinstance(twin.value, ast.Constant):
        yield ast.Return(ast.Constant(None))
    elif isinstance(twin, (ast.Raise, ast.Expr)) and not isinstance(getattr(twin, "value", None), ast.Constant):
        yield ast.Pass()


def _another(value: bool | int | str) -> bool | int | str:  # noqa: FBT001 - a constant
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"{value}mutant"


class _Replace(ast.NodeTransformer):
    def __init__(self, target: ast.AST, replacement: ast.AST) -> None:
        self._target = target
        self._replacement = replacement

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self._target:
            return ast.copy_location(self._replacement, node)
        return super().visit(node)  # type: ignore[no-any-return] # typeshed has it so


def _outside_annotations(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree without what no test can see: docstrings, annotations and what is for type checkers alone."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Call) and ast.unparse(node.func) in {"cast", "TypeVar"}:
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            is_text = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            if isinstance(child, ast.AST) and not is_text:
                yield from _outside_annotations(child)


def mutants(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each mutant of a file: its words, and its source."""
    tree = ast.parse(path.read_text("utf-8"))
    places = [(place, new) for place in _outside_annotations(tree) for new in mutations(place)]
    for node, new in places:
        changed = ast.unparse(ast.fix_missing_locations(_Replace(node, new).visit(tree)))
        _Replace(new, node).visit(tree)  # the tree is the original again
        was, becomes = (ast.unparse(each).partition("\n")[0] for each in (node, new))
        yield f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}: {was} -> {becomes}", changed


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
