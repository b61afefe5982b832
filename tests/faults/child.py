"""What runs in a process of its own: ``python -m faults.child MODE``, its orders as JSON on stdin."""

import gc
import json
import os
import resource
import signal
import socket
import stat
import sys
from base64 import b64encode
from contextlib import ExitStack, suppress
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from ticktick_oauth import AuthorizationServer, Client, exchange_code
from ticktick_oauth.exceptions import OAuthError, TransportError

from .canaries import CLIENT_ID, faces_of

if TYPE_CHECKING:  # a child is to be as cold as a program that has yet to exchange
    import urllib3


def _exchange(orders: dict[str, Any], code: str, http: "urllib3.PoolManager | None" = None, timeout: float = 60) -> str:
    url = orders["url"]
    server = AuthorizationServer(issuer=url, authorization_endpoint=url, token_endpoint=url)
    client_id = orders.get("client_id", CLIENT_ID)
    client = Client(client_id=client_id, client_secret=orders["client_secret"], server=server)
    return str(exchange_code(client, code, http=http, timeout=timeout).access_token)


def _open_sockets() -> int:
    count = 0
    for descriptor in range(256):
        with suppress(OSError):
            count += stat.S_ISSOCK(os.fstat(descriptor).st_mode)
    return count


def _peak() -> int:
    """Return the most memory that this process ever took, in KiB (on Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def interrupted(orders: dict[str, Any]) -> object:
    """Wait for an answer that does not come until SIGINT does."""
    before = _open_sockets()
    # A shell that started the tests in the background had the signal ignored, which a child inherits.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        _exchange(orders, orders["code"])
    except KeyboardInterrupt as error:
        return {"sockets": _open_sockets() - before, "args": error.args}
    return None


def forked(orders: dict[str, Any]) -> object:
    """Exchange once, fork, and exchange in both processes."""
    first, mine, childs = orders["codes"]
    tokens = {first: _exchange(orders, first)}
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, _exchange(orders, childs).encode())
        os._exit(0)
    tokens[mine] = _exchange(orders, mine)
    os.waitpid(child, 0)
    tokens[childs] = os.read(reader, 100).decode()
    return tokens


def without_ssl(orders: dict[str, Any]) -> object:
    """Exchange where Python was built without OpenSSL."""
    sys.modules["ssl"] = None  # type: ignore[assignment] # whoever imports it fails
    try:
        _exchange({**orders, "url": "https://ticktick.invalid/"}, orders["code"])
    except TransportError as error:
        return {"words": str(error), "code_unused": error.code_unused}
    return None


def starved(orders: dict[str, Any]) -> object:
    """Exchange with no file descriptor left, and again with some."""
    refused, granted = orders["codes"]
    if orders["warm"]:
        _exchange(orders, orders["warm"])
    before = _open_sockets()
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    caught: list[TransportError] = []
    with ExitStack() as stack:
        with suppress(OSError):
            while True:
                stack.enter_context(socket.socket())
        try:
            _exchange(orders, refused)
        except TransportError as error:
            caught.append(error)
    # Only now: `traceback` imports some of what it needs late.
    result: dict[str, Any] = {"error": type(caught[0]).__name__, "words": str(caught[0])}
    result |= {"faces": list(faces_of(caught[0])), "code_unused": caught[0].code_unused}
    if orders["warm"]:
        result["token"] = _exchange(orders, granted)
    result["sockets"] = _open_sockets() - before
    return result


def weighed(orders: dict[str, Any]) -> object:
    """Exchange against one hostile server after the other; return the growth of the peak after the first exchange."""
    outcomes = []
    base = 0
    for number, url in enumerate(orders["urls"]):
        try:
            outcomes.append(_exchange({**orders, "url": url}, orders["code"]))
        except OAuthError as error:
            outcomes.append(type(error).__name__)
        base = base if number else _peak()
    return {"growth": _peak() - base, "outcomes": outcomes}


def forgotten(orders: dict[str, Any]) -> object:
    """Fail in each way, and return what still holds a secret once the errors are gone."""
    code, secret = (f"{name}/{token_hex(8)}+{token_hex(8)}<&" for name in ("code", "secret"))
    for url in orders["urls"]:
        with suppress(OAuthError):
            _exchange({"url": url, "client_secret": secret}, code, timeout=0.4)
    gc.collect()
    credentials = b64encode(f"{CLIENT_ID}:{secret}".encode()).decode()
    forms = [code, secret, credentials, code[:20], secret[:20], quote_plus(code[:20]), quote_plus(secret[:20])]
    mine = {id(form) for form in forms}
    found = []
    for holder in gc.get_objects():
        # What holds but texts, such as a key of the cache of `re`, is not tracked itself.
        parts = gc.get_referents(holder)
        parts += [inner for part in parts if not gc.is_tracked(part) for inner in gc.get_referents(part)]
        for part in parts:
            if isinstance(part, (str, bytes, bytearray)) and id(part) not in mine:
                text = part if isinstance(part, str) else part.decode("latin-1")
                found += [f"{type(holder).__name__}: {text[:200]}" for form in forms if form in text]
    return found


if __name__ == "__main__":
    modes = (interrupted, forked, without_ssl, starved, weighed, forgotten)
    mode = next(mode for mode in modes if mode.__name__ == sys.argv[1])
    print(json.dumps(mode(json.load(sys.stdin))))  # noqa: T201 - it is the answer
