"""Make a server's words fit to show: printable, short, and without the secrets that it may repeat."""

from collections.abc import Iterable

REDACTED = "[redacted]"
_MAX_SHOWN = 200
# What a server may do to what it repeats, one upon the other: HTML in JSON, a percent-encoded URL in HTML.
_LAYERS = 2


def redact(text: str, secrets: Iterable[str | None]) -> str:
    """Cut out the secrets, as such, percent-encoded and with spaces for plus signs; also all in upper or lower case."""
    from urllib.parse import quote, quote_plus

    plain = _plain_forms(secrets)
    forms = {form for secret in plain for form in (secret, quote(secret, safe=""), quote_plus(secret))}
    forms |= {*map(str.lower, forms), *map(str.upper, forms)}
    pieces = [text]
    # The longest first, should one be part of another. Not by `re`, whose cache would keep the secrets.
    for form in sorted(forms, key=len, reverse=True):
        pieces = [part for piece in pieces for part in piece.split(form)]
    return REDACTED.join(pieces)


def clean(text: str, secrets: Iterable[str | None] = ()) -> str:
    """Return what a server says, printable, at most 200 characters, and with no secret in it.

    A secret that stands there as such or percent-encoded is cut out. Where one stands there in mixed case, or only
    in the decoded text, nobody can say which characters to cut, and the whole text gives way.
    """
    from html import unescape
    from urllib.parse import unquote, unquote_plus

    known = _plain_forms(secrets)
    # Line ends, escape codes and bidi controls go first: one of them could hide a secret from the search below.
    shown = redact("".join(character for character in text if character.isprintable()), known)
    readings = {shown}
    try:
        for _ in range(_LAYERS):
            readings |= {*map(unescape, readings), *map(unquote, readings), *map(unquote_plus, readings)}
    except ValueError:  # a character reference with more digits than Python reads: nobody can say what it hides
        return REDACTED
    if any(secret.lower() in reading.lower() for secret in known for reading in readings):
        return REDACTED
    return shown[:_MAX_SHOWN]


def shorten(text: str) -> str:
    """Return a text printable, and at most 200 characters of it."""
    return "".join(character for character in text if character.isprintable())[:_MAX_SHOWN]


def _plain_forms(secrets: Iterable[str | None]) -> set[str]:
    """Return the secrets as they may read: a "+" that was sent as it is reads as a space where it is form-decoded."""
    return {form for secret in secrets if secret for form in (secret, secret.replace("+", " "))}
