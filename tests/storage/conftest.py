"""Where the tests keep tokens."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ticktick_oauth.storage import TokenFile


@pytest.fixture
def store(tmp_path: Path) -> TokenFile:
    """Make a store in a folder of its own."""
    return TokenFile(tmp_path / "token.json")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Make a folder that every user of the machine can reach, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="ticktick-oauth-test-"))
    folder.chmod(0o755)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder)


@pytest.fixture
def umask() -> Iterator[Callable[[int], int]]:
    """Give the function that sets the umask, which is the old one again afterwards."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)
