"""The README keeps its word: its code runs, and its two commands are two."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import ticktick_oauth
from ticktick_oauth import storage
from ticktick_oauth.sandbox import Sandbox

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def test_code_blocks_run(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Python block runs, in its order, in one namespace, against a sandbox."""
    pytest.importorskip("sybil", reason="needs the dependency group ci")
    from sybil import Sybil
    from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

    # Whatever the blocks that nobody sees put in their place, these are themselves again at the end.
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", "")
    for module, name in ((ticktick_oauth, "sign_in"), (ticktick_oauth, "Client"), (storage, "require_token")):
        monkeypatch.setattr(module, name, getattr(module, name))
    document = Sybil(parsers=[PythonCodeBlockParser(), SkipParser()]).parse(README)
    document.namespace["sandbox"] = sandbox
    examples = list(document.examples())
    for example in examples:
        example.evaluate()
    assert len(examples) >= README.read_text("utf-8").count("```python")


def test_two_commands() -> None:
    """The section has exactly two shell blocks, the demo and the tests, each complete in itself."""
    (section,) = re.findall(r"^## Two commands$(.*?)^## ", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    demo, tests = re.findall(r"^```sh\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    assert demo.splitlines()[0] == tests.splitlines()[0] == "python3 -m venv .venv"
    assert demo.splitlines()[-1] == ".venv/bin/ticktick-oauth demo"
    assert tests.splitlines()[-1] == ".venv/bin/python -m pytest --numprocesses auto"


def test_the_tests_of_a_program_run(tmp_path: Path) -> None:
    """The fixture and the rehearsals, each in the file that its first line names, pass under pytest."""
    for block in re.findall(r"^```python\n(# \w+\.py\n.*?)^```", README.read_text("utf-8"), re.DOTALL | re.MULTILINE):
        (tmp_path / block.partition("\n")[0].removeprefix("# ")).write_text(block)
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout
    assert "4 passed" in finished.stdout


def test_each_promise_is_held_by_tests_that_exist() -> None:
    """Behind every promise stand the names of tests, each of which there is, and runs: a skipped one keeps nothing."""
    (section,) = re.findall(r"^### Promises$(.*)", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    rows = re.findall(r"^\| (?!promise|---)(.*) \| (.*) \|$", section, re.MULTILINE)
    assert len(rows) >= 16
    for promise, tests in rows:
        names = re.findall(r"`([\w/]+)::(\w+)`", tests)
        assert names, promise
        for module, name in names:
            source = (Path(__file__).parent / f"{module}.py").read_text("utf-8")
            marks, found, _ = source.partition(f"def {name}(")
            assert found, f"{module}::{name}"
            assert not re.search(r"mark\.(skip|xfail)\b", marks.rpartition("\n\n\n")[2]), f"{module}::{name}"


def test_its_links_work_where_only_the_readme_is_shown() -> None:
    """A link or a picture is an address, or leads to a heading of this page."""
    text = README.read_text("utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {f"#{re.sub(r'[^a-z0-9 -]', '', heading.lower()).replace(' ', '-')}" for heading in headings}
    links = [link.strip() for link in re.findall(r"\]\(([^)]*)\)", text)]
    assert len(links) > 15
    assert [] == [link for link in links if not link.startswith("https://") and link not in anchors]
