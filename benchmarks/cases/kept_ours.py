"""This package: a kept token from an environment variable."""

import os

from ticktick_oauth import load_issued


def header(variable: str) -> str:
    """Return the Authorization header of the token that a variable keeps."""
    return load_issued(os.environ[variable]).token.authorization_header()
