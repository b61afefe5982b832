"""What several commands say in the same words."""

import sys
from datetime import datetime
from datetime import timedelta
from datetime import timezone

from .._token import IssuedToken


def say(line: str) -> None:
    """Tell the person something that is not the command's answer: on stderr, at once."""
    print(line, file=sys.stderr, flush=True)


def now() -> datetime:
    """Return the time of the system's clock."""
    return datetime.now(timezone.utc)


def expiry(issued: IssuedToken, *, at: datetime) -> str:
    """Return when a token expires, as a date and as the time that remains."""
    remaining = issued.remaining(now=at)
    if remaining <= timedelta(0):
        return f"expired on {issued.expires_at:%Y-%m-%d at %H:%M} UTC"
    left = f"{remaining.days} days" if remaining.days else f"{remaining.seconds // 3600} hours"
    return f"expires on {issued.expires_at:%Y-%m-%d at %H:%M} UTC, in {left}"
