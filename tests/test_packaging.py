"""What the package promises as a package: a light import, the law of wings, and a life under another's `_vendor`."""

import ast
import shutil
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime, timezone
from importlib import import_module
from importlib.metadata import distribution, version
from pathlib import Path
from types import ModuleType
from typing import get_type_hints

import attr
import pytest

import ticktick_oauth
from processes import PACKAGE, TAKE_ORDERS, orders, run, run_program
from ticktick_oauth import TICKTICK, AuthorizationRequest, Client, IssuedToken, __main__, dump_issued, loads, storage
from ticktick_oauth import sandbox as sandbox_wing
from ticktick_oauth.sandbox import Sandbox

ANSWER = '{"access_token": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "expires_in": 15551999}'
EXCHANGE = f"{TAKE_ORDERS}\nfrom ticktick_oauth import exchange_code\nprint(exchange_code(client, codes[0]).expires_in)"

# The wings of the package, top to bottom: each imports only what stands above it.
WINGS = [
    "exceptions",
    "_checks",
    "_token",
    "_protocol",
    "_network",
    "storage",
    "_sign_in",
    "sandbox",
    "__init__",
    "_cli",
    "__main__",
]
SANS_IO = ["exceptions", "_checks", "_token", "_protocol"]
FORBIDDEN_SANS_IO = {"asyncio", "http", "logging", "os", "random", "socket", "ssl", "time", "urllib3"}
CLOCKS = {"now", "today", "utcnow"}
# What a road must not load, beside what it needs: a process that is short pays for each.
NETWORK = {"asyncio", "email", "http", "logging", "socket", "ssl", "urllib3"}
SIGN_IN = {"argparse", "html", "http.server", "ticktick_oauth._cli", "ticktick_oauth._sign_in", "webbrowser"}
SENDING = {"hashlib", "random", "secrets", "ticktick_oauth._protocol.registration"}
LOADS = {
    "import": ("import ticktick_oauth", {"attr", "cattrs", "json", "typing"} | NETWORK | SIGN_IN),
    "loads": (
        f"import ticktick_oauth; ticktick_oauth.loads({ANSWER!r})",
        {"datetime", "ticktick_oauth._protocol", "ticktick_oauth.storage"} | NETWORK | SIGN_IN,
    ),
    "require_token": (
        "import ticktick_oauth; ticktick_oauth.require_token()",
        {"shlex"} | NETWORK | SIGN_IN | SENDING,
    ),
    "exchange_code": (
        EXCHANGE,
        {"ticktick_oauth._protocol.registration", "ticktick_oauth.storage"} | SIGN_IN,
    ),
    "token": (
        "from ticktick_oauth._cli import main; main(['token'])",
        NETWORK | SENDING | SIGN_IN - {"argparse", "ticktick_oauth._cli"},
    ),
}


def wing_of(path: Path) -> str:
    """Name the wing that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def law_breaches(path: Path, tree: ast.Module) -> Iterator[str]:
    """Yield what a file does against the law of wings."""
    wing = wing_of(path)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS and wing in SANS_IO:
            yield "a clock in a sans-IO wing"
        elif isinstance(node, ast.ImportFrom) and node.level:
            outside = len(path.relative_to(PACKAGE).parts) == node.level
            imported = (node.module or "__init__").partition(".")[0] if outside else wing
            if imported != wing and WINGS.index(imported) >= WINGS.index(wing):
                yield f"{wing} imports {imported}, which is not above it"
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            module = str(node.module) if isinstance(node, ast.ImportFrom) else node.names[0].name
            if isinstance(node, ast.Import) and "." in module:
                yield "import of a dotted name"
            if module.partition(".")[0] == "ticktick_oauth":
                yield "the package imports itself by its name"
            if module.partition(".")[0] in FORBIDDEN_SANS_IO and wing in SANS_IO:
                yield f"{module} in a sans-IO wing"


def test_the_law_of_wings() -> None:
    """Every file is in a wing, and imports only wings above its own, relatively; some have no network and no clock."""
    trees = {path: ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")}
    assert set(WINGS) == set(map(wing_of, trees))
    assert {} == {path.name: found for path, tree in trees.items() if (found := [*law_breaches(path, tree)])}


@pytest.mark.parametrize(
    ("wing", "source", "breach"),
    [
        ("_token", "from .._network.calls import exchange_code", "_token imports _network"),
        ("_token", "from .. import loads", "_token imports __init__"),
        ("_token", "import urllib.parse", "dotted name"),
        ("_token", "from ticktick_oauth import loads", "imports itself"),
        ("_protocol", "def f():\n    from os import environ", "os in a sans-IO"),
        ("_protocol", "datetime.now()", "a clock"),
    ],
)
def test_the_law_can_be_broken(wing: str, source: str, breach: str) -> None:
    """The check of the law of wings sees each kind of breach."""
    assert breach in "".join(law_breaches(PACKAGE / wing / "file.py", ast.parse(source)))


def test_public_names() -> None:
    """The table of the facade, the imports beside it, `__all__` and `dir()` hold the same names, sorted."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text("utf-8"))
    imported = {
        alias.name: node.module or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
    }
    public_wings = {name for name, module in imported.items() if name == module}
    assert imported == {name: module for module, names in vars(ticktick_oauth)["_NAMES"].items() for name in names}
    assert public_wings == {"exceptions", "sandbox", "storage"}
    assert ticktick_oauth.__all__ == sorted({*imported, "__version__"} - public_wings)
    assert dir(ticktick_oauth) == sorted({*imported, "__version__"})
    assert all(getattr(ticktick_oauth, name) is not None for name in dir(ticktick_oauth))


@pytest.mark.parametrize("wing", ["exceptions", "sandbox", "storage"])
def test_the_public_names_of_a_wing(wing: str) -> None:
    """Each public wing lists its public names, sorted: those it has, and another it has not."""
    module = import_module(f"ticktick_oauth.{wing}")
    assert sorted(module.__all__) == module.__all__
    assert set(module.__all__) <= set(dir(module))
    assert not hasattr(module, "nope")
    assert all(getattr(module, name) is not None for name in module.__all__)


def test_another_name_is_an_attribute_error() -> None:
    """What the facade does not have is reported as Python does it, and is a type error."""
    with pytest.raises(AttributeError, match="module 'ticktick_oauth' has no attribute 'nope'") as caught:
        ticktick_oauth.nope  # type: ignore[attr-defined] # noqa: B018
    # By these two the interpreter finds a name that was meant.
    assert ("nope", ticktick_oauth) == (caught.value.name, caught.value.obj)


@pytest.mark.parametrize("road", LOADS)
def test_a_road_loads_what_it_needs(
    road: str, sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fresh process loads none of the modules of another road, changes no warnings and starts no thread."""
    program, never = LOADS[road]
    issued = IssuedToken(token=loads(ANSWER), issued_at=datetime.now(timezone.utc), server=TICKTICK)
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", dump_issued(issued))
    before = "import sys, threading, warnings\nfilters = len(warnings.filters)\n"
    after = "\nassert threading.active_count() == 1\nprint(*sys.modules)"
    if road != "exchange_code":  # urllib3 adds filters of its own
        after = "\nassert len(warnings.filters) == filters" + after
    out = run_program(before + program + after, stdin=orders(client, code_of(sandbox, client)))
    assert set() == never & set(out.split())


def code_of(sandbox: Sandbox, client: Client) -> str:
    """Have a person allow a client; return the code."""
    request = AuthorizationRequest(client=client)
    return request.parse_response(sandbox.sign_in(request)).code


@pytest.mark.parametrize("wing", [ticktick_oauth, sandbox_wing, storage], ids=lambda wing: wing.__name__)
def test_annotations_are_there_at_run_time(wing: ModuleType) -> None:
    """What reads annotations finds each, although what is heavy is not loaded for it."""
    for value in filter(callable, (getattr(wing, name) for name in wing.__all__)):
        get_type_hints(value)
        get_type_hints(getattr(value, "__init__", value) if isinstance(value, type) else value)


def test_help_begins_with_an_example() -> None:
    """The first code of the facade's docstring is the shortest road to a token."""
    assert "```python\nfrom ticktick_oauth import get_token\n\ntoken = get_token()" in (ticktick_oauth.__doc__ or "")


def test_an_older_dependency_in_front_is_named(tmp_path: Path) -> None:
    """What was found, where, and what is needed, in place of an ImportError inside another library."""
    (tmp_path / "cattrs").mkdir()
    (file := tmp_path / "cattrs" / "__init__.py").touch()
    (tmp_path / "cattrs-23.2.3.dist-info").mkdir()
    (tmp_path / "cattrs-23.2.3.dist-info" / "METADATA").write_text("Name: cattrs\nVersion: 23.2.3\n")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from ticktick_oauth import loads"
    words = f"ImportError: cattrs 23.2.3 was found in {file}, and 24.1 or newer is needed"
    assert words in run(sys.executable, "-c", program).stderr


def test_what_fails_to_load_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where the name is used, and again at its next use."""
    monkeypatch.setitem(ticktick_oauth._NAMES, "_broken", ("broken",))  # type: ignore[attr-defined]
    with pytest.raises(ModuleNotFoundError, match="_broken"):
        getattr(ticktick_oauth, "broken")  # noqa: B009 - no such name, to a type checker
    monkeypatch.setitem(vars(attr), "__version__", "22.2.0")
    with pytest.raises(ImportError, match=r"^attrs 22\.2\.0 was found in .*, and 23\.1 or newer is needed$"):
        getattr(ticktick_oauth, "broken")  # noqa: B009 - as above


def test_a_dependency_that_is_missing_is_named_by_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none is too old, the error is the one that came; the floors are those of the package's metadata."""
    error = ModuleNotFoundError("No module named 'attrs'")
    monkeypatch.setattr("importlib.metadata.version", lambda name: distribution(f"no-{name}").version)
    monkeypatch.setitem(vars(attr), "__version__", "")
    assert error is ticktick_oauth._explain(error)  # type: ignore[attr-defined]
    floors = [f"{name}>={'.'.join(map(str, floor))}" for name, (floor, _) in ticktick_oauth._FLOORS.items()]  # type: ignore[attr-defined]
    assert floors == (distribution("ticktick-oauth").requires or [])[:2]


def vendor(folder: Path, *without: str) -> Path:
    """Place a copy of the package, without some of its wings, under another package's `_vendor`; return the host."""
    target = folder / "host" / "_vendor" / "ticktick_oauth"
    shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"))
    for package in (target.parent.parent, target.parent):
        (package / "__init__.py").touch()
    for wing in without:
        shutil.rmtree(target / wing, ignore_errors=True)
        (target / f"{wing}.py").unlink(missing_ok=True)
    return target.parent.parent


# Whoever imports the original fails.
ALONE = 'import sys\nsys.modules["ticktick_oauth"] = None\n'


def test_a_vendored_copy_works_from_a_zip_file(tmp_path: Path) -> None:
    """It runs under another name, where its own cannot be imported, and has no file on the disk (zipimport)."""
    host = vendor(tmp_path)
    with zipfile.ZipFile(tmp_path / "host.zip", "w") as archive:
        for path in host.rglob("*"):
            archive.write(path, path.relative_to(tmp_path))
    shutil.rmtree(host)
    program = "sys.path.insert(0, 'host.zip')\nfrom host._vendor.ticktick_oauth._cli import main\nmain(['demo'])"
    assert "a valid token" in run_program(f"{ALONE}{program}", cwd=tmp_path)


def test_a_vendored_copy_exchanges_without_the_wings_below(tmp_path: Path, sandbox: Sandbox, client: Client) -> None:
    """Who vendors only the flow can delete the stores, the sign-in, the sandbox and the command line."""
    vendor(tmp_path, "storage", "_sign_in", "sandbox", "_cli", "__main__")
    program = ALONE + EXCHANGE.replace("from ticktick_oauth", "from host._vendor.ticktick_oauth")
    assert "15551999\n" == run_program(program, cwd=tmp_path, stdin=orders(client, code_of(sandbox, client)))


def test_a_copy_cut_down_to_parsing_works(tmp_path: Path) -> None:
    """With all wings but the token deleted, tokens are parsed as before, and another name says what is missing."""
    kept = {"__init__", "exceptions", "_checks", "_token"}
    vendor(tmp_path, *(wing for wing in WINGS if wing not in kept))
    program = f"""{ALONE}
from host._vendor import ticktick_oauth
token = ticktick_oauth.loads({ANSWER!r})
assert ticktick_oauth.structure(ticktick_oauth.unstructure(token)) == token
assert ticktick_oauth.json_schema()["title"] == "OAuthTokenV1"
import cattrs
converter = cattrs.Converter()
ticktick_oauth.configure_converter(converter)
assert converter.structure(ticktick_oauth.unstructure(token), ticktick_oauth.OAuthTokenV1) == token
try:
    ticktick_oauth.Client
except ImportError as error:
    print(error)
"""
    assert "No module named 'host._vendor.ticktick_oauth._protocol'\n" == run_program(program, cwd=tmp_path)


@pytest.mark.parametrize("mode", [["-OO", "-I"], ["-X", "dev"]], ids=" ".join)
def test_the_main_road_runs_in_every_mode(mode: list[str]) -> None:
    """The three steps run without assertions, without docstrings and isolated, with warnings as errors."""
    finished = run(sys.executable, "-W", "error", *mode, "-m", "ticktick_oauth", "demo")
    assert (0, "", True) == (finished.returncode, finished.stderr, "a valid token" in finished.stdout)


def test_metadata() -> None:
    """The distribution has three dependencies, an extra for SOCKS, its types, and the command of `python -m`, too."""
    found = distribution("ticktick-oauth")
    requirements = found.requires or []
    always = {requirement.partition(">=")[0] for requirement in requirements if "extra ==" not in requirement}
    assert {"attrs", "cattrs", "urllib3"} == always
    assert '\nsocks = ["PySocks>=' in Path(__file__).parents[1].joinpath("pyproject.toml").read_text("utf-8")
    assert (">=3.10", ticktick_oauth.__version__) == (found.metadata["Requires-Python"], version("ticktick-oauth"))
    (command,) = found.entry_points
    assert ("console_scripts", "ticktick-oauth") == (command.group, command.name)
    assert command.load() is vars(__main__)["main"]
    assert b"" == (PACKAGE / "py.typed").read_bytes()
