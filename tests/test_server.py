"""Authorization servers as data, and which addresses are fit for a secret."""

from typing import Any

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError

from ticktick_oauth import DIDA365
from ticktick_oauth import TICKTICK
from ticktick_oauth import AuthorizationServer

ADDRESSES = ("issuer", "authorization_endpoint", "token_endpoint")


def _server(**changes: Any) -> AuthorizationServer:  # noqa: ANN401 - wrong types are what it is for
    return evolve(TICKTICK, **changes)


@pytest.mark.parametrize(("server", "host"), [(TICKTICK, "ticktick.com"), (DIDA365, "dida365.com")])
def test_constants_hold_the_documented_addresses(server: AuthorizationServer, host: str) -> None:
    """The two services have the same paths on hosts of their own."""
    assert f"https://{host}" == server.issuer
    assert f"https://{host}/oauth/authorize" == server.authorization_endpoint
    assert f"https://{host}/oauth/token" == server.token_endpoint


def test_a_server_is_a_value() -> None:
    """Servers compare and hash by their addresses and cannot be changed."""
    assert _server() == TICKTICK
    assert hash(_server()) == hash(TICKTICK)
    with pytest.raises(FrozenInstanceError):
        TICKTICK.issuer = "https://example.com"  # type: ignore[misc]


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com",
        "https://example.com:8443/oauth/token",
        "https://[2001:db8::1]/token",
        "http://127.0.0.1:8080/token",
        "http://127.255.255.254/token",
        "http://[::1]:8080/token",
        "http://localhost/token",
        "HTTPS://EXAMPLE.COM/token",
        "http://LOCALHOST:1/token",
    ],
)
@pytest.mark.parametrize("name", ADDRESSES)
def test_fit_addresses_are_taken_as_they_are(name: str, address: str) -> None:
    """An address with TLS, or without it on loopback, is kept to the character."""
    assert address == getattr(_server(**{name: address}), name)


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://example.com/canary", "https://"),
        ("http://127.0.0.1.example.com/canary", "https://"),
        ("http://127.0.0.256/canary", "https://"),
        ("http://127.0.0/canary", "https://"),
        ("http://127.0.0.x/canary", "https://"),
        ("http://128.0.0.1/canary", "https://"),
        ("http://[::2]/canary", "https://"),
        ("http://localhost.example/canary", "https://"),
        ("https://example.com/canary#", "fragment"),
        ("https://example.com/canary#part", "fragment"),
        ("https://user:canary@example.com/", "user information"),
        ("https://canary@example.com/", "user information"),
        ("https://example.com/can ary", "spaces"),
        ("https://example.com/canary\n", "absolute"),
        ("https://example.com\\@evil.example/canary", "absolute"),
        ("https://exämple.com/canary", "absolute"),
        ("https://example.com:99999/canary", "absolute"),
        ("https://example.com:0/canary", "absolute"),
        ("https://example.com:port/canary", "absolute"),
        ("https://[::1/canary", "absolute"),
        ("https:///canary", "absolute"),
        ("ftp://example.com/canary", "absolute"),
        ("//example.com/canary", "absolute"),
        ("/canary", "absolute"),
        ("", "absolute"),
    ],
)
def test_unfit_addresses_are_refused(name: str, address: str, words: str) -> None:
    """What is no address for a secret is a ValueError that names the parameter and never repeats the value."""
    with pytest.raises(ValueError, match=words) as caught:
        _server(**{name: address})
    assert str(caught.value).startswith(name)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("value", [None, b"https://example.com/canary", 1])
def test_other_types_are_refused(name: str, value: object) -> None:
    """An address is a str; the TypeError names both types and not the value."""
    with pytest.raises(TypeError, match=f"{name} must be of type str, not {type(value).__name__}") as caught:
        _server(**{name: value})
    assert "canary" not in str(caught.value)


def test_only_an_issuer_must_have_no_query() -> None:
    """RFC 8414 forbids the issuer a query; the endpoints may have one."""
    with pytest.raises(ValueError, match="issuer must not have a query"):
        _server(issuer="https://example.com/?tenant=1")
    assert _server(token_endpoint="https://example.com/?tenant=1").token_endpoint.endswith("?tenant=1")
