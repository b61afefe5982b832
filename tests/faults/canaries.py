"""Unique secrets, and the search for them in every face of an error and of a process."""

import pickle
import traceback
from base64 import b64encode
from collections.abc import Iterable, Iterator
from html import escape, unescape
from secrets import token_hex
from urllib.parse import quote, unquote
from uuid import uuid4

from attrs import asdict, field, frozen

CLIENT_ID = "client-id"


def _canary(name: str) -> str:
    # A '/' and a '+' make the percent-encoded form differ from the raw one; a '<' and a '&', the HTML-escaped one.
    return f"{name}/{token_hex(8)}+{token_hex(4)}<&"


@frozen(kw_only=True)
class Canaries:
    """One exchange's secrets, none of which stands in another's."""

    code: str = field(factory=lambda: _canary("code"))
    client_secret: str = field(factory=lambda: _canary("secret"))
    state: str = field(factory=lambda: _canary("state"))
    code_verifier: str = field(factory=lambda: f"verifier-{token_hex(24)}")
    access_token: str = field(factory=lambda: str(uuid4()))

    def fill(self, template: bytes) -> bytes:
        """Put the secrets into what a server echoes: ``<code>`` is the code, ``<html code>`` the code HTML-escaped."""
        for name, value in asdict(self).items():
            in_part = "".join(f"%{ord(letter):02x}" if number % 2 else letter for number, letter in enumerate(value))
            forms = {"": value, "html ": escape(value), "percent ": in_part, "both ": escape(quote(escape(value)))}
            for form, text in forms.items():
                template = template.replace(f"<{form}{name}>".encode(), text.encode())
        return template

    def found_in(self, texts: Iterable[str]) -> list[str]:
        """Return the names of the secrets that stand in a text in any form."""
        text = "\n".join(texts)
        # What stands there escaped by HTML or percent-encoded, or both, stands there, too.
        for decode in (unquote, unescape, unquote, unescape):
            text += "\n" + decode(text)
        credentials = b64encode(f"{CLIENT_ID}:{self.client_secret}".encode()).decode()
        forms = {
            **asdict(self),
            "credentials": credentials,
            "hexadecimal access_token": self.access_token.replace("-", ""),
            # A cut-off secret is one, too.
            **{f"middle of {name}": value[8:20] for name, value in asdict(self).items()},
        }
        text = text.lower()
        return [name for name, value in forms.items() if value.lower() in text]


def faces_of(error: BaseException) -> Iterator[str]:
    """Yield everything that an error shows of itself, and of the errors in its chain."""
    chain: list[BaseException] = [error]
    for link in chain:
        chain.extend(inner for inner in (link.__cause__, link.__context__) if inner is not None and inner not in chain)
        yield str(link)
        yield from map(repr, (link, link.args, vars(link), getattr(link, "__notes__", None)))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            yield pickle.dumps(link, protocol).decode("latin-1")
    yield from traceback.format_exception(error)
