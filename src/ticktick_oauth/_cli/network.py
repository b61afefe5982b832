"""Reach the server as curl, pip and gh do: through the environment's proxy, trusting another authority, too."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

from .._protocol.address import Address
from ..exceptions import TransportError
from .exits import FAILED, USAGE, Stop, exit_code

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from ssl import SSLContext

    from urllib3 import PoolManager

_T = TypeVar("_T")


class Network:
    """Sends the requests of a sign-in."""

    def __init__(self, *, use_proxy: bool, ca_bundle: str | None, timeout: float) -> None:
        """Prepare the way.

        Args:
            use_proxy: Whether to go through the proxy that the environment names for a host, if it names one.
            ca_bundle: A file with certificates to trust beside the system's; None for the system's alone.
            timeout: Seconds for each request.

        Raises:
            Stop: the file has no certificates.

        """
        self._use_proxy = use_proxy
        self._context = None if ca_bundle is None else _trust(ca_bundle)
        self._timeout = timeout

    def send(self, url: str, function: Callable[..., _T], *arguments: object, **options: object) -> _T:
        """Call one of the package's functions that send a request, with the pool that leads to its URL.

        Raises:
            OAuthError: as the function raises it.
            Stop: no usable answer came, or the environment's proxy cannot be used.

        """
        proxy = self._proxy_for(url)
        try:
            with self._pool(proxy) as http:
                return function(*arguments, http=http, timeout=self._timeout, **options)
        except TransportError as error:
            reason = error.reason
            if "certificate was refused" in reason:
                reason += "; --ca-bundle FILE trusts an authority of your own"
            elif proxy is not None:
                reason += "; the environment names the proxy, as http://USER:PASSWORD@HOST:PORT where it wants a "
                reason += "password; --no-proxy goes without"
            if error.code_unused is False:
                reason += "; outcome unknown, so run this command again: the code may be spent"
            code = exit_code(error)
        raise Stop(reason, code)

    def check(self, url: str) -> None:
        """Prepare the way to a URL, and send nothing: what is wrong with it comes out before a person is asked.

        Raises:
            Stop: the environment's proxy cannot be used, or TLS cannot.

        """
        with self._pool(self._proxy_for(url)):
            pass

    def _proxy_for(self, url: str) -> str | None:
        address = Address.parse(url)
        if not self._use_proxy or address is None or address.is_loopback:
            return None
        from urllib.request import getproxies, proxy_bypass

        proxies = getproxies()
        proxy = proxies.get(address.scheme) or proxies.get("all")
        if not proxy or proxy_bypass(f"{address.host}:{address.port}"):
            return None
        return proxy if "://" in proxy else f"http://{proxy}"

    def _pool(self, proxy: str | None) -> "AbstractContextManager[PoolManager | None]":
        if proxy is None and self._context is None:
            return nullcontext()  # the package's own connection, with its hard deadline
        from urllib3 import PoolManager

        context = self._context or _trust()
        if proxy is None:
            return PoolManager(ssl_context=context)
        try:
            return _proxy_pool(proxy, context)
        except ValueError:
            pass  # its words may repeat a password
        raise Stop(
            "the environment's proxy cannot be used: its address must be like http://HOST:PORT or socks5h://HOST:PORT; "
            "--no-proxy goes without",
            USAGE,
        )


def _trust(ca_bundle: str | None = None) -> "SSLContext":
    try:
        from ssl import SSLError, create_default_context

        context = create_default_context()
    except ImportError as error:
        raise Stop(f"could not load ssl: {error}", FAILED) from None
    except OSError as error:  # such as for an SSLKEYLOGFILE that cannot be written
        from .._network.explain import describe

        raise Stop(f"could not read the trust store: {describe(error)}", FAILED) from None
    context.hostname_checks_common_name = False  # as the package's own, on Python 3.10 to 3.12
    try:
        if ca_bundle is not None:
            context.load_verify_locations(ca_bundle)
    except SSLError:
        reason: object = "it has no certificates in PEM form"
    except OSError as error:
        reason = error.strerror
    else:
        return context
    raise Stop(f"--ca-bundle {ca_bundle}: {reason}", USAGE)


def _proxy_pool(proxy: str, context: "SSLContext") -> "PoolManager":
    """Make a pool that goes through a proxy, or raise a ValueError."""
    from base64 import b64encode
    from urllib.parse import unquote

    from urllib3 import ProxyManager
    from urllib3.util import parse_url

    parts = parse_url(proxy)
    address = parts._replace(auth=None).url
    options: dict[str, Any] = {"ssl_context": context}
    if parts.scheme in {"http", "https"}:
        if parts.auth:
            options["proxy_headers"] = {
                "Proxy-Authorization": f"Basic {b64encode(unquote(parts.auth).encode()).decode()}"
            }
        return ProxyManager(address, proxy_ssl_context=context, **options)
    if not (parts.scheme or "").startswith("socks"):
        raise ValueError
    from importlib.util import find_spec

    if find_spec("socks") is None:
        raise Stop("the environment's proxy is a SOCKS proxy, which needs PySocks: pip install pysocks", USAGE)
    from urllib3.contrib.socks import SOCKSProxyManager

    if parts.auth:
        options["username"], _, options["password"] = (unquote(part) for part in parts.auth.partition(":"))
    return SOCKSProxyManager(address, **options)
