"""Run the commands that stay on this machine, against a sandbox: ``demo`` and ``sandbox``."""

import re
from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING

from .._network.calls import discover_server, exchange_code, register_client
from .._protocol.authorization import AuthorizationRequest, AuthorizationResponse
from .._protocol.client import DEFAULT_REDIRECT_URI, Client
from .._protocol.issued_token import IssuedToken
from .._protocol.redaction import REDACTED, redact
from ..exceptions import InvalidTokenError
from ..storage._access import quote
from .keeping import describe_expiry, now
from .output import flush_answer

if TYPE_CHECKING:
    from ..sandbox import Sandbox
    from .parser import Parser

# Seconds.
_TICK = 1.0
_BAD_DOCUMENT = '{"access_token": "not-a-uuid", "expires_in": "soon", "token_type": "Bearer"}'


def add_demo(parser: "Parser") -> None:
    """Add the arguments of ``demo`` to its parser."""
    parser.explain(
        "Get a token, step by step, from a local sandbox: nothing leaves this machine.", "ticktick-oauth demo"
    )
    parser.set_defaults(run=_demo)


def add_sandbox(parser: "Parser") -> None:
    """Add the arguments of ``sandbox`` to its parser."""
    parser.explain(
        "Serve a local authorization server, which answers as TickTick's, until Ctrl-C\nends it.",
        "ticktick-oauth sandbox",
        "ticktick-oauth sandbox --no-approve --port 8000",
    )
    parser.add_argument("--port", type=_parse_port, default=0, help="the port to listen on (default: a free one)")
    parser.add_argument("--no-approve", action="store_true", help="show a consent page instead of approving at once")
    parser.add_argument(
        "--redirect-uri",
        default=DEFAULT_REDIRECT_URI,
        help="the redirect URI of the client that it makes (default: %(default)s)",
    )
    parser.set_defaults(run=_sandbox)


def _parse_port(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,5}", text) and int(text) <= 65535:
        return int(text)
    raise ArgumentTypeError("a port is a number from 0 to 65535")


def _demo(_arguments: Namespace) -> None:
    from ..sandbox import Sandbox

    with Sandbox() as sandbox:
        print(f"A sandbox on {sandbox.server.issuer} plays TickTick; nothing leaves this machine.\n")

        server = discover_server(sandbox.server.issuer)
        print("1. Metadata: the server says where its endpoints are")
        print(f"   authorization  {server.authorization_endpoint}")
        print(f"   token          {server.token_endpoint}")
        print(f"   registration   {server.registration_endpoint}\n")

        client = register_client(server, redirect_uri=DEFAULT_REDIRECT_URI)
        print("2. Registration: the program becomes a client, without a portal and without a secret")
        print(f"   client id      {client.client_id}")
        print(f"   redirect URI   {client.redirect_uri}\n")

        response = _authorize(client, sandbox)
        token = exchange_code(client, response)
        issued = IssuedToken(token=token, issued_at=now(), server=client.server)
        print(f"5. Token request: POST {server.token_endpoint}")
        print("   with the code and the code verifier answers 200, a valid token")
        print(f"   access_token  {REDACTED}")
        print(f"   expires_in    {token.expires_in} seconds")
        print(f"   token_type    {token.token_type}")
        print(f"   scope         {token.scope}")
        print(f"   It is valid {describe_expiry(issued, at=issued.issued_at)}.\n")

        _show_refusal(client, sandbox)


def _authorize(client: Client, sandbox: "Sandbox") -> AuthorizationResponse:
    request = AuthorizationRequest.with_pkce(client=client)
    print("3. Authorization request: the person's browser opens, with a code challenge (PKCE)")
    print(f"   {redact(request.uri, [request.state])}\n")

    redirect = sandbox.sign_in(request)
    response = request.parse_response(redirect)
    print("4. Redirect: the person allows, and the browser is sent to")
    print(f"   {redact(redirect, [request.state, response.code])}")
    print("   whose state is the request's own\n")
    return response


def _show_refusal(client: Client, sandbox: "Sandbox") -> None:
    print("And an answer that is not a token, with all that is wrong with it:")
    print(f"   {_BAD_DOCUMENT}")
    sandbox.next_answer(200, _BAD_DOCUMENT)
    request = AuthorizationRequest.with_pkce(client=client)
    try:
        exchange_code(client, request.parse_response(sandbox.sign_in(request)))
    except InvalidTokenError as error:
        for problem in error.problems:
            print(f"   {problem}")


def _sandbox(arguments: Namespace) -> None:
    from ..sandbox import Sandbox

    with (
        Sandbox(port=arguments.port, auto_approve=not arguments.no_approve) as sandbox,
        TemporaryDirectory(prefix="ticktick-oauth-sandbox-") as folder,
    ):
        issuer, client = sandbox.server.issuer, sandbox.client(redirect_uri=arguments.redirect_uri)
        options = f"--server {issuer} --token-file {quote(Path(folder) / 'token.json')}"
        print(
            f"""A sandbox on {issuer} plays TickTick until Ctrl-C ends it; its tokens open nothing.

In a terminal, with a token file that goes when the sandbox ends:

  ticktick-oauth login {options}

In a program:

  server = discover_server("{issuer}")
  issued = sign_in(server=server)

And with a client such as the portal makes, in a terminal:

  TICKTICK_CLIENT_SECRET={client.client_secret} \\
  ticktick-oauth login --client-id={client.client_id} --redirect-uri {quote(client.redirect_uri)} {options}

in a program:

  client = Client(
      client_id="{client.client_id}",
      client_secret="{client.client_secret}",
      redirect_uri="{client.redirect_uri}",
      server=server,
  )
  token = exchange_code(client, code)
"""
        )
        flush_answer()
        # Until a signal, which Windows delivers between two waits.
        while not Event().wait(_TICK):
            pass
