"""The pages as text: what stands in them, and what does not. How they look is for `test_browser.py` to see."""

import re
from base64 import b64encode
from hashlib import sha256
from html import escape
from html.parser import HTMLParser

import pytest

from picture import PICTURE, digest
from ticktick_oauth._sign_in import pages as _pages

TEXT = "<script>alert('x')</script> \" onload=\"alert(1) & '"
PAGES = {
    "allowed": _pages.allowed_page(TEXT),
    "denied": _pages.denied_page(TEXT),
    "failed": _pages.error_page(TEXT),
    "stray": _pages.stray_page(TEXT),
    "consent": _pages.consent_page(client_id=TEXT, client_name=TEXT, redirect_uri=TEXT, scope=TEXT, user=TEXT),
}


def parse(page: str) -> tuple[set[str], set[str]]:
    """Return the names of a page's tags and attributes."""
    tags: set[str] = set()
    attributes: set[str] = set()

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.add(tag)
            attributes.update(name for name, _ in attrs)

    Parser().feed(page)
    return tags, attributes


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_in_itself_and_runs_nothing(name: str) -> None:
    """It names its program, and what is shown is escaped; no page has a link, a script or anything from elsewhere."""
    page = PAGES[name].decode()
    tags, attributes = parse(page)
    program = {"consent": "ticktick-oauth sandbox", "failed": "ticktick-oauth", "stray": "ticktick-oauth"}.get(
        name, escape(TEXT)
    )
    assert f" - {program}</title>" in page
    assert f'<p class="program">{program}</p>' in page
    assert set() == tags & {"a", "script", "img", "iframe", "link", "object", "embed", "base", "use", "image"}
    assert set() == attributes & {"href", "src", "style", "action", "formaction", "onload", "xmlns"}
    assert not [word for word in ("@import", "url(") if word in page]


@pytest.mark.parametrize("name", PAGES)
def test_the_policy_allows_the_one_style(name: str) -> None:
    """The hash in the policy is that of the style in the page."""
    (style,) = re.findall(r"<style>(.*?)</style>", PAGES[name].decode(), flags=re.DOTALL)
    hashed = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{hashed}'; frame-ancestors 'none'"
    assert policy == _pages.page_headers()["Content-Security-Policy"]


def test_a_client_without_a_name_is_a_program() -> None:
    """A client of the portal has no name of its own to show."""
    page = _pages.consent_page(client_id="id", redirect_uri="http://127.0.0.1/", scope="a", user="user").decode()
    assert "<h1>Give this program access?</h1>" in page


def test_the_end_of_a_sign_in_says_what_comes_next() -> None:
    """Each page has one sentence or two, after what happened."""
    reason = escape(TEXT)
    text = {
        "allowed": f"{reason} finishes the sign-in now. You can close this tab and go back to it.",
        "denied": f"{reason} gets no access by this sign-in. You can close this tab and go back to it.",
        "failed": f"{reason} Go back to the program and start again.",
        "stray": f"{reason} If you are signing in, go on in the tab where you began: it has not ended.",
    }
    for name, expected in text.items():
        page = PAGES[name].decode()
        assert f"<p>{expected}</p>" in page
        assert re.search(
            rf'<svg class="{name}" viewBox="0 0 24 24" aria-hidden="true"><path d="M[0-9VMv .-]+"/></svg>', page
        )
    consent = PAGES["consent"].decode()
    assert "A local sandbox: no account is behind it, and its tokens open nothing.</p>" in consent
    assert "<p>It asks to read and change tasks.</p>" in consent


def test_only_a_failure_says_start_again() -> None:
    """Who sees a stray page, or the end of a sign-in, is not sent back to its start."""
    assert ["failed"] == [name for name, page in PAGES.items() if b"start again" in page]


def test_the_readmes_picture_is_of_these_pages() -> None:
    """It carries the digest of the pages; after a change, ``python tests/picture.py`` draws it anew."""
    drawn = PICTURE.read_bytes()
    assert digest() in drawn
    assert len(drawn) <= 150_000
