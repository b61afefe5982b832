"""The public docstrings: each is there, says what is raised, and in which unit a time is."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import ticktick_oauth
from ticktick_oauth import exceptions, sandbox, storage

MODULES = (ticktick_oauth, exceptions, sandbox, storage)
TIMES = {"timeout", "delay", "lifetime", "leeway"}


def _public(module: ModuleType) -> Iterator[tuple[str, object]]:
    """Yield the public classes and functions of a module, and what is public in the classes."""
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            yield name, value
        for member, attribute in vars(value).items() if inspect.isclass(value) else ():
            function = getattr(attribute, "fget", None) or getattr(attribute, "__func__", attribute)
            if inspect.isfunction(function) and not member.startswith("_"):
                yield f"{name}.{member}", function


PUBLIC: dict[str, Any] = {f"{module.__name__}.{name}": value for module in MODULES for name, value in _public(module)}
FUNCTIONS = {name: value for name, value in PUBLIC.items() if inspect.isfunction(value)}


def _raises(function: ast.AST, raising: set[str]) -> bool:
    """Return whether a function has a raise, or calls one of these by its name."""
    nodes = list(ast.walk(function))
    called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return any(isinstance(node, ast.Raise) for node in nodes) or not called.isdisjoint(raising)


def _raising() -> set[str]:
    """Return the names of the package's functions that can raise."""
    trees = [ast.parse(file.read_text("utf-8")) for file in Path(ticktick_oauth.__file__).parent.rglob("*.py")]
    functions = [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    raising: set[str] = set()
    while more := {node.name for node in functions if _raises(node, raising)} - raising:
        raising |= more
    return raising


RAISING = _raising()
CAN_RAISE = [
    name
    for name, function in FUNCTIONS.items()
    if _raises(ast.parse(textwrap.dedent(inspect.getsource(function))), RAISING)
]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_a_docstring(name: str) -> None:
    """Classes, functions, methods and properties say what they are for."""
    assert (PUBLIC[name].__doc__ or "").strip()


@pytest.mark.parametrize("name", CAN_RAISE)
def test_what_a_function_raises_is_listed(name: str) -> None:
    """A function that raises, or calls one that does, has a list of what and when."""
    assert "Raises:" in (FUNCTIONS[name].__doc__ or "")


@pytest.mark.parametrize("name", PUBLIC)
def test_a_time_has_its_unit(name: str) -> None:
    """The docstring says seconds, or the signature timedelta."""
    value = PUBLIC[name]
    function = value.__init__ if inspect.isclass(value) else value
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in TIMES and "timedelta" not in str(parameter.annotation):
            documented = re.search(rf"^ *{parameter.name}: (.*)", function.__doc__ or "", re.MULTILINE)
            assert documented is not None
            assert re.search("[Ss]econds", documented[1])
