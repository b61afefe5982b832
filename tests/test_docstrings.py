"""The public signatures, and what their docstrings say; that there are any, the linter sees."""

import ast
import inspect
import re
import textwrap
from types import FunctionType

import ticktick_oauth
from processes import PACKAGE
from ticktick_oauth import exceptions, sandbox, storage

TIMES = {"timeout", "delay", "lifetime", "leeway"}


def functions() -> dict[str, FunctionType]:
    """Return the public functions, methods and constructors, and the functions of properties."""
    found = {}
    for module in (ticktick_oauth, exceptions, sandbox, storage):
        for name in module.__all__:
            value = getattr(module, name)
            members = vars(value) if inspect.isclass(value) else {"": value}
            for member, attribute in members.items():
                function = getattr(attribute, "fget", None) or getattr(attribute, "__func__", attribute)
                if inspect.isfunction(function) and (member == "__init__" or not member.startswith("_")):
                    found[f"{name} {member}"] = function
    return found


def can_raise(function: ast.AST, raising: set[str]) -> bool:
    """Return whether a function has a raise, or calls one of these by its name."""
    nodes = list(ast.walk(function))
    called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return any(isinstance(node, ast.Raise) for node in nodes) or not called.isdisjoint(raising)


def test_what_a_function_raises_is_listed() -> None:
    """A function that raises, or calls one that does, has a list of what and when."""
    trees = [ast.parse(file.read_text("utf-8")) for file in PACKAGE.rglob("*.py")]
    private = [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    raising: set[str] = set()
    while more := {node.name for node in private if can_raise(node, raising)} - raising:
        raising |= more
    checked = {
        name: "Raises:" in str(function.__doc__)
        for name, function in functions().items()
        if "__init__" not in name and can_raise(ast.parse(textwrap.dedent(inspect.getsource(function))), raising)
    }
    assert len(checked) > 20
    assert [] == [name for name, is_listed in checked.items() if not is_listed]


def test_a_time_has_its_unit() -> None:
    """The docstring says seconds, or the signature timedelta."""
    times = [
        (function, parameter)
        for function in functions().values()
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name in TIMES and "timedelta" not in str(parameter.annotation)
    ]
    assert len(times) > 5
    for function, parameter in times:
        assert re.search(rf"^ *{parameter.name}: .*[Ss]econds", str(function.__doc__), re.MULTILINE), function


def test_what_a_call_is_about_goes_without_its_name() -> None:
    """All else is given by name, so that no two arguments change places unseen."""
    several = {}
    for name, function in functions().items():
        parameters = inspect.signature(function).parameters.values()
        without = [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
        without = [each for each in without if each not in {"self", "cls"}]
        if len(without) > 1 and name.split()[0] not in exceptions.__all__:
            several[name] = without
    assert {
        "AuthorizationServer from_metadata": ["issuer", "body"],
        "exchange_code ": ["client", "code"],
        "Sandbox next_answer": ["status", "body"],
    } == several
