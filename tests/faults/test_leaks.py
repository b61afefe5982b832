"""The canary scan: that it finds what leaks, and the ways to leak that no row of the matrix has."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from contextvars import Context
from http.client import HTTPConnection
from typing import Any

import pytest
import urllib3
from attrs import asdict

import ticktick_oauth._protocol.answer
from faults.canaries import Canaries, faces_of
from faults.cases import HEAD, POOLED, TOKEN, raw, reply
from faults.parent import run
from faults.peer import Line, Peer
from faults.watch import Watch
from ticktick_oauth import OAuthTokenV1, exchange_code
from ticktick_oauth.exceptions import OAuthError, TokenEndpointError

# The scan can fail


def _chained(secret: str) -> ValueError:
    error = ValueError("clean")
    error.__context__ = ValueError(secret)
    return error


PLANTS: dict[str, Callable[[str], object]] = {
    "args": lambda secret: (secret,),
    "problems": lambda secret: [{"value": secret.encode()}],
    "__notes__": lambda secret: [secret],
    "__cause__": ValueError,
    "__context__": _chained,
}


@pytest.mark.parametrize("place", PLANTS)
def test_a_planted_secret_is_found_in_an_error(place: str) -> None:
    """Each secret, in each place of an error, is reported by its name."""
    canaries = Canaries()
    for name, secret in asdict(canaries).items():
        error = OAuthError("clean")
        assert [] == canaries.found_in(faces_of(error))
        setattr(error, place, PLANTS[place](f"before {secret} behind"))
        assert name in canaries.found_in(faces_of(error))


@pytest.fixture
def leaking(unchecked: Watch) -> Iterator[Watch]:
    """Search where `watch` does, at the end of a test, for a code that was shown in it."""
    yield unchecked
    assert "code" in unchecked.leaks()


@pytest.mark.parametrize(
    "leak",
    [
        lambda secret: logging.getLogger("any").debug("sent %s", secret),
        lambda secret: logging.getLogger("any").warning("sent", extra={"request": secret}),
        lambda secret: sys.stdout.write(secret),  # noqa: PLW0108 - it is another one by then
        lambda secret: sys.stderr.write(secret),  # noqa: PLW0108 - as above
    ],
    ids=["log", "log extra", "stdout", "stderr"],
)
def test_a_planted_secret_is_found_at_the_end_of_a_test(leaking: Watch, leak: Callable[[str], object]) -> None:
    """In a log record or in the output, it is found; what pytest has put away by then is searched, too."""
    assert leaking.leaks() == []
    leak(leaking.canaries.code)


def test_an_error_that_leaks_is_found(unchecked: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the package's redaction switched off, the scan of an exchange reports the echoed secrets."""
    monkeypatch.setattr(ticktick_oauth._protocol.answer, "clean", lambda text, *_: text)
    body = b'{"error":"<code>","error_description":"<client_secret>"}'
    with Peer(reply(400, body), fill=unchecked.canaries.fill) as peer:
        unchecked.exchange(peer.url())
    assert {"code", "client_secret"} <= set(unchecked.leaks())


# Other ways to leak


def test_the_secrets_are_in_the_one_request(watch: Watch) -> None:
    """What is scanned for is what was sent, once each."""
    with Peer(reply(200, TOKEN), fill=watch.canaries.fill) as peer:
        watch.exchange(peer.url())
    sent = watch.canaries.found_in([peer.received.decode("ascii")])
    assert {"code", "code_verifier", "credentials"} <= set(sent)
    assert "state" not in sent
    assert peer.received.count(b"code=code%2F") == 1


def test_http_clients_debug_output_is_off(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that has http.client print all traffic does not print an exchange over a connection of our own."""
    monkeypatch.setattr(HTTPConnection, "debuglevel", 1)
    with Peer(reply(200, TOKEN, "X-Echo: <code>"), fill=watch.canaries.fill) as peer:
        assert isinstance(watch.exchange(peer.url()), OAuthTokenV1)


NO_COLON = b"X-Echo <code> <client_secret>\r\n"
MALFORMED = {
    "no colon": NO_COLON,
    "space in name": b"X Echo: <code>\r\nX <client_secret>: y\r\n",
    "continuation": b" <code>\r\n",
    "multipart": b"Content-Type: multipart/form-data; boundary=<code>\r\nno-colon <client_secret>\r\n",
}


@POOLED
@pytest.mark.parametrize("headers", MALFORMED.values(), ids=MALFORMED)
def test_urllib3s_log_quotes_nothing(
    watch: Watch, caplog: pytest.LogCaptureFixture, headers: bytes, http: urllib3.PoolManager | None
) -> None:
    """It would have malformed headers, and the URL of each request, in which some endpoints have a key."""
    play = raw(HEAD, headers, b"Connection: close\r\n\r\n", TOKEN)
    with Peer(play, fill=watch.canaries.fill) as peer:
        assert isinstance(watch.exchange(f"{peer.url()}?key=of-the-endpoint", http=http), OAuthTokenV1)
    assert b"POST /oauth/token?key=of-the-endpoint HTTP/1.1" in peer.received
    assert "of-the-endpoint" not in caplog.text


def test_urllib3s_log_is_as_it_was_after_an_exchange(watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    """Only the exchange's own records are kept out: a program's other requests are logged as before."""
    with Peer(raw(HEAD, b"no colon\r\n\r\n", TOKEN), fill=watch.canaries.fill) as peer:
        watch.exchange(peer.url())
        assert "Failed to parse headers" not in caplog.text
        with urllib3.PoolManager() as http:
            http.request("POST", peer.url(), body=b"", retries=False)
    assert caplog.text.count("Failed to parse headers") == 1
    caplog.clear()  # it quotes what this test itself had sent


def test_a_vendored_urllib3s_log_is_quiet_too(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy under another name has loggers of another name."""
    name = "app._vendor.urllib3.connection"
    monkeypatch.setattr(urllib3.connection, "__name__", name)
    monkeypatch.setattr(urllib3.connection, "log", logging.getLogger(name))
    with Peer(raw(HEAD, NO_COLON, b"\r\n", TOKEN), fill=watch.canaries.fill) as peer:
        assert isinstance(watch.exchange(peer.url()), OAuthTokenV1)


def test_another_greenlets_log_is_its_own(watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    """Greenlets and tasks share a thread: one exchange's silence is not another's, and its end does not end it."""
    log = logging.getLogger("urllib3.connection")
    with Peer(reply(200, TOKEN), fill=watch.canaries.fill) as peer:

        def other() -> None:
            log.warning("of another")
            assert isinstance(watch.exchange(peer.url()), OAuthTokenV1)

        class Pool(urllib3.PoolManager):
            def urlopen(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - urllib3's own
                Context().run(other)
                log.warning("of ours")
                return super().urlopen(*arguments, **options)

        assert isinstance(watch.exchange(peer.url(), http=Pool()), OAuthTokenV1)
    assert "of another" in caplog.text
    assert "of ours" not in caplog.text


def test_n30_nothing_holds_a_secret_after_a_failure() -> None:
    """N30: once the errors are gone, neither what the collector knows nor the cache of `re` has a secret in it."""
    canaries = Canaries()
    description = b'{"error":"invalid_grant","error_description":"<code>"}'
    answers = [(400, description), (200, description), (200, b"<html><code>"), (201, b"[<code>]"), (302, b"<code>")]
    answers.append((200, b'{"access_token":"<code>"}'))
    scripts = [*(reply(*answer, "X-Echo: <code>") for answer in answers), raw(), Line.ignore_request, Line.reset]
    with ExitStack() as stack:
        urls = [stack.enter_context(Peer(script, fill=canaries.fill)).url() for script in scripts]
        assert [] == run("forgotten", urls=urls, code=canaries.code, secret=canaries.client_secret)


def test_what_is_raised_in_a_callers_except_block_is_the_callers(watch: Watch) -> None:
    """An error has no context of ours; raised within an except block it has that block's, as Python does it."""
    mistake = ValueError("the caller's")
    with Peer(reply(400)) as peer:
        client = watch.client(peer.url())
        try:
            raise mistake
        except ValueError:
            with pytest.raises(TokenEndpointError) as caught:
                exchange_code(client, watch.canaries.code)
    assert (None, mistake) == (caught.value.__cause__, caught.value.__context__)
