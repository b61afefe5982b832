"""Read the parameters of a request, and say the answer in the words and headers of Spring Security OAuth."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote

from .._sign_in.http_server import Answer, Request, page
from .._sign_in.pages import error_page, stray_page

# RFC 6749 section 5.1, for an answer that may hold a token; and what Spring Security sends with every other.
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
NO_CACHE = {"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate", "Pragma": "no-cache"}
# What Spring leaves as it is in a parameter's value: '+' too, which form decoding reads as a space.
_PLAIN_IN_VALUE = "!$'()*+,/:;?@~"
_PLAIN_IN_URI = f"{_PLAIN_IN_VALUE}%=&#[]"


class Refused(Exception):  # noqa: N818 - a rule raises it, and its endpoint makes an answer of it
    """A refusal in OAuth's words; ``scope`` is what the client may ask for, where it asked for more."""

    def __init__(self, error: str, description: str, **scope: str) -> None:
        self.error, self.description, self.scope = error, description, scope


def read_parameters(text: str) -> dict[str, str]:
    """Return the parameters of a query or a form; of doubled ones, the first."""
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        parameters.setdefault(name, value)
    return parameters


def read_form(request: Request) -> dict[str, str]:
    """Return the parameters in a request's body, if it is a form."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_form = content_type == "application/x-www-form-urlencoded"
    return read_parameters(request.body.decode("latin-1")) if is_form else {}


def answer_json(
    status: int, members: Mapping[str, object] | list[object], headers: Mapping[str, str] = NO_STORE
) -> Answer:
    """Answer in JSON, compact as Spring's."""
    body = json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()
    return Answer(status=status, body=body, headers={**headers, "Content-Type": "application/json;charset=UTF-8"})


def answer_page(status: int, reason: str, headers: Mapping[str, str]) -> Answer:
    """Answer with a page of our own words, under Spring's headers."""
    # A page or a method that is not there is not the end of a sign-in.
    body = (stray_page if status in {404, 405} else error_page)(reason)
    headers = {**page(status, body).headers, **NO_CACHE, "Content-Type": "text/html;charset=utf-8", **headers}
    return Answer(status=status, body=body, headers=headers)


def answer_redirect(
    redirect_uri: str, parameters: Mapping[str, str], headers: Mapping[str, str], *, mark: str = "?"
) -> Answer:
    """Send the browser to a redirect URI, as it came, with parameters in its query, or behind another mark."""
    location, hash_mark, fragment = redirect_uri.partition("#")
    encoded = "&".join(f"{name}={quote(value, safe=_PLAIN_IN_VALUE)}" for name, value in parameters.items())
    location = f"{location}{'&' if mark in location else mark}{encoded}{hash_mark}{fragment}"
    # What no URI holds is encoded: a line end would begin a header of its own.
    return Answer(status=302, body=b"", headers={**headers, "Location": quote(location, safe=_PLAIN_IN_URI)})
