"""The token as one type among a program's own: by cattrs, msgspec and pydantic."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from roads.readme import README, block_with
from roads.running import run_program


def section(title: str) -> str:
    """Return the Python blocks of a section of the README, one behind the other."""
    text = README.read_text("utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    blocks: list[str] = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert blocks
    return "\n".join(blocks)


def test_a_section_runs_in_a_new_folder(tmp_path: Path) -> None:
    """What the section on embedding shows is a whole program, without what the sections before it made."""
    assert "" == run_program(section("Inside another library"), cwd=tmp_path)


def test_pydantics_error_shows_no_token() -> None:
    """The recipe's model refuses a wrong token with our reasons and without its values."""
    namespace: dict[str, object] = {}
    exec(block_with("BeforeValidator").partition("assert ")[0], namespace)
    settings = namespace["Settings"]
    with pytest.raises(ValidationError) as refused:
        settings.model_validate({"token": {"access_token": "precious", "expires_in": "precious"}})  # type: ignore[attr-defined]
    assert "access_token: " in str(refused.value)
    assert "expires_in: " in str(refused.value)
    assert "precious" not in str(refused.value)
