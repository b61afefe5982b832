"""What a server says, made fit to show: no secret, in whatever spelling servers repeat it."""

from collections.abc import Callable
from html import escape
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticktick_oauth._protocol.redaction import REDACTED, clean


def _percent(text: str) -> str:
    return "".join(f"%{octet:02x}" for octet in text.encode())


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "HTML named": escape,
    "HTML numeric": lambda text: "".join(f"&#{ord(character)};" for character in text),
    "HTML hexadecimal": lambda text: "".join(f"&#x{ord(character):X};" for character in text),
    "percent": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "Java's form": lambda text: quote_plus(text, safe="*").replace("~", "%7E"),
    "JavaScript's": lambda text: quote(text, safe="!~*'()"),
    "percent, all": _percent,
    # Every other letter, which no library does and every library decodes.
    "percent, half": lambda text: "".join(_percent(each) if at % 2 else each for at, each in enumerate(text)),
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
    for spelling in (echoed, secret, secret.replace("+", " ")):
        assert spelling.lower() not in shown.replace(REDACTED, "").lower()


@pytest.mark.parametrize(
    ("secret", "said", "shown"),
    [
        # The plain forms are cut out; where only the decoded text holds the secret, the whole gives way.
        ("a<b", "Invalid code: a<b", "Invalid code: [redacted]"),
        ("a<b", "Invalid code: a%3Cb", "Invalid code: [redacted]"),
        *(("a<b", f"Invalid code: {code}", REDACTED) for code in ("a&lt;b", "a&#60;b", "a%26lt%3Bb", "%61<b", "A%3cB")),
        ("a<b", "Invalid code: a&amp;amp;lt;b", "Invalid code: a&amp;amp;lt;b"),  # a third layer
        ("a<b", "R&amp;D says 100%25 no", "R&amp;D says 100%25 no"),
        # A plus that a form's reader took for a space.
        ("aB/+c=", "Unknown state aB/ c=", "Unknown state [redacted]"),
        ("a<b+c", "Invalid code: a&lt;b c", REDACTED),
        # Python reads no number of over 4300 digits: what it stands for is not known.
        *(("a<b", f"Oops {start}{'9' * 5000};", REDACTED) for start in ("&#", "%26%23")),
        # Before secrets are looked for, what cannot be printed goes; behind it, 200 characters stay.
        ("secret", "\x1b[31mse\u202ecr\net ok\r\n", "[31m[redacted] ok"),
        ("secret", "x" * 50_000 + "secret", "x" * 200),
        ("secret", "x" * 196 + "secret", "x" * 196 + REDACTED[:4]),
    ],
    ids=lambda text: repr(text)[:40],
)
def test_what_is_shown_of_a_text(secret: str, said: str, shown: str) -> None:
    """A text is printable and short, and has no secret in it."""
    assert shown == clean(said, [secret, None, ""])


def test_a_secret_that_is_part_of_another_leaves_no_rest_of_it() -> None:
    """The longest is cut out first."""
    assert "a [redacted] b" == clean("a secrets b", ["secret", "secrets", "ecret"])
