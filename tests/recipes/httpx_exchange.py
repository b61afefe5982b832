# asgi_exchange.py
import httpx

from ticktick_oauth import AuthorizationResponse, Client, OAuthTokenV1, TokenRequest


async def exchange(http: httpx.AsyncClient, client: Client, response: AuthorizationResponse) -> OAuthTokenV1:
    request = TokenRequest(client=client, code=response.code, code_verifier=response.code_verifier)
    # Once, and nowhere else: no retry, no redirect.
    answer = await http.request(
        request.method, request.url, headers=request.headers, content=request.body, follow_redirects=False, timeout=10
    )
    return request.parse_response(answer.status_code, answer.headers, answer.content)
