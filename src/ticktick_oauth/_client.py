"""The client (RFC 6749 section 2): this program, as the developer portal knows it."""

from attrs import Attribute
from attrs import field
from attrs import frozen

from ._server import TICKTICK
from ._server import AuthorizationServer
from ._server import check_address
from ._server import check_type
from ._server import instance_of

# The developer portal's own.
DEFAULT_REDIRECT_URI = "http://127.0.0.1:8080/"


def check_text(name: str, value: object) -> None:
    """Check that a parameter is a non-empty str of printable characters, as RFC 6749 Appendix A asks of all of them.

    Raises:
        TypeError: it is not a str.
        ValueError: it is empty, or has a line end or another control character; the message never repeats the value.

    """
    text = check_type(name, value, str)
    if not text:
        raise ValueError(f"{name} must not be empty")
    if not text.isprintable():
        raise ValueError(
            f"{name} must not have a line end or another unprintable character; was it read from a file unstripped?"
        )


def check_text_field(_instance: object, attribute: "Attribute[str]", value: object) -> None:
    """Be `check_text` as an attrs validator."""
    check_text(attribute.name, value)


def _check_client_id(_instance: object, attribute: "Attribute[str]", value: str) -> None:
    check_text(attribute.name, value)
    # RFC 7617 section 2: "a user-id containing a colon character is invalid".
    if ":" in value:
        raise ValueError(f"{attribute.name} must not contain ':'; is it the client id and the secret in one?")


def _check_redirect_uri(_instance: object, attribute: "Attribute[str]", value: object) -> None:
    check_address(attribute.name, value)


@frozen(kw_only=True)
class Client:
    """A registered client.

    Raises ``TypeError`` or ``ValueError`` for a field that is not what its text below says.
    """

    client_id: str = field(validator=_check_client_id)
    """The id that the developer portal shows; without ``:``."""
    client_secret: str = field(repr=False, validator=check_text_field)
    """The secret that the developer portal shows."""
    redirect_uri: str = field(default=DEFAULT_REDIRECT_URI, validator=_check_redirect_uri)
    """Where the browser is sent with the code: absolute, without fragment, https or http on loopback, and equal to
    the one registered, to the character. The default is the portal's own."""
    server: AuthorizationServer = field(default=TICKTICK, validator=instance_of(AuthorizationServer))
    """The server that the client is registered with: a client of TickTick is unknown to Dida365."""
