"""Give the documents: the one that is timed, the one kept, four bad ones, and a sample on which all should agree."""

from datetime import datetime, timezone

UUID4 = "3f2b6c1e-8d4a-4b5f-9c7e-1a2b3c4d5e6f"
# What TickTick answers, byte by byte but for the token.
COMMON = (
    f'{{"access_token":"{UUID4}","token_type":"bearer","expires_in":15551999,"scope":"tasks:read tasks:write"}}'
).encode()

# What `dump_issued` makes of it, issued now: what has expired is refused.
KEPT = (
    '{"version": 1, "issued_at": "'
    f'{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S}+00:00", '
    '"server": {"issuer": "https://ticktick.com", '
    '"authorization_endpoint": "https://ticktick.com/oauth/authorize", '
    '"token_endpoint": "https://ticktick.com/oauth/token", '
    '"registration_endpoint": "https://api.ticktick.com/oauth/register"}, "token": ' + COMMON.decode() + "}"
)

# The four kinds of bad document whose refusal is timed.
BAD: dict[str, bytes] = {
    "not JSON": b"<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>",
    "a member missing": COMMON.replace(b'"expires_in":15551999,', b""),
    "a UUID of version 1": COMMON.replace(b"-4b5f-", b"-1b5f-"),
    "all members wrong": b'{"access_token":null,"token_type":"mac","expires_in":"soon","scope":"tasks:read"}',
}


def _with(**members: str) -> bytes:
    """Return the common document with members of this JSON text."""
    texts = {"access_token": f'"{UUID4}"', "expires_in": "15551999"} | members
    return ("{" + ",".join(f'"{name}":{text}' for name, text in texts.items()) + "}").encode()


# What competitors may or may not agree on, by what is special about it.
SAMPLE: dict[str, bytes] = {
    "the common answer": COMMON,
    "an unknown member": _with(refresh_token="null"),
    "white space": b" \r\n\t" + COMMON + b"\n",
    "a repeated member": COMMON[:-1] + b',"expires_in":1}',
    "a UUID in braces": _with(access_token=f'"{{{UUID4}}}"'),
    "a UUID as a URN": _with(access_token=f'"urn:uuid:{UUID4}"'),
    "a UUID with hyphens astray": _with(access_token='"3f2b6c1e8d4a4b5f-9c7e-1a2b-3c4d-5e6f"'),
    "a UUID of version 1": BAD["a UUID of version 1"],
    "no expires_in": BAD["a member missing"],
    "expires_in 1.0": _with(expires_in="1.0"),
    "expires_in 1.5": _with(expires_in="1.5"),
    "expires_in true": _with(expires_in="true"),
    'expires_in "60"': _with(expires_in='"60"'),
    'expires_in " 6_0.0 "': _with(expires_in='" 6_0.0 "'),
    "another scope": _with(scope='"tasks:read"'),
    "not JSON": BAD["not JSON"],
    "a byte order mark": b"\xef\xbb\xbf" + COMMON,
    "UTF-16": COMMON.decode().encode("utf-16"),
    "bytes that are not UTF-8": _with(x='"?"').replace(b"?", b"\xff"),
    "half a surrogate pair": _with(scope='"\\ud800"'),
    "100,000 levels": _with(x="[" * 100_000 + "]" * 100_000),
    "5,000 digits": _with(x="9" * 5000),
    "a second document": COMMON + b"{}",
}
