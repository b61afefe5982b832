"""What a server says, made fit to show: no secret, in whatever spelling servers repeat it."""

from collections.abc import Callable
from html import escape
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticktick_oauth._protocol.redaction import REDACTED, clean


def _numeric(text: str) -> str:
    return "".join(f"&#{ord(character)};" for character in text)


def _hexadecimal(text: str) -> str:
    return "".join(f"&#x{ord(character):X};" for character in text)


def _percent_all(text: str) -> str:
    return "".join(f"%{octet:02x}" for octet in text.encode())


def _half_percent(text: str) -> str:
    """Percent-encode every other letter, which no library does and every library decodes."""
    return "".join(_percent_all(character) if index % 2 else character for index, character in enumerate(text))


def _java_form(text: str) -> str:
    return quote_plus(text, safe="*").replace("~", "%7E")


def _script_component(text: str) -> str:
    return quote(text, safe="!~*'()")


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "HTML named": escape,
    "HTML numeric": _numeric,
    "HTML hexadecimal": _hexadecimal,
    "percent": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "Java's form": _java_form,
    "JavaScript's": _script_component,
    "percent, all": _percent_all,
    "percent, half": _half_percent,
    "upper case": str.upper,
    "form, decoded": lambda text: text.replace("+", " "),
}
# Of characters that every encoder treats in its own way; upper-casing must not change their number.
secrets = st.text("abcXYZ019 <>&\"'+/=%;#~*()!-._\u00e9\u4e2d", min_size=4, max_size=40).filter(str.strip)


@given(secrets, st.sampled_from(sorted(SPELLINGS)), st.sampled_from(sorted(SPELLINGS)), st.text(max_size=20))
def test_no_spelling_of_a_secret_is_shown(secret: str, inner: str, outer: str, around: str) -> None:
    """One encoding, or two in a row, of a secret in any text: what is shown holds it in neither, nor decoded."""
    echoed = SPELLINGS[outer](SPELLINGS[inner](secret))
    shown = clean(f"{around} {echoed} {around}", [secret])
    assert REDACTED in shown
    assert echoed.lower() not in shown.replace(REDACTED, "").lower()
    for plain in (secret, secret.replace("+", " ")):
        assert plain.lower() not in shown.replace(REDACTED, "").lower()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Invalid authorization code: a<b", "Invalid authorization code: [redacted]"),
        ("Invalid authorization code: a&lt;b", REDACTED),  # as Spring escapes it
        ("Invalid authorization code: a&#60;b", REDACTED),
        ("Invalid authorization code: a%3Cb", "Invalid authorization code: [redacted]"),
        ("Invalid authorization code: a%26lt%3Bb", REDACTED),
        ("Invalid authorization code: %61<b", REDACTED),
        ("Invalid authorization code: A%3cB", REDACTED),
        ("Invalid authorization code: a&amp;amp;lt;b", "Invalid authorization code: a&amp;amp;lt;b"),  # a third layer
        ("R&amp;D says 100%25 no", "R&amp;D says 100%25 no"),
    ],
)
def test_what_is_shown_of_a_code(said: str, shown: str) -> None:
    """The plain forms are cut out; where only the decoded text holds the code, the whole gives way."""
    assert shown == clean(said, ["a<b", None, ""])


def test_a_plus_that_was_read_as_a_space_is_part_of_a_secret() -> None:
    """So it is in a description that a server did not encode, read with the parameters of a form."""
    assert "Unknown state [redacted]" == clean("Unknown state aB/ c=", ["aB/+c="])
    assert REDACTED == clean("Invalid authorization code: a&lt;b c", ["a<b+c"])


@pytest.mark.parametrize("reference", ["&#{};", "&#x{};", "%26%23{};"])
def test_a_character_reference_of_any_length_is_read(reference: str) -> None:
    """Python reads no number of over 4300 digits: what it stands for is not known, so it is not shown."""
    said = f"Oops {reference.format('9' * 5000)}"
    assert clean(said, ["secret"]) in {REDACTED, said[:200]}


def test_a_secret_that_is_part_of_another_leaves_no_rest_of_it() -> None:
    """The longest is cut out first."""
    assert "a [redacted] b" == clean("a secrets b", ["secret", "secrets", "ecret"])


def test_a_text_is_printable_and_short() -> None:
    """Line ends, escapes and bidi controls go, before secrets are looked for, and 200 characters stay."""
    assert "[31m[redacted] ok" == clean("\x1b[31mse\u202ecr\net ok\r\n", ["secret"])
    assert "x" * 200 == clean("x" * 50_000)
    assert "x" * 200 == clean("x" * 50_000 + "secret", ["secret"])
    assert "secret" not in clean("x" * 196 + "secret", ["secret"])
