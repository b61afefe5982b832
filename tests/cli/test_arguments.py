"""What the command line does not understand: one line, exit 2, and no argument repeated, since it may be a secret."""

import re
import sys
from itertools import product
from pathlib import Path

import pytest

import processes
from cli.conftest import Run
from ticktick_oauth import __version__

SECRET = "s3cret-canary"
COMMANDS = ("login", "status", "token", "logout", "import", "check", "schema", "demo", "sandbox")
NOT_UNDERSTOOD = "is not understood (not shown: a secret may be there)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (f"--client-secr={SECRET} login", f"argument 1 of ticktick-oauth {NOT_UNDERSTOOD}; see ticktick-oauth --help"),
        (SECRET, "there is no such command; see ticktick-oauth --help"),
        ("logni", "there is no such command: did you mean login?"),
        (f"login --client-secr={SECRET}", f"argument 1 of ticktick-oauth login {NOT_UNDERSTOOD}"),
        (
            f"login --client {SECRET}",
            f"arguments 1, 2 of ticktick-oauth login {NOT_UNDERSTOOD.replace('is', 'are', 1)}",
        ),
        (f"login --manual {SECRET}", f"argument 2 of ticktick-oauth login {NOT_UNDERSTOOD}"),
        (f"login -- {SECRET}", "of ticktick-oauth login are not understood"),
        (f"login -x{SECRET}", f"argument 1 of ticktick-oauth login {NOT_UNDERSTOOD}"),
        (f"login --manual={SECRET}", "argument --manual/--no-browser: it takes no value"),
        (f"login --server {SECRET}", "argument --server: it is ticktick, dida365 or a URL: issuer must be an absolute"),
        (f"login --server https://h/?{SECRET}", "argument --server: it is ticktick, dida365 or a URL: issuer must not"),
        (f"login --timeout {SECRET}", "argument --timeout: "),
        ("login --client-id", "argument --client-id: expected one argument"),
        (f"token --format {SECRET}", "argument --format: it is one of raw, header, json, issued, pyticktick-env"),
        (
            f"status --fail-within {SECRET}",
            "argument --fail-within: a time is a number and one of d, h, m, s, such as 14d",
        ),
        ("status --fail-within 14", "argument --fail-within: a time is a number and one of d, h, m, s, such as 14d"),
        ("status --fail-within 1.5d", "argument --fail-within: a time is a number and one of d, h, m, s, such as 14d"),
        ("status --fail-within 9999999999d", "argument --fail-within: a time is a number and one of d, h, m, s"),
        (f"sandbox --port {SECRET}", "argument --port: a port is a number from 0 to 65535; see"),
        ("sandbox --port 65536", "argument --port: a port is a number from 0 to 65535"),
        (f"sandbox --redirect-uri http://h/{SECRET}", "redirect_uri must start with https://"),
        *(
            (
                f"import --issued-at={text}",
                "--issued-at: a time is in ISO 8601 with an offset, such as 2026-11-25T12:00",
            )
            for text in (SECRET, "2026-11-13", "2026-11-13T12:00:00", "", "1700000000")
        ),
        (f"check {SECRET} {SECRET}", "of ticktick-oauth check are not understood"),
        (
            f"check {SECRET}",
            "FILE cannot be read: No such file or directory",
        ),
        (f"check {SECRET * 99}", "FILE cannot be read: File name too long"),
        ("check", "the following arguments are required: FILE; see ticktick-oauth check --help"),
        ("check .", "FILE cannot be read: Is a directory"),
    ],
)
def test_what_is_not_understood(arguments: str, message: str, run: Run) -> None:
    """Each is explained in a line on stderr without its text, with exit 2."""
    code, out, err = run(*arguments.split(" "))
    assert (2, "", 1) == (code, out, err.count("\n"))
    assert err.startswith("ticktick-oauth: ")
    assert message in err
    assert SECRET not in err


@pytest.mark.parametrize(
    ("command", "form"),
    list(product(COMMANDS, ["{}", "--{}", "--{}=x", "--x={}", "-{}", "--help={}", "--token-file=x {}", "-- {}"])),
)
def test_no_command_repeats_a_secret(command: str, form: str, run: Run) -> None:
    """A secret in any place of any command is not shown."""
    code, out, err = run(command, *form.format(SECRET).split(" "), "--no-such-option")
    assert (2, "", 1, False) == (code, out, err.count("\n"), SECRET in err)


@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_of_one_letter_repeats_no_secret(command: str, run: Run) -> None:
    """What follows -h is refused, or passed over for the help, as the version of Python has it."""
    code, out, err = run(command, f"-h{SECRET}")
    assert (code, SECRET in out + err) in {(2, False), (0, False)}


def test_the_help(run: Run) -> None:
    """It names every command; without a command, it is the answer."""
    code, out, err = run("--help")
    assert (0, "", list(COMMANDS)) == (code, err, re.findall("^  ([a-z]+) +[a-z].+[^.]$", out, re.MULTILINE))
    assert run() == run("-h") == (code, out, err)
    assert out.startswith(
        "usage: ticktick-oauth [-h] [--version] COMMAND ...\n\nGet, check and keep a TickTick access token.\n\n"
        "commands (each has a --help of its own):\n  login    "
    )
    assert 80 >= max(map(len, out.splitlines()))
    assert (0, f"ticktick-oauth {__version__}\n", "") == run("--version")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command(command: str, run: Run) -> None:
    """It has a sentence, an example or two, and what may be chosen, in 80 columns."""
    code, out, err = run(command, "--help")
    assert (0, "", True) == (code, err, out.startswith(f"usage: ticktick-oauth {command} [-h]"))
    assert out.endswith("\n")
    assert re.search(r"\n\n[A-Z].+(\n.+)*\.\n\n", out)
    assert re.search(rf"^examples?:(\n  .*ticktick-oauth {command}.*){{1,2}}$", out, re.MULTILINE)
    assert 80 >= max(map(len, out.splitlines()))
    for example in re.findall(r'^  .*?ticktick-oauth (.+?)(?: [|<].+|\)".+)?$', out, re.MULTILINE):
        assert (0, out, "") == run(*example.split(), "--help")
    assert (command == "token") == ("{raw,header,json,issued,pyticktick-env}" in out)


@pytest.mark.parametrize(
    ("argument", "files"),
    [
        ("--version", {"commands", "output"}),
        ("--help", {"commands", "output"}),
        ("status", {"commands", "output", "parser", "keeping", "status"}),
    ],
)
def test_a_command_loads_its_own_file_alone(argument: str, files: set[str]) -> None:
    """The help and the version load no parser and no command, and a command no other one."""
    program = f"import sys; from ticktick_oauth._cli import main; main(['{argument}']); print(*sys.modules)"
    out = processes.run(sys.executable, "-I", "-c", program).stdout
    assert files == set(re.findall(r"ticktick_oauth\._cli\.(\w+)", out))


def test_a_file_named_by_a_secret_is_read(tmp_path: Path, run: Run) -> None:
    """The name of a file that can be read is not shown, either."""
    (tmp_path / SECRET).write_text("[]")
    code, out, err = run("check", str(tmp_path / SECRET))
    assert (1, "", False) == (code, err, SECRET in out)
