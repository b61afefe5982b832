"""The package and pyticktick agree at volume, and the comparison is one that can fail."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance import volume
from conformance.grammar import RULES
from conformance.parity import agree, pyticktick_token
from conformance.volume import Campaign, fresh_seed


def _seed() -> int:
    return int(os.environ.get("TICKTICK_OAUTH_TEST_SEED") or fresh_seed())


def test_a_few_documents_of_a_fresh_seed() -> None:
    """Both sides agree on documents and mappings that no run has seen before."""
    campaign = Campaign(_seed(), 2_000)
    campaign.run()
    assert campaign.accepted["document"] > 0 < campaign.refused["document"]
    assert campaign.accepted["mapping"] > 0 < campaign.refused["mapping"]


@pytest.mark.slow
def test_many_documents_of_a_fresh_seed() -> None:
    """Both sides agree on 200,000 documents and mappings, and every rule was reached."""
    campaign = Campaign(_seed(), 200_000)
    campaign.run()
    assert [] == [rule for rule, count in campaign.rules.items() if count == 0], f"seed {campaign.seed}"


def test_a_seed_is_enough_to_meet_a_document_again() -> None:
    """A campaign makes the same choices for the same seed, and these reach every rule."""
    campaigns = [Campaign(7, 3_000), Campaign(7, 3_000)]
    for campaign in campaigns:
        campaign.run()
    assert campaigns[0] == campaigns[1]
    assert [] == [rule for rule, count in campaigns[0].rules.items() if count == 0]


_TOKEN = '"access_token":"0e6cbbd3-cb86-4a45-9d0b-0f6a22ab9d2b"'


@pytest.mark.parametrize(
    ("document", "theirs", "ours", "expected"),
    [
        ("{" + _TOKEN + ',"expires_in":"0__1"}', {}, ("expires_in",), True),
        ("{" + _TOKEN + ',"expires_in":"0__1"}', {}, (), False),
        ("{" + _TOKEN + ',"expires_in":"0__1"}', ("expires_in",), {}, False),
        ("{" + _TOKEN + ',"expires_in":"0__1","scope":1}', ("scope",), ("expires_in", "scope"), True),
        ("{" + _TOKEN + ',"expires_in":"0__1","scope":1}', ("scope",), ("expires_in",), False),
        ("{" + _TOKEN + ',"expires_in":"0_1"}', {}, ("expires_in",), False),
        ("{" + _TOKEN + ',"expires_in":"' + "0" * 4300 + '1"}', {}, ("expires_in",), True),
        ("{" + _TOKEN + ',"expires_in":"' + "1" * 4300 + '"}', {}, ("expires_in",), False),
        ("{" + _TOKEN + ',"expires_in":1}', {}, ("",), False),
        ("{" + _TOKEN + ',"a":' + "[" * 197 + "]" * 197 + "}", ("",), ("expires_in",), False),
        ("{" + _TOKEN + ',"a":' + "[" * 198 + "]" * 198 + "}", ("",), ("expires_in",), True),
        ("{" + _TOKEN + ',"a":' + "[" * 198 + "]" * 198 + "}", ("expires_in",), ("",), False),
        ("{" + _TOKEN + ',"a":"' + "[" * 200 + '"}', ("",), ("expires_in",), False),
        ("{" + _TOKEN + r',"\ud800":1}', ("",), ("expires_in",), True),
        ("{" + _TOKEN + r',"\ud83d\ude00":1}', ("",), ("expires_in",), False),
        ("{" + _TOKEN + r',"scope":"\ud800","scope":1}', ("",), ("expires_in", "scope"), True),
        ("{" + _TOKEN + r',"scope":"\ud800"}', ("",), ("expires_in", "scope"), True),
        ("{" + _TOKEN + ',"expires_in":' + "1" * 4301 + ".0}", ("",), ("expires_in",), True),
        ("{" + _TOKEN + ',"expires_in":' + "1" * 4300 + ".0}", ("",), ("expires_in",), False),
        (b"{" + _TOKEN.encode() + b',"\xff":' + b"[" * 198 + b"]" * 198 + b"}", ("",), ("expires_in",), False),
        ({"expires_in": "0__1"}, {}, ("expires_in",), True),
        ({"expires_in": "00-7"}, {}, ("expires_in",), True),
        ({"expires_in": "1-7"}, {}, ("expires_in",), False),
        ({"expires_in": 1}, {}, ("expires_in",), False),
    ],
)
def test_differences_that_are_allowed(document: object, theirs: Any, ours: Any, expected: bool) -> None:  # noqa: ANN401, FBT001
    """Two verdicts may differ for the reasons that are allowed, and no wider than that."""
    assert expected is agree(document, theirs, ours)


def _run(*arguments: str, setup: str = "") -> "subprocess.CompletedProcess[str]":
    code = f"import sys, runpy; sys.path.insert(0, {str(Path(volume.__file__).parents[1])!r})\n{setup}"
    code += f"sys.argv[1:] = {list(arguments)!r}\nrunpy.run_module('conformance.volume', run_name='__main__')"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)


def test_command_line() -> None:
    """The command prints its seed, what was accepted and refused, and how often each rule was reached."""
    pyticktick_token()
    done = _run("--documents", "300", "--seed", "5")
    lines = done.stdout.splitlines()
    assert (0, "") == (done.returncode, done.stderr)
    assert "seed 5" == lines[0]
    assert re.fullmatch(r"documents: \d+ accepted, \d+ refused", lines[1])
    assert re.fullmatch(r"mappings: \d+ accepted, \d+ refused", lines[2])
    assert sorted(RULES) == [line.split(maxsplit=1)[1] for line in lines[3:]]


def test_command_line_of_a_mutant() -> None:
    """On a disagreement the command prints the document and exits with 1."""
    pyticktick_token()
    mutant = "from ticktick_oauth._token import converter\nconverter.TOKEN_TYPE = 'mac'\n"
    done = _run("--documents", "300", "--seed", "5", setup=mutant)
    assert (1, "") == (done.returncode, done.stderr)
    assert "disagrees with pyticktick on" in done.stdout
    assert "(seed 5)" in done.stdout
