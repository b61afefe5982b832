"""The package on Windows, or under Wine: what passes there is a hint, and may still fail on Windows."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from trustme import CA

import ticktick_oauth
from person import browse, redirect_of
from ticktick_oauth.sandbox import Sandbox

# A Windows Python with the dependency group `windows`: under Wine, a script that runs it.
WINDOWS_PYTHON = os.environ.get("WINDOWS_PYTHON", sys.executable if os.name == "nt" else "")
TESTS = Path(__file__).parent.parent
# Seconds for a program on a busy machine.
PATIENCE = 280
TOKEN = '{"access_token": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "expires_in": 15551999}'
WARM = "import ticktick_oauth; print(ticktick_oauth.loads(input()).expires_in)"
EXCHANGE = """
import ssl, sys
from ticktick_oauth import AuthorizationRequest, exchange_code
from ticktick_oauth.sandbox import Sandbox

tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(sys.argv[1])
for context in (None, tls):
    with Sandbox(ssl_context=context) as sandbox:
        request = AuthorizationRequest(client=sandbox.client())
        token = exchange_code(request.client, request.parse_response(sandbox.sign_in(request)))
        print(sandbox.server.issuer.partition(":")[0], token.expires_in)
"""
SIGN_IN = """
import threading
from person import browse, redirect_of
from ticktick_oauth import SignIn
from ticktick_oauth.sandbox import Sandbox

with Sandbox() as sandbox:
    with SignIn(server=sandbox.server) as attempt:
        threading.Thread(target=browse, args=(attempt.uri,)).start()
        print(attempt.wait(20).token.expires_in)
    with SignIn(server=sandbox.server, listen=False) as attempt:
        print(attempt.paste(redirect_of(attempt.uri)).token.expires_in)
"""
# The modules that need what Windows has not, and the tests that are about POSIX: its paths and modes,
# its steps of a save, and programs that want its terminals.
POSIX_MODULES = ("storage/test_private", "storage/test_windows", "cli/test_guards", "cli/test_login_network")
POSIX = (
    "test_s2_ or test_s3b_ or test_s14_ or test_s15_ or test_s18_ or test_s13_ "
    "or default_path or default_file or test_a_tilde or test_s4_a_missing "
    "or test_without_a_token_the_message or test_login_processes or test_rehearsal or test_a_command_loads "
    "or test_what_is_not_understood or test_a_file_that_is_written_in_place or test_logout_of_a_file_that_has "
    "or test_logout_of_a_link or test_an_answer_that_is_not_a_token "
    "or test_input_without_end or test_l4_a_paste_is_read or test_no_token"
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not WINDOWS_PYTHON, reason="needs a Windows Python, named by $WINDOWS_PYTHON"),
]
Start = Callable[..., "subprocess.Popen[str]"]


def windows_path(path: Path) -> str:
    """Return the name by which Windows knows a file; Wine's Z is the root of this machine."""
    return str(path) if os.name == "nt" else "Z:" + str(path).replace("/", "\\")


@pytest.fixture(scope="module")
def wine() -> Iterator[None]:
    """Keep one program running, so that the server that Wine starts with it holds no later program's pipes open."""
    pipe = subprocess.PIPE
    command = [WINDOWS_PYTHON, "-c", "print(1, flush=True); input()"]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert "1\n" == process.stdout.readline()
        yield
        process.kill()


@pytest.fixture
def start(tmp_path: Path, wine: None) -> Iterator[Start]:  # noqa: ARG001 - for its time alone
    """Start the Windows Python with arguments, in pipes, with the package and the tests' helpers on its path."""
    places = [windows_path(path) for path in (Path(ticktick_oauth.__file__).parents[1], TESTS)]
    if Path(places[0].replace("\\", "/")).name == "site-packages":  # this Python's dependencies are not for that one
        (tmp_path / "package").mkdir()
        (tmp_path / "package" / "ticktick_oauth").symlink_to(Path(ticktick_oauth.__file__).parent)
        places[0] = windows_path(tmp_path / "package")
    environment = {**os.environ, "PYTHONPATH": ";".join(places), "PYTHONDONTWRITEBYTECODE": "1"}
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE
        command = [WINDOWS_PYTHON, *arguments]
        running.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def end(process: "subprocess.Popen[str]", stdin: str = "") -> tuple[int, str]:
    """Wait for a program, and return its exit code and what it printed; Wine's own words are not the program's."""
    out, err = process.communicate(stdin, timeout=PATIENCE)
    assert "Traceback" not in err, err
    return process.returncode, out


def address(login: "subprocess.Popen[str]") -> str:
    """Return the authorization URL that the command prints."""
    assert login.stderr is not None
    return next(found[0] for line in login.stderr if (found := re.search(r"http\S+/authorize\?\S+", line)))


def test_library(start: Start, tmp_path: Path) -> None:
    """The first loads, exchanges over loopback and TLS, sign-ins by redirect and by paste, and the demo work."""
    authority = CA()
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    assert (0, "15551999\n") == end(start("-c", WARM), f"{TOKEN}\n")
    trust = f"import os; os.environ['SSL_CERT_FILE'] = {windows_path(tmp_path / 'ca.pem')!r}\n"
    exchanged = end(start("-c", trust + EXCHANGE, windows_path(tmp_path / "server.pem")))
    assert (0, "http 15551999\nhttps 15551999\n") == exchanged
    assert (0, "15551999\n15551999\n") == end(start("-c", SIGN_IN))
    code, out = end(start("-W", "error", "-X", "dev", "-m", "ticktick_oauth", "demo"))
    assert (0, True) == (code, "It is valid until" in out)


@pytest.mark.parametrize(("decision", "code"), [("allow", 0), ("deny", 3)])
def test_login(start: Start, sandbox: Sandbox, tmp_path: Path, decision: str, code: int) -> None:
    """The command ends as the person decides; the other commands then know the token, or know of none."""
    places = [f"--token-file={windows_path(tmp_path / 'token.json')}"]

    def run(*arguments: str, stdin: str = "") -> tuple[int, str]:
        return end(start("-m", "ticktick_oauth", *arguments, *places), stdin)

    login = start("-m", "ticktick_oauth", "login", "--manual", f"--server={sandbox.server.issuer}", *places)
    uri = address(login)
    browse(uri, decision=decision)
    assert code == end(login)[0]
    assert code // 3 == run("status")[0]
    found, token = run("token")
    assert (code // 3, not code) == (found, bool(token))
    assert 0 == run("logout")[0]
    assert (0, 1) == (run("import", stdin=TOKEN)[0], run("import", stdin="{}")[0])
    assert (0, "3fa85f64-5717-4562-b3fc-2c963f66afa6\n") == run("token")


def test_login_by_paste(start: Start, sandbox: Sandbox, tmp_path: Path) -> None:
    """Where the browser is elsewhere, the address that it ended at is pasted."""
    place = f"--token-file={windows_path(tmp_path / 'token.json')}"
    login = start("-m", "ticktick_oauth", "login", "--manual", f"--server={sandbox.server.issuer}", place)
    uri = address(login)
    assert 0 == end(login, redirect_of(uri) + "\n")[0]


def test_the_tests_of_storage_and_of_the_command_line(start: Start) -> None:
    """All of them that are not about POSIX pass there."""
    ignored = [f"--ignore={windows_path(TESTS / f'{module}.py')}" for module in POSIX_MODULES]
    options = ["-q", "-p", "no:cacheprovider", "--tb=short", "--timeout=60", "-k", f"not ({POSIX})"]
    folders = [windows_path(TESTS / wing) for wing in ("storage", "cli")]
    process = start("-m", "pytest", *options, *ignored, *folders)
    out, _ = process.communicate(timeout=PATIENCE)
    assert (0, True) == (process.returncode, " passed" in out), out
