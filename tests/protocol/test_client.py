"""The client: what may stand in its fields, and that it does not show its secret; and how all values are made."""

from typing import Any

import pytest
from attrs import fields

from ticktick_oauth import (
    TICKTICK,
    AuthorizationRequest,
    AuthorizationResponse,
    AuthorizationServer,
    Client,
    IssuedToken,
    RegistrationRequest,
    TokenRequest,
)
from ticktick_oauth._protocol.registration import MetadataRequest

EMPTY = "must not be empty"
UNPRINTABLE = "must not have a line end or another unprintable character; was it read from a file unstripped?"
WRAPPED = "must not have spaces or quotes around it; was it copied with them?"


def _client(**changes: Any) -> Client:  # noqa: ANN401 - wrong types are what it is for
    return Client(**{"client_id": "id", "client_secret": "canary", **changes})


def test_defaults_are_the_portals() -> None:
    """The redirect URI is the developer portal's default, and the server is TickTick."""
    assert _client().redirect_uri == "http://127.0.0.1:8080/"
    assert _client().server == TICKTICK


def test_fields_are_kept_to_the_character() -> None:
    """Marks in a secret are seen in the wild; a redirect URI is compared by the server exactly."""
    client = _client(client_secret="a:b&*^ é", redirect_uri="https://example.com/Callback/?a=b")
    assert client.client_secret == "a:b&*^ é"
    assert client.redirect_uri == "https://example.com/Callback/?a=b"


def test_the_secret_is_in_no_repr() -> None:
    """A client's repr shows its id and not its secret."""
    assert "'id'" in repr(_client())
    assert "canary" not in repr(_client())


@pytest.mark.parametrize("name", ["client_id", "client_secret"])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", EMPTY),
        ("canary\n", UNPRINTABLE),
        ("canary\r\nX: y", UNPRINTABLE),
        ("canary\x00", UNPRINTABLE),
        ("\u202ecanary", UNPRINTABLE),
        ("canary\ud800", UNPRINTABLE),
        (" canary", WRAPPED),
        ("canary ", WRAPPED),
        ('"canary"', WRAPPED),
        ("'canary'", WRAPPED),
        ("\u201ccanary\u201d", WRAPPED),
    ],
)
def test_unfit_texts_are_refused(name: str, value: str, words: str) -> None:
    """What could split a header, or cannot be read, is a ValueError that does not repeat the value."""
    with pytest.raises(ValueError, match=name) as caught:
        _client(**{name: value})
    assert f"{name} {words}" == str(caught.value)


@pytest.mark.parametrize("name", ["client_id", "client_secret", "redirect_uri"])
@pytest.mark.parametrize("value", [b"canary", 5, ["canary"]])
def test_other_types_are_refused(name: str, value: object) -> None:
    """Each of the three is a str; the TypeError does not repeat the value."""
    with pytest.raises(TypeError) as caught:
        _client(**{name: value})
    assert f"{name} must be of type str, not {type(value).__name__}" == str(caught.value)


def test_an_id_with_a_colon_is_refused() -> None:
    """RFC 7617 has no colon in a user id: what follows it would be read as the secret."""
    with pytest.raises(ValueError, match="client_id") as caught:
        _client(client_id="id:canary")
    assert "client_id must not contain ':'; is it the client id and the secret in one?" == str(caught.value)


@pytest.mark.parametrize(
    "uri",
    ["http://example.com/", "https://example.com/#fragment", "https://user@example.com/", "myapp://callback", "/path"],
)
def test_unfit_redirect_uris_are_refused(uri: str) -> None:
    """A redirect URI is absolute, without fragment or user information, with TLS off loopback."""
    with pytest.raises(ValueError, match=r"^redirect_uri must"):
        _client(redirect_uri=uri)


def test_a_class_of_the_same_name_is_named_with_its_module() -> None:
    """With two copies of the package, such as a vendored one, the message says which of them is meant."""
    other = type("AuthorizationServer", (), {"__module__": "app._vendor.ticktick_oauth._protocol.server"})
    with pytest.raises(TypeError) as caught:
        _client(server=other())
    mine = "ticktick_oauth._protocol.server.AuthorizationServer"
    assert f"server must be of type {mine}, not app._vendor.{mine}" == str(caught.value)


VALUES = [AuthorizationRequest, AuthorizationResponse, AuthorizationServer, Client, IssuedToken, MetadataRequest]
VALUES += [RegistrationRequest, TokenRequest]


@pytest.mark.parametrize("value", VALUES)
def test_nothing_is_taken_by_position(value: Any) -> None:  # noqa: ANN401 - classes with constructors of their own
    """Two texts that look alike, such as an id and a secret, cannot change places."""
    assert all(field.kw_only for field in fields(value))


def test_a_public_client_has_no_secret() -> None:
    """None stands for a public client, and has to be given."""
    assert _client(client_secret=None).client_secret is None
    with pytest.raises(TypeError, match="client_secret"):
        Client(client_id="id")  # type: ignore[call-arg]
