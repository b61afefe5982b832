"""From no access to a validated TickTick access token: the OAuth 2.0 authorization code flow, small and typed.

Errors live in ``ticktick_oauth.exceptions``, stores for tokens in ``ticktick_oauth.storage``, and a local
authorization server for demos and tests in ``ticktick_oauth.sandbox``.
"""

from ._authorization import AuthorizationRequest
from ._authorization import AuthorizationResponse
from ._client import Client
from ._converter import configure_converter
from ._converter import dumps
from ._converter import loads
from ._converter import structure
from ._converter import unstructure
from ._exchange import exchange_code
from ._json_schema import json_schema
from ._server import DIDA365
from ._server import TICKTICK
from ._server import AuthorizationServer
from ._token import IssuedToken
from ._token import OAuthTokenV1
from ._token_request import TokenRequest

__version__ = "0.1.0"

__all__ = [
    "AuthorizationRequest",
    "AuthorizationResponse",
    "AuthorizationServer",
    "Client",
    "DIDA365",
    "IssuedToken",
    "OAuthTokenV1",
    "TICKTICK",
    "TokenRequest",
    "__version__",
    "configure_converter",
    "dumps",
    "exchange_code",
    "json_schema",
    "loads",
    "structure",
    "unstructure",
]
