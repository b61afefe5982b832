"""What the package promises as a package: a light import, the law of wings, and a life under another's `_vendor`."""

import ast
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime, timezone
from importlib import import_module
from importlib.metadata import distribution, version
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import get_type_hints

import attr
import pytest

import ticktick_oauth
from ticktick_oauth import TICKTICK, AuthorizationRequest, Client, IssuedToken, __main__, dump_issued, loads, storage
from ticktick_oauth import sandbox as sandbox_wing
from ticktick_oauth.sandbox import Sandbox

PACKAGE = Path(ticktick_oauth.__file__).parent
ANSWER = '{"access_token": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "expires_in": 15551999}'

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
LAZY = {"http", "ssl", "socket", "urllib3", "webbrowser"}
# These are loaded only when something is sent or listened for, and may import at their top what they need.
SENDING = {"connection.py", "explain.py", "http_server.py", "proxy.py", "transport.py"}
# What a road must not load, beside what it needs: a process that is short pays for each.
NETWORK = {"asyncio", "email", "http", "logging", "socket", "ssl", "urllib3"}
SIGN_IN = {"argparse", "html", "http.server", "ticktick_oauth._cli", "ticktick_oauth._sign_in", "webbrowser"}
REGISTRATION = {"ticktick_oauth._protocol.registration"}
COMMAND = "from ticktick_oauth._cli import main\ntry: raise SystemExit(main(['{}']))\nexcept SystemExit: pass"
LOADS = {
    "import": ("import ticktick_oauth", {"attr", "cattrs", "json", "typing"} | NETWORK | SIGN_IN),
    "loads": (
        f"import ticktick_oauth; ticktick_oauth.loads({ANSWER!r})",
        {"datetime", "ticktick_oauth._protocol", "ticktick_oauth.storage"} | NETWORK | SIGN_IN,
    ),
    "require_token": ("import ticktick_oauth; ticktick_oauth.require_token()", NETWORK | SIGN_IN | REGISTRATION),
    "exchange_code": ("", {"ticktick_oauth._cli", "ticktick_oauth.storage"} | SIGN_IN | REGISTRATION),
    "status": (COMMAND.format("status"), NETWORK | SIGN_IN - {"argparse", "ticktick_oauth._cli"} | REGISTRATION),
    "token": (COMMAND.format("token"), NETWORK | SIGN_IN - {"argparse", "ticktick_oauth._cli"} | REGISTRATION),
    "--help": (COMMAND.format("--help"), {"argparse", "attr", "json", "typing"} | NETWORK),
    "--version": (COMMAND.format("--version"), {"argparse", "attr", "json", "typing"} | NETWORK),
}


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run this Python in a fresh process, in which every warning is an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments], capture_output=True, text=True, check=False, cwd=cwd
    )


def wing_of(path: Path) -> str:
    """Name the wing that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def sources() -> list[tuple[str, Path, ast.Module]]:
    """Parse every file of the package, with its wing."""
    return [(wing_of(path), path, ast.parse(path.read_text("utf-8"))) for path in sorted(PACKAGE.rglob("*.py"))]


def law_breaches(wing: str, path: Path, tree: ast.Module) -> list[str]:
    """List what a file does against the law of wings."""
    at_import = {id(node) for node in _outside_functions(tree)}
    breaches = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            breaches += [
                f"line {node.lineno}: {breach}" for breach in _import_breaches(wing, path, node, id(node) in at_import)
            ]
        elif isinstance(node, ast.Attribute) and node.attr in CLOCKS and wing in SANS_IO:
            breaches.append(f"line {node.lineno}: a clock in a sans-IO wing")
    return breaches


def _import_breaches(wing: str, path: Path, node: ast.Import | ast.ImportFrom, at_import: bool) -> Iterator[str]:  # noqa: FBT001
    if isinstance(node, ast.ImportFrom) and node.level:
        imported = _imported_wing(node, path)
        if imported != wing and WINGS.index(imported) >= WINGS.index(wing):
            yield f"{wing} imports {imported}, which is not above it"
        return
    module = node.names[0].name if isinstance(node, ast.Import) else node.module or ""
    if isinstance(node, ast.Import) and "." in module:
        yield "import of a dotted name"
    top = module.partition(".")[0]
    if top == "ticktick_oauth":
        yield "the package imports itself by its name"
    if wing in SANS_IO and top in FORBIDDEN_SANS_IO:
        yield f"{top} in a sans-IO wing"
    if at_import and top in LAZY and path.name not in SENDING:
        yield f"{top} at import"


def _imported_wing(node: ast.ImportFrom, path: Path) -> str:
    depth = len(path.relative_to(PACKAGE).parts) - node.level
    if depth > 0:  # another file of the same wing
        return wing_of(path)
    return (node.module or "__init__").partition(".")[0]


def _outside_functions(tree: ast.AST) -> list[ast.AST]:
    """Return the nodes that run at import: all but what stands in functions and under `if TYPE_CHECKING`."""
    found = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        found += [node, *_outside_functions(node)]
    return found


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
    """Each public wing lists its public names, sorted, each of which it has."""
    module = import_module(f"ticktick_oauth.{wing}")
    assert module.__all__ == sorted(module.__all__)
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
    program = program or EXCHANGE.replace("host._vendor.", "").replace('sys.modules["ticktick_oauth"] = None', "")
    issued = IssuedToken(token=loads(ANSWER), issued_at=datetime.now(timezone.utc), server=TICKTICK)
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", dump_issued(issued))
    before = "import sys, threading, warnings\nfilters = len(warnings.filters)\n"
    after = "\nassert threading.active_count() == 1\nprint(*sys.modules, file=sys.stderr)"
    if road != "exchange_code":  # urllib3 adds filters of its own
        after = "\nassert len(warnings.filters) == filters" + after
    finished = exchange_in(None, sandbox, client, before + program + after)
    assert finished.returncode == 0, finished.stderr
    assert never & set(finished.stderr.split()) == set()


@pytest.mark.parametrize("wing", [ticktick_oauth, sandbox_wing, storage], ids=lambda wing: wing.__name__)
def test_annotations_are_there_at_run_time(wing: ModuleType) -> None:
    """What reads annotations finds each, although what is heavy is not loaded for it."""
    for value in filter(callable, (getattr(wing, name) for name in wing.__all__)):
        get_type_hints(value)
        get_type_hints(getattr(value, "__init__", value) if isinstance(value, type) else value)


def test_help_begins_with_an_example() -> None:
    """The first code of the facade's docstring is the shortest road to a token."""
    assert "```python\nfrom ticktick_oauth import get_token\n\ntoken = get_token()" in (ticktick_oauth.__doc__ or "")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            {"attr/__init__.py": "__version__ = '22.2.0'", "attrs/__init__.py": "from attr import cmp_using"},
            "attrs 22.2.0 was found in {}/attr/__init__.py, and 23.1 or newer is needed",
        ),
        (
            {"cattrs/__init__.py": "", "cattrs-23.2.3.dist-info/METADATA": "Name: cattrs\nVersion: 23.2.3\n"},
            "cattrs 23.2.3 was found in {}/cattrs/__init__.py, and 24.1 or newer is needed",
        ),
        ({"cattrs.py": "import nowhere"}, "No module named 'nowhere'"),
    ],
)
def test_an_older_dependency_in_front_is_named(files: dict[str, str], words: str, tmp_path: Path) -> None:
    """What was found, where, and what is needed, in place of an ImportError inside another library."""
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, "utf-8")
    finished = run("-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from ticktick_oauth import loads")
    assert f"Error: {words.format(tmp_path)}" in finished.stderr


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


def test_the_law_of_wings() -> None:
    """Every file imports only wings above its own, relatively, and nothing heavy at import."""
    breaches = {path.name: found for wing, path, tree in sources() if (found := law_breaches(wing, path, tree))}
    assert breaches == {}


def test_every_file_is_in_a_wing() -> None:
    """No file stands outside the list of wings."""
    assert {wing for wing, _, _ in sources()} <= set(WINGS)


@pytest.mark.parametrize(
    ("wing", "source", "breach"),
    [
        ("_token", "from .._network.calls import exchange_code", "_token imports _network"),
        ("_token", "from .. import loads", "_token imports __init__"),
        ("_protocol", "from ..storage import TokenFile", "_protocol imports storage"),
        ("_token", "import urllib.parse", "dotted name"),
        ("_token", "from ticktick_oauth import loads", "imports itself"),
        ("_token", "def f():\n    from os import environ", "sans-IO"),
        ("_protocol", "def f():\n    import urllib3", "sans-IO"),
        ("_protocol", "datetime.now()", "a clock"),
        ("_sign_in", "import urllib3", "at import"),
        ("sandbox", "class A:\n    from http.server import HTTPServer", "at import"),
    ],
)
def test_the_law_can_be_broken(wing: str, source: str, breach: str) -> None:
    """The check of the law of wings sees each kind of breach."""
    assert breach in "".join(law_breaches(wing, PACKAGE / wing / "file.py", ast.parse(source)))


def vendor(folder: Path) -> Path:
    """Place a copy of the package under another package's `_vendor`."""
    target = folder / "host" / "_vendor" / "ticktick_oauth"
    shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"))
    for package in (target.parent.parent, target.parent):
        (package / "__init__.py").touch()
    return target


EXCHANGE = """
import sys
sys.modules["ticktick_oauth"] = None  # whoever imports the original fails
from host._vendor.ticktick_oauth import AuthorizationServer, Client, exchange_code
server = AuthorizationServer(issuer=sys.argv[1], authorization_endpoint=sys.argv[2], token_endpoint=sys.argv[3])
client = Client(client_id=sys.argv[4], client_secret=sys.stdin.readline().strip(), server=server)
print(exchange_code(client, sys.stdin.readline().strip()).expires_in)
"""


def exchange_in(
    folder: Path | None, sandbox: Sandbox, client: Client, program: str = EXCHANGE
) -> subprocess.CompletedProcess[str]:
    """Exchange a code in a fresh process, by the vendored copy unless the program is another."""
    request = AuthorizationRequest(client=client)
    code = request.parse_response(sandbox.sign_in(request)).code
    server = client.server
    addresses = [server.issuer, server.authorization_endpoint, server.token_endpoint]
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *addresses, client.client_id],
        input=f"{client.client_secret}\n{code}\n",
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )


def test_a_vendored_copy_works(tmp_path: Path, sandbox: Sandbox, client: Client) -> None:
    """The package works under another name, where its own cannot be imported."""
    vendor(tmp_path)
    finished = exchange_in(tmp_path, sandbox, client)
    assert (finished.stdout, finished.stderr) == ("15551999\n", "")


def delete_wings(target: Path, wings: list[str]) -> None:
    """Remove wings from a copy."""
    for wing in wings:
        shutil.rmtree(target / wing, ignore_errors=True)
        (target / f"{wing}.py").unlink(missing_ok=True)


def test_a_vendored_copy_works_without_the_wings_below_the_facade(
    tmp_path: Path, sandbox: Sandbox, client: Client
) -> None:
    """Who vendors only the flow can delete the stores, the sign-in, the sandbox and the command line."""
    target = vendor(tmp_path)
    delete_wings(target, ["storage", "_sign_in", "sandbox", "_cli", "__main__"])
    finished = exchange_in(tmp_path, sandbox, client)
    assert (finished.stdout, finished.stderr) == ("15551999\n", "")


def test_a_copy_cut_down_to_parsing_works(tmp_path: Path) -> None:
    """With all wings but the token deleted, tokens are parsed as before, and another name says what is missing."""
    kept = {"__init__", "exceptions", "_checks", "_token"}
    delete_wings(vendor(tmp_path), [wing for wing in WINGS if wing not in kept])
    program = f"""
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
    finished = run("-c", program, cwd=tmp_path)
    assert (finished.stdout, finished.stderr) == (
        "No module named 'host._vendor.ticktick_oauth._protocol'\n",
        "",
    )


def test_a_vendored_command_line_works(tmp_path: Path) -> None:
    """The command runs from the copy too."""
    vendor(tmp_path)
    finished = run("-m", "host._vendor.ticktick_oauth", "demo", cwd=tmp_path)
    assert (finished.returncode, finished.stderr) == (0, "")


@pytest.mark.parametrize("mode", [["-O"], ["-OO"], ["-I"], ["-O", "-I"], ["-X", "dev"]], ids=" ".join)
def test_the_main_road_runs_in_every_mode(mode: list[str]) -> None:
    """The three steps run without assertions, without docstrings and isolated, with warnings as errors."""
    finished = run(*mode, "-m", "ticktick_oauth", "demo")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "a valid token" in finished.stdout


def test_the_main_road_runs_from_a_zip_file(tmp_path: Path) -> None:
    """The package needs no file of its own on the disk (zipimport)."""
    archive = tmp_path / "package.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for _, path, _ in sources():
            file.write(path, path.relative_to(PACKAGE.parent))
    program = (
        f"import sys; sys.path.insert(0, {str(archive)!r})\n"
        "import ticktick_oauth; assert '.zip' in ticktick_oauth.__file__\n"
        "from ticktick_oauth._cli import main; raise SystemExit(main(['demo']))"
    )
    finished = run("-c", program)
    assert (finished.returncode, finished.stderr) == (0, "")


def test_metadata() -> None:
    """The distribution has three dependencies, an extra for SOCKS, the version of the package and its command."""
    metadata = distribution("ticktick-oauth").metadata
    requirements: list[str] = metadata.get_all("Requires-Dist") or []
    always = {requirement.partition(">=")[0] for requirement in requirements if "extra ==" not in requirement}
    assert always == {"attrs", "cattrs", "urllib3"}
    pyproject = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert '[project.optional-dependencies]\nsocks = ["PySocks>=1.7.1"]\n\n' in pyproject
    assert metadata["Requires-Python"] == ">=3.10"
    assert version("ticktick-oauth") == ticktick_oauth.__version__
    (command,) = distribution("ticktick-oauth").entry_points
    assert (command.group, command.name, command.value) == (
        "console_scripts",
        "ticktick-oauth",
        "ticktick_oauth._cli:main",
    )


def test_python_m_is_the_command() -> None:
    """What `python -m ticktick_oauth` runs is what the command runs."""
    (command,) = distribution("ticktick-oauth").entry_points
    assert command.load() is vars(__main__)["main"]


def test_it_is_typed() -> None:
    """Type checkers see that the package has its own types (PEP 561)."""
    assert (PACKAGE / "py.typed").read_bytes() == b""


def field_texts(tree: ast.Module) -> Iterator[str]:
    """Yield the texts behind fields, and those of properties."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any("property" in ast.unparse(each) for each in node.decorator_list):
            yield ast.get_docstring(node) or ""
        elif isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            for field, text in pairwise(node.body):
                if isinstance(field, (ast.Assign, ast.AnnAssign)) and isinstance(text, ast.Expr):
                    yield str(ast.literal_eval(text.value)) if isinstance(text.value, ast.Constant) else ""


def test_the_texts_of_fields_survive_sphinx() -> None:
    """Sphinx's napoleon takes what stands before a colon in the first line of a field's text for its type."""
    texts = {text for _, _, tree in sources() for text in field_texts(tree)}
    assert len(texts) > 40
    assert [text for text in texts if ":" in re.sub("``.*?``", "", text.partition("\n")[0])] == []
