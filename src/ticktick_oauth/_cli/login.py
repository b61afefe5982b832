"""The command ``login``: from a person at a terminal to a kept token."""

import os
import shlex
import sys
from argparse import SUPPRESS
from argparse import Action
from argparse import ArgumentParser
from argparse import ArgumentTypeError
from argparse import Namespace
from contextlib import suppress
from errno import EBADF
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING
from typing import NoReturn
from typing import TextIO

from .._authorization import AuthorizationRequest
from .._authorization import AuthorizationResponse
from .._client import DEFAULT_REDIRECT_URI
from .._client import Client
from .._exchange import exchange_code
from .._issued_token import IssuedToken
from .._loopback import can_listen_on
from ..exceptions import StorageError
from ..storage import TokenFile
from .clock import describe_expiry
from .clock import now
from .exits import DONE
from .exits import NOT_KEPT
from .exits import USAGE
from .exits import Stop
from .options import add_server
from .options import add_token_file
from .output import say
from .waiting import wait_for_browser
from .waiting import wait_for_paste

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_SECRET_VARIABLE = "TICKTICK_CLIENT_SECRET"  # noqa: S105 - a name, not a password
_ID_VARIABLE = "TICKTICK_CLIENT_ID"
# A day: who has not signed in by then will not.
_MAX_TIMEOUT = 86400.0


def add_commands(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """Add this family to the parser."""
    login = commands.add_parser(
        "login",
        help="sign in with a browser and keep the token",
        description=f"Sign in with a browser and keep the token. The client secret is taken from ${_SECRET_VARIABLE}, "
        "from --client-secret-file, or from a hidden prompt; never from an argument, which others could see.",
    )
    login.add_argument("--client-id", metavar="ID", help=f"(default: ${_ID_VARIABLE}, else a prompt)")
    login.add_argument("--client-secret-file", metavar="FILE", help="a file with the secret; - for standard input")
    login.add_argument("--client-secret", action=_Refusal, help=SUPPRESS)
    login.add_argument(
        "--redirect-uri",
        metavar="URI",
        default=DEFAULT_REDIRECT_URI,
        help="the registered redirect URI, to the character (default: %(default)s)",
    )
    add_server(login)
    login.add_argument("--pkce", action="store_true", help="use PKCE (RFC 7636), which TickTick does not document")
    login.add_argument(
        "--manual", action="store_true", help="open no browser: print the address, and read the one it leads to"
    )
    login.add_argument(
        "--timeout",
        type=_seconds,
        default=300.0,
        metavar="SECONDS",
        help="how long to wait for the person (default: 300)",
    )
    add_token_file(login)
    login.set_defaults(run=_login)


class _Refusal(Action):
    """Refuses a secret in an argument without repeating it; argparse would take it for a file's name, and show that."""

    def __call__(self, parser: ArgumentParser, *_: object) -> NoReturn:
        parser.error(
            "others can see the arguments of a program, so this secret is no longer one: make a new one, and give it "
            f"by ${_SECRET_VARIABLE}, by --client-secret-file or at the prompt"
        )


def _seconds(text: str) -> float:
    with suppress(ValueError):
        if 0 < (seconds := float(text)) <= _MAX_TIMEOUT:  # also false for NaN
            return seconds
    raise ArgumentTypeError(f"a time is a number of seconds, over 0 and up to {_MAX_TIMEOUT:g}")


def _login(arguments: Namespace) -> int:
    # What can be wrong with the arguments, or with the place for the token, comes out before the person is asked.
    store = TokenFile(arguments.token_file)
    client = Client(
        client_id=arguments.client_id or os.environ.get(_ID_VARIABLE) or _ask("Client id: "),
        client_secret=_client_secret(arguments.client_secret_file),
        redirect_uri=arguments.redirect_uri,
        server=arguments.server,
    )
    make_request = AuthorizationRequest.with_pkce if arguments.pkce else AuthorizationRequest
    response = _sign_in(make_request(client=client), manual=arguments.manual, timeout=arguments.timeout)
    token = exchange_code(client, response.code, code_verifier=response.code_verifier)
    issued = IssuedToken(token=token, issued_at=now(), server=client.server)
    _keep(issued, store)
    return DONE


def _client_secret(file: str | None) -> str:
    if file is not None:
        return _read_secret(file)
    return os.environ.get(_SECRET_VARIABLE) or _ask("Client secret (hidden): ", hidden=True)


def _read_secret(file: str) -> str:
    try:
        # One line, not all of it: the address that the browser was sent to may be pasted next.
        text = _stdin().readline() if file == "-" else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror
    except ValueError:
        reason = "it is no UTF-8 text"  # the error would show some of it
    else:
        return text.rstrip("\r\n")
    raise Stop(f"--client-secret-file {file}: {reason}", USAGE)


def _stdin() -> TextIO:
    if sys.stdin is None:
        raise OSError(EBADF, "standard input is closed")
    return sys.stdin


def _ask(prompt: str, *, hidden: bool = False) -> str:
    from getpass import getpass

    if sys.stdin is None or not sys.stdin.isatty():
        raise Stop(f"there is no terminal to ask at; give the client by ${_ID_VARIABLE} and ${_SECRET_VARIABLE}", USAGE)
    try:
        if hidden:
            return getpass(prompt, sys.stderr)
        say(prompt, end="")
        return input().strip()
    except EOFError:
        pass
    raise Stop("nothing was entered", USAGE)


def _sign_in(request: AuthorizationRequest, *, manual: bool, timeout: float) -> AuthorizationResponse:
    if manual or not can_listen_on(request.client.redirect_uri):
        return wait_for_paste(request, timeout)
    try:
        return wait_for_browser(request, timeout)
    except OSError as error:
        reason = error.strerror
    raise Stop(
        f"{reason}; the redirect URI fixes the port, so free it, or register another redirect URI "
        "and give it by --redirect-uri, or use --manual",
        USAGE,
    )


def _keep(issued: IssuedToken, store: TokenFile) -> None:
    """Save the token, in a fresh private folder if it cannot be saved where it should: the sign-in is not lost."""
    try:
        store.save(issued)
    except StorageError as error:
        reason = str(error)
    else:
        _tell(issued, store)
        return
    try:
        refuge = TokenFile(Path(mkdtemp(prefix="ticktick-oauth-")) / "token.json")
        refuge.save(issued)
    except OSError:
        advice = "sign in again with --token-file and a file that can be written: TickTick gives the same token again"
    else:
        _tell(issued, refuge)
        command = f"ticktick-oauth token --token-file {shlex.quote(str(refuge.path))}"
        advice = f"the token is kept in {refuge.path} instead: move it, or print it with {command}"
    raise Stop(f"{reason}; {advice}", NOT_KEPT)


def _tell(issued: IssuedToken, store: TokenFile) -> None:
    print(f"Signed in at {issued.server.issuer}")
    print(f"  scope  {issued.token.scope}")
    print(f"  token  {describe_expiry(issued, at=issued.issued_at)}")
    print(f"  file   {store.path}")
