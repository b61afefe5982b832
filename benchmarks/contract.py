"""What each file of ``cases`` provides: the modules themselves are the implementations of these protocols.

Their attributes are the competitors' own functions wherever these fit, so that no wrapper is timed with them.
"""

import importlib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import Protocol
from typing import cast
from uuid import UUID

PARSE_CASES = (
    "ours",
    "by_hand",
    "pydantic_model",
    "pydantic_dataclass",
    "pyticktick_class",
    "msgspec_struct",
    "msgspec_attrs",
    "cattrs_orjson",
    "cattrs_msgspec",
)
COLD_CASES = ("ours", "by_hand", "pydantic_model", "pyticktick_class", "msgspec_struct")
EXCHANGE_CASES = (
    "ours",
    "http_client",
    "httpx_pydantic",
    "pyticktick_way",
    "requests_oauthlib",
    "authlib",
    "requests_oauth2client",
)


HOSTILE_CASES = ("ours", "requests_oauthlib", "authlib", "requests_oauth2client")


class ParseCase(Protocol):
    """From a document to a token."""

    NAME: str
    """The competitor, as the tables call it."""
    from_bytes: Callable[[bytes], Any]
    from_str: Callable[[str], Any]
    from_mapping: Callable[[Mapping[str, object]], Any]
    REFUSALS: tuple[type[Exception], ...]
    """What these three raise for a document that is no token."""


class ExchangeCase(Protocol):
    """From a code to a token, over the network."""

    NAME: str
    """The competitor, as the tables call it."""

    def exchange(self, url: str) -> tuple[UUID, int]:
        """Trade a code for a token at this endpoint over a fresh connection; give its UUID and its seconds."""

    def kept(self, url: str) -> Callable[[], tuple[UUID, int]]:
        """Make a function that does the same over one connection, which is kept."""


class HostileCase(ExchangeCase, Protocol):
    """A library that a user would call for the exchange, and trust with what comes of it."""

    def fetch(self, url: str, timeout: float, /) -> object:
        """Trade a code for what the library calls a token, as its documentation has it."""


def parse_case(name: str) -> ParseCase:
    """Load a competitor."""
    return cast("ParseCase", importlib.import_module(f"{__package__}.cases.parse.{name}"))


def exchange_case(name: str) -> ExchangeCase:
    """Load a competitor."""
    return cast("ExchangeCase", importlib.import_module(f"{__package__}.cases.exchange.{name}"))


def hostile_case(name: str) -> HostileCase:
    """Load a library."""
    return cast("HostileCase", exchange_case(name))


def parse_names(cases: Iterable[str]) -> dict[str, str]:
    """Return what the tables call these: read from the source, so that this process loads none of them."""
    return {case: _name("parse", case) for case in cases}


def exchange_names(cases: Iterable[str]) -> dict[str, str]:
    """Return what the tables call these: read from the source, so that this process loads none of them."""
    return {case: _name("exchange", case) for case in cases}


def _name(kind: str, case: str) -> str:
    source = Path(__file__).with_name("cases").joinpath(kind, f"{case}.py").read_text(encoding="utf-8")
    return next(line.split('"')[1] for line in source.splitlines() if line.startswith("NAME = "))


def values(token: object) -> tuple[object, ...]:
    """Return the four members of any competitor's token."""
    return tuple(getattr(token, name) for name in ("access_token", "expires_in", "token_type", "scope"))
