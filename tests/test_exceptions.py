"""The errors: their hierarchy, their fields, their words, and that each pickles and copies without a secret."""

import copy
import errno
import inspect
import pickle
import traceback
from datetime import datetime, timezone

import pytest

from ticktick_oauth import IssuedToken, exceptions, loads
from ticktick_oauth.exceptions import (
    AuthorizationError,
    DeadlineExceededError,
    EndpointError,
    InvalidRedirectError,
    InvalidTokenError,
    OAuthError,
    Problem,
    RegistrationError,
    SignInCancelledError,
    SignInRequiredError,
    StateMismatchError,
    StorageError,
    TokenEndpointError,
    TransportError,
)

TOKEN = '{"access_token":"3f0c1d52-7b1e-4f0a-9c55-0a8d4a1c7e21","expires_in":60}'
CANARY = b'{"access_token":"canary"}'
PROBLEMS = (Problem("access_token", "expected a UUID"), Problem("", "not JSON"))

BASES: dict[type[OAuthError], tuple[type[Exception], ...]] = {
    OAuthError: (Exception,),
    InvalidTokenError: (OAuthError, ValueError),
    InvalidRedirectError: (OAuthError, ValueError),
    StateMismatchError: (InvalidRedirectError,),
    AuthorizationError: (OAuthError,),
    EndpointError: (OAuthError,),
    TokenEndpointError: (EndpointError,),
    RegistrationError: (EndpointError,),
    TransportError: (OAuthError,),
    DeadlineExceededError: (TransportError,),
    SignInCancelledError: (OAuthError,),
    SignInRequiredError: (OAuthError,),
    StorageError: (OAuthError, OSError),
}
FIELDS: list[tuple[OAuthError, dict[str, object]]] = [
    (OAuthError("words"), {"args": ("words",)}),
    (InvalidTokenError(PROBLEMS), {"problems": PROBLEMS, "body": None}),
    (InvalidRedirectError("words"), {"args": ("words",)}),
    (StateMismatchError("words"), {"args": ("words",)}),
    (AuthorizationError("access_denied"), {"error": "access_denied", "description": None, "uri": None}),
    (
        AuthorizationError("server_error", "later", "https://example.com/"),
        {"error": "server_error", "description": "later", "uri": "https://example.com/"},
    ),
    (
        AuthorizationError(error="server_error", uri="https://example.com/"),
        {"error": "server_error", "description": None, "uri": "https://example.com/"},
    ),
    (EndpointError(503), {"status": 503, "error": None, "hint": None}),
    (
        TokenEndpointError(503),
        {"status": 503, "error": None, "description": None, "retry_after": None, "hint": None},
    ),
    (
        TokenEndpointError(400, "invalid_grant", "used", 5, "start again"),
        {"status": 400, "error": "invalid_grant", "description": "used", "retry_after": 5, "hint": "start again"},
    ),
    (
        TokenEndpointError(status=429, hint="wait"),
        {"status": 429, "error": None, "description": None, "retry_after": None, "hint": "wait"},
    ),
    (
        RegistrationError(status=None, hint="its issuer is another"),
        {"status": None, "error": None, "description": None, "retry_after": None, "hint": "its issuer is another"},
    ),
    (
        RegistrationError(400, "invalid_redirect_uri", "no", 5, "use the portal"),
        {"status": 400, "error": "invalid_redirect_uri", "description": "no", "retry_after": 5},
    ),
    (SignInCancelledError("words"), {"args": ("words",)}),
    (SignInRequiredError("words", "advice"), {"args": ("words", "advice"), "reason": "words"}),
    (TransportError("words", None), {"reason": "words", "code_unused": None}),
    (TransportError("words"), {"reason": "words", "code_unused": False}),
    (TransportError("words", True), {"reason": "words", "code_unused": True}),  # noqa: FBT003 - as it pickles
    (DeadlineExceededError(reason="words", code_unused=True), {"reason": "words", "code_unused": True}),
    (StorageError("words"), {"strerror": "words", "filename": None, "errno": None}),
    (
        StorageError("words", "/path", errno.EACCES),
        {"strerror": "words", "filename": "/path", "errno": errno.EACCES},
    ),
]


def test_the_hierarchy_is_complete() -> None:
    """Each error has the bases that the design says, and there is no error beside these."""
    classes = [value for value in vars(exceptions).values() if inspect.isclass(value)]
    errors = [value for value in classes if issubclass(value, BaseException)]
    assert list(BASES.items()) == [(error, error.__bases__) for error in errors]


def test_all_names_are_listed() -> None:
    """`from exceptions import *` brings each error, and the Problem that one of them holds."""
    assert sorted({error.__name__ for error in BASES} | {"Problem"}) == exceptions.__all__


def test_every_class_is_among_the_examples() -> None:
    """The tests below see each class."""
    assert set(BASES) == {type(error) for error, _ in FIELDS}


@pytest.mark.parametrize(("error", "fields"), FIELDS, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_errors_pickle(error: OAuthError, fields: dict[str, object], protocol: int) -> None:
    """A pickled error comes back as the same class with the same fields, words and vars."""
    twin = pickle.loads(pickle.dumps(error, protocol))
    assert type(error) is type(twin)
    assert fields == {name: getattr(twin, name) for name in fields}
    assert (str(error), repr(error), vars(error)) == (str(twin), repr(twin), vars(twin))


@pytest.mark.parametrize(("error", "fields"), FIELDS, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_errors_copy(error: OAuthError, fields: dict[str, object], copied: object) -> None:
    """A copy is the same class with the same fields and words."""
    assert callable(copied)
    twin = copied(error)
    assert twin is not error
    assert type(error) is type(twin)
    assert fields == {name: getattr(twin, name) for name in fields}
    assert str(error) == str(twin)


def test_a_token_that_could_not_be_kept_is_there_for_who_asks_and_nowhere_else() -> None:
    """It is in the attribute alone: in no vars, args, str, repr, traceback, pickle or copy."""
    issued = IssuedToken(token=loads(TOKEN), issued_at=datetime(2026, 11, 23, tzinfo=timezone.utc))
    error = StorageError("no space left", "/path", errno.ENOSPC, issued=issued)
    assert error.issued is issued
    shown = [str(error), repr(error), repr(error.args), repr(vars(error)), *traceback.format_exception(error)]
    assert "2026" not in "".join(shown)
    assert "4f0a" not in "".join(shown)
    assert (len(pickle.dumps(StorageError("no space left", "/path", errno.ENOSPC))), None) == (
        len(pickle.dumps(error)),
        pickle.loads(pickle.dumps(error)).issued,
    )
    assert copy.copy(error).issued is None


def test_the_body_of_an_issued_token_is_there_for_who_asks_and_nowhere_else() -> None:
    """The bytes are in the attribute alone: in no vars, args, str, repr, traceback, pickle or copy."""
    error = InvalidTokenError(iter(PROBLEMS), CANARY)
    assert error.body == CANARY
    assert error.problems == PROBLEMS
    shown = [str(error), repr(error), repr(error.args), repr(vars(error)), *traceback.format_exception(error)]
    assert "canary" not in "".join(shown)
    assert b"canary" not in pickle.dumps(error)
    assert pickle.loads(pickle.dumps(error)).body is None
    assert copy.copy(error).body is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (InvalidTokenError(PROBLEMS), "not a TickTick token: access_token: expected a UUID; document: not JSON"),
        (AuthorizationError("access_denied"), "the person denied the access: access_denied"),
        (AuthorizationError("server_error", "later"), "no code was issued: server_error (later)"),
        (TokenEndpointError(503), "the token endpoint answered with status 503"),
        (TokenEndpointError(400, None, "used"), "the token endpoint answered with status 400, used"),
        (
            TokenEndpointError(429, "slow_down", "busy", 0, "wait"),
            "the token endpoint answered with status 429, slow_down: busy; it asks to wait 0 seconds; wait",
        ),
        (RegistrationError(None, hint="its issuer is another"), "its issuer is another"),
        (
            RegistrationError(429, "slow_down", "busy", 7, "wait"),
            "the server answered with status 429, slow_down: busy; it asks to wait 7 seconds; wait",
        ),
        (TransportError("no route", None), "no route"),
        (TransportError("no route", True), "no route; the code was not sent and may be used again"),  # noqa: FBT003
        (
            DeadlineExceededError("too slow"),
            "too slow; outcome unknown, so start again at the authorization URL: the code may be spent",
        ),
        (EndpointError(503), "the endpoint answered with status 503"),
        (SignInCancelledError("the sign-in was cancelled"), "the sign-in was cancelled"),
        (SignInRequiredError("no token"), "no token"),
        (SignInRequiredError("no token", "call get_token()"), "no token; call get_token()"),
        (StorageError("no space left"), "no space left"),
        (StorageError("no space left", "/path", errno.ENOSPC), "/path: no space left"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_words(error: OAuthError, words: str) -> None:
    """Each error says in one line what happened and what to do next."""
    assert words == str(error)
