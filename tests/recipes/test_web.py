"""The web programs: Flask's, and the exchange of an async program."""

import asyncio
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ticktick_oauth import AuthorizationRequest, AuthorizationResponse, Client, exchange_code
from ticktick_oauth.exceptions import TokenEndpointError
from ticktick_oauth.sandbox import Sandbox
from ticktick_oauth.storage import TokenFile

PAGE = "https://app.example/callback"
MANY = 12


@pytest.mark.skipif(find_spec("flask") is None, reason="needs the dependency group roads")
def test_flask(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It signs its owner in, and nobody else; a reload is a success, a foreign browser and a denial a clean 400.

    A store that fails for a while loses nothing.
    """
    client = sandbox.client(redirect_uri=PAGE)
    for name, value in {
        "FLASK_SECRET_KEY": "key",
        "OWNER_PASSWORD": "open",
        "TICKTICK_CLIENT_ID": client.client_id,
        "TICKTICK_CLIENT_SECRET": str(client.client_secret),
        "TICKTICK_REDIRECT_URI": PAGE,
        "TICKTICK_OAUTH_TOKEN_FILE": str(tmp_path / "token.json"),
    }.items():
        monkeypatch.setenv(name, value)
    from recipes import flask_app

    monkeypatch.setattr(flask_app, "client", client)  # the same, of the sandbox
    browser, other = (flask_app.app.test_client() for _ in range(2))

    def start() -> AuthorizationRequest:
        answer = browser.get("/start", base_url="https://app.example", auth=("owner", "open"))
        with browser.session_transaction(base_url="https://app.example") as session:
            request = AuthorizationRequest(client=client, state=session["state"])
        assert (302, request.uri) == (answer.status_code, answer.location)
        return request

    for guess in (None, ("owner", "shut"), ("owner", "\u00e9")):
        assert 401 == other.get("/start", base_url="https://app.example", auth=guess).status_code
    redirect = sandbox.sign_in(start(), user="ada")
    assert 400 == other.get(redirect).status_code
    (tmp_path / "token.json").mkdir()
    assert 503 == browser.get(redirect).status_code
    (tmp_path / "token.json").rmdir()
    assert (200, "Signed in.") == ((answer := browser.get(redirect)).status_code, answer.text)
    again = AuthorizationRequest(client=client)
    kept = TokenFile().load()
    assert kept is not None
    token = exchange_code(client, again.parse_response(sandbox.sign_in(again, user="ada")))
    assert (token.access_token, client.server) == (kept.token.access_token, kept.server)
    assert (200, 2) == (browser.get(redirect).status_code, len(sandbox.requests))  # a reload; nothing is sent
    assert 400 == other.get(redirect).status_code
    denied = browser.get(sandbox.sign_in(start(), deny=True))
    assert (400, "text/plain") == (denied.status_code, denied.mimetype)
    assert "the person denied the access" in denied.text


@pytest.mark.skipif(find_spec("httpx") is None, reason="needs the dependency group roads")
def test_exchanges_by_httpx(sandbox: Sandbox, client: Client) -> None:
    """The function, twelve at once on one AsyncClient: each gets a token; a refusal is an error as ever."""
    import httpx

    from recipes.httpx_exchange import exchange

    def respond(user: str) -> AuthorizationResponse:
        request = AuthorizationRequest.with_pkce(client=client)
        return request.parse_response("?" + urlsplit(sandbox.sign_in(request, user=user)).query)

    async def exchange_all(responses: list[AuthorizationResponse]) -> list[object]:
        async with httpx.AsyncClient() as http:
            exchanges = (exchange(http, client, response) for response in responses)
            outcomes: list[object] = await asyncio.gather(*exchanges, return_exceptions=True)
            return outcomes

    responses = [respond(str(number)) for number in range(MANY)]
    tokens = asyncio.run(exchange_all(responses))
    assert MANY == len({token.access_token for token in tokens})  # type: ignore[attr-defined]
    (refusal,) = asyncio.run(exchange_all(responses[:1]))
    assert isinstance(refusal, TokenEndpointError)
