"""From no access to a validated TickTick access token: the OAuth 2.0 authorization code flow, small and typed.

Errors live in ``ticktick_oauth.exceptions``, stores for tokens in ``ticktick_oauth.storage``, and a local
authorization server for demos and tests in ``ticktick_oauth.sandbox``.
"""

from typing import TYPE_CHECKING

from ._converter import configure_converter
from ._converter import dumps
from ._converter import loads
from ._converter import structure
from ._converter import unstructure
from ._token import OAuthTokenV1

if TYPE_CHECKING:
    from ._authorization import AuthorizationRequest
    from ._authorization import AuthorizationResponse
    from ._client import Client
    from ._exchange import discover_server
    from ._exchange import exchange_code
    from ._exchange import register_client
    from ._issued_token import IssuedToken
    from ._issued_token import dump_issued
    from ._issued_token import load_issued
    from ._json_schema import json_schema
    from ._registration import RegistrationRequest
    from ._server import DIDA365
    from ._server import TICKTICK
    from ._server import AuthorizationServer
    from ._sign_in import sign_in
    from ._token_request import TokenRequest
else:
    # What parsing a token does not need is loaded at its first use (PEP 562), by its room. Hidden from type checkers,
    # for which a module with a `__getattr__` would have any name.
    _ROOMS = {
        "AuthorizationRequest": "_authorization",
        "AuthorizationResponse": "_authorization",
        "AuthorizationServer": "_server",
        "Client": "_client",
        "DIDA365": "_server",
        "IssuedToken": "_issued_token",
        "RegistrationRequest": "_registration",
        "TICKTICK": "_server",
        "TokenRequest": "_token_request",
        "discover_server": "_exchange",
        "dump_issued": "_issued_token",
        "exchange_code": "_exchange",
        "json_schema": "_json_schema",
        "load_issued": "_issued_token",
        "register_client": "_exchange",
        "sign_in": "_sign_in",
    }

    def __getattr__(name: str) -> object:
        if name not in _ROOMS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f".{_ROOMS[name]}", __name__), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return __all__


__version__ = "0.1.0"

__all__ = [
    "AuthorizationRequest",
    "AuthorizationResponse",
    "AuthorizationServer",
    "Client",
    "DIDA365",
    "IssuedToken",
    "OAuthTokenV1",
    "RegistrationRequest",
    "TICKTICK",
    "TokenRequest",
    "__version__",
    "configure_converter",
    "discover_server",
    "dump_issued",
    "dumps",
    "exchange_code",
    "json_schema",
    "load_issued",
    "loads",
    "register_client",
    "sign_in",
    "structure",
    "unstructure",
]
