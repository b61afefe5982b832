"""The token as one type among a program's own: by msgspec and pydantic."""

import pytest
from pydantic import ValidationError

from recipes.embedded import Settings, decode
from ticktick_oauth import OAuthTokenV1, dumps, structure


def test_the_token_in_msgspec_and_pydantic() -> None:
    """It goes there and back, and a wrong one is refused with our reasons and without its values."""
    token: OAuthTokenV1 = structure({"access_token": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "expires_in": 15551999})
    assert token == decode(dumps(token))
    assert token == Settings.model_validate_json(Settings(token=token).model_dump_json()).token
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate({"token": {"access_token": "precious", "expires_in": "precious"}})
    for words, shown in {"access_token: ": True, "expires_in: ": True, "precious": False}.items():
        assert shown == (words in str(refused.value))
