"""Keep a token with the moment it was issued, and the text that both are kept as."""

import json
from datetime import datetime, timedelta, timezone

from attrs import asdict, field, fields_dict, frozen

from .._checks import check_type, instance_of, validator
from .._token.converter import structure, unstructure
from .._token.model import OAuthTokenV1
from .._token.parsing import document_error, members_of, parse_json
from ..exceptions import InvalidTokenError, Problem, StorageError
from .server import TICKTICK, AuthorizationServer, check_server

_VERSION = 1
_UTF_8_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def _check_aware(name: str, value: datetime) -> datetime:
    if check_type(name, value, datetime).utcoffset() is None:
        raise ValueError(f"{name} must be an aware datetime, such as datetime.now(timezone.utc)")
    return value


def _to_utc(value: datetime) -> datetime:
    try:
        return _check_aware("issued_at", value).astimezone(timezone.utc)
    except OverflowError:
        failure = ValueError("issued_at must be a time that a datetime can hold in UTC")
    raise failure


@frozen(kw_only=True)
class IssuedToken:
    """A token with the moment it was issued, from which its ``expires_in`` counts.

    TickTick answers a second sign-in with the same token and the time that remains, so keep the moment of the answer.
    No method reads a clock: the caller passes ``now``.
    """

    token: OAuthTokenV1 = field(validator=instance_of(OAuthTokenV1))
    """The token as it was issued."""
    issued_at: datetime = field(converter=_to_utc)
    """When the token endpoint answered, aware (a naive datetime is a ``ValueError``), and kept in UTC."""
    server: AuthorizationServer = field(default=TICKTICK, validator=validator(check_server))
    """The server that issued it."""

    @property
    def expires_at(self) -> datetime:
        """The moment the token expires, aware, in UTC; the first or last that a datetime can hold when it is beyond."""
        try:
            return self.issued_at + timedelta(seconds=self.token.expires_in)
        except OverflowError:
            beyond = datetime.max if self.token.expires_in > 0 else datetime.min  # noqa: DTZ901 - made aware below
            return beyond.replace(tzinfo=timezone.utc)

    def remaining(self, *, now: datetime) -> timedelta:
        """Return the time from ``now`` until the token expires; negative once it has.

        Raises:
            TypeError: now is not a datetime.
            ValueError: it is a naive one.

        """
        return self.expires_at - _check_aware("now", now)

    def is_expired(self, *, now: datetime, leeway: timedelta = timedelta(0)) -> bool:
        """Return whether at most ``leeway`` remains at ``now``.

        Raises:
            TypeError: now is not a datetime, or leeway not a timedelta.
            ValueError: now is a naive datetime.

        """
        return self.remaining(now=now) <= check_type("leeway", leeway, timedelta)


def dump_issued(issued: IssuedToken) -> str:
    """Return the token as a line of JSON, a secret: what ``TokenFile`` keeps and ``load_issued`` reads.

    Raises:
        TypeError: it is not an ``IssuedToken``.

    """
    check_type("issued", issued, IssuedToken)
    document = {
        "version": _VERSION,
        "issued_at": issued.issued_at.isoformat(),
        "server": asdict(issued.server, filter=lambda _, value: value not in (None, False)),
        "token": unstructure(issued.token),
    }
    return json.dumps(document)


def dump_word(issued: IssuedToken) -> str:
    """Return `dump_issued`'s line as one word, which shells, env files and YAML leave as it is: a secret."""
    from base64 import urlsafe_b64encode

    return urlsafe_b64encode(dump_issued(issued).encode("ascii")).rstrip(b"=").decode("ascii")


def load_issued(text: str | bytes) -> IssuedToken:
    """Read what ``dump_issued`` wrote, or its one-word form, which ``ticktick-oauth token --format issued`` prints.

    White space and one pair of quotes around it do not matter. Members that this version does not know are ignored.

    Raises:
        StorageError: it is something else, or newer; the message names the member and never shows the content.
        TypeError: the text is neither str nor bytes.

    """
    if not isinstance(text, (str, bytes)):
        raise TypeError(f"text must be of type str or bytes, not {type(text).__name__}")
    try:
        document = _parse(_decode(text))
    except InvalidTokenError as error:
        failure = _unreadable(*error.problems)
    else:
        return _read_issued(document)
    raise failure


def _decode(text: str | bytes) -> str:
    """Return what stands between white space and quotes, or raise the reason why it is not UTF-8."""
    try:
        # A variable's bytes that are not UTF-8 are surrogates in Python's str.
        raw = text if isinstance(text, bytes) else text.encode(errors="surrogateescape")
        if raw[:2] in _UTF_16 or (raw[1:2] == b"\0" != raw[:1]):
            reason = "not JSON in UTF-8 but in UTF-16, as PowerShell 5 writes it: save it as UTF-8"
        elif raw.startswith(_UTF_8_BOM):
            reason = "it begins with a byte order mark (BOM): save it as UTF-8 without one"
        else:
            content = raw.decode().strip()
            return content[1:-1].strip() if content[:1] in {'"', "'"} and content[:1] == content[-1] else content
    except UnicodeError:
        reason = "its bytes are not UTF-8"
    raise document_error(reason)


def _parse(content: str) -> object:
    """Parse a line of JSON or its one-word form, or raise what is wrong with it."""
    if not content:
        raise document_error("it is empty")
    line = content if content.startswith("{") else _read_word(content)
    if line.startswith("{\\"):
        raise document_error("its quotes have backslashes before them: it was JSON within JSON (jq needs -r)")
    # Of what begins as JSON and has no name in quotes, a shell or another program took the quotes.
    if line[1:].lstrip()[:1] not in {'"', "}"}:
        advice = "carry the one word that ticktick-oauth token --format issued prints"
        raise document_error(f"the double quotes of its JSON were lost on the way: {advice}")
    document = parse_json(line)
    # A secret manager may wrap what it keeps into an object with one name.
    members = members_of(document)
    wrapped = next(iter(members.values()), None)
    if len(members) == 1 and "access_token" not in members and isinstance(wrapped, str):
        return _parse(wrapped.strip())
    return document


def _read_word(content: str) -> str:
    """Return the line of JSON in a one-word form, in whose padding and white space nothing is said."""
    from base64 import b64decode

    # Python 3.15 warns of what the `altchars` of `b64decode` replace.
    word = "".join(content.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        line = b64decode(word + "=" * (-len(word) % 4), validate=True).decode("ascii")
    except ValueError:
        line = ""
    if not line.startswith("{"):
        raise document_error("not JSON, and not its one-word form")
    return line


def _read_issued(document: object) -> IssuedToken:
    members = members_of(document)
    version = members.get("version")
    if version is None and "access_token" in members:
        raise _unreadable(Problem("version", "missing: this is a bare token response; ticktick-oauth import keeps one"))
    # Not `isinstance`: JSON's true would be 1.
    if type(version) is not int or version < _VERSION:
        raise _unreadable(Problem("version", f"expected the number {_VERSION}"))
    if version > _VERSION:
        raise _unreadable(Problem("version", f"newer than the {_VERSION} that this program knows: update the program"))
    kept_server = members_of(members.get("server"))
    kept_server = {"authorization_response_iss_parameter_supported": False, **kept_server}
    part = "server"
    try:
        server = AuthorizationServer(**{name: kept_server.get(name) for name in fields_dict(AuthorizationServer)})  # type: ignore[arg-type] # its validators check
        part = "token"
        token = structure(members_of(members.get("token")))
        part = "issued_at"
        return IssuedToken(token=token, issued_at=parse_time(members.get("issued_at")), server=server)
    except InvalidTokenError as error:
        failure = _unreadable(*(Problem(f"token.{problem.field}", problem.reason) for problem in error.problems))
    except (TypeError, ValueError) as error:
        # The server's words name the address and never repeat it; a time's would repeat it.
        expected = "expected a time in ISO 8601 form with its offset from UTC"
        failure = _unreadable(Problem(part, str(error) if part == "server" else expected))
    raise failure


def parse_time(text: object) -> datetime:
    """Read a time in ISO 8601, or raise a TypeError or ValueError, which repeats it."""
    # Python 3.10 does not know the Z.
    return datetime.fromisoformat(check_type("issued_at", text, str).replace("Z", "+00:00"))


def _unreadable(*problems: Problem) -> StorageError:
    return StorageError(f"this cannot be read as a kept token; {'; '.join(map(str, problems))}")
