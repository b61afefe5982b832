"""An exchange with canaries for secrets, and the search for them afterwards."""

import time
import warnings
from collections.abc import Callable
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from ticktick_oauth import AuthorizationServer, Client, OAuthTokenV1, exchange_code
from ticktick_oauth._network import connection as _connection
from ticktick_oauth.exceptions import OAuthError, TransportError

from .canaries import CLIENT_ID, Canaries, faces_of


class Watch:
    """Makes exchanges, and keeps all that could show a secret: errors, warnings, log records, output."""

    def __init__(self, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
        self.canaries = Canaries()
        self.elapsed = 0.0
        """Seconds that the last exchange took, as its deadline counts them."""
        self._caplog = caplog
        self._capfd = capfd
        self._faces: list[str] = []
        caplog.set_level("DEBUG")

    def client(self, url: str) -> Client:
        """Return a client with the canary secret."""
        origin = "/".join(url.split("/")[:3])
        server = AuthorizationServer(issuer=origin, authorization_endpoint=f"{origin}/authorize", token_endpoint=url)
        return Client(client_id=CLIENT_ID, client_secret=self.canaries.client_secret, server=server)

    def exchange(self, url: str, since: Event | None = None, **options: Any) -> object:  # noqa: ANN401 - as `exchange_code`
        """Exchange the canary code, once; return the token, or an error of the family, as `run` does."""
        client = self.client(url)
        self.note(repr(client))
        options = {"code_verifier": self.canaries.code_verifier, **options}
        outcome = self.run(lambda: exchange_code(client, self.canaries.code, **options), since)
        if isinstance(outcome, OAuthTokenV1):
            assert self.canaries.access_token == str(outcome.access_token)
        return outcome

    def run(self, call: Callable[[], object], since: Event | None = None) -> object:
        """Call what uses the network, once; return an error of the family; its deadline counts from an event on.

        What a busy machine needs for the steps before the event is not counted.
        """
        start = time.monotonic()

        def monotonic() -> float:
            nonlocal start
            now = time.monotonic()
            if since and not since.is_set():
                start = now
            return now - start

        with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            patch.setattr(_connection, "time", SimpleNamespace(monotonic=monotonic))
            try:
                outcome = call()
            except OAuthError as error:
                outcome = error
            self.elapsed = monotonic()
        assert not caught
        self.note(repr(outcome))
        if isinstance(outcome, OAuthError):
            assert outcome.__cause__ is None
            assert outcome.__context__ is None
            self.note(*faces_of(outcome))
        return outcome

    def note(self, *texts: str) -> None:
        """Add something to what is searched."""
        self._faces.extend(texts)

    def leaks(self) -> list[str]:
        """Return the names of the secrets that something shows."""
        # By the end of a test, pytest has put away what was logged in it.
        records = [record for when in ("setup", "call", "teardown") for record in self._caplog.get_records(when)]
        logged = [f"{record.getMessage()} {vars(record)!r} {record.exc_info}" for record in records]
        return self.canaries.found_in([*self._faces, *logged, *self._capfd.readouterr()])


def assert_error(
    outcome: object, *words: str, error: type[TransportError] = TransportError, code_unused: bool | None = True
) -> None:
    """Check that no usable answer came, whether the code may be used again, and words of the message."""
    assert type(outcome) is error, outcome
    assert outcome.code_unused == code_unused
    assert not [word for word in words if word not in str(outcome)], outcome
