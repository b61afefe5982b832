"""This package: a kept token from the environment, as the README has it."""

from ticktick_oauth import require_token


def header() -> str:
    """Return the Authorization header of the token that is kept."""
    return require_token().authorization_header()
