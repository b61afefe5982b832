"""The authorization request and the redirect that answers it: rows R1 to R10, R16, R17 and R20, and RFC 7636."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, quote_plus, urlsplit

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from ticktick_oauth import TICKTICK, AuthorizationRequest, AuthorizationResponse, Client, TokenRequest
from ticktick_oauth.exceptions import AuthorizationError, InvalidRedirectError, OAuthError, StateMismatchError

CLIENT = Client(client_id="id", client_secret="secret", redirect_uri="http://127.0.0.1:8080/callback")
STATE = "State-canary"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
REQUEST = AuthorizationRequest(client=CLIENT, state=STATE, code_verifier=VERIFIER)
ADDRESS = "http://127.0.0.1:8080/callback"
AGAIN = "start again at the authorization URL"
NO_STATE = (
    "the redirect has no state: copy the whole address, to its end; if that is all of it, it does not answer this "
    f"sign-in, so {AGAIN}"
)
OTHER_STATE = f"the redirect's state is not this request's: it answers another sign-in, or is forged; {AGAIN}"
OTHER_PATH = f"the redirect has another path than this client's redirect_uri {ADDRESS}"
OTHER_SCHEME = (
    "the redirect starts with https://, and this client's redirect_uri with http://127.0.0.1:8080: a browser may have "
    "changed it, so put http:// and the right port in its place"
)
IS_FOR = f"the redirect is for {{}}, not for this client's redirect_uri {ADDRESS}"
NO_URL = f"the redirect is not an http(s) URL; expected {ADDRESS}"
TWICE = "the redirect has the parameter {} more than once"
NOT_UTF_8 = "the redirect's parameters are not percent-encoded UTF-8"
BEHIND_FRAGMENT = "the redirect has its parameters behind '#', not behind '?': the server used another response type"
HTTPS = evolve(REQUEST, client=evolve(CLIENT, redirect_uri="https://Example.com"))


def _refusal(redirect: object, request: AuthorizationRequest = REQUEST) -> OAuthError:
    """Return the error for a redirect, which shows no value and has no other error in its chain."""
    with pytest.raises(OAuthError) as caught:
        request.parse_response(redirect)  # type: ignore[arg-type]
    shown = f"{caught.value}{caught.value!r}{vars(caught.value)}"
    assert "canary" not in shown
    assert VERIFIER not in shown
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value


# The request


def test_the_uri_has_what_the_rfc_asks_for() -> None:
    """RFC 6749 4.1.1 and RFC 7636 4.3, with Appendix B's challenge: each parameter once, percent-encoded."""
    parts = urlsplit(REQUEST.uri)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == TICKTICK.authorization_endpoint
    assert parse_qs(parts.query) == {
        "response_type": ["code"],
        "client_id": ["id"],
        "redirect_uri": ["http://127.0.0.1:8080/callback"],
        "scope": ["tasks:read tasks:write"],
        "state": [STATE],
        "code_challenge": ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"],
        "code_challenge_method": ["S256"],
    }
    assert "+" not in parts.query


def test_without_a_verifier_there_is_no_challenge() -> None:
    """PKCE is off by default, since TickTick does not document it."""
    request = AuthorizationRequest(client=CLIENT)
    assert request.code_verifier is None
    assert "code_challenge" not in request.uri


def test_the_endpoints_own_query_stays() -> None:
    """RFC 6749 section 3.1: an authorization endpoint's query is retained."""
    server = evolve(TICKTICK, authorization_endpoint="https://example.com/authorize?tenant=1")
    uri = evolve(REQUEST, client=evolve(CLIENT, server=server)).uri
    assert uri.startswith("https://example.com/authorize?tenant=1&response_type=code&")


def test_each_request_has_a_state_and_a_verifier_of_its_own() -> None:
    """Both hold 256 fresh random bits, and neither is in a repr."""
    requests = [AuthorizationRequest.with_pkce(client=CLIENT) for _ in range(20)]
    secrets = [secret for request in requests for secret in (request.state, request.code_verifier or "")]
    assert len(set(secrets)) == 40
    assert {43} == {len(secret) for secret in secrets}
    assert not [secret for secret in secrets if secret in repr(requests)]


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"client": "id"}, TypeError, "client must be of type Client, not str"),
        ({"code_verifier": b"a" * 43}, TypeError, "code_verifier must be of type str, not bytes"),
        # R7: a state that would match a redirect without one.
        ({"state": ""}, ValueError, "state must not be empty"),
        ({"state": "a\n"}, ValueError, "state must not have a line end"),
        ({"state": None}, TypeError, "state must be of type str"),
    ],
)
def test_r7_mistakes_of_the_caller(changes: dict[str, Any], error: type[Exception], words: str) -> None:
    """R7 and others: the constructor names the field at fault."""
    with pytest.raises(error, match=f"^{words}"):
        evolve(REQUEST, **changes)


@pytest.mark.parametrize("verifier", ["a" * 42, "a" * 129, "a" * 42 + "é", "a" * 42 + "+", "a" * 42 + " ", ""])
def test_an_unfit_verifier_is_refused(verifier: str) -> None:
    """RFC 7636 section 4.1: 43 to 128 unreserved characters; the error does not repeat the value."""
    with pytest.raises(ValueError, match="code_verifier") as caught:
        evolve(REQUEST, code_verifier=verifier)
    words = "code_verifier must be 43 to 128 letters, digits or any of '-._~' (RFC 7636 section 4.1)"
    assert words == str(caught.value)


@pytest.mark.parametrize("verifier", ["a" * 43, "-._~" * 32])
def test_a_fit_verifier_is_kept(verifier: str) -> None:
    """Both ends of the range are in it."""
    assert verifier == evolve(REQUEST, code_verifier=verifier).code_verifier


PUBLIC = evolve(CLIENT, client_secret=None)


def test_a_public_client_needs_pkce() -> None:
    """A public client without a verifier is refused at the call, with the way to make one named."""
    with pytest.raises(ValueError, match="PKCE") as caught:
        AuthorizationRequest(client=PUBLIC)
    assert str(caught.value) == (
        "a public client (without client_secret) needs PKCE: make the request by AuthorizationRequest.with_pkce, and "
        "pass its code_verifier, or the AuthorizationResponse, to the exchange"
    )
    request = AuthorizationRequest.with_pkce(client=PUBLIC)
    assert "code_challenge_method=S256" in request.uri
    assert evolve(request, client=CLIENT, code_verifier=None).code_verifier is None


@pytest.mark.parametrize("client", [CLIENT, PUBLIC])
def test_r7_a_flow_is_resumed_with_what_was_kept(client: Client) -> None:
    """R7: the same request again; a state that was not kept is a mismatch, and a wrong type a mistake."""
    first = AuthorizationRequest.with_pkce(client=client)
    assert first == AuthorizationRequest.resume(client=client, state=first.state, code_verifier=first.code_verifier)
    for lost in (None, ""):
        with pytest.raises(StateMismatchError) as caught:
            AuthorizationRequest.resume(client=client, state=lost)
        assert f"no state was kept for this sign-in, or it has expired; {AGAIN}" == str(caught.value)
    with pytest.raises(TypeError, match="state must be of type str, not int"):
        AuthorizationRequest.resume(client=CLIENT, state=5)  # type: ignore[arg-type]


# The redirect


@pytest.mark.parametrize(
    "redirect",
    [
        f"http://127.0.0.1:8080/callback?code=Code&state={STATE}",
        f"HTTP://127.0.0.1:8080/callback?state={STATE}&code=Code",
        f"http://127.0.0.1:8080/callback?code=Code&state={STATE}#",
        f"http://127.0.0.1:8080/callback?code=Code&state={STATE}#_=_",
        f"http://127.0.0.1:8080/callback?code=Code&state={STATE}&unknown=&iss=https%3A%2F%2Fticktick.com",
        f"/callback?code=Code&state={STATE}",
        f"/elsewhere/behind/a/proxy?code=Code&state={STATE}",
        f"?code=Code&state={STATE}",
        f"code=Code&state={STATE}",
        f"state={STATE}&code=Code&x=https://example.com",
        f"code=%43ode&state={quote(STATE).replace('c', '%63')}",
        f"code=Code&state={STATE}&session_state=a?b:c/d",
        f"x=?&code=Code&state={STATE}",
    ],
)
def test_r1_a_good_redirect_gives_the_code(redirect: str) -> None:
    """R1: the full URL, what follows its host, and what follows its path are all fine, percent-encoded or not."""
    response = REQUEST.parse_response(redirect)
    assert response == AuthorizationResponse(code="Code", code_verifier=VERIFIER)
    assert repr(response) == "AuthorizationResponse()"


@pytest.mark.parametrize("address", ["https://example.com", "https://EXAMPLE.com:443/", "https://example.com:443"])
def test_r1_the_same_address_may_be_spelt_differently(address: str) -> None:
    """R1: the host's case, the default port and an empty path make no difference (RFC 3986 section 6.2)."""
    assert HTTPS.parse_response(f"{address}?code=Code&state={STATE}").code == "Code"


@pytest.mark.parametrize("registered", ["http://127.0.0.1", "http://127.0.0.1:80", "http://127.0.0.1:80/"])
@pytest.mark.parametrize("met", ["http://127.0.0.1/", "http://127.0.0.1:80/"])
def test_r1_port_80_need_not_be_written(registered: str, met: str) -> None:
    """R1: http's own port is the same whether or not it stands there, on either side."""
    request = evolve(REQUEST, client=evolve(CLIENT, redirect_uri=registered))
    assert request.parse_response(f"{met}?code=Code&state={STATE}").code == "Code"


@pytest.mark.parametrize("state", ["a+b", "a b", "a+b/c==", "+", "a+b c", "plain"])
@pytest.mark.parametrize(
    "spell",
    [lambda state: quote(state, safe=""), quote_plus, lambda state: quote(state, safe="+")],
    ids=["percent", "form", "raw plus"],
)
def test_r1_a_plus_in_the_state_counts_in_both_readings(state: str, spell: Callable[[str], str]) -> None:
    """R1: TickTick's server sends a `+` back as it is, where form encoding means a space by it."""
    request = evolve(REQUEST, state=state)
    assert request.parse_response(f"?code=Code&state={spell(state)}").code == "Code"


def test_r1_the_code_is_read_as_the_state_is() -> None:
    """R1: where only the raw reading has the state, the code's own plus sign stays, too."""
    request = evolve(REQUEST, state="a+b")
    assert request.parse_response("?code=C+d&state=a+b").code == "C+d"
    assert request.parse_response("?code=C+d&state=a%2Bb").code == "C d"


@pytest.mark.parametrize(("state", "sent"), [("a b", "a%2Bb"), ("a+b", "a%20c"), ("a+b", "a%252Bb"), ("a+b", "ab")])
def test_r4_the_two_readings_loosen_nothing(state: str, sent: str) -> None:
    """R4: a plus that is percent-encoded is a plus, and other characters count as before."""
    assert type(_refusal(f"?code=Code-canary&state={sent}", evolve(REQUEST, state=state))) is StateMismatchError


def test_r2_the_person_denied() -> None:
    """R2: a denial is an AuthorizationError that says so."""
    error = _refusal(f"?error=access_denied&error_description=No+thanks&state={STATE}")
    assert isinstance(error, AuthorizationError)
    assert (error.error, error.description, error.uri) == ("access_denied", "No thanks", None)
    assert "denied" in str(error)


@pytest.mark.parametrize("code", ["server_error", "temporarily_unavailable", "invalid_scope", "something_else", ""])
def test_r3_other_errors(code: str) -> None:
    """R3: the server's code and its page about it are kept, a code that no RFC knows included."""
    error = _refusal(f"?error={code}&error_uri=https%3A%2F%2Fexample.com%2F&state={STATE}")
    assert isinstance(error, AuthorizationError)
    assert (error.error, error.description, error.uri) == (code, None, "https://example.com/")
    assert "no code was issued" in str(error)


def test_r3_what_the_server_says_is_made_fit_to_show() -> None:
    """R3: control and bidi characters go, 200 characters stay, and the secrets it may echo are cut out."""
    said = f"\x1b[31m\u202e{STATE} {STATE.upper()} {VERIFIER} Code-canary\r\n" + "x" * 300
    echoes = "&".join(f"{name}={quote(said)}" for name in ("error", "error_description", "error_uri"))
    error = _refusal(f"?{echoes}&code=Code-canary&state={STATE}")
    assert isinstance(error, AuthorizationError)
    for text in (error.error, error.description, error.uri):
        assert text is not None
        assert text.startswith("[31m[redacted] [redacted] [redacted] [redacted]xxx")
        assert len(text) == 200


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("", NO_STATE),
        ("&state=", NO_STATE),
        ("&state=other-canary", OTHER_STATE),
        (f"&state={STATE[:-1]}", OTHER_STATE),
        (f"&state={STATE}x", OTHER_STATE),
        (f"&state={STATE.lower()}", OTHER_STATE),
        (f"&state={STATE}%20", OTHER_STATE),
        (f"&state={STATE}+", OTHER_STATE),
        ("&state=%C3%A9", OTHER_STATE),
        ("&state=é", OTHER_STATE),
        (f"&State={STATE}", NO_STATE),
    ],
)
@pytest.mark.parametrize("rest", ["code=Code-canary", "error=access_denied", "code=Code-canary&iss=https://evil"])
def test_r4_a_missing_or_different_state(state: str, words: str, rest: str) -> None:
    """R4: it is raised before anything else in the redirect is believed, and shows no value."""
    error = _refusal(f"?{rest}{state}")
    assert (StateMismatchError, words) == (type(error), str(error))


@pytest.mark.parametrize("name", ["state", "code", "iss", "error", "error_description", "error_uri"])
@pytest.mark.parametrize("values", [("canary", "canary"), ("canary", "other-canary"), ("", "")])
def test_r5_a_parameter_twice(name: str, values: tuple[str, str]) -> None:
    """R5: RFC 6749 section 3.1 allows none twice; the parameter is named, even when the state is wrong too."""
    error = _refusal("?" + "&".join(f"{name}={value}" for value in values))
    assert (InvalidRedirectError, TWICE.format(name)) == (type(error), str(error))


@pytest.mark.parametrize("code", ["", "code=&", "code=%00canary&", "code=canary%0D%0A&", "CODE=canary&"])
def test_r6_a_code_missing_or_empty(code: str) -> None:
    """R6: a redirect with neither a code nor an error answers nothing."""
    error = _refusal(f"?{code}state={STATE}")
    assert type(error) is InvalidRedirectError
    assert f"the redirect has no code, or one with unprintable characters; {AGAIN}" == str(error)


def test_r6_a_code_with_an_error() -> None:
    """R6: where there is an error, a code beside it is not believed."""
    assert type(_refusal(f"?code=Code-canary&error=server_error&state={STATE}")) is AuthorizationError


@pytest.mark.parametrize(
    ("redirect", "words"),
    [
        ("Code-canary", "that is only the code: paste the whole address, from http to its end"),
        ("http://127.0.0.1:8080/callback?code=Code-canary", NO_STATE),
        ("?code=Code-canary&state=", NO_STATE),
        (f"https://127.0.0.1:8080/callback?code=Code-canary&state={STATE}", OTHER_SCHEME),
        (f"http://127.0.0.1:8080/%3Fcode=Code-canary&state={STATE}", OTHER_PATH),
        ("http://127.0.0.1:8080/code=Code-canary", OTHER_PATH),
        ("http://evil.example/Code-canary", IS_FOR.format("http://evil.example")),
        # R8
        (f"http://127.0.0.1:8080/callback#code=Code-canary&state={STATE}", BEHIND_FRAGMENT),
        (f"#code=Code-canary&state={STATE}", BEHIND_FRAGMENT),
        (f"/callback?#code=Code-canary&state={STATE}", BEHIND_FRAGMENT),
        (f"?code=Code-canary;state={STATE}", "the redirect's parameters are separated by ';'; expected '&'"),
        # R5
        (f"?canary=1&canary=2&code=Code&state={STATE}", TWICE.format("(an unknown one)")),
        # R10
        (f"?state={STATE}&x=%FF", NOT_UTF_8),
        (f"?state={STATE}&x=%ED%A0%80", NOT_UTF_8),
    ],
)
def test_r5_r8_r10_what_is_not_whole_is_answered_with_the_next_step(redirect: str, words: str) -> None:
    """R5, R8 and R10: a code alone, an address cut off or changed: the message says what to do, and shows no path."""
    error = _refusal(redirect)
    assert words == str(error)
    assert isinstance(error, InvalidRedirectError)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://127.0.0.1:8080/callback", OTHER_SCHEME),
        ("http://127.0.0.2:8080/callback", IS_FOR.format("http://127.0.0.2:8080")),
        ("http://localhost:8080/callback", IS_FOR.format("http://localhost:8080")),
        ("http://127.0.0.1:8081/callback", IS_FOR.format("http://127.0.0.1:8081")),
        ("http://127.0.0.1/callback", IS_FOR.format("http://127.0.0.1")),
        ("http://127.0.0.1:8080/callback/", OTHER_PATH),
        ("http://127.0.0.1:8080/Callback", OTHER_PATH),
        ("http://127.0.0.1:8080", OTHER_PATH),
        ("ftp://127.0.0.1:8080/callback", NO_URL),
        ("myapp:callback", NO_URL),
        ("//127.0.0.1:8080/callback", NO_URL),
        ("http:///callback", NO_URL),
        ("http://user@127.0.0.1:8080/callback", NO_URL),
        ("callback", NO_URL),
        ("http://evil.example[127.0.0.1]:8080/callback", NO_URL),
        ("http://127%2E0.0.1:8080/callback", NO_URL),
    ],
)
def test_r9_another_address(address: str, words: str) -> None:
    """R9: another scheme, host, port or path is refused; of what was met, no path or query is shown."""
    error = _refusal(f"{address}?code=Code-canary&state={STATE}")
    assert (InvalidRedirectError, words) == (type(error), str(error))


@pytest.mark.parametrize(
    "redirect",
    [
        "http://[::1",
        "http://[::1?code=Code-canary",
        "http://127.0.0.1:99999/callback?code=Code-canary",
        "http://127.0.0.1:port/callback?code=Code-canary",
        "\thttp://127.0.0.1:8080/callback?code=Code-canary",
        "http://127.0.0.1:8080/callback?code=Code-canary\r\n",
        "?code=Code\x00canary",
        "?code=Code-canary\u2028",
        "?code=Code-canary\ud800",
        "?code=%FFCode-canary",
        "?code=%ED%A0%80Code-canary",
        "?code=" + "x" * 2**20,
        "?" + "&".join(f"p{number}=1" for number in range(10_000)),
    ],
    ids=lambda redirect: repr(redirect[:40]),
)
def test_r10_what_is_no_redirect_at_all(redirect: str) -> None:
    """R10: no bare ValueError comes out, and nothing of the text is shown."""
    error = _refusal(redirect)
    assert type(error) is InvalidRedirectError
    assert len(str(error)) < 300


def test_r10_a_long_redirect_is_refused_at_16_kib() -> None:
    """R10: the limit is a request line that servers take; up to it all is read."""
    fits = f"?state={STATE}&code="
    code = "c" * (16 * 1024 - len(fits))
    assert code == REQUEST.parse_response(fits + code).code
    assert "the redirect is longer than 16384 characters" == str(_refusal(fits + code + "c"))


@pytest.mark.parametrize("redirect", [None, b"?code=Code", 5])
def test_r10_other_types(redirect: object) -> None:
    """R10: what is not a str is a caller's mistake."""
    with pytest.raises(TypeError, match="redirect must be of type str"):
        REQUEST.parse_response(redirect)  # type: ignore[arg-type]


@pytest.mark.parametrize("issuer", ["https://dida365.com", "https://ticktick.com/", "HTTPS://ticktick.com", ""])
@pytest.mark.parametrize("rest", ["code=Code-canary", "error=access_denied"])
def test_r16_another_issuer(issuer: str, rest: str) -> None:
    """R16: RFC 9207 compares exactly, before an error or a code is believed."""
    error = _refusal(f"?{rest}&state={STATE}&iss={quote(issuer, safe='')}")
    assert type(error) is InvalidRedirectError
    assert "another issuer than https://ticktick.com" in str(error)


def test_r23_an_issuer_that_is_missing() -> None:
    """R23: where the server always sends its issuer, a code without one is not believed, but an error is."""
    server = evolve(CLIENT.server, authorization_response_iss_parameter_supported=True)
    request = AuthorizationRequest(client=evolve(CLIENT, server=server), state=STATE)
    error = _refusal(f"?code=Code-canary&state={STATE}", request)
    assert type(error) is InvalidRedirectError
    words = "the redirect has no iss, which is always sent by https://ticktick.com"
    assert f"{words}; start again at the authorization URL" == str(error)
    assert "Code" == request.parse_response(f"?code=Code&state={STATE}&iss=https://ticktick.com").code
    assert type(_refusal(f"?error=access_denied&state={STATE}", request)) is AuthorizationError


def test_what_is_shown_is_bounded() -> None:
    """A long host in what was pasted, or a long path of one's own, does not make a long message."""
    client = evolve(CLIENT, redirect_uri=f"https://client.example.com/{'p' * 9000}")
    error = _refusal(f"https://{'a' * 9000}.example/?code=Code&state={STATE}", AuthorizationRequest(client=client))
    assert len(str(error)) < 500


def test_r17_two_sign_ins_at_once() -> None:
    """R17: the redirect of one is not an answer to the other."""
    one, other = AuthorizationRequest(client=CLIENT), AuthorizationRequest(client=CLIENT)
    assert one.parse_response(f"?code=Code&state={one.state}").code == "Code"
    assert type(_refusal(f"?code=Code&state={one.state}", other)) is StateMismatchError


@pytest.mark.parametrize("code", ["Code42", "c" * 36, "c" * 4096, "+ / = %2B &", "é", "a+b", "%", "x&code=y", "#?;"])
@pytest.mark.parametrize("encoded", [quote, quote_plus])
def test_r20_a_code_arrives_byte_exact(code: str, encoded: object) -> None:
    """R20: what the server put into the redirect is what the token request's body carries."""
    assert callable(encoded)
    response = REQUEST.parse_response(f"?state={STATE}&code={encoded(code)}")
    assert code == response.code
    body = TokenRequest(client=CLIENT, code=response.code, code_verifier=response.code_verifier).body
    assert [code] == parse_qs(body.decode("ascii"), strict_parsing=True)["code"]
    assert re.search(rb"(^|&)code=" + re.escape(quote_plus(code).encode("ascii")) + rb"(&|$)", body)


@pytest.mark.parametrize(
    ("members", "error", "words"),
    [
        ({"code": ""}, ValueError, "code must not be empty"),
        ({"code": "canary\n"}, ValueError, "code must not have a line end"),
        ({"code": b"canary"}, TypeError, "code must be of type str, not bytes"),
        ({"code": "canary", "code_verifier": "canary"}, ValueError, "code_verifier must be 43 to 128"),
    ],
)
def test_an_unfit_response_is_refused(members: dict[str, Any], error: type[Exception], words: str) -> None:
    """A program that makes a response by itself is told which field is at fault, without the value."""
    with pytest.raises(error, match=f"^{words}") as caught:
        AuthorizationResponse(**members)
    assert "canary" not in str(caught.value)


# Fuzzing


@given(st.one_of(st.text(), st.text(alphabet="?&=#;/:%@[]\\ \tcodestaerrx\x000é\ud800")))
@example("http://[")
@example("?code=%")
def test_random_redirects_stay_in_the_family(redirect: str) -> None:
    """Whatever a browser is sent to, only the package's own errors come out."""
    with pytest.raises(OAuthError):
        REQUEST.parse_response(redirect)


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    st.sampled_from(["code", "error", "error_description", "iss", "other"]),
    st.booleans(),
)
def test_mutated_redirects_stay_in_the_family(text: str, name: str, percent: bool) -> None:  # noqa: FBT001 - Hypothesis passes by name
    """With the right state, too, only a response or the package's own errors come out."""
    value = quote(text, safe="") if percent else text
    try:
        response = REQUEST.parse_response(f"?state={STATE}&{name}={value}")
    except OAuthError:
        return
    assert name == "code"
    assert response.code
