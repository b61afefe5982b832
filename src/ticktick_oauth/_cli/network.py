"""Reach the server as curl, pip and gh do: through the environment's proxy, trusting another authority, too."""

import os
from argparse import Namespace
from collections.abc import Callable
from typing import TypeVar

from .._network.calls import Route, open_route
from .._protocol.address import Address
from ..exceptions import TransportError
from .output import FAILED, USAGE, Stop, exit_code

_T = TypeVar("_T")
_PROXY = (
    "; the environment names the proxy, as http://USER:PASSWORD@HOST:PORT where it wants a password; --no-proxy goes "
    "without"
)
# What may help where this could not be done.
_SCHEMES = {
    "TLS handshake with the proxy": "; if the proxy takes no TLS, write http:// before its host",
    "open a tunnel": "; if the proxy takes only TLS, write https:// before its host",
}


class Network:
    """Sends requests by the way that the options of `add_network` choose."""

    def __init__(self, arguments: Namespace) -> None:
        """Read the options; a file without certificates is a `Stop`."""
        self._options = arguments
        if arguments.ca_bundle is not None:
            _check_bundle(arguments.ca_bundle)

    def send(self, url: str, function: Callable[..., _T], *arguments: object, **options: object) -> _T:
        """Have a function send its request by the way to its URL; where no usable answer comes, raise `Stop`."""
        route = self._route(url)
        try:
            return function(*arguments, http=route, timeout=self._options.exchange_timeout, **options)
        except TransportError as error:
            reason = error.reason
            if "its authority" in reason:
                advice = "--ca-bundle FILE trusts an authority of your own"
                reason += f"; {'the file of --ca-bundle does not have it' if self._options.ca_bundle else advice}"
            elif route.tunnel is not None and "certificate was refused" not in reason:
                if "the proxy answered" not in reason:
                    reason += next((advice for task, advice in _SCHEMES.items() if task in reason), "")
                reason += _PROXY
            if error.code_unused is False:
                reason += "; outcome unknown, so run this command again: the code may be spent"
            code = exit_code(error) or FAILED
        raise Stop(reason, code)

    def check(self, url: str) -> None:
        """Try a proxy's way to a URL, and send nothing: what is wrong is a `Stop` before a person is asked."""
        if self._route(url).tunnel is not None:
            self.send(url, open_route, url)

    def _route(self, url: str) -> Route:
        address, tunnel = Address.parse(url), None
        if not self._options.no_proxy and address is not None and not address.is_loopback:
            from urllib.request import getproxies, proxy_bypass

            proxies = getproxies()
            text = proxies.get(address.scheme) or proxies.get("all")
            if text and not proxy_bypass(f"{address.host}:{address.port}"):
                from .proxy import Proxy

                tunnel = Proxy.parse(text).connect
        return Route(ca_bundle=self._options.ca_bundle, tunnel=tunnel)


def _check_bundle(file: str) -> None:
    try:
        from ssl import PROTOCOL_TLS_CLIENT, SSLContext, SSLError
    except ImportError as error:
        raise Stop(f"could not load ssl: {error}", FAILED) from None
    try:
        SSLContext(PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except SSLError:
        reason = "it has no certificates in PEM form"
    except OSError as error:
        # PyPy's error has no words of its own.
        reason = error.strerror or os.strerror(error.errno or 0)
    else:
        return
    raise Stop(f"--ca-bundle {file}: {reason}", USAGE)
