# pyodide_exchange.py
from pyodide.http import pyfetch

from ticktick_oauth import AuthorizationResponse, Client, OAuthTokenV1, TokenRequest


async def exchange(client: Client, response: AuthorizationResponse) -> OAuthTokenV1:
    request = TokenRequest(client=client, code=response.code, code_verifier=response.code_verifier)
    answer = await pyfetch(
        request.url, method=request.method, headers=request.headers, body=request.body, redirect="manual"
    )
    return request.parse_response(answer.status, answer.headers, await answer.bytes())
