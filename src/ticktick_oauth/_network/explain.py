"""Explain why no usable answer came, in words that hold nothing of the request or the answer."""

import os
import re
import socket
import sys
from errno import errorcode
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from ssl import SSLCertVerificationError, SSLError

from urllib3 import exceptions

from .._protocol.redaction import clean
from ..exceptions import DeadlineExceededError, TransportError
from .connection import Attempt

_CLOCK_HINT = " (is this machine's clock right?)"
_TRUST_HINT = " (is its authority in the system's trust store, or in the file that SSL_CERT_FILE names?)"
_NO_FILE_HINT = " (the file that SSL_CERT_FILE names does not exist)"
_MACOS_HINT = "; a Python from python.org has no certificates until its Install Certificates.command has run"
_STRICT_HINT = " (Python 3.13 and newer ask more of certificates: whoever runs this authority has to renew its own)"
# OpenSSL's X509_V_ERR codes; 80 to 93 are what X509_V_FLAG_X509_STRICT checks.
_CERTIFICATE_HINTS = {
    **dict.fromkeys((9, 10), _CLOCK_HINT),
    **dict.fromkeys((2, 18, 19, 20), _TRUST_HINT),
    **dict.fromkeys(range(80, 94), _STRICT_HINT),
}
_PROXY_VARIABLES = "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"
_PROXY_HINTS = {407: ": it wants a user name and password", 403: ": it does not let this host through"}
# What has neither a system's nor OpenSSL's own words; the first that fits counts.
_WORDS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (RemoteDisconnected, "the connection was closed without an answer"),
    (IncompleteRead, "the answer was cut off, or its chunks have no proper length"),
    ((HTTPException, exceptions.ProtocolError, exceptions.InvalidHeader), "the answer is not proper HTTP"),
    (exceptions.LocationValueError, "the address has a part that cannot be used"),
    (UnicodeError, "the host's name has an empty or too long part"),
    (exceptions.ClosedPoolError, "the pool was closed meanwhile"),
    (exceptions.SSLError, "TLS failed: the pool's own settings or checks refused it"),
)
_EARLY = (
    exceptions.ClosedPoolError,
    exceptions.ConnectTimeoutError,
    exceptions.EmptyPoolError,
    exceptions.LocationValueError,
)


def explain(error: Exception, attempt: Attempt) -> TransportError:
    """Return the error to raise for whatever urllib3 raised, with ``code_unused`` as far as it is known."""
    causes = [error]
    while (inner := _inner(causes[-1])) and inner not in causes:
        causes.append(inner)
    cause = causes[-1]
    if attempt.code_unused is False and (_is_early(error) or _is_key_log(cause)):
        attempt.code_unused = True
    hint = ""
    if attempt.task.startswith(("resolve", "connect")) and not (attempt.is_pooled or attempt.route or attempt.plain):
        named = (name for name in _PROXY_VARIABLES if os.environ.get(name))
        hint = next((f"; ${name} is not used unless you pass http=urllib3.ProxyManager(...)" for name in named), "")
    if isinstance(error, exceptions.EmptyPoolError):
        attempt.task = "get a connection from the pool"
    # A timeout with an errno (ETIMEDOUT) is the system's, not the deadline.
    elif not isinstance(cause, TimeoutError) or cause.errno is not None:
        return TransportError(f"could not {attempt.task}: {describe(cause)}{hint}", attempt.code_unused)
    reason = f"could not {attempt.task} within {attempt.timeout:g} seconds{hint}"
    return DeadlineExceededError(reason, attempt.code_unused)


def _inner(error: Exception) -> Exception | None:
    """Return the error that urllib3, or PySocks, wrapped into this one."""
    # Only PySocks's context counts: another may be an error that the caller is handling.
    socks = error.__context__ if hasattr(error.__context__, "socket_err") else getattr(error, "socket_err", None)
    wrapped = error.__cause__, *error.args[-1:], socks
    return next((inner for inner in wrapped if isinstance(inner, Exception)), None)


def _is_early(error: Exception) -> bool:
    """Return whether a pool raises this error only before it has a connection to the endpoint."""
    if isinstance(error, exceptions.ProxyError):
        # urllib3 makes it of a connection that the proxy closes behind the request, too: only what it wraps can tell.
        error = error.original_error
        if _refused_tunnel(error):
            return True
    # `ConnectTimeoutError` is also the base of `NewConnectionError` and `NameResolutionError`.
    return isinstance(error, _EARLY)


def _refused_tunnel(error: Exception) -> re.Match[str] | None:
    # http.client's words; the reason behind the status is the proxy's own.
    return re.match("Tunnel connection failed: ([0-9]+)", str(error)) if isinstance(error, OSError) else None


def _is_key_log(error: Exception) -> bool:
    path = os.path.expandvars(os.environ.get("SSLKEYLOGFILE", ""))
    return isinstance(error, OSError) and bool(path) and error.filename == path


def describe(error: Exception) -> str:  # noqa: PLR0911 - one per kind
    """Say what went wrong, in the system's or OpenSSL's words or in our own."""
    # Made in Python, as urllib3's pyOpenSSL does it, these errors lack what OpenSSL's own say.
    if isinstance(error, SSLCertVerificationError) and hasattr(error, "verify_message"):
        return f"the certificate was refused: {error.verify_message}{_certificate_hint(error.verify_code)}"
    if isinstance(error, SSLError):
        reason = getattr(error, "reason", None)
        return f"TLS failed with {reason}" if reason else f"TLS failed ({type(error).__name__})"
    if isinstance(error, socket.gaierror) and error.strerror:
        return str(error.strerror)
    if refused := _refused_tunnel(error):
        status = int(refused[1])
        return f"the proxy answered with status {status}{_PROXY_HINTS.get(status, '')}"
    if hasattr(error, "socket_err"):
        return f"the SOCKS proxy refused: {clean(str(error))}"
    if isinstance(error, OSError) and isinstance(error.errno, int) and error.errno:
        # Windows has the words for its sockets' errors in no other place; Python's table of them ends each with a dot.
        words = getattr(socket, "errorTab", {}).get(error.errno) or os.strerror(error.errno)
        words = "" if words.startswith("Unknown error") else f", {words.rstrip('.')}"
        hint = " (SSLKEYLOGFILE names a file that cannot be written)" if _is_key_log(error) else ""
        return f"{errorcode.get(error.errno, f'error {error.errno}')}{words}{hint}"
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return f"{words} ({type(error).__name__})"
    return f"an unexpected error ({type(error).__name__})"


def _certificate_hint(code: int) -> str:
    hint = _CERTIFICATE_HINTS.get(code, "")
    if hint is not _TRUST_HINT:
        return hint
    file = os.environ.get("SSL_CERT_FILE")
    if file and not os.path.exists(file):  # noqa: PTH110 - pathlib would be loaded for it
        return _NO_FILE_HINT
    return hint + (_MACOS_HINT if sys.platform == "darwin" else "")
