"""The README keeps its word: its code runs, and its two commands are two; so does the table of promises."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

import ticktick_oauth
from benchmarks.__main__ import RESULTS, readme_tables
from benchmarks.figures import TARGETS, Row
from person import browse, redirect_of
from roads.readme import README, RECIPES, TESTS, blocks
from ticktick_oauth import AuthorizationRequest
from ticktick_oauth.sandbox import Sandbox


@pytest.fixture
def at_home(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Make the sandbox TickTick, an empty folder the home, and a person who allows whatever is shown."""

    def show(address: str) -> None:
        Thread(target=browse, args=(address,)).start()

    changes: dict[str, dict[str, Any]] = {
        "get_token": {"server": sandbox.server, "show": show, "open_browser": False},
        "require_token": {"server": sandbox.server},
        "SignIn": {"server": sandbox.server},
    }
    for name, options in changes.items():
        monkeypatch.setattr(ticktick_oauth, name, partial(getattr(ticktick_oauth, name), **options))
    monkeypatch.setattr(ticktick_oauth, "Client", lambda **words: sandbox.client(redirect_uri=words["redirect_uri"]))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("TICKTICK_OAUTH_TOKEN", "TICKTICK_OAUTH_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    return show


def test_its_code_runs(sandbox: Sandbox, at_home: Callable[[str], None]) -> None:
    """Every Python block runs, in its order, in one namespace; what a block only defines is then called."""
    asked: list[str] = []

    def paste(prompt: str) -> str:
        asked.append(prompt)
        return redirect_of(addresses.pop())

    addresses: list[str] = []
    names: dict[str, Any] = {"input": paste}
    for block in blocks("python"):
        if "ask=" in block:  # with a kept token, nobody would be asked
            ticktick_oauth.TokenFile(ticktick_oauth.default_path(sandbox.server)).delete()
            names["get_token"].keywords["show"] = addresses.append
        exec(block, names)
    assert 1 == len(asked)
    assert sandbox.server == asyncio.run(names["sign_in_within"](60, at_home)).server
    session: dict[str, str] = {}
    names["start"](session)
    request = AuthorizationRequest.resume(client=names["client"], state=session["state"])
    sandbox.next_answer(200, ticktick_oauth.unstructure(names["token"]))
    assert names["token"] == names["callback"](session, urlsplit(sandbox.sign_in(request)).query).token


@pytest.mark.skipif(os.name == "nt", reason="needs a terminal of POSIX")
def test_its_picture_of_a_sign_in_is_what_is_shown(sandbox: Sandbox, tmp_path: Path) -> None:
    """What `login` writes to a terminal, with TickTick's name for the sandbox's, and another day."""
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "ticktick_oauth", "login", "--manual", "--server", sandbox.server.issuer]
    environment = {"HOME": str(tmp_path), "PATH": os.defpath, "COLUMNS": "900"}
    with subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True):
        os.close(theirs)
        shown, went = "", False
        while chunk := read(ours):
            shown += chunk
            if "Waiting" in shown and not went:
                went = bool(browse(re.findall(r"http\S+authorize\S+", shown)[0]))
    os.close(ours)
    for pattern, words in {
        r"\r": "",
        r"^Without.*\n": "",
        r"http://\S+authorize.*client_id=.*": "https://ticktick.com/oauth/authorize?response_type=code&client_id=...",
        re.escape(sandbox.server.issuer): "TickTick",
        r"until .* \(in \d+ days\)": "until 29 May 2027 (in 180 days)",
        r"kept in \S+": "kept in ~/.config/ticktick-oauth/token.json",
    }.items():
        shown = re.sub(pattern, words, shown)
    assert f"\n```\n{shown}```\n" in README.read_text("utf-8")


def read(terminal: int) -> str:
    """Read what there is; nothing where the terminal has ended, for which Linux has an error."""
    try:
        return os.read(terminal, 65536).decode()
    except OSError:
        return ""


def test_two_commands() -> None:
    """The section has exactly two shell blocks, the demo and the tests: each one line, complete in itself."""
    section = README.read_text("utf-8").partition("\n## Two commands\n")[2].partition("\n## ")[0]
    ends = [".venv/bin/ticktick-oauth demo", ".venv/bin/python -m pytest --numprocesses auto"]
    assert ends == re.findall(r"^```sh\npython3 -m venv .venv && .* && (.*)\n```$", section, re.MULTILINE)
    assert 2 == section.count("```sh")


def test_it_is_short() -> None:
    """A manual that is read: at most 1,800 words and 330 lines."""
    text = README.read_text("utf-8")
    assert len(text.split()) <= 1800
    assert text.count("\n") <= 330


def test_every_recipe_is_there_and_is_run() -> None:
    """Each program that is named exists, and a test runs it; one of them is a test itself."""
    named = set(re.findall(r"`tests/recipes/(\w+\.py)`", README.read_text("utf-8")))
    assert named <= {path.name for path in RECIPES.glob("*.py")}
    tests = "".join(path.read_text("utf-8") for path in RECIPES.glob("test_*.py"))
    assert {"test_rehearsal.py"} == {
        name for name in named if not re.search(rf'"{name}"|(from|import|recipes)[ .]{name[:-3]}\b', tests)
    }


def test_each_promise_is_kept_by_tests_that_exist() -> None:
    """Behind every promise stand the names of tests, each of which there is, and runs: a skipped one keeps nothing."""
    text = (TESTS / "README.md").read_text("utf-8")
    (section,) = re.findall(r"^## Promises$(.*?)^## ", text, re.DOTALL | re.MULTILINE)
    rows = re.findall(r"^\| (?!promise|---)(.*) \| (.*) \|$", section, re.MULTILINE)
    assert len(rows) >= 24
    for promise, tests in rows:
        names = re.findall(r"`([\w/]+)::(\w+)`", tests)
        assert names, promise
        for module, name in names:
            marks, found, _ = (TESTS / f"{module}.py").read_text("utf-8").partition(f"def {name}(")
            assert found, f"{module}::{name}"
            assert not re.search(r"mark\.(skip|xfail)\b", marks.rpartition("\n\n\n")[2]), f"{module}::{name}"


def test_its_links_work_where_only_the_readme_is_shown() -> None:
    """A link is an address, or leads to a heading of this page."""
    text = README.read_text("utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {f"#{re.sub(r'[^a-z0-9 -]', '', heading.lower()).replace(' ', '-')}" for heading in headings}
    links = [link.strip() for link in re.findall(r"(?<!!)\[[^\]]*\]\(([^)]*)\)", text)]
    assert links
    assert [] == [link for link in links if not link.startswith("https://") and link not in anchors]


def test_its_figures_are_those_that_were_kept() -> None:
    """The tables of both READMEs are the benchmarks' own, of one run, in which every target was measured."""
    rows = [Row(**row) for row in json.loads((RESULTS / "figures.json").read_text("utf-8"))["rows"]]
    for path, table in readme_tables(rows).items():
        assert f"\n{table}\n\n" in path.read_text("utf-8")
    assert set(TARGETS) <= {(row.work, row.against) for row in rows}
