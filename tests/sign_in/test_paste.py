"""What a person copied: this sign-in's redirect is found in it by its state, and nothing else is ever taken."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticktick_oauth import AuthorizationRequest, AuthorizationResponse, Client
from ticktick_oauth._sign_in.paste import parse_paste
from ticktick_oauth.exceptions import AuthorizationError, InvalidRedirectError, StateMismatchError

REDIRECT_URI = "http://127.0.0.1:43117/"
CODE = "q7Xk2P"
CLIENT = Client(client_id="id", client_secret=None, redirect_uri=REDIRECT_URI)
REQUEST = AuthorizationRequest(client=CLIENT, state="state-of_this-sign-in_01", code_verifier="v" * 43)
OTHER = AuthorizationRequest(client=CLIENT, state="state-of_another-sign-in_02", code_verifier="w" * 43)
QUERY = f"code={CODE}&state={REQUEST.state}"
ADDRESS = f"{REDIRECT_URI}?{QUERY}"
WORDS = st.sampled_from(["see", "it ended at", "Browser:", "curl", "URL", "and then?", "\u00bb", "1.", "\u2014"])
DISTURBANCES: list[Callable[[str], str]] = [
    html.escape,
    lambda text: text.replace("http://", "https://"),
    lambda text: text.replace("http://", ""),
    lambda text: f"view-source:{text}",
    lambda text: f"{text[:33]}\n{text[33:70]}\r\n  {text[70:]}",
    lambda text: f"'{text}'",
    lambda text: f"<{text}>",
    lambda text: f"{text}.",
    lambda text: f"\x1b[200~{text}\x1b[201~",
    lambda text: f"  {text}\n",
]
WANTED = f"paste the whole address of the page that the browser ended on, from {REDIRECT_URI} to its end"


def code_in(text: str, request: AuthorizationRequest = REQUEST) -> str:
    """Return the code that is taken out of a text, with its verifier."""
    response = parse_paste(request, text)
    assert response == AuthorizationResponse(code=response.code, code_verifier=request.code_verifier)
    return response.code


@pytest.mark.parametrize(
    "text",
    [
        *(disturb(ADDRESS) for disturb in DISTURBANCES),
        ADDRESS,
        f"[200~{ADDRESS}[201~",
        f"It went to {ADDRESS} and stopped",
        f"Address: {ADDRESS}, I think.",
        f"curl '{ADDRESS}' -H 'Accept: text/html'",
        f'curl "{ADDRESS.replace("&", "^&")}" ^',
        ADDRESS.replace("?", "\\?").replace("=", "\\=").replace("&", "\\&"),
        ADDRESS.replace("&", "\\u0026"),
        f"({ADDRESS})",
        f"[it]({ADDRESS})",
        f"\u201c{ADDRESS}\u201d",
        html.escape(html.escape(ADDRESS)),
        f'<a href="{html.escape(ADDRESS)}">here</a>',
        f"?{QUERY}",
        f"({QUERY})",
        f"/?{QUERY}",
        QUERY,
        f"{ADDRESS[:40]}\n{ADDRESS[40:]}",
        f"{ADDRESS[:30]} {ADDRESS[30:]}",
        f"{ADDRESS}\n{ADDRESS}",
        f"{ADDRESS}\nand then nothing",
        f"{OTHER.uri}\n{ADDRESS}",
        f"{REDIRECT_URI}?code=old&state={OTHER.state}\n{ADDRESS}",
        f"{REDIRECT_URI}?state={REQUEST.state}&code={CODE}",
        f"{REDIRECT_URI}?state={REQUEST.state}&code={CODE}.",
        f"{REDIRECT_URI}?state={REQUEST.state}&code={CODE[:3]}\n{CODE[3:]}",
        f"{ADDRESS}&iss=https%3A%2F%2Fticktick.com.",
        f"{ADDRESS}#",
        f"\ufeff{ADDRESS}\u200b",
        f"https://elsewhere.example/?url={ADDRESS.replace(':', '%3A').replace('?', '%3F').replace('&', '%26').replace('=', '%3D').replace('/', '%2F')}",  # noqa: E501
    ],
)
def test_r29_the_address_is_found(text: str) -> None:
    """R29: whatever stands around it, and whatever a terminal, a shell or a mail made of it."""
    assert CODE == code_in(text)


@pytest.mark.parametrize(
    ("redirect_uri", "text"),
    [
        ("http://127.0.0.1/callback", "127.0.0.1/callback?{}"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:80/callback?{}"),
        ("http://[::1]:9/", "see http://[::1]:9/?{}"),
        ("http://localhost:9/in?tenant=1", "http://localhost:9/in?tenant=1&{}"),
        ("https://app.example/in", "app.example/in?{}"),
    ],
)
def test_r29_other_redirect_uris(redirect_uri: str, text: str) -> None:
    """R29: the address before the query is that of the client, with or without its scheme and default port."""
    client = Client(client_id="id", client_secret="s", redirect_uri=redirect_uri)
    assert CODE == code_in(text.format(QUERY), AuthorizationRequest(client=client, state=REQUEST.state))


def test_a_denial_is_found_too() -> None:
    """The server's words come out."""
    with pytest.raises(AuthorizationError):
        parse_paste(REQUEST, f"It says {REDIRECT_URI}?error=access_denied&state={REQUEST.state}.")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (REQUEST.uri, "that is the address to open: allow the access there first"),
        (
            f"{REDIRECT_URI}?code={CODE}&state={OTHER.state}",
            "that is the address of another sign-in; open the address of this one",
        ),
        (OTHER.uri, "that is the address of another sign-in; open the address of this one"),
        (ADDRESS[:-8], "that is not the whole address"),
        (ADDRESS[: ADDRESS.index("&")], "that is not the whole address"),
        (REDIRECT_URI, "that is not the whole address"),
        (f"{REDIRECT_URI}?state={REQUEST.state}", "that is not the whole address"),
        (CODE, "that is not an address"),
        ("correct horse battery staple", "that is not an address"),
        ("", "that is not an address"),
        (REQUEST.state, "that is not an address"),
        (f"http://evil.example/?{QUERY}", "that is not the whole address"),
        (f"http://evil-127.0.0.1:43117/?{QUERY}", "that is not the whole address"),
        (f"{REDIRECT_URI}other?{QUERY}", "that is not the whole address"),
        (f"{REDIRECT_URI}?code=a&{QUERY}", "the redirect has the parameter code more than once"),
    ],
)
def test_r30_nothing_else_is_taken(text: str, reason: str) -> None:
    """R30: a code without the state, a word, a password, half an address: the words fit, and hold nothing of it."""
    with pytest.raises(InvalidRedirectError) as caught:
        parse_paste(REQUEST, text)
    words = str(caught.value)
    assert f"{reason}; {WANTED}" == words
    assert (CODE not in words, REQUEST.state not in words, "horse" not in words) == (True, True, True)
    assert ("another" in reason) == isinstance(caught.value, StateMismatchError)


def test_n30_the_state_is_in_no_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    """N30: `re` keeps the patterns that it compiled."""
    compiled: list[str] = []
    compile_: Any = vars(re)["_compile"]

    def note(pattern: object, flags: int) -> object:
        compiled.append(str(pattern))
        return compile_(pattern, flags)

    monkeypatch.setattr(re, "_compile", note)
    assert CODE == code_in(ADDRESS)
    assert (True, []) == (bool(compiled), [pattern for pattern in compiled if REQUEST.state in pattern])


def test_a_long_text_is_read_in_no_time() -> None:
    """A file that is pasted by mistake holds nothing up: the search is linear, where a quadratic one takes minutes."""
    for text in ("word " * 50_000, f"x{' ' * 250_000}y", "code=" * 50_000):
        assert CODE == code_in(f"{text} {ADDRESS}")
        with pytest.raises(InvalidRedirectError):
            parse_paste(REQUEST, text)


@given(
    code=st.from_regex(r"\A[A-Za-z0-9]{1,40}\Z"),
    disturbances=st.lists(st.sampled_from(DISTURBANCES), max_size=4, unique=True),
    before=st.lists(WORDS, max_size=2),
    behind=st.lists(WORDS, max_size=2),
)
def test_r29_disturbances_may_be_mixed(
    code: str, disturbances: list[Callable[[str], str]], before: list[str], behind: list[str]
) -> None:
    """R29: several at once, in any order, with words before and behind."""
    text = f"{REDIRECT_URI}?code={code}&state={REQUEST.state}"
    for disturb in disturbances:
        text = disturb(text)
    assert code == code_in(" ".join([*before, text, *behind]))


@given(st.text(max_size=200))
def test_r30_any_text_without_the_state_is_refused(text: str) -> None:
    """R30: and nothing but the family comes out."""
    with pytest.raises(InvalidRedirectError):
        parse_paste(REQUEST, text)
