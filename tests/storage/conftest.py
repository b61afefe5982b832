"""Where the tests keep tokens."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ticktick_oauth.storage import TokenFile


@pytest.fixture
def store(tmp_path: Path) -> TokenFile:
    """Make a store in a folder of its own."""
    return TokenFile(tmp_path / "token.json")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Make a folder that every user of the machine can reach, unlike pytest's."""
    with TemporaryDirectory(prefix="ticktick-oauth-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        Path(folder).chmod(0o700)
