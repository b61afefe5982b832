"""The sandbox answers as the software that TickTick's server appears to run: `answers.json` is its recording."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, quote_plus, urlencode, urlsplit

import pytest
import urllib3

from ticktick_oauth.sandbox import Sandbox
from ticktick_oauth.sandbox._ledger import RegisteredClient

Answer = urllib3.BaseHTTPResponse
Encoding = Callable[..., str]

RECORDING = json.loads((Path(__file__).parent / "answers.json").read_text("utf-8"))
NOT_BASE64 = "!"
NEVER_ISSUED = "zzzzzz"
COMPARED = {"Allow", "Cache-Control", "Connection", "Content-Type", "Location", "Pragma", "WWW-Authenticate"}

# What the sandbox does differently on purpose. Besides, pages have words of their own, in UTF-8; and a client's code
# verifier is checked unless the sandbox was asked not to, as it is here.
DIFFERENCES = {
    "token: wrong secret, X-Requested-With": "what a script in a page asks for is not looked at: no program does that",
    "token: /oauth/token/ (trailing slash)": "what is not an endpoint is not there",
    "token: code never issued, Accept application/xml": "a refusal is JSON, whatever Accept says; no crash is played",
    "token: code never issued, Accept text/html": "the same",
    "authorize: redirect_uri http://127.0.0.1:8080/./": "the path must be the registered one as it stands",
    "authorize: redirect_uri http://127.0.0.1:8080/a/../": "the same",
    "authorize: redirect_uri http://127.0.0.1:8080//": "the same",
    "authorize: redirect_uri http://127.0.0.1:8080/?code=evil&state=evil": "parameters come after those that are there",
    "authorize: nobody signed in": "whoever opens the address is signed in",
    "authorize: consent page, person allows: none": "the page that asks is our own: one decision for the whole scope",
    "authorize: consent page, person allows: no fields": "the same",
}

ID, SECRET = "canary-client", "canary-secret"
SPECIAL_ID, SPECIAL_SECRET = "sp\u00e9cial+%/&=", "s%2B+c r\u00e9:t\u4e2d"
REDIRECT_URI = "http://127.0.0.1:8080/"
CLIENTS = {
    ID: [REDIRECT_URI],
    "other-client": [REDIRECT_URI],
    "manual-client": [REDIRECT_URI],
    "reading-client": [REDIRECT_URI],
    SPECIAL_ID: [REDIRECT_URI],
    "two-client": ["http://127.0.0.1:9999/other", REDIRECT_URI],
    "bare-host-client": ["http://127.0.0.1:8080"],
    "query-client": ["http://127.0.0.1:8080/cb?a=1"],
    "localhost-client": ["http://localhost:8080/"],
    "noredirect-client": [],
}
# The credentials of a token request, where they are not the client's own.
CREDENTIALS = {
    "token: wrong secret, Basic": f"{ID}:wrong",
    "token: wrong secret, X-Requested-With": f"{ID}:wrong",
    "token: unknown client id, Basic": f"nobody-client:{SECRET}",
    "token: Basic, not base64": NOT_BASE64,
    "token: Basic without a colon": ID,
    "token: wrong secret in form, no Basic": f"{ID}:wrong",
    "token: client allowed tasks:read only, asks for both at token": f"reading-client:{SECRET}",
    "token: another client's code": f"other-client:{SECRET}",
    "token: another client's code and wrong redirect_uri": f"other-client:{SECRET}",
    "token: special characters in id and secret, raw Basic in UTF-8": f"{SPECIAL_ID}:{SPECIAL_SECRET}",
    "token: the same, form-encoded first (RFC 6749 2.3.1)": f"{quote_plus(SPECIAL_ID)}:{quote_plus(SPECIAL_SECRET)}",
}
# What the authorization request that brought the code had beyond the usual; None: it was not there.
CHALLENGE = {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"}
AUTHORIZED: dict[str, dict[str, str | None]] = {
    "token: redirect_uri: the same extra query at both": {"redirect_uri": f"{REDIRECT_URI}?x=1"},
    "token: no redirect_uri at authorize, registered one at token": {"redirect_uri": None},
    "token: no redirect_uri at either": {"redirect_uri": None},
    "token: scope in another order, at both": {"scope": "tasks:write tasks:read"},
    "token: scope subset at authorize and token": {"scope": "tasks:read"},
    "token: scope subset at authorize, full at token": {"scope": "tasks:read"},
    "token: scope absent at authorize": {"scope": None},
    "token: scope with a literal + (%2B)": {"scope": "tasks:read+tasks:write"},
    "token: client allowed tasks:read only, asks for both at token": {
        "client_id": "reading-client",
        "scope": "tasks:read",
    },
    "token: special characters in id and secret, raw Basic in UTF-8": {"client_id": SPECIAL_ID},
    "token: PKCE: challenged, wrong verifier": {**CHALLENGE},
    "token: PKCE: challenged, no verifier": {**CHALLENGE},
}
# The token request that spent the code before: whose it was, and with what redirect URI.
SPENT = {
    "token: replayed code": (f"{ID}:{SECRET}", REDIRECT_URI),
    "token: after a redirect mismatch, right": (f"{ID}:{SECRET}", f"{REDIRECT_URI}other"),
    "token: another client's code, then its own client": (f"other-client:{SECRET}", REDIRECT_URI),
}
HTTP = urllib3.PoolManager(retries=False)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """Run a sandbox that knows the recording's clients, and return its address."""
    with Sandbox(check_pkce=False) as sandbox:
        for client_id, redirect_uris in CLIENTS.items():
            client = RegisteredClient(
                client_id=client_id,
                client_secret=SPECIAL_SECRET if client_id == SPECIAL_ID else SECRET,
                redirect_uris=tuple(redirect_uris),
                scope="tasks:read" if client_id == "reading-client" else "tasks:read tasks:write",
            )
            sandbox._authority.ledger.clients[client_id] = client
        yield sandbox.server.issuer


def request_of(kind: str, change: Mapping[str, Any]) -> dict[str, Any]:
    """Return a whole request: the base of its kind, changed."""
    base = RECORDING["bases"][kind]
    request = {name: change.get(name, base[name]) for name in base}
    for name, part in request.items():
        if isinstance(part, dict) and isinstance(base[name], dict):
            request[name] = {key: value for key, value in {**base[name], **part}.items() if value is not None}
    return request


def encoded_parameters(parameters: dict[str, str] | list[list[str]] | str | None, encoding: Encoding) -> str:
    """Encode parameters, which may be doubled; a body that is not a form stays as it is."""
    if parameters is None or isinstance(parameters, str):
        return parameters or ""
    pairs = parameters.items() if isinstance(parameters, dict) else [(name, value) for name, value in parameters]
    return urlencode(list(pairs), quote_via=encoding)


def send(issuer: str, request: Mapping[str, Any], credentials: str, encoding: Encoding = quote) -> Answer:
    """Send a request, with the credentials that the recording leaves out."""
    query, form = (encoded_parameters(request[part], encoding) for part in ("query", "form"))
    encoded = credentials if credentials == NOT_BASE64 else b64encode(credentials.encode()).decode()
    return HTTP.request(
        request["method"],
        f"{issuer}{request['path']}?{query}",
        headers={name: value.replace("[..]", encoded) for name, value in request["headers"].items()},
        body=form.replace(quote("[redacted]"), credentials.partition(":")[2]),
        redirect=False,
    )


def fresh_code(issuer: str, change: Mapping[str, str | None]) -> str:
    """Bring a code by an authorization request."""
    answer = send(issuer, request_of("authorize", {"query": change}), "")
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def compared(status: int, headers: Mapping[str, str], body: str) -> tuple[int, dict[str, str], str]:
    """Return what is compared of an answer, without what is new each time, and of pages without the words."""
    body = re.sub(r'"access_token":"[0-9a-f-]{36}"', '"access_token":"*"', body)
    body = re.sub(r'"expires_in":\d+', '"expires_in":*', body)
    kept = {name: re.sub(r"\bcode=[A-Za-z0-9]{6}\b", "code=*", headers[name]) for name in COMPARED if name in headers}
    if kept.get("Content-Type", "").startswith("text/html"):
        return status, {**kept, "Content-Type": "text/html"}, "(a page)"
    return status, kept, body


@pytest.mark.parametrize("case", RECORDING["cases"], ids=lambda case: case["case"])
def test_the_sandbox_answers_as_recorded(issuer: str, case: dict[str, Any]) -> None:
    """Status, headers, errors, descriptions, the order and the spacing are the recording's, or differ for a reason."""
    name = case["case"]
    credentials = CREDENTIALS.get(name, f"{ID}:{SECRET}")
    text = json.dumps(request_of(name.partition(":")[0], case))
    # The codes that the server had issued; the others are made up.
    for code in set(re.findall(r'"code"[:,] "([A-Za-z0-9]{6})"', text)) - {NEVER_ISSUED}:
        fresh = fresh_code(issuer, AUTHORIZED.get(name, {}))
        text, case = text.replace(code, fresh), {**case, "body": case["body"].replace(code, fresh)}
    request = json.loads(text)
    if name in SPENT:
        owner, redirect_uri = SPENT[name]
        send(issuer, {**request, "form": {**request["form"], "redirect_uri": redirect_uri}}, owner)
    answer = send(issuer, request, credentials, quote_plus if "the query with +" in name else quote)
    expected = compared(case["status"], case["answered"], case["body"])
    actual = compared(answer.status, answer.headers, answer.data.decode())
    if name in DIFFERENCES:
        assert expected != actual
    else:
        assert expected == actual
