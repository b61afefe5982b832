"""This package."""

from ticktick_oauth import loads as from_bytes
from ticktick_oauth import structure as from_mapping
from ticktick_oauth.exceptions import InvalidTokenError

__all__ = ["REFUSALS", "from_bytes", "from_mapping"]

REFUSALS = (InvalidTokenError,)
