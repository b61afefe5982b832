"""The token as one type among a program's own: by msgspec and pydantic."""

import runpy
from pathlib import Path

import pytest
from pydantic import ValidationError


def test_the_token_in_msgspec_and_pydantic() -> None:
    """What the program asserts holds, and a wrong token is refused with our reasons and without its values."""
    names = runpy.run_path(str(Path(__file__).with_name("embedded.py")), run_name="__main__")
    with pytest.raises(ValidationError) as refused:
        names["Settings"].model_validate({"token": {"access_token": "precious", "expires_in": "precious"}})
    for words, shown in {"access_token: ": True, "expires_in: ": True, "precious": False}.items():
        assert shown == (words in str(refused.value))
