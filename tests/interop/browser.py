"""The person at the browser, played by a small HTTP client: follows redirects, keeps cookies, fills in forms.

As a program, ``python -m interop.browser ADDRESS``, it can be the default browser.
"""

import sys
from html.parser import HTMLParser
from http.client import HTTPMessage
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, ProxyHandler, Request, build_opener

from interop.serving import PASSWORD, USER

# Seconds for one page of a server on a busy machine.
_PATIENCE = 30.0
# What they type where.
KNOWN = {"username": USER, "login": USER, "password": PASSWORD}


def visit(uri: str, *, allow: bool = True) -> str:
    """Open an authorization URL in a new browser, and do what its pages ask: to log in, to allow.

    Who does not allow leaves the button of that name out, or follows the link to cancel.

    Returns:
        The URL of the program that the browser is sent to in the end.

    """
    opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(), _StayOnServer())
    request: Request | str = uri
    for _ in range(3):
        try:
            with opener.open(request, timeout=_PATIENCE) as page:
                form = _Form(page.read().decode())
                action = urljoin(page.url, form.action)
        except HTTPError as answer:
            with answer:
                if answer.code in {302, 303}:
                    return answer.headers["Location"]
                raise
        if form.cancel and not allow:
            request = urljoin(action, form.cancel)
        else:
            fields = {name: KNOWN.get(name, value) for name, value in form.fields.items() if allow or name != "allow"}
            request = Request(action, urlencode(fields).encode(), {"Referer": uri})
    raise AssertionError("the server asks without end")


class _Form(HTMLParser):
    """The one form of a page, and the link beside it that cancels."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action = self.cancel = ""
        self.fields: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the fields, buttons included, and where they and the link go."""
        attributes = dict(attrs)
        if tag == "form":
            self.action = attributes.get("action") or ""
        elif tag == "a" and (link := attributes.get("href") or "").endswith("/abort"):
            self.cancel = link
        elif tag == "input" and (name := attributes.get("name")):
            self.fields[name] = attributes.get("value") or ""


class _StayOnServer(HTTPRedirectHandler):
    """Follows redirects on the server, and leaves the one to the program to the program."""

    def redirect_request(  # noqa: PLR0913, PLR0917 - urllib's
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Return the request to follow with; None when it leaves the server."""
        if Request(newurl).host != req.host:
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


if __name__ == "__main__":
    build_opener(ProxyHandler({})).open(visit(sys.argv[1]), timeout=_PATIENCE).close()
