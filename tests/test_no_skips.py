"""CI's own check, that no test is skipped there, can fail."""

import shutil
import sys
from pathlib import Path

import pytest

from processes import run


@pytest.mark.slow
@pytest.mark.parametrize(("options", "code"), [([], 0), (["--no-skips", "-n1"], 1)])
def test_a_skip_fails_the_run_under_no_skips(tmp_path: Path, options: list[str], code: int) -> None:
    """A run with one skipped test passes without the option and fails with it; one sentence says why."""
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_one.py").write_text("import pytest\ndef test_one():\n    pytest.skip('needs x')\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly"]
    finished = run(*command, *options, cwd=tmp_path)
    assert code == finished.returncode
    assert "1 skipped, for want of: x. " in finished.stdout
