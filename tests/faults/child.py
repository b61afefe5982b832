"""What runs in a process of its own, to which `faults.parent.run` sends it."""

import gc
import os
import resource
import socket
import stat
from base64 import b64encode
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from ticktick_oauth import AuthorizationServer, Client, exchange_code
from ticktick_oauth.exceptions import OAuthError, TransportError

from .canaries import CLIENT_ID, faces_of


def _exchange(url: str, secret: str, code: str, timeout: float = 60) -> str:
    server = AuthorizationServer(issuer=url, authorization_endpoint=url, token_endpoint=url)
    client = Client(client_id=CLIENT_ID, client_secret=secret, server=server)
    return str(exchange_code(client, code, timeout=timeout).access_token)


def _open_sockets() -> int:
    count = 0
    for descriptor in range(256):
        with suppress(OSError):
            count += stat.S_ISSOCK(os.fstat(descriptor).st_mode)
    return count


def _peak() -> int:
    """Return the most memory that this process ever took, in KiB (on Linux)."""
    # Not `ru_maxrss`, which on Linux begins with the parent's.
    return int(Path("/proc/self/status").read_text("ascii").partition("VmHWM:")[2].split()[0])


def forked(url: str, secret: str, codes: list[str]) -> object:
    """Exchange once, fork, and exchange in both processes."""
    first, mine, childs = codes
    tokens = {first: _exchange(url, secret, first)}
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, _exchange(url, secret, childs).encode())
        os._exit(0)
    tokens[mine] = _exchange(url, secret, mine)
    os.waitpid(child, 0)
    tokens[childs] = os.read(reader, 100).decode()
    return tokens


def starved(url: str, secret: str, refused: str, granted: list[str]) -> object:
    """Exchange with no file descriptor left, before urllib3 is loaded and after, and each time again with some."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    results: list[dict[str, Any]] = []
    for code in granted:
        caught: list[TransportError] = []
        before = _open_sockets()
        with ExitStack() as stack:
            with suppress(OSError):
                while True:
                    stack.enter_context(socket.socket())
            try:
                _exchange(url, secret, refused)
            except TransportError as error:
                caught.append(error)
        # Only now: `traceback` imports some of what it needs late.
        results.append({"code_unused": caught[0].code_unused, "faces": list(faces_of(caught[0]))})
        results[-1] |= {"sockets": _open_sockets() - before, "token": _exchange(url, secret, code)}
    return results


def weighed(good: str, hostile: list[str], secret: str, code: str) -> object:
    """Exchange against one hostile server after the other; return the growth of the peak after a good exchange."""
    _exchange(good, secret, code)
    base = _peak()
    outcomes = []
    for url in hostile:
        try:
            outcomes.append(_exchange(url, secret, code))
        except OAuthError as error:  # noqa: PERF203 - each of them fails
            outcomes.append(type(error).__name__)
    return {"growth": _peak() - base, "outcomes": outcomes}


def forgotten(urls: list[str], secret: str, code: str) -> object:
    """Fail in each way, and return what still holds a secret once the errors are gone."""
    for url in urls:
        with suppress(OAuthError):
            _exchange(url, secret, code, timeout=0.2)
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
            if isinstance(part, (str, bytes, bytearray)) and len(part) >= len(code[:20]) and id(part) not in mine:
                text = part if isinstance(part, str) else part.decode("latin-1")
                found += [f"{type(holder).__name__}: {text[:200]}" for form in forms if form in text]
    return found
