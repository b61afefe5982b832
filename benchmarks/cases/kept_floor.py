"""What this package stands on, and the standard library's clock: it takes the token out, and checks nothing."""

import json
import os
from datetime import datetime  # noqa: F401

from . import parse_floor  # noqa: F401


def header() -> str:
    """Return the Authorization header of the token that is kept."""
    return f"Bearer {json.loads(os.environ['TICKTICK_OAUTH_TOKEN'])['token']['access_token']}"
