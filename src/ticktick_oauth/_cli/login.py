"""The command ``login``: from a person at a terminal to a kept token."""

import shlex
from argparse import SUPPRESS
from argparse import Action
from argparse import ArgumentParser
from argparse import ArgumentTypeError
from argparse import BooleanOptionalAction
from argparse import Namespace
from collections.abc import Callable
from collections.abc import Generator
from contextlib import ExitStack
from contextlib import contextmanager
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from typing import NoReturn

from .._address import check_address
from .._authorization import AuthorizationResponse
from .._browser import start_browser
from .._client import DEFAULT_REDIRECT_URI
from .._client import Client
from .._exchange import exchange_code
from .._issued_token import IssuedToken
from .._loopback import RedirectReceiver
from .._loopback import can_listen_on
from .._loopback import listen_for_redirect
from .._server import TICKTICK
from .._server import AuthorizationServer
from .._sign_in import MAX_PATIENCE
from .._sign_in import make_request
from ..exceptions import InvalidTokenError
from ..exceptions import StorageError
from ..exceptions import TokenEndpointError
from ..storage import TokenFile
from .client import ID_VARIABLE
from .client import SECRET_VARIABLE
from .client import given_client
from .client import register
from .clock import now
from .exits import ANSWER_IS_NO
from .exits import DONE
from .exits import FAILED
from .exits import NOT_KEPT
from .exits import USAGE
from .exits import Stop
from .network import Network
from .options import add_replace
from .options import add_server
from .options import add_token_file
from .options import parse_duration
from .output import say
from .refuge import keep_answer
from .refuge import keep_apart
from .replacing import keep_token
from .replacing import report_kept
from .replacing import server_objection
from .terminal import confirm
from .waiting import show_address
from .waiting import wait_for_person

if TYPE_CHECKING:
    from argparse import _SubParsersAction

# An hour, as `exchange_code` has it.
_MAX_EXCHANGE = 3600.0


def add_commands(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """Add this family to the parser."""
    login = commands.add_parser(
        "login",
        help="sign in with a browser and keep the token",
        description="Sign in with a browser and keep the token. Without a client id, the program registers itself with "
        f"the server, and needs no secret. With one, the client secret is taken from ${SECRET_VARIABLE}, from "
        "--client-secret-file, or from a hidden prompt; never from an argument, which others could see.",
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
        type=_time_up_to(MAX_PATIENCE),
        default=300.0,
        metavar="TIME",
        help="how long to wait for the person, as 90s, 5m or 300 (default: 5m)",
    )
    network = login.add_argument_group("the network")
    network.add_argument("--no-proxy", action="store_true", help="go without the proxy that the environment names")
    network.add_argument("--ca-bundle", metavar="FILE", help="trust these certificates, too (PEM)")
    network.add_argument(
        "--exchange-timeout",
        type=_time_up_to(_MAX_EXCHANGE),
        default=10.0,
        metavar="TIME",
        help="how long to wait for each answer of the server (default: 10s)",
    )
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


def _time_up_to(limit: float) -> Callable[[str], float]:
    """Return a reader of times: a number of seconds, or one with its unit."""

    def read(text: str) -> float:
        seconds = 0.0
        with suppress(ValueError, ArgumentTypeError):
            seconds = float(text) if text[-1:].isdecimal() else parse_duration(text).total_seconds()
        if 0 < seconds <= limit:  # also false for NaN
            return seconds
        raise ArgumentTypeError(f"a time is a number and one of h, m, s, such as 5m: over 0 and up to {limit:g}s")

    return read


def _login(arguments: Namespace) -> int:
    # What can be wrong with the arguments, or with the place for the token, comes out before the person is asked.
    path = TokenFile(arguments.token_file).path
    network = Network(
        use_proxy=not arguments.no_proxy, ca_bundle=arguments.ca_bundle, timeout=arguments.exchange_timeout
    )
    if arguments.redirect_uri is not None:
        check_address("redirect_uri", arguments.redirect_uri)
    replace = _may_replace(path, arguments.server, replace=arguments.replace)
    issued = _sign_in(arguments, given_client(arguments), network)
    _keep(issued, path, replace=replace)
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
    with _listen(redirect_uri, manual=arguments.manual) as receiver:
        if client is None:
            redirect_uri = receiver.redirect_uri if receiver else redirect_uri
            client = register(arguments.server, redirect_uri, network, fixed=arguments.redirect_uri)
        request = make_request(client, pkce=arguments.pkce)
        if receiver is not None:
            receiver.expect(request)
        show_address(request)
        if receiver is not None and not arguments.manual:
            start_browser(request.uri)
        # Listening to the end, so that a reload of the redirect finds the page that says so.
        return _exchange(client, wait_for_person(request, receiver, arguments.timeout), network)


@contextmanager
def _listen(redirect_uri: str | None, *, manual: bool) -> "Generator[RedirectReceiver | None, None, None]":
    """Listen on the redirect URI, or on a free port; None where it leads elsewhere, or where a paste must do."""
    reason = None
    with ExitStack() as stack:
        receiver = None
        if redirect_uri is None or can_listen_on(redirect_uri):
            try:
                receiver = stack.enter_context(listen_for_redirect(redirect_uri))
            except OSError as error:
                reason = error.strerror
        if reason is not None and not manual:
            raise Stop(
                f"{reason}; the redirect URI fixes the port, so free it, or register another redirect URI and give it "
                "by --redirect-uri, or use --manual",
                USAGE,
            )
        if reason is not None:
            say(f"{reason}; so the address that the browser is sent to has to be pasted")
        yield receiver


def _exchange(client: Client, response: AuthorizationResponse, network: Network) -> IssuedToken:
    try:
        token = network.send(client.server.token_endpoint, exchange_code, client, response)
        return IssuedToken(token=token, issued_at=now(), server=client.server)
    except TokenEndpointError as error:
        # The address on the screen is that of a sign-in that is over.
        reason = str(error).replace("start again at the authorization URL", "run this command again")
    except InvalidTokenError as error:
        answer = keep_answer(error.body or b"")
        place = "could not be kept" if answer is None else f"is kept in {answer}, and is a secret: it may hold a token"
        reason = f"{error}; the answer {place}"
    raise Stop(reason, FAILED)


def _keep(issued: IssuedToken, path: Path, *, replace: bool) -> None:
    """Save the token, in a fresh private folder if it cannot be saved where it should: the sign-in is not lost."""
    headline = f"Signed in at {issued.server.issuer}"
    try:
        keep_token(issued, path, replace=replace)
    except StorageError as error:
        reason = str(error)
    else:
        report_kept(headline, issued, path)
        return
    if refuge := keep_apart(issued):
        report_kept(headline, issued, refuge)
        server = "" if issued.server.issuer == TICKTICK.issuer else f" --server {issued.server.issuer}"
        command = f"ticktick-oauth token{server} --token-file {shlex.quote(str(refuge))}"
        advice = f"the token is kept in {refuge} instead: move it, or print it with {command}"
    else:
        advice = "sign in again with --token-file and a file that can be written: TickTick gives the same token again"
    raise Stop(f"{reason}; {advice}", NOT_KEPT)
