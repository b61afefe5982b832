"""A client of the portal, at servers that others wrote: Authlib with Flask, django-oauth-toolkit, Node's oidc-provider.

Their words differ, so the tests compare what a program goes by: class, status, code and hint.
"""

import json
from contextlib import closing
from http.client import HTTPConnection
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
import urllib3
from attrs import evolve

from interop.person import Person
from interop.serving import LIFETIME, USER
from interop.starting import RealServer
from ticktick_oauth import (
    AuthorizationRequest,
    AuthorizationResponse,
    Client,
    OAuthTokenV1,
    TokenRequest,
    exchange_code,
)
from ticktick_oauth.exceptions import AuthorizationError, InvalidRedirectError, StateMismatchError, TokenEndpointError

ELSEWHERE = "http://127.0.0.1:8080/elsewhere"
SPENT = "the code was used already or is not whole: start again at the authorization URL"


def sign_in(client: Client, *, pkce: bool = False) -> AuthorizationResponse:
    """Go through the first step, with a person who allows."""
    request = AuthorizationRequest.with_pkce(client=client) if pkce else AuthorizationRequest(client=client)
    return request.parse_response(Person().visit(request.uri))


def refused(client: Client, code: str, code_verifier: str | None = None) -> TokenEndpointError:
    """Make an exchange that the server refuses, and return how."""
    with pytest.raises(TokenEndpointError) as caught:
        exchange_code(client, code, code_verifier=code_verifier)
    return caught.value


def said(error: TokenEndpointError) -> tuple[int, str | None, str | None]:
    """Return what a program goes by; the description is each server's own."""
    return error.status, error.error, error.hint


def carry(request: TokenRequest) -> tuple[int, dict[str, str], bytes]:
    """Send a request by the standard library's client."""
    address = urlsplit(request.url)
    with closing(HTTPConnection(address.netloc, timeout=30)) as connection:
        connection.request(request.method, address.path, request.body, request.headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


@pytest.mark.parametrize("pooled", [False, True], ids=["fresh", "pool"])
@pytest.mark.parametrize("pkce", [False, True], ids=["plain", "pkce"])
def test_an_allowed_sign_in_ends_with_a_token_that_works(real_server: RealServer, *, pkce: bool, pooled: bool) -> None:
    """The token is in TickTick's shape, and the server that issued it takes its header for the person's."""
    client = real_server.client
    response = sign_in(client, pkce=pkce)
    assert pkce == (response.code_verifier is not None)
    with urllib3.PoolManager() as pool:
        http = pool if pooled else None
        token = exchange_code(client, response.code, code_verifier=response.code_verifier, http=http)
    assert OAuthTokenV1(access_token=token.access_token, expires_in=LIFETIME) == token
    assert real_server.ask_resource(token.authorization_header()) == (200, USER.encode())


def test_the_resource_takes_no_other_token(real_server: RealServer) -> None:
    """What shows above that a token works can fail: a token that the server never issued opens nothing."""
    never_issued = OAuthTokenV1(access_token=uuid4(), expires_in=LIFETIME)
    assert real_server.ask_resource(never_issued.authorization_header())[0] in {401, 403}


def test_two_sign_ins_bring_two_tokens(real_server: RealServer) -> None:
    """Of two codes that wait at once, each brings a token of its own."""
    client = real_server.client
    codes = [sign_in(client).code, sign_in(client).code]
    assert len({exchange_code(client, code).access_token for code in codes}) == 2


def test_a_wrong_secret_is_refused(real_server: RealServer) -> None:
    """A wrong secret is reported as such, and shown nowhere."""
    client = evolve(real_server.client, client_secret="not-the-secret")
    error = refused(client, sign_in(client).code)
    assert (401, "invalid_client", None) == (error.status, error.error, error.retry_after)
    assert error.hint is not None
    assert error.hint.startswith("check the client id or secret")
    assert "not-the-secret" not in str(error)


def test_a_client_of_another_server_is_refused(real_server: RealServer) -> None:
    """A client id that the server does not know, as TickTick does not know Dida365's, is reported as such."""
    code = sign_in(real_server.client).code
    error = refused(evolve(real_server.client, client_id="someone-else"), code)
    assert (401, "invalid_client") == (error.status, error.error)
    assert error.hint is not None
    assert f"registered with this server ({real_server.client.server.issuer})" in error.hint


def test_a_wrong_redirect_uri_is_refused(real_server: RealServer) -> None:
    """A code that was sent elsewhere than the exchange says is refused, in words about the redirect URI."""
    code = sign_in(real_server.client).code
    error = refused(evolve(real_server.client, redirect_uri=ELSEWHERE), code)
    # RFC 6749 section 5.2 has an invalid_grant for it, which oauthlib does not use here; oidc-provider says no more.
    assert ("invalid_request" if real_server.name == "toolkit" else "invalid_grant") == error.error
    assert error.status == 400
    if real_server.name != "oidc":
        assert f"exactly that of the authorization request; this client's is {ELSEWHERE}" in str(error.hint)
        assert "redirect" in str(error).lower()


def test_a_replayed_code_is_refused(real_server: RealServer) -> None:
    """A code is for one use."""
    response = sign_in(real_server.client)
    exchange_code(real_server.client, response.code)
    assert (400, "invalid_grant", SPENT) == said(refused(real_server.client, response.code))


def test_a_made_up_code_is_refused(real_server: RealServer) -> None:
    """A code that was never issued is refused as a spent one is, and not repeated in the error."""
    error = refused(real_server.client, "made-up-code")
    assert (400, "invalid_grant", SPENT) == said(error)
    assert "made-up-code" not in str(error)


def test_a_wrong_verifier_is_refused(real_server: RealServer) -> None:
    """Whoever stole a code, and not the verifier that its challenge was made of, gets nothing for it."""
    code = sign_in(real_server.client, pkce=True).code
    verifier = AuthorizationRequest.with_pkce(client=real_server.client).code_verifier
    error = refused(real_server.client, code, verifier)
    assert (400, "invalid_grant", SPENT) == said(error)
    assert str(verifier) not in str(error)


def test_a_missing_verifier_is_refused(real_server: RealServer) -> None:
    """A verifier that a program forgot to carry on is asked for by its name."""
    error = refused(real_server.client, sign_in(real_server.client, pkce=True).code)
    if real_server.name == "oidc":  # it keeps to itself what is wrong with a grant
        assert (400, "invalid_grant", SPENT) == said(error)
    else:
        assert (400, "invalid_request", None) == said(error)
        assert "verifier" in str(error)


def test_a_person_who_denies_is_believed(real_server: RealServer) -> None:
    """Pressing the other button brings an access_denied, with the state in order."""
    request = AuthorizationRequest(client=real_server.client)
    with pytest.raises(AuthorizationError, match=r"^the person denied the access: access_denied") as caught:
        request.parse_response(Person(allow=False).visit(request.uri))
    assert ("access_denied", None) == (caught.value.error, caught.value.uri)


@pytest.mark.parametrize("member", ["client_id", "redirect_uri"])
def test_an_unregistered_client_gets_no_redirect(real_server: RealServer, member: str) -> None:
    """The server tells the person, and sends nothing to an address that it does not know (RFC 6749 4.1.2.1)."""
    known = real_server.client
    client = evolve(known, redirect_uri=ELSEWHERE) if member == "redirect_uri" else evolve(known, client_id="unknown")
    with pytest.raises(HTTPError) as caught:
        Person().visit(AuthorizationRequest(client=client).uri)
    assert caught.value.code == 400


def test_a_redirect_is_for_its_own_request(real_server: RealServer) -> None:
    """Another sign-in's redirect is refused by its state."""
    uri = AuthorizationRequest(client=real_server.client).uri
    with pytest.raises(StateMismatchError):
        AuthorizationRequest(client=real_server.client).parse_response(Person().visit(uri))


def test_a_redirect_is_from_its_own_server(real_server: RealServer) -> None:
    """Each server names itself in the redirect (RFC 9207): the flows above took it, another server's is refused."""
    client = real_server.client
    request = AuthorizationRequest(client=client)
    redirect = Person().visit(request.uri)
    assert [client.server.issuer] == parse_qs(urlsplit(redirect).query)["iss"]
    other = evolve(client, server=evolve(client.server, issuer="https://dida365.com"))
    with pytest.raises(InvalidRedirectError, match=r"another issuer than https://dida365\.com"):
        AuthorizationRequest(client=other, state=request.state).parse_response(redirect)


def test_the_exchange_by_hand(real_server: RealServer) -> None:
    """A program that brings its own HTTP client carries a TokenRequest, and has its answer read, without urllib3."""
    response = sign_in(real_server.client, pkce=True)
    request = TokenRequest(client=real_server.client, code=response.code, code_verifier=response.code_verifier)
    status, headers, body = carry(request)
    # The toolkit's answer has a member more than TickTick's, which is left alone.
    assert (real_server.name == "toolkit") == ("refresh_token" in json.loads(body))
    token = request.parse_response(status, headers, body)
    assert real_server.ask_resource(token.authorization_header()) == (200, USER.encode())
    with pytest.raises(TokenEndpointError) as caught:
        request.parse_response(*carry(request))
    assert (400, "invalid_grant", SPENT) == said(caught.value)
