"""The command ``login``: from a person at a terminal to a kept token."""

from argparse import SUPPRESS, Action, ArgumentParser, BooleanOptionalAction, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from .._network.calls import exchange_code
from .._protocol.address import check_address
from .._protocol.authorization import AuthorizationResponse
from .._protocol.client import DEFAULT_REDIRECT_URI, Client
from .._protocol.issued_token import IssuedToken
from .._protocol.server import AuthorizationServer
from .._sign_in.browser import start_browser
from .._sign_in.sign_in import MAX_PATIENCE, make_request
from ..exceptions import InvalidTokenError, TokenEndpointError
from ..storage import TokenFile
from .client import ID_VARIABLE, SECRET_VARIABLE, given_client, register
from .exits import ANSWER_IS_NO, DONE, FAILED, Stop
from .keeping import keep_answer, keep_somewhere, now, server_objection
from .network import Network
from .options import add_network, add_replace, add_server, add_token_file, timeout_up_to
from .terminal import confirm
from .waiting import listen, show_address, wait_for_person

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
        help="start no browser: the address is opened by hand, anywhere",
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
    path = TokenFile(arguments.token_file).path
    network = Network(
        use_proxy=not arguments.no_proxy, ca_bundle=arguments.ca_bundle, timeout=arguments.exchange_timeout
    )
    if arguments.redirect_uri is not None:
        check_address("redirect_uri", arguments.redirect_uri)
    replace = _may_replace(path, arguments.server, replace=arguments.replace)
    client = given_client(arguments)
    if client is not None:  # else the first request comes before the person, too
        network.check(client.server.token_endpoint)
    issued = _sign_in(arguments, client, network)
    keep_somewhere("Signed in to", issued, path, replace=replace)
    return DONE


def _may_replace(path: Path, server: AuthorizationServer, *, replace: bool) -> bool:
    """Return whether a better token may be replaced: by the option, or as somebody at the terminal says."""
    objection = server_objection(path, server)
    if objection is None or replace:
        return replace
    if confirm(f"{objection}. Replace it?"):
        return True
    raise Stop(f"{objection}: replace it by --replace, or keep the new one in another --token-file", ANSWER_IS_NO)


def _sign_in(arguments: Namespace, client: Client | None, network: Network) -> IssuedToken:
    redirect_uri = arguments.redirect_uri if client is None else client.redirect_uri
    with listen(redirect_uri, manual=arguments.manual) as receiver:
        if client is None:
            redirect_uri = receiver.redirect_uri if receiver else redirect_uri
            client = register(arguments.server, redirect_uri, network, fixed=arguments.redirect_uri)
        request = make_request(client, pkce=arguments.pkce)
        if receiver is not None:
            receiver.expect(request)
        is_opened = receiver is not None and not arguments.manual
        show_address(request, is_opened=is_opened)
        if is_opened:
            start_browser(request.uri)
        # Listening to the end, so that a reload of the redirect finds the page that says so.
        return _exchange(client, wait_for_person(request, receiver, arguments.timeout), network)


def _exchange(client: Client, response: AuthorizationResponse, network: Network) -> IssuedToken:
    try:
        token = network.send(client.server.token_endpoint, exchange_code, client, response)
        return IssuedToken(token=token, issued_at=now(), server=client.server)
    except TokenEndpointError as error:
        # The address on the screen is that of a sign-in that is over.
        reason = str(error).replace("start again at the authorization URL", "run this command again")
    except InvalidTokenError as error:
        reason = f"{error}; {keep_answer(error.body or b'')}"
    raise Stop(reason, FAILED)
