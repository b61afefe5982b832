"""The authorization request and the redirect that answers it: rows R1 to R10, R16, R17, R20 and R23, and RFC 7636."""

from collections.abc import Callable
from urllib.parse import parse_qs, quote, quote_plus, urlsplit

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from ticktick_oauth import TICKTICK, AuthorizationRequest, AuthorizationResponse, Client, TokenRequest
from ticktick_oauth.exceptions import AuthorizationError, InvalidRedirectError, OAuthError, StateMismatchError

ADDRESS = "http://127.0.0.1:8080/callback"
CLIENT = Client(client_id="id", client_secret="secret", redirect_uri=ADDRESS)
STATE = "State-canary"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
REQUEST = AuthorizationRequest(client=CLIENT, state=STATE, code_verifier=VERIFIER)
AGAIN = "start again at the authorization URL"


def _registered(redirect_uri: str) -> AuthorizationRequest:
    return evolve(REQUEST, client=evolve(CLIENT, redirect_uri=redirect_uri))


def _refusal(redirect: str, request: AuthorizationRequest = REQUEST) -> OAuthError:
    """Return the error for a redirect, which shows no value and has no other error in its chain."""
    with pytest.raises(OAuthError) as caught:
        request.parse_response(redirect)
    shown = f"{caught.value}{caught.value!r}{vars(caught.value)}"
    assert "canary" not in shown
    assert VERIFIER not in shown
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    return caught.value


# The request


def test_the_uri_has_what_the_rfc_asks_for() -> None:
    """RFC 6749 4.1.1 and RFC 7636 4.3, with Appendix B's challenge: each parameter once, percent-encoded."""
    parts = urlsplit(REQUEST.uri)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == TICKTICK.authorization_endpoint
    assert parse_qs(parts.query) == {
        "response_type": ["code"],
        "client_id": ["id"],
        "redirect_uri": [ADDRESS],
        "scope": ["tasks:read tasks:write"],
        "state": [STATE],
        "code_challenge": ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"],
        "code_challenge_method": ["S256"],
    }
    assert "+" not in parts.query
    # TickTick does not document PKCE.
    assert "code_challenge" not in AuthorizationRequest(client=CLIENT).uri
    # RFC 6749 section 3.1: an authorization endpoint's own query is retained.
    server = evolve(TICKTICK, authorization_endpoint="https://example.com/authorize?tenant=1")
    uri = evolve(REQUEST, client=evolve(CLIENT, server=server)).uri
    assert uri.startswith("https://example.com/authorize?tenant=1&response_type=code&")


def test_r17_two_sign_ins_at_once() -> None:
    """R17: each has a state and a verifier of its own, of 256 fresh random bits, and no use for another's redirect."""
    one, other = requests = [AuthorizationRequest.with_pkce(client=CLIENT) for _ in range(2)]
    secrets = {secret for request in requests for secret in (request.state, request.code_verifier)}
    assert [43] * 4 == [len(secret or "") for secret in secrets]
    assert one.parse_response(f"?code=Code&state={one.state}").code == "Code"
    assert type(_refusal(f"?code=Code&state={one.state}", other)) is StateMismatchError


@pytest.mark.parametrize("client", [CLIENT, evolve(CLIENT, client_secret=None)])
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
        f"{ADDRESS}?code=Code&state={STATE}",
        f"HTTP{ADDRESS[4:]}?state={STATE}&code=Code",
        f"{ADDRESS}?code=Code&state={STATE}#",
        f"{ADDRESS}?code=Code&state={STATE}#_=_",
        f"{ADDRESS}?code=Code&state={STATE}&unknown=&iss=https%3A%2F%2Fticktick.com",
        f"/elsewhere/behind/a/proxy?code=Code&state={STATE}",
        f"?code=Code&state={STATE}",
        f"state={STATE}&code=Code&x=https://example.com",
        f"code=%43ode&state={quote(STATE).replace('c', '%63')}",
        f"code=Code&state={STATE}&session_state=a?b:c/d",
        f"x=?&code=Code&state={STATE}",
    ],
)
def test_r1_a_good_redirect_gives_the_code(redirect: str) -> None:
    """R1: the full URL, what follows its host, and what follows its path are all fine, percent-encoded or not."""
    assert AuthorizationResponse(code="Code", code_verifier=VERIFIER) == REQUEST.parse_response(redirect)


@pytest.mark.parametrize(
    ("registered", "met"),
    [
        *(("https://Example.com", f"https://{end}") for end in ("example.com", "EXAMPLE.com:443/", "example.com:443")),
        *((f"http://127.0.0.1{end}", "http://127.0.0.1/") for end in ("", ":80", ":80/")),
        *((f"http://127.0.0.1{end}", "http://127.0.0.1:80/") for end in ("", ":80", ":80/")),
    ],
)
def test_r1_the_same_address_may_be_spelt_differently(registered: str, met: str) -> None:
    """R1: the host's case, the default port and an empty path make no difference (RFC 3986 section 6.2)."""
    assert _registered(registered).parse_response(f"{met}?code=Code&state={STATE}").code == "Code"


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


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("error=access_denied&error_description=No+thanks", ("access_denied", "No thanks", None)),
        ("error=odd&error_uri=https%3A%2F%2Fexample.com%2F", ("odd", None, "https://example.com/")),
        ("error=", ("", None, None)),
        ("error=server_error&code=Code-canary", ("server_error", None, None)),
    ],
)
def test_r2_r3_r6_an_error_is_believed(query: str, fields: tuple[str, str | None, str | None]) -> None:
    """R2, R3 and R6: a denial and every other code, also one that no RFC knows, or with a code beside it."""
    error = _refusal(f"?{query}&state={STATE}")
    assert isinstance(error, AuthorizationError)
    assert fields == (error.error, error.description, error.uri)


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


NO_STATE = (
    "the redirect has no state: copy the whole address, to its end; if that is all of it, it does not answer this "
    f"sign-in, so {AGAIN}"
)
OTHER_STATE = f"the redirect's state is not this request's: it answers another sign-in, or is forged; {AGAIN}"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        *((state, NO_STATE) for state in ("", "&state=", f"&State={STATE}")),
        *((f"&state={state}", OTHER_STATE) for state in ("other-canary", STATE[:-1], STATE.lower(), "%C3%A9", "é")),
        *((f"&state={STATE}{end}", OTHER_STATE) for end in ("x", "%20", "+")),
    ],
)
@pytest.mark.parametrize("rest", ["code=Code-canary", "error=access_denied", "code=Code-canary&iss=https://evil"])
def test_r4_a_missing_or_different_state(state: str, words: str, rest: str) -> None:
    """R4: it is raised before anything else in the redirect is believed, and shows no value."""
    error = _refusal(f"?{rest}{state}")
    assert (StateMismatchError, words) == (type(error), str(error))


@pytest.mark.parametrize(("state", "sent"), [("a b", "a%2Bb"), ("a+b", "a%20c"), ("a+b", "a%252Bb"), ("a+b", "ab")])
def test_r4_the_two_readings_loosen_nothing(state: str, sent: str) -> None:
    """R4: a plus that is percent-encoded is a plus, and other characters count as before."""
    assert type(_refusal(f"?code=Code-canary&state={sent}", evolve(REQUEST, state=state))) is StateMismatchError


GOOD = f"code=Code-canary&state={STATE}"
TWICE = "the redirect has the parameter {} more than once"
NO_CODE = f"the redirect has no code, or one with unprintable characters; {AGAIN}"
BEHIND_FRAGMENT = "the redirect has its parameters behind '#', not behind '?': the server used another response type"
UNPRINTABLE = "the redirect has a line end or another unprintable character; was it pasted whole, on one line?"
NOT_UTF_8 = "the redirect's parameters are not percent-encoded UTF-8"
ISSUER = f"the redirect comes from another issuer than https://ticktick.com; {AGAIN}"
OTHER_PATH = f"the redirect has another path than this client's redirect_uri {ADDRESS}"
OTHER_SCHEME = (
    "the redirect starts with https://, and this client's redirect_uri with http://127.0.0.1:8080: a browser may have "
    "changed it, so put http:// and the right port in its place"
)
NO_URL = f"the redirect is not an http(s) URL; expected {ADDRESS}"
INVALID = {
    # R5: RFC 6749 section 3.1 allows none twice; the parameter is named, even when the state is wrong too.
    **{
        f"?{name}={value}&{name}={other}": TWICE.format(name)
        for name in ("state", "code", "iss", "error", "error_description", "error_uri")
        for value, other in (("canary", "canary"), ("canary", "other-canary"), ("", ""))
    },
    f"?canary=1&canary=2&{GOOD}": TWICE.format("(an unknown one)"),
    # R6
    **{f"?{code}state={STATE}": NO_CODE for code in ("", "code=&", "code=%00canary&", "code=canary%0D&", "CODE=x&")},
    "Code-canary": "that is only the code: paste the whole address, from http to its end",
    # R8
    **{f"{start}#{GOOD}": BEHIND_FRAGMENT for start in (ADDRESS, "", "/callback?")},
    f"?code=Code-canary;state={STATE}": "the redirect's parameters are separated by ';'; expected '&'",
    # R9: of what was met, no path or query is shown.
    **{
        f"{met}/Code-canary?{GOOD}": f"the redirect is for {met}, not for this client's redirect_uri {ADDRESS}"
        for met in ("http://127.0.0.2:8080", "http://localhost:8080", "http://127.0.0.1:8081", "http://127.0.0.1")
    },
    f"https{ADDRESS[4:]}?{GOOD}": OTHER_SCHEME,
    **{
        f"http://127.0.0.1:8080{path}?{GOOD}": OTHER_PATH for path in ("", "/callback/", "/Callback", "/%3Fcode=canary")
    },
    **{
        f"{address}?{GOOD}": NO_URL
        for address in (
            *("ftp://127.0.0.1:8080/callback", "myapp:callback", "//127.0.0.1:8080/callback", "http:///callback"),
            *("http://user@127.0.0.1:8080/callback", "callback", "http://evil.example[127.0.0.1]:8080/callback"),
            *("http://127%2E0.0.1:8080/callback", "http://[::1", "http://127.0.0.1:99999/", "http://127.0.0.1:port/"),
        )
    },
    # R10
    **dict.fromkeys(
        (f"\t{ADDRESS}?{GOOD}", f"?{GOOD}\r\n", f"?{GOOD}\0", f"?{GOOD}\u2028", f"?{GOOD}\ud800"), UNPRINTABLE
    ),
    **{f"?{GOOD}&x={text}": NOT_UTF_8 for text in ("%FFcanary", "%ED%A0%80")},
    "?code=" + "x" * 2**20: "the redirect is longer than 16384 characters",
    # R16: RFC 9207 compares exactly, before an error or a code is believed.
    **{
        f"?{rest}&state={STATE}&iss={quote(issuer, safe='')}": ISSUER
        for issuer in ("https://dida365.com", "https://ticktick.com/", "HTTPS://ticktick.com", "")
        for rest in ("code=Code-canary", "error=access_denied")
    },
}


@pytest.mark.parametrize(("redirect", "words"), INVALID.items(), ids=lambda each: repr(each)[:40])
def test_r5_r6_r8_r9_r10_r16_what_answers_nothing_is_refused(redirect: str, words: str) -> None:
    """R5, R6, R8 to R10 and R16: the message says what to do next, and shows no path and no value."""
    error = _refusal(redirect)
    assert (InvalidRedirectError, words) == (type(error), str(error))


def test_r9_nor_is_the_query_of_the_redirect_uri_shown() -> None:
    """R9: a tenant's name may stand there."""
    client = evolve(CLIENT, redirect_uri=f"{ADDRESS}?tenant=canary")
    request = AuthorizationRequest(client=client, state=STATE)
    assert OTHER_PATH == str(_refusal(f"http://127.0.0.1:8080/?{GOOD}", request))


def test_r10_16_kib_is_as_long_as_a_redirect_may_be() -> None:
    """R10: a request line of that size is one that servers take; up to it all is read."""
    fits = f"?state={STATE}&code="
    code = "c" * (16 * 1024 - len(fits))
    assert code == REQUEST.parse_response(fits + code).code
    assert "the redirect is longer than 16384 characters" == str(_refusal(fits + code + "c"))


def test_r10_another_type() -> None:
    """R10: what is not a str is a caller's mistake."""
    with pytest.raises(TypeError, match=r"^redirect must be of type str, not bytes$"):
        REQUEST.parse_response(b"?code=Code")  # type: ignore[arg-type]


def test_r23_an_issuer_that_is_missing() -> None:
    """R23: where the server always sends its issuer, a code without one is not believed, but an error is."""
    server = evolve(CLIENT.server, authorization_response_iss_parameter_supported=True)
    request = evolve(REQUEST, client=evolve(CLIENT, server=server))
    error = _refusal(f"?{GOOD}", request)
    words = f"the redirect has no iss, which is always sent by https://ticktick.com; {AGAIN}"
    assert (InvalidRedirectError, words) == (type(error), str(error))
    assert "Code-canary" == request.parse_response(f"?{GOOD}&iss=https://ticktick.com").code
    assert type(_refusal(f"?error=access_denied&state={STATE}", request)) is AuthorizationError


def test_what_is_shown_is_bounded() -> None:
    """A long host in what was pasted, or a long path of one's own, does not make a long message."""
    request = _registered(f"https://client.example.com/{'p' * 9000}")
    assert len(str(_refusal(f"https://{'a' * 5000}.example/?{GOOD}", request))) < 500


@pytest.mark.parametrize("code", ["Code42", "c" * 36, "c" * 4096, "+ / = %2B &", "é", "a+b", "%", "x&code=y", "#?;"])
@pytest.mark.parametrize("encode", [quote, quote_plus])
def test_r20_a_code_arrives_byte_exact(code: str, encode: Callable[[str], str]) -> None:
    """R20: what the server put into the redirect is what the token request's body carries."""
    response = REQUEST.parse_response(f"?state={STATE}&code={encode(code)}")
    body = TokenRequest(client=CLIENT, code=response.code, code_verifier=response.code_verifier).body
    assert [code] == parse_qs(body.decode("ascii"), strict_parsing=True)["code"]


_texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
_names = st.sampled_from(["code", "error", "error_description", "iss", "other"])


@given(
    st.text()
    | st.text(alphabet="?&=#;/:%@[]\\ \tcodestaerrx\x000é\ud800")
    | st.builds(f"?state={STATE}&{{}}={{}}".format, _names, _texts | _texts.map(quote))
)
@example("http://[")
@example("?code=%")
def test_random_redirects_stay_in_the_family(redirect: str) -> None:
    """Whatever a browser is sent to, a response or the package's own errors come out."""
    try:
        response = REQUEST.parse_response(redirect)
    except OAuthError:
        return
    assert response.code
    assert redirect.startswith(f"?state={STATE}&code=")
