"""Get a validated TickTick access token, from a person's sign-in or from where it is kept.

```python
from ticktick_oauth import get_token

token = get_token()  # a person signs in only if none is kept
headers = {"Authorization": token.authorization_header()}
```

``require_token`` never asks a person. Errors live in ``ticktick_oauth.exceptions``, stores for tokens in
``ticktick_oauth.storage``, and a local authorization server for demos and tests in ``ticktick_oauth.sandbox``.
"""

TYPE_CHECKING = False  # typing's own would load typing; type checkers know the name
if TYPE_CHECKING:
    from . import exceptions as exceptions
    from . import sandbox as sandbox
    from . import storage as storage
    from ._network.calls import discover_server, exchange_code, register_client
    from ._protocol.authorization import AuthorizationRequest
    from ._protocol.authorization_code import AuthorizationResponse
    from ._protocol.client import Client
    from ._protocol.issued_token import IssuedToken, dump_issued, load_issued
    from ._protocol.registration import RegistrationRequest
    from ._protocol.server import DIDA365, TICKTICK, AuthorizationServer
    from ._protocol.token_request import TokenRequest
    from ._sign_in.get_token import get_token
    from ._sign_in.person import sign_in
    from ._sign_in.sign_in import SignIn
    from ._token.converter import configure_converter, dumps, loads, structure, unstructure
    from ._token.model import OAuthTokenV1
    from ._token.schema import json_schema
    from .storage import TokenFile, TokenStore, default_path, require_token
else:
    # Each module, and the names that load it at their first use (PEP 562). Hidden from type checkers, to which a
    # module with a `__getattr__` would have any name.
    _NAMES = {
        "_network.calls": ("discover_server", "exchange_code", "register_client"),
        "_protocol.authorization": ("AuthorizationRequest",),
        "_protocol.authorization_code": ("AuthorizationResponse",),
        "_protocol.client": ("Client",),
        "_protocol.issued_token": ("IssuedToken", "dump_issued", "load_issued"),
        "_protocol.registration": ("RegistrationRequest",),
        "_protocol.server": ("DIDA365", "TICKTICK", "AuthorizationServer"),
        "_protocol.token_request": ("TokenRequest",),
        "_sign_in.get_token": ("get_token",),
        "_sign_in.person": ("sign_in",),
        "_sign_in.sign_in": ("SignIn",),
        "_token.converter": ("configure_converter", "dumps", "loads", "structure", "unstructure"),
        "_token.model": ("OAuthTokenV1",),
        "_token.schema": ("json_schema",),
        "exceptions": ("exceptions",),
        "sandbox": ("sandbox",),
        "storage": ("TokenFile", "TokenStore", "default_path", "require_token", "storage"),
    }

    def __getattr__(name: str) -> object:
        place = next((module for module, names in _NAMES.items() if name in names), None)
        if place is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        try:
            module = import_module(f".{place}", __name__)
        except ImportError as error:
            raise _explain(error)  # noqa: B904 - it may be the error itself
        value = module if name == place else getattr(module, name)
        globals()[name] = value
        return value

    # What the package needs, as pyproject.toml has it; and the module to ask, as cattrs does not hold its own version.
    _FLOORS = {"attrs": ((23, 1), "attr"), "cattrs": ((24, 1), "cattrs")}

    def _explain(error: ImportError) -> ImportError:
        """Return an error that names what is too old, such as what is in front on the path, or else the error."""
        import sys
        from importlib.metadata import PackageNotFoundError, version

        for name, (floor, module) in _FLOORS.items():
            loaded = sys.modules.get(module)
            try:
                # Not by `getattr`, as attrs warns who asks it.
                found = (vars(loaded).get("__version__") if loaded else None) or version(name)
            except PackageNotFoundError:
                continue
            if tuple(int(part) for part in found.split(".")[:2] if part.isdecimal()) < floor:
                place = f" in {loaded.__file__}" if loaded else ""
                needed = ".".join(map(str, floor))
                return ImportError(f"{name} {found} was found{place}, and {needed} or newer is needed", name=name)
        return error

    def __dir__() -> list[str]:
        return sorted({*__all__, "exceptions", "sandbox", "storage"})


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
    "SignIn",
    "TICKTICK",
    "TokenFile",
    "TokenRequest",
    "TokenStore",
    "__version__",
    "configure_converter",
    "default_path",
    "discover_server",
    "dump_issued",
    "dumps",
    "exchange_code",
    "get_token",
    "json_schema",
    "load_issued",
    "loads",
    "register_client",
    "require_token",
    "sign_in",
    "structure",
    "unstructure",
]
