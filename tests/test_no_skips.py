"""CI's own check, that no test is skipped there, can fail."""

import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parent / "conftest.py"


@pytest.mark.slow
@pytest.mark.parametrize(("options", "code"), [([], 0), (["--no-skips"], 1), (["--no-skips", "-n1"], 1)])
def test_a_skip_fails_the_run_under_no_skips(tmp_path: Path, options: list[str], code: int) -> None:
    """A run with one skipped test passes without the option and fails with it; one sentence says why."""
    (tmp_path / "conftest.py").write_bytes(CONFTEST.read_bytes())
    (tmp_path / "test_one.py").write_text(
        "import pytest\n\n@pytest.mark.skip(reason='needs x')\ndef test_one(): pass\n"
    )
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == code
    assert "1 skipped, for want of: x. " in finished.stdout
