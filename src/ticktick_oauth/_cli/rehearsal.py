"""Commands that stay on this machine, against a sandbox: ``demo`` and ``sandbox``."""

from argparse import ArgumentParser
from argparse import Namespace
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import quote

from .._authorization import AuthorizationRequest
from .._client import DEFAULT_REDIRECT_URI
from .._exchange import exchange_code
from .._issued_token import IssuedToken
from ..exceptions import InvalidTokenError
from .clock import describe_expiry
from .clock import now
from .exits import DONE
from .options import parse_port
from .output import flush_answer

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_BAD_DOCUMENT = '{"access_token": "not-a-uuid", "expires_in": "soon", "token_type": "Bearer"}'


def add_commands(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """Add this family to the parser."""
    demo = commands.add_parser("demo", help="trade a code for a token, step by step, against a local sandbox")
    demo.set_defaults(run=_demo)
    sandbox = commands.add_parser("sandbox", help="serve a local authorization server until it is interrupted")
    sandbox.add_argument("--port", type=parse_port, default=0, help="the port to listen on (default: a free one)")
    sandbox.add_argument("--no-approve", action="store_true", help="show a consent page instead of approving at once")
    sandbox.add_argument(
        "--redirect-uri",
        default=DEFAULT_REDIRECT_URI,
        help="the redirect URI that its client is registered with (default: %(default)s)",
    )
    sandbox.set_defaults(run=_sandbox)


def _demo(_arguments: Namespace) -> int:
    from ..sandbox import Sandbox

    with Sandbox() as sandbox:
        client = sandbox.client()
        print(f"A sandbox on {sandbox.server.issuer} plays TickTick; nothing leaves this machine.\n")

        request = AuthorizationRequest(client=client)
        print("1. Authorization request: the person's browser opens")
        print(f"   {_redacted(request.uri, request.state)}\n")

        redirect = sandbox.sign_in(request)
        response = request.parse_response(redirect)
        print("2. Redirect: the person allows, the browser is sent to")
        print(f"   {_redacted(redirect, request.state, response.code)}")
        print("   and the state is the request's own\n")

        token = exchange_code(client, response.code)
        issued = IssuedToken(token=token, issued_at=now(), server=client.server)
        print(f"3. Token request: POST {client.server.token_endpoint} answers 200, a valid token")
        print("   access_token  [redacted]")
        print(f"   expires_in    {token.expires_in} seconds")
        print(f"   token_type    {token.token_type}")
        print(f"   scope         {token.scope}")
        print(f"   It {describe_expiry(issued, at=issued.issued_at)}.\n")

        print("And an answer that is no token, with all that is wrong with it:")
        print(f"   {_BAD_DOCUMENT}")
        sandbox.next_answer(200, _BAD_DOCUMENT)
        try:
            exchange_code(client, request.parse_response(sandbox.sign_in(request)).code)
        except InvalidTokenError as error:
            for problem in error.problems:
                print(f"   {problem.field}: {problem.reason}")
    return DONE


def _sandbox(arguments: Namespace) -> int:
    from ..sandbox import Sandbox

    with Sandbox(port=arguments.port, auto_approve=not arguments.no_approve) as sandbox:
        client = sandbox.client(redirect_uri=arguments.redirect_uri)
        server = sandbox.server
        print(
            f"""A sandbox on {server.issuer} plays TickTick until Ctrl-C ends it; its tokens open nothing.

  client id      {client.client_id}
  client secret  {client.client_secret}
  redirect URI   {client.redirect_uri}

In a terminal:

  TICKTICK_CLIENT_SECRET={client.client_secret} ticktick-oauth login --client-id={client.client_id} \\
    --redirect-uri {client.redirect_uri} --server {server.issuer}

In a program:

  client = Client(
      client_id="{client.client_id}",
      client_secret="{client.client_secret}",
      redirect_uri="{client.redirect_uri}",
      server=AuthorizationServer(
          issuer="{server.issuer}",
          authorization_endpoint="{server.authorization_endpoint}",
          token_endpoint="{server.token_endpoint}",
      ),
  )
  token = exchange_code(client, code)
"""
        )
        flush_answer()
        while True:  # until Ctrl-C
            Event().wait()


def _redacted(uri: str, *secrets: str) -> str:
    for secret in secrets:
        uri = uri.replace(quote(secret, safe=""), "[redacted]")
    return uri
