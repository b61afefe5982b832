"""The command ``login``: from a person at a terminal to a kept token."""

import os
from argparse import SUPPRESS, ArgumentTypeError, Namespace
from contextlib import suppress
from typing import NoReturn

from .._protocol.address import check_address
from .._protocol.client import DEFAULT_REDIRECT_URI, Client
from .._sign_in.sign_in import MAX_PATIENCE
from ..storage._kept import name_of
from ..storage._token_file import check_can_keep
from .keeping import describe_expiry, find_worse, keep_somewhere, now, path_for
from .network import Network
from .output import USAGE, Stop, say
from .parser import Parser, add_network, add_replace, add_server, add_token_file, read_bounded, timeout_up_to
from .terminal import ask
from .waiting import wait_for_person

_SECRET_VARIABLE = "TICKTICK_CLIENT_SECRET"  # noqa: S105 - a name, not a password
_ID_VARIABLE = "TICKTICK_CLIENT_ID"
_MAX_SECRET = 4096


def add_login(login: Parser) -> None:
    """Add the command's arguments to its parser."""
    login.explain(
        "Sign in with a browser and keep the token. Without a client id, the program\nregisters itself with the "
        f"server, and needs no secret. With one, the client\nsecret is taken from ${_SECRET_VARIABLE}, from\n"
        "--client-secret-file, or from a hidden prompt; never from an argument, which\nothers could see.",
        "ticktick-oauth login",
        "ticktick-oauth login --manual --server dida365",
    )
    add_server(login)
    client = login.add_argument_group("the client")
    client.add_argument(
        "--client-id", metavar="ID", help=f"the id of a client of the developer portal (default: ${_ID_VARIABLE})"
    )
    client.add_argument("--client-secret-file", metavar="FILE", help="a file with the secret; - for standard input")
    client.add_argument("--client-secret", type=_refuse_secret, help=SUPPRESS)
    client.add_argument(
        "--redirect-uri",
        metavar="URI",
        help="exactly the redirect URI that is registered, or is to be "
        f"(default: {DEFAULT_REDIRECT_URI} with a client id, else a free port of 127.0.0.1)",
    )
    client.add_argument("--pkce", action="store_true", help="use PKCE with a secret, too; without one, it always is")
    person = login.add_argument_group("the person")
    person.add_argument(
        "--manual",
        "--no-browser",
        action="store_true",
        help="start no browser: you open the address, on any machine; a pasted one is read from standard input too",
    )
    person.add_argument(
        "--timeout",
        type=timeout_up_to(MAX_PATIENCE),
        default=300.0,
        metavar="TIME",
        help="how long to wait for the person, as 90s, 5m or 300 (default: 5m)",
    )
    add_network(login, "the network")
    add_token_file(login)
    add_replace(login)
    login.set_defaults(run=_login)


def _refuse_secret(_text: str) -> NoReturn:
    raise ArgumentTypeError(
        "others can see the arguments of a program, so this secret is no longer one: make a new one, and give it "
        f"by ${_SECRET_VARIABLE}, by --client-secret-file or at the prompt"
    )


def _login(arguments: Namespace) -> None:
    # What can be wrong with the arguments, or with the place for the token, comes out before the person is asked.
    server, path = arguments.server, path_for(arguments.token_file, arguments.server)
    network = Network(arguments)
    if arguments.redirect_uri is not None:
        check_address("redirect_uri", arguments.redirect_uri)
    if not arguments.replace and (kept := find_worse(path, server)):
        until = describe_expiry(kept, at=now())
        say(f"You are signed in to {name_of(server)} {until}; signing in again may bring the same token.")
    check_can_keep(path)
    client = _find_client(arguments)
    if client is not None:  # else the first request comes before the person, too
        network.check(client.server.token_endpoint)
    issued = wait_for_person(arguments, client, network)
    keep_somewhere("Signed in to", issued, path, replace=arguments.replace)


def _find_client(arguments: Namespace) -> Client | None:
    """Return the client of the arguments, the environment, the secret's file and the prompt; None to register one."""
    client_id, file = arguments.client_id or os.environ.get(_ID_VARIABLE), arguments.client_secret_file
    if not client_id and file is None:
        return None
    if not client_id:
        raise Stop(f"--client-secret-file needs a client's id beside it, by --client-id or ${_ID_VARIABLE}", USAGE)
    instead = f"give the secret by ${_SECRET_VARIABLE} or --client-secret-file"
    return Client(
        client_id=client_id,
        client_secret=_read_secret(file)
        if file is not None
        else os.environ.get(_SECRET_VARIABLE) or ask("Client secret (hidden): ", instead=instead),
        redirect_uri=arguments.redirect_uri or DEFAULT_REDIRECT_URI,
        server=arguments.server,
    )


def _read_secret(file: str) -> str:
    # One line of standard input, not all of it: the address that the browser was sent to may come next.
    data = read_bounded(file, "--client-secret-file", _MAX_SECRET, is_line=file == "-")
    with suppress(UnicodeDecodeError):  # which would show some of it
        return data.decode().rstrip("\r\n")
    raise Stop("--client-secret-file: it is not UTF-8 text", USAGE)
