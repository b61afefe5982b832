"""The command ``login``: from a person at a terminal to a kept token."""

from argparse import SUPPRESS, Action, ArgumentParser, BooleanOptionalAction, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from .._protocol.address import check_address
from .._protocol.client import DEFAULT_REDIRECT_URI
from .._protocol.server import AuthorizationServer
from .._sign_in.sign_in import MAX_PATIENCE
from ..storage._kept import name_of
from ..storage._token_file import check_can_keep, find_replaceable
from .client import ID_VARIABLE, SECRET_VARIABLE, given_client
from .exits import ANSWER_IS_NO, DONE, Stop
from .keeping import describe_expiry, keep_somewhere, now, path_for
from .network import Network
from .options import add_network, add_replace, add_server, add_token_file, timeout_up_to
from .output import say
from .terminal import confirm
from .waiting import wait_for_person

if TYPE_CHECKING:
    from .parser import Parser


def add_login(login: "Parser") -> None:
    """Add the command's arguments to its parser."""
    login.explain(
        "Sign in with a browser and keep the token. Without a client id, the program\nregisters itself with the "
        f"server, and needs no secret. With one, the client\nsecret is taken from ${SECRET_VARIABLE}, from\n"
        "--client-secret-file, or from a hidden prompt; never from an argument, which\nothers could see.",
        "ticktick-oauth login",
        "ticktick-oauth login --manual --server dida365",
    )
    add_server(login)
    client = login.add_argument_group("the client")
    client.add_argument(
        "--register",
        action=BooleanOptionalAction,
        help="register this program as a client of its own, whatever the environment says; or never do "
        "(default: when there is no client id)",
    )
    client.add_argument(
        "--client-id", metavar="ID", help=f"the id of a client of the developer portal (default: ${ID_VARIABLE})"
    )
    client.add_argument("--client-secret-file", metavar="FILE", help="a file with the secret; - for standard input")
    client.add_argument("--client-secret", action=_Refusal, help=SUPPRESS)
    client.add_argument(
        "--redirect-uri",
        metavar="URI",
        help="exactly the redirect URI that is registered, or is to be "
        f"(default: {DEFAULT_REDIRECT_URI} with a client id, else a free port of 127.0.0.1)",
    )
    client.add_argument(
        "--pkce", action="store_true", help="use PKCE with a secret, too; without one, it is always used"
    )
    person = login.add_argument_group("the person")
    person.add_argument(
        "--manual",
        "--no-browser",
        action="store_true",
        help="start no browser: you open the address, on any machine; an address to paste is read from standard "
        "input too",
    )
    person.add_argument(
        "--timeout",
        type=timeout_up_to(MAX_PATIENCE),
        default=300.0,
        metavar="TIME",
        help="how long to wait for the person, as 90s, 5m or 300 (default: 5m)",
    )
    add_network(login.add_argument_group("the network"))
    add_token_file(login)
    add_replace(login)
    login.set_defaults(run=_login)


class _Refusal(Action):
    """Refuse a secret in an argument, without repeating it."""

    def __call__(self, parser: ArgumentParser, *_: object) -> NoReturn:
        parser.error(
            "others can see the arguments of a program, so this secret is no longer one: make a new one, and give it "
            f"by ${SECRET_VARIABLE}, by --client-secret-file or at the prompt"
        )


def _login(arguments: Namespace) -> int:
    # What can be wrong with the arguments, or with the place for the token, comes out before the person is asked.
    path = path_for(arguments.token_file, arguments.server)
    network = Network(arguments)
    if arguments.redirect_uri is not None:
        check_address("redirect_uri", arguments.redirect_uri)
    replace = _may_replace(path, arguments.server, replace=arguments.replace)
    check_can_keep(path)
    client = given_client(arguments)
    if client is not None:  # else the first request comes before the person, too
        network.check(client.server.token_endpoint)
    issued = wait_for_person(arguments, client, network)
    keep_somewhere("Signed in to", issued, path, replace=replace)
    return DONE


def _may_replace(path: Path, server: AuthorizationServer, *, replace: bool) -> bool:
    """Return whether a better token may be replaced: by the option, or as somebody at the terminal says."""
    kept = find_replaceable(path)
    if kept is None or kept.is_expired(now=now()):
        return replace
    if kept.server.issuer == server.issuer:
        until = describe_expiry(kept, at=now())
        say(f"You are signed in to {name_of(server)} {until}; signing in again may bring the same token.")
        return replace
    objection = f"{path} keeps a valid token of {name_of(kept.server)}"
    if replace or confirm(f"{objection}. Replace it?"):
        return True
    raise Stop(f"{objection}: replace it by --replace, or keep the new one in another --token-file", ANSWER_IS_NO)
