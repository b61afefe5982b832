"""urllib3, and the parsing by hand: what is left when this package is taken away."""

from collections.abc import Callable

from urllib3 import PoolManager, make_headers

from .parse_by_hand import from_bytes
from .request import FORM, ID, SECRET, context

_HEADERS = {"Accept": "application/json", **make_headers(basic_auth=f"{ID}:{SECRET}")}


def _post(http: PoolManager, server: str) -> str:
    url = f"{server}/oauth/token"
    response = http.request(
        "POST", url, fields=FORM, encode_multipart=False, headers=_HEADERS, timeout=10, retries=False
    )
    if response.status != 200:
        raise ValueError(response.status)
    return f"Bearer {from_bytes(response.data).access_token}"


def exchange(server: str) -> str:
    """Trade a code for a token over a fresh connection."""
    with PoolManager(ssl_context=context()) as http:
        return _post(http, server)


def kept(server: str) -> Callable[[], str]:
    """Return a function that trades a code over a connection that is kept."""
    http = PoolManager(ssl_context=context())
    return lambda: _post(http, server)
