"""The client: what may stand in its fields, and that it does not show its secret."""

from typing import Any

import pytest

from ticktick_oauth import TICKTICK
from ticktick_oauth import Client


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
        ("", "must not be empty"),
        ("canary\n", "line end"),
        ("canary\r\nX: y", "line end"),
        ("canary\x00", "unprintable"),
        ("\u202ecanary", "unprintable"),
        ("canary\ud800", "unprintable"),
        (" canary", "spaces or quotes"),
        ("canary ", "spaces or quotes"),
        ('"canary"', "spaces or quotes"),
        ("'canary'", "spaces or quotes"),
        ("\u201ccanary\u201d", "spaces or quotes"),
    ],
)
def test_unfit_texts_are_refused(name: str, value: str, words: str) -> None:
    """What could split a header, or cannot be read, is a ValueError that does not repeat the value."""
    with pytest.raises(ValueError, match=f"^{name}.*{words}") as caught:
        _client(**{name: value})
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("name", ["client_id", "client_secret", "redirect_uri"])
@pytest.mark.parametrize("value", [b"canary", 5, ["canary"]])
def test_other_types_are_refused(name: str, value: object) -> None:
    """Each of the three is a str; the TypeError does not repeat the value."""
    with pytest.raises(TypeError, match=f"^{name} must be of type str") as caught:
        _client(**{name: value})
    assert "canary" not in str(caught.value)


def test_an_id_with_a_colon_is_refused() -> None:
    """RFC 7617 has no colon in a user id: what follows it would be read as the secret."""
    with pytest.raises(ValueError, match="must not contain ':'") as caught:
        _client(client_id="id:canary")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "uri",
    ["http://example.com/", "https://example.com/#fragment", "https://user@example.com/", "myapp://callback", "/path"],
)
def test_unfit_redirect_uris_are_refused(uri: str) -> None:
    """A redirect URI is absolute, without fragment or user information, with TLS off loopback."""
    with pytest.raises(ValueError, match=r"^redirect_uri must"):
        _client(redirect_uri=uri)


def test_the_server_must_be_one() -> None:
    """An address in place of a server is a TypeError."""
    with pytest.raises(TypeError, match="server must be of type AuthorizationServer, not str"):
        _client(server="https://ticktick.com")


def test_a_public_client_has_no_secret() -> None:
    """None stands for a public client, and has to be given."""
    assert _client(client_secret=None).client_secret is None
    with pytest.raises(TypeError, match="client_secret"):
        Client(client_id="id")  # type: ignore[call-arg]
