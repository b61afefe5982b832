"""Run the commands that stay on this machine, against a sandbox: ``demo`` and ``sandbox``."""

import re
import time
from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from tempfile import TemporaryDirectory

from .._network.calls import discover_server, exchange_code, register_client
from .._protocol.authorization import AuthorizationRequest
from .._protocol.client import DEFAULT_REDIRECT_URI
from .._protocol.issued_token import IssuedToken
from .._protocol.redaction import REDACTED, redact
from ..storage._access import quote
from .keeping import describe_expiry, now
from .output import flush_answer
from .parser import Parser


def add_demo(parser: Parser) -> None:
    """Add the arguments of ``demo`` to its parser."""
    parser.explain(
        "Get a token, step by step, from a local sandbox: nothing leaves this machine.", "ticktick-oauth demo"
    )
    parser.set_defaults(run=_demo)


def add_sandbox(parser: Parser) -> None:
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
        server = discover_server(sandbox.server.issuer)
        client = register_client(server, redirect_uri=DEFAULT_REDIRECT_URI)
        request = AuthorizationRequest.with_pkce(client=client)
        redirect = sandbox.sign_in(request)
        response = request.parse_response(redirect)
        issued = IssuedToken(token=exchange_code(client, response), issued_at=now(), server=server)
        secrets = [request.state, response.code]
        print(
            f"""A sandbox on {server.issuer} plays TickTick; nothing leaves this machine.

1. Metadata: the server says where its endpoints are
   authorization  {server.authorization_endpoint}
   token          {server.token_endpoint}
   registration   {server.registration_endpoint}

2. Registration: the program becomes a client, without a portal and without a secret
   client id      {client.client_id}
   redirect URI   {client.redirect_uri}

3. Authorization request: your browser opens this address, with a code challenge (PKCE)
   {redact(request.uri, secrets)}

4. Redirect: you allow, and the browser is sent to
   {redact(redirect, secrets)}
   whose state is the request's own

5. Token request: POST {server.token_endpoint}
   with the code and the code verifier answers 200, a valid token
   access_token  {REDACTED}
   expires_in    {issued.token.expires_in} seconds
   token_type    {issued.token.token_type}
   scope         {issued.token.scope}
   It is valid {describe_expiry(issued, at=issued.issued_at)}."""
        )


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

With a client such as the portal makes:

  TICKTICK_CLIENT_SECRET={client.client_secret} \\
  ticktick-oauth login --client-id={client.client_id} --redirect-uri {quote(client.redirect_uri)} {options}
"""
        )
        flush_answer()
        # Until a signal, which Windows delivers between two waits of a second.
        while True:
            time.sleep(1.0)
