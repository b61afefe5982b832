"""Decide which client signs in: one that was registered in the developer portal, or one that registers itself now."""

import os
import sys
from argparse import Namespace
from pathlib import Path

from .._protocol.client import DEFAULT_REDIRECT_URI, Client
from .._protocol.server import DIDA365, TICKTICK, AuthorizationServer
from ..exceptions import RegistrationError
from ..storage._access import quote
from ..storage._kept import command_for
from .exits import FAILED, USAGE, Stop
from .terminal import ask

SECRET_VARIABLE = "TICKTICK_CLIENT_SECRET"  # noqa: S105 - a name, not a password
ID_VARIABLE = "TICKTICK_CLIENT_ID"
# A device, or a pipe, may have no end.
_MAX_SECRET = 4096
_PORTALS = {
    TICKTICK.issuer: "https://developer.ticktick.com/manage",
    DIDA365.issuer: "https://developer.dida365.com/manage",
}


def given_client(arguments: Namespace) -> Client | None:
    """Return the client of the arguments, the environment, the secret's file and the prompts; None to register one."""
    if arguments.register and arguments.client_id:
        raise Stop("--register and --client-id exclude each other: a program that registers itself gets its id", USAGE)
    client_id = arguments.client_id or os.environ.get(ID_VARIABLE)
    # Who has a secret's file has an id.
    if arguments.register or (arguments.register is None and not client_id and arguments.client_secret_file is None):
        return None
    server: AuthorizationServer = arguments.server
    instead = f"give the client by ${ID_VARIABLE} and ${SECRET_VARIABLE}, or let this program register itself"
    return Client(
        client_id=client_id or ask(f"Client id (your app's, at {_portal(server)}): ", instead=instead),
        client_secret=_read_secret(arguments.client_secret_file)
        if arguments.client_secret_file is not None
        else os.environ.get(SECRET_VARIABLE) or ask("Client secret (hidden): ", hidden=True, instead=instead),
        redirect_uri=arguments.redirect_uri or DEFAULT_REDIRECT_URI,
        server=server,
    )


def explain_registration(error: RegistrationError, server: AuthorizationServer, redirect_uri: str | None) -> Stop:
    """Return how to sign in where no program registers itself; without a redirect URI, any port does."""
    return Stop(
        f"{error}\nUse a client of the developer portal:\n"
        f"  1. Open {_portal(server)}, sign in, and make a new app.\n"
        f"  2. As its OAuth redirect URL, enter exactly {redirect_uri or DEFAULT_REDIRECT_URI}\n"
        f"  3. Run {command_for(server)} --client-id=ID"
        f"{f' --redirect-uri {quote(redirect_uri)}' if redirect_uri else ''}\n"
        "     with the app's client id, and enter its client secret when it is asked for.",
        FAILED,
    )


def _portal(server: AuthorizationServer) -> str:
    return _PORTALS.get(server.issuer, f"the developer portal of {server.issuer}")


def _read_secret(file: str) -> str:
    if file == "-" and sys.stdin is None:
        raise Stop("--client-secret-file: standard input is closed", USAGE)
    try:
        if file == "-":
            # One line, not all of it: the address that the browser was sent to may come next.
            text = sys.stdin.readline(_MAX_SECRET + 1)
        else:
            with Path(file).open(encoding="utf-8") as stream:
                text = stream.read(_MAX_SECRET + 1)
    except OSError as error:
        reason = error.strerror
    except ValueError:
        reason = "it is not UTF-8 text"  # the error would show some of it
    else:
        if len(text) <= _MAX_SECRET:
            return text.rstrip("\r\n")
        reason = f"it has over {_MAX_SECRET} characters, which no secret has"
    # Without the name, which may be the secret itself.
    raise Stop(f"--client-secret-file: {reason}", USAGE)
