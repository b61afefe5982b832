"""The command `login` in this process, against a sandbox, with a person at the browser or at the keyboard."""

import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from person import LATE, browse, free_port, redirect_of
from ticktick_oauth import Client, IssuedToken
from ticktick_oauth._cli import main
from ticktick_oauth._cli.output import say
from ticktick_oauth.sandbox import Sandbox
from ticktick_oauth.storage import TokenFile


class Login:
    """The command, and what its browser was sent to."""

    def __init__(self, sandbox: Sandbox, folder: Path, client: Client | None = None) -> None:
        self.sandbox = sandbox
        self.client = client
        self.store = TokenFile(folder / "kept" / "token.json")
        self.pages: list[tuple[int, str]] = []
        self.uris: list[str] = []
        self.decision = "allow"
        self.opener: Callable[[str], object] = self.open

    def open(self, uri: str) -> None:
        """Be the browser, with a person who decides at once."""
        self.uris.append(uri)
        self.pages.append(browse(uri, decision=self.decision))

    def __call__(self, *arguments: str, redirect_uri: str | None = None) -> int:
        """Run the command with the client, if there is one; the arguments come last, and win."""
        redirect_uri = redirect_uri or (self.client.redirect_uri if self.client else None)
        command = [
            "login",
            *([f"--client-id={self.client.client_id}"] if self.client else []),
            *([f"--redirect-uri={redirect_uri}"] if redirect_uri else []),
            f"--server={self.sandbox.server.issuer}",
            f"--token-file={self.store.path}",
            f"--timeout={LATE:g}",
            *arguments,
        ]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ticktick_oauth._cli.waiting.start_browser", self.opener)
            return main(command)

    def kept(self) -> IssuedToken:
        """Return the token that was kept."""
        issued = self.store.load()
        assert issued is not None
        return issued


def portal_client(sandbox: Sandbox) -> Client:
    """Return a client with a secret, on a free port."""
    return sandbox.client(redirect_uri=f"http://127.0.0.1:{free_port()}/")


def paste_when_asked(
    monkeypatch: pytest.MonkeyPatch, enter: Callable[[str], None], change: Callable[[str], str] = str
) -> None:
    """Let a person copy the address from stderr, go there, and paste what became of it."""

    def print_address(uri: str) -> None:
        say(uri)
        enter(change(redirect_of(uri)) + "\n")

    monkeypatch.setattr("ticktick_oauth._cli.waiting.print_address", print_address)


def address_in(text: str) -> str:
    """Return the authorization URL that was shown."""
    (uri,) = re.findall(r"^(?:  |Open this address in a browser to sign in: )(http\S+)$", text, re.MULTILINE)
    return str(uri)


def in_a_thread(function: Callable[..., object], *arguments: object) -> None:
    """Do something while the command waits."""
    threading.Thread(target=function, args=arguments, daemon=True).start()
