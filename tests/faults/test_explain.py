"""Whatever urllib3 raises is explained in a sentence that shows nothing of what the error quotes."""

import errno
import socket
import ssl
import sys
from http.client import RemoteDisconnected

import pytest
import urllib3
from urllib3 import exceptions

from faults.watch import Watch, assert_error
from ticktick_oauth.exceptions import TransportError

ENDPOINT = "https://ticktick.invalid/oauth/token"
OWN_CAUSE = OSError("around")
OWN_CAUSE.__cause__ = OWN_CAUSE
OWN_ARGUMENT = OSError("around", ValueError())
OWN_ARGUMENT.args[1].args = (OWN_ARGUMENT,)
REASONED = ssl.SSLError("<code>")
REASONED.reason = "WRONG_VERSION_NUMBER"
TRUST = " (is its authority in the system's trust store, or in the file that SSL_CERT_FILE names?)"
STRICT = " (Python 3.13 and newer ask more of certificates: whoever runs this authority has to renew its own)"


def _certificate(hint: str, *codes: int) -> list[tuple[Exception, str]]:
    errors = [ssl.SSLCertVerificationError("bad certificate") for _ in codes]
    for error, code in zip(errors, codes, strict=True):
        error.verify_code, error.verify_message = code, "its words"
    return [(error, f"the certificate was refused: its words{hint}") for error in errors]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ssl.SSLError("bad handshake"), "TLS failed (SSLError)"),
        (ssl.SSLError(), "TLS failed (SSLError)"),
        (REASONED, "TLS failed with WRONG_VERSION_NUMBER"),
        (RemoteDisconnected("<code>"), "the connection was closed without an answer (RemoteDisconnected)"),
        (ssl.SSLCertVerificationError("bad certificate"), "TLS failed (SSLCertVerificationError)"),
        (exceptions.SSLError("Fingerprints"), "TLS failed: the pool's own settings or checks refused it (SSLError)"),
        (exceptions.ProtocolError("<code>"), "the answer is not proper HTTP (ProtocolError)"),
        (
            exceptions.ClosedPoolError(urllib3.HTTPConnectionPool("x"), "<code>"),
            "the pool was closed meanwhile (ClosedPoolError)",
        ),
        (exceptions.LocationParseError("<code>"), "the address has a part that cannot be used (LocationParseError)"),
        (socket.gaierror(), "an unexpected error (gaierror)"),  # as PyPy makes some
        (OSError("<code>", "<code>"), "an unexpected error (OSError)"),
        (RuntimeError("<code>"), "an unexpected error (RuntimeError)"),
        # N26: the search for the cause comes to an end.
        (OWN_CAUSE, "an unexpected error (OSError)"),
        (OWN_ARGUMENT, "an unexpected error (ValueError)"),
        # N31: Windows has a table of its own.
        (OSError(10061, "<code>"), "WSAECONNREFUSED, Connection refused"),
        (OSError(99999, "<code>"), "error 99999"),
        # By OpenSSL's code, what may be wrong.
        *_certificate("", 8, 11, 17, 21, 66, 79, 94),
        *_certificate(" (is this machine's clock right?)", 9, 10),
        *_certificate(TRUST, 2, 18, 19, 20),
        *_certificate(STRICT, 80, 93),
    ],
)
def test_n26_n31_an_error_has_a_sentence(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    """N26 and N31: none is a bare class name or number; macOS has a hint of its own."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(urllib3.PoolManager, "urlopen", fail)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setattr(socket, "errorTab", {10061: "Connection refused."}, raising=False)
    monkeypatch.setitem(errno.errorcode, 10061, "WSAECONNREFUSED")
    assert_error(watch.exchange(ENDPOINT), f"could not make a connection: {words}; the code")
    outcome = watch.exchange(ENDPOINT, http=urllib3.PoolManager())
    assert type(outcome) is TransportError
    assert f"could not get the answer of ticktick.invalid: {words}" == str(outcome).partition("; ")[0]
    monkeypatch.setattr(sys, "platform", "darwin")
    hint = "; a Python from python.org has no certificates until its Install Certificates.command has run; the code"
    assert (hint in str(watch.exchange(ENDPOINT))) == (TRUST in words)
