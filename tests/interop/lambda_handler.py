"""A serverless function that ends a sign-in, as a program would have it: what ``test_lambda.py`` deploys."""

import os
from typing import TypedDict

from ticktick_oauth import AuthorizationRequest
from ticktick_oauth import AuthorizationServer
from ticktick_oauth import Client
from ticktick_oauth import exchange_code
from ticktick_oauth import unstructure

ISSUER = os.environ["ISSUER"]
# Made once, by the cold start.
CLIENT = Client(
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    server=AuthorizationServer(
        issuer=ISSUER, authorization_endpoint=f"{ISSUER}/oauth/authorize", token_endpoint=f"{ISSUER}/oauth/token"
    ),
)


class Event(TypedDict):
    """What the function needs of the request that the redirect became, and of the session that began the sign-in."""

    rawQueryString: str
    state: str
    code_verifier: str


def handler(event: Event, _context: object) -> dict[str, object]:
    """Trade the redirect's code for a token; the process tells whether the function was warm."""
    request = AuthorizationRequest(client=CLIENT, state=event["state"], code_verifier=event["code_verifier"])
    response = request.parse_response(event["rawQueryString"])
    token = exchange_code(CLIENT, response.code, code_verifier=response.code_verifier)
    return {"process": os.getpid(), "token": unstructure(token)}
