"""Saves and loads at the same time on Windows, or under Wine (S16)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ticktick_oauth

# A Windows Python with this package's three dependencies: under Wine, a script that runs it.
WINDOWS_PYTHON = os.environ.get("WINDOWS_PYTHON", sys.executable if os.name == "nt" else "")
SECONDS = 8
PROGRAM = """
import sys, time
sys.path.insert(0, sys.argv[1])
from datetime import datetime, timezone
from pathlib import Path
from uuid import UUID
from ticktick_oauth import IssuedToken, OAuthTokenV1, TokenFile
from ticktick_oauth.storage._token_file import keep

token = OAuthTokenV1(access_token=UUID(int=1, version=4), expires_in=1)
issued, path = IssuedToken(token=token, issued_at=datetime.now(timezone.utc)), Path(sys.argv[2])
store, verb, wrong, times, end = TokenFile(path), sys.argv[3], [], 0, time.monotonic() + float(sys.argv[4])
while not times or time.monotonic() < end:
    times += 1
    try:
        if verb == "save" and keep(path, issued):
            wrong.append("in place")
        if verb == "load" and store.load().token != token:
            wrong.append("another token")
    except (AttributeError, OSError) as error:
        wrong.append(str(error))
print(verb, times, wrong)
"""


def start(path: Path, verb: str, seconds: int) -> "subprocess.Popen[str]":
    """Start a program that saves or loads one file again and again."""
    places = [str(place) for place in (Path(ticktick_oauth.__file__).parents[1], path)]
    if os.name != "nt":  # Wine's drive for the root of the file system
        places = ["Z:" + place.replace("/", "\\") for place in places]
    command = [WINDOWS_PYTHON, "-c", PROGRAM, *places, verb, str(seconds)]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.mark.slow
@pytest.mark.skipif(not WINDOWS_PYTHON, reason="needs a Windows Python, named by $WINDOWS_PYTHON")
def test_s16_two_programs_save_while_two_load(tmp_path: Path) -> None:
    """Every save is a replacement, no load is empty or fails, and no other file is left."""
    path = tmp_path / "token.json"
    ends = [start(path, "save", 0).communicate()[0]]
    running = [start(path, verb, SECONDS) for verb in ("save", "save", "load", "load")]
    ends += [process.communicate()[0] for process in running]
    assert ["save", "save", "save", "load", "load"] == [end.split()[0] for end in ends]
    assert ["[]"] * 5 == [end.split(maxsplit=2)[2].strip() for end in ends]
    assert [path] == list(tmp_path.iterdir())
