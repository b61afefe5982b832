"""Read the system's clock, and say by it when a token expires."""

from datetime import datetime, timedelta, timezone

from .._protocol.issued_token import IssuedToken

_UNITS = {"day": 86400, "hour": 3600, "minute": 60}


def now() -> datetime:
    """Return the time of the system's clock."""
    return datetime.now(timezone.utc)


def describe_expiry(issued: IssuedToken, *, at: datetime) -> str:
    """Return when a token expires, as a date and as the time that remains."""
    remaining = issued.remaining(now=at)
    if remaining <= timedelta(0):
        return f"expired on {issued.expires_at:%Y-%m-%d at %H:%M} UTC"
    return f"expires on {issued.expires_at:%Y-%m-%d at %H:%M} UTC, in {_in_words(remaining)}"


def _in_words(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    unit, size = next(((unit, size) for unit, size in _UNITS.items() if seconds >= size), ("second", 1))
    return f"{seconds // size} {unit}{'' if seconds // size == 1 else 's'}"
