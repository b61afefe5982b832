"""The commands on documents, `check` and `schema`."""

import io
import json
import sys
from pathlib import Path

import pytest

from cli.conftest import Run
from ticktick_oauth import json_schema

ANSWER = (
    '{"access_token": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "token_type": "bearer", "expires_in": 15551999, '
    '"scope": "tasks:read tasks:write"}'
)
KEPT = f'{{"version": 1, "issued_at": "2026-11-25T12:00:00+00:00", "token": {ANSWER}}}'
AGAIN = "sign in again with ticktick-oauth login"
NINES = "9" * 30
DAYS = int(NINES) // 86400
EMPTY = "this is empty: the body of the token endpoint's answer is expected"


@pytest.mark.parametrize(
    ("document", "code", "lines"),
    [
        (ANSWER, 0, ["a valid token response; expires_in is 15551999 seconds (179 days)"]),
        (
            ANSWER.replace("15551999", "9" * 30),
            0,
            [f"a valid token response; expires_in is {NINES} seconds ({DAYS} days)"],
        ),
        (
            '{"access_token": "s3cret", "expires_in": null}',
            1,
            [
                "access_token: expected a UUID of version 4, got a string that does not match",
                "expires_in: expected a whole number of seconds, got null",
            ],
        ),
        ("<html>", 1, ["document: not JSON from character 0 on"]),
        ("", 1, [f"document: {EMPTY}"]),
        (" \n", 1, [f"document: {EMPTY}"]),
        (
            "3fa85f64-5717-4562-b3fc-2c963f66afa6\n",
            1,
            ["document: this is an access token alone: the whole answer of the token endpoint is expected, in JSON"],
        ),
        (KEPT, 1, ["document: this is a kept token: ticktick-oauth status --token-file FILE describes it"]),
        (
            '{"error": "invalid_grant", "error_description": "s3cret"}',
            1,
            [f"document: this is the server's refusal (invalid_grant), not a token: {AGAIN}"],
        ),
        ('{"error": "s3cret"}', 1, [f"document: this is the server's refusal, not a token: {AGAIN}"]),
        (ANSWER[:-1] + ', "error": null}', 0, ["a valid token response; expires_in is 15551999 seconds (179 days)"]),
        (
            ANSWER + " " * 65536,
            1,
            ["document: this is over 65536 bytes, which no answer of a token endpoint has"],
        ),
    ],
)
def test_check(document: str, code: int, lines: list[str], tmp_path: Path, run: Run) -> None:
    """What a document is, or all that is wrong with it, is printed, and never what it holds; by name or on stdin."""
    (tmp_path / "answer.json").write_text(document)
    expected = (code, "\n".join([*lines, ""]), "")
    assert expected == run("check", str(tmp_path / "answer.json"))
    assert expected == run("check", "-", stdin=document.encode())


def test_check_of_a_file_without_end(run: Run) -> None:
    """A device that never ends is read up to the limit."""
    assert 1 == run("check", "/dev/zero").code


def test_a_person_is_asked_for_the_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """At a terminal, `check -` says what it waits for."""
    from ticktick_oauth._cli import main

    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(io.BytesIO(ANSWER.encode())))
    assert 0 == main(["check", "-"])
    assert "Paste the token response, then press Ctrl-D on a line of its own:\n" == capsys.readouterr().err


def test_schema(run: Run) -> None:
    """What is printed is json_schema(), as JSON."""
    code, out, err = run("schema")
    assert (0, json_schema(), "") == (code, json.loads(out), err)
