"""A sign-in with a real browser, Chromium without a screen: from the consent page to a token; and how pages look."""

from collections.abc import Iterator
from contextlib import closing

import pytest

pytest.importorskip("selenium", reason="needs the dependency group roads")

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from person import LATE, port_of
from ticktick_oauth import IssuedToken, SignIn
from ticktick_oauth._sign_in import pages as _pages
from ticktick_oauth._sign_in.http_server import Listener, page
from ticktick_oauth.exceptions import AuthorizationError
from ticktick_oauth.sandbox import Sandbox

PHONE = 320

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _forget(chromium: Chrome) -> None:
    """Begin without the complaints of another test, of this file or not: the browser is shared by all."""
    complaints(chromium)


@pytest.fixture
def attempt(chromium: Chrome) -> Iterator[SignIn]:
    """Begin a sign-in, whose consent page the browser shows."""
    with Sandbox(auto_approve=False) as asking, SignIn(server=asking.server) as attempt:
        chromium.get(attempt.uri)
        yield attempt


def press(name: str, title: str, chromium: Chrome) -> None:
    """Press a button by its words, and wait for the page behind it."""
    (button,) = [one for one in chromium.find_elements(By.TAG_NAME, "button") if one.text == name]
    button.click()
    WebDriverWait(chromium, LATE).until(lambda browser: browser.title == f"{title} - ticktick-oauth")


def heading(chromium: Chrome) -> str:
    """Return what the page says first."""
    return chromium.find_element(By.TAG_NAME, "h1").text


def complaints(chromium: Chrome) -> list[str]:
    """Return what the browser had to say of the page, its missing icon aside."""
    return [entry["message"] for entry in chromium.get_log("browser") if "favicon" not in entry["message"]]  # type: ignore[no-untyped-call]


def test_allow_ends_in_a_token(attempt: SignIn, chromium: Chrome) -> None:
    """A person who allows sees the page that says so."""
    assert "Give ticktick-oauth access?" == heading(chromium)
    press("Allow", "Access allowed", chromium)
    assert isinstance(attempt.wait(LATE), IssuedToken)
    assert [] == complaints(chromium)


def test_deny_ends_in_an_error(attempt: SignIn, chromium: Chrome) -> None:
    """A person who denies sees the page that says so."""
    press("Deny", "Access denied", chromium)
    with pytest.raises(AuthorizationError):
        attempt.wait(LATE)


def test_another_sign_ins_redirect_is_a_stray(attempt: SignIn, chromium: Chrome) -> None:
    """An address of another sign-in, reloaded from the history, is refused, and the person led back."""
    chromium.get(f"http://127.0.0.1:{port_of(attempt.uri)}/?code=old&state=old")
    assert "Nothing to do here" == heading(chromium)
    text = chromium.find_element(By.TAG_NAME, "main").text
    assert ("it has not ended" in text, "start again" in text) == (True, False)
    chromium.get(attempt.uri)
    press("Allow", "Access allowed", chromium)
    assert isinstance(attempt.wait(LATE), IssuedToken)


@pytest.fixture(scope="module")
def pages() -> Iterator[dict[str, str]]:
    """Serve the pages, and return their addresses."""
    bodies = {
        "/consent": _pages.consent_page(
            client_id="aBcDeFgHiJkLmNoP",
            client_name="A program with a name",
            redirect_uri="http://127.0.0.1:8080/a-rather-long-path/that-has-no-place-to-break/callback",
            scope="tasks:read tasks:write",
            user="user",
        ),
        "/allowed": _pages.allowed_page("A program with a name"),
        "/denied": _pages.denied_page("A program with a name"),
        "/failed": _pages.error_page("The program's redirect URI is not the one it is registered with."),
        "/stray": _pages.stray_page("There is no such page here."),
    }
    with closing(Listener("127.0.0.1", 0, lambda request: page(200, bodies.get(request.path, b"")))) as listener:
        yield {name.strip("/"): f"http://127.0.0.1:{listener.port}{name}" for name in bodies}


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest, chromium: Chrome) -> Iterator[str]:
    """Look at pages on a phone, by day and by night."""
    chromium.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": PHONE, "height": 640, "deviceScaleFactor": 2, "mobile": True}
    )
    chromium.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": request.param}]}
    )
    yield request.param
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def style(chromium: Chrome, selector: str, name: str) -> str:
    """Return a computed style."""
    found: str = chromium.execute_script(
        "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]", selector, name
    )
    return found


@pytest.mark.parametrize("name", ["consent", "allowed", "denied", "failed", "stray"])
def test_a_page_is_readable(name: str, scheme: str, pages: dict[str, str], chromium: Chrome) -> None:
    """No page is wider than a phone, its letters and borders stand out, and the style got past the policy."""
    chromium.get(pages[name])
    assert PHONE == chromium.execute_script("return document.documentElement.scrollWidth")
    assert "16px" == style(chromium, "main", "borderTopLeftRadius")
    ground, card = style(chromium, "body", "backgroundColor"), style(chromium, "main", "backgroundColor")
    assert (scheme == "dark") == (luminance(ground) < 0.2)
    assert 7 <= contrast(style(chromium, "h1", "color"), card)
    assert 4.5 <= contrast(style(chromium, ".program", "color"), card)
    assert 3 <= contrast(style(chromium, "main", "borderTopColor"), ground)
    assert [] == complaints(chromium)


def test_the_form_is_easy_to_use(scheme: str, pages: dict[str, str], chromium: Chrome) -> None:
    """Fields and buttons have borders that can be seen, room for a thumb, and space before the note."""
    chromium.get(pages["consent"])
    card = style(chromium, "main", "backgroundColor")
    for selector in ("input", "button.main", "button:not(.main)"):
        assert 3 <= contrast(style(chromium, selector, "borderTopColor"), card), scheme
        assert 40 <= chromium.find_element(By.CSS_SELECTOR, selector).rect["height"]
    lowest = max(one.rect["y"] + one.rect["height"] for one in chromium.find_elements(By.TAG_NAME, "button"))
    assert 16 <= chromium.find_element(By.CLASS_NAME, "note").rect["y"] - lowest


def test_what_happened_is_seen_at_a_glance(scheme: str, pages: dict[str, str], chromium: Chrome) -> None:
    """Each outcome has a sign of its own, in a colour of its own, that stands out; the title names the program."""
    seen = []
    for name in ("allowed", "denied", "failed", "stray"):
        chromium.get(pages[name])
        path = chromium.find_element(By.TAG_NAME, "path").get_attribute("d")
        colors = style(chromium, "svg", "color"), style(chromium, "svg", "backgroundColor")
        assert 3 <= contrast(*colors), (name, scheme)
        seen.append((path, *colors))
        program = "ticktick-oauth" if name in {"failed", "stray"} else "A program with a name"
        assert f"{heading(chromium)} - {program}" == chromium.title
        assert program in chromium.find_element(By.TAG_NAME, "main").text
    assert [4, 4, 4] == [len(set(column)) for column in zip(*seen, strict=True)]


def test_the_policy_blocks_what_is_not_the_pages_own(pages: dict[str, str], chromium: Chrome) -> None:
    """No other style, script, image or frame would be loaded, should one ever get into a page."""
    chromium.get(pages["failed"])
    blocked = chromium.execute_async_script(
        """
        const done = arguments[0], seen = [], add = (tag, fields) =>
            document.body.append(Object.assign(document.createElement(tag), fields));
        document.addEventListener('securitypolicyviolation', event => {
            seen.push(event.effectiveDirective);
            if (seen.length === 4) done(seen.sort());
        });
        add('style', {textContent: 'main { display: none }'});
        add('script', {textContent: 'document.title = "run"'});
        add('img', {src: '/image.png'});
        add('iframe', {src: '/frame'});
        """
    )
    assert ["frame-src", "img-src", "script-src-elem", "style-src-elem"] == blocked
    assert "block" == style(chromium, "main", "display")
    assert "This sign-in did not work - ticktick-oauth" == chromium.title


def luminance(color: str) -> float:
    """Return the relative luminance of an opaque CSS colour (WCAG 2.2)."""
    channels = [int(part) / 255 for part in color.partition("(")[2].rstrip(")").split(",")[:3]]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
