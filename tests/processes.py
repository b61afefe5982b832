"""Programs in processes of their own: run to their end, or watched; with a client and codes to use, and with wheels."""

import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

from attrs import asdict

import ticktick_oauth
from ticktick_oauth import Client

# Seconds for a program on a busy machine.
LATE = 200.0
PACKAGE = Path(ticktick_oauth.__file__).parent
# With which a program with an environment of its own loads the package that is tested.
OURS = {"PYTHONPATH": str(PACKAGE.parent)}
# What runs when the package does, by the names of the distributions.
DISTRIBUTIONS = ["ticktick-oauth", "attrs", "cattrs", "urllib3", "typing_extensions"]
if sys.version_info < (3, 11):
    DISTRIBUTIONS.append("exceptiongroup")

# What a program starts with that is handed a client and its codes by `orders`.
TAKE_ORDERS = """
import json
import sys

from ticktick_oauth import AuthorizationServer, Client

orders = json.loads(sys.stdin.readline())
codes = orders.pop("codes")
client = Client(**{**orders, "server": AuthorizationServer(**orders["server"])})
"""


def orders(client: Client, *codes: str) -> str:
    """Return the line from which `TAKE_ORDERS` makes the client again."""
    return json.dumps({**asdict(client), "codes": codes}) + "\n"


def run(
    *command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with what it prints."""
    return subprocess.run(
        command, cwd=cwd, env=env, input=stdin, capture_output=True, text=True, check=False, timeout=LATE
    )


def run_program(program: str, *, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: str = "") -> str:
    """Run a Python program, which must succeed, and return what it prints; its standard error stays empty."""
    finished = run(sys.executable, "-W", "error", "-c", program, cwd=cwd, env=env, stdin=stdin)
    assert ("", 0) == (finished.stderr, finished.returncode)
    return finished.stdout


@contextmanager
def started(
    command: Sequence[str | Path], environment: Mapping[str, str] | None = None, cwd: Path | None = None
) -> "Iterator[subprocess.Popen[str]]":
    """Run a program, its streams as pipes, for the time of a block: it ends with the block, however that ends."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=environment, cwd=cwd, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def eventually(condition: Callable[[], object]) -> None:
    """Wait for what another process does without a sign; bounded."""
    end = time.monotonic() + LATE
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def pack(folder: Path) -> list[str]:
    """Pack the distributions, as they are installed here, into wheels; return requirements such as ``attrs==26.1.0``.

    The very versions that are tested then come without a package index.
    """
    requirements = []
    for name in DISTRIBUTIONS:
        found = distribution(name)
        members = {
            str(file): Path(str(file.locate())).read_bytes()
            for file in found.files or ()
            if file.parts[0] != ".." and file.suffix in {"", ".py", ".pyi", ".txt", ".typed"} and file.name != "RECORD"
        }
        if name == "ticktick-oauth":  # an editable install has none of its files
            paths = (path for path in PACKAGE.rglob("*") if path.suffix in {".py", ".typed"})
            members.update((str(path.relative_to(PACKAGE.parent)), path.read_bytes()) for path in paths)
        stem = f"{name.replace('-', '_')}-{found.version}"
        members[f"{stem}.dist-info/RECORD"] = "".join(f"{member},,\n" for member in members).encode()
        with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
            for member, data in members.items():
                wheel.writestr(member, data)
        requirements.append(f"{name}=={found.version}")
    return requirements
