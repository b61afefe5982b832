"""The errors: their hierarchy, their fields, their words, and that each pickles and copies without a secret."""

import copy
import errno
import inspect
import pickle
import traceback
from collections.abc import Callable
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
USED = ("invalid_grant", "used", 0, "start again")
# An error, its fields, and its words: what happened, and what to do next.
EXAMPLES: list[tuple[OAuthError, dict[str, object], str]] = [
    (OAuthError("words"), {"args": ("words",)}, "words"),
    (
        InvalidTokenError(PROBLEMS),
        {"problems": PROBLEMS, "body": None},
        "not a TickTick token: access_token: expected a UUID; document: not JSON",
    ),
    (InvalidRedirectError("words"), {"args": ("words",)}, "words"),
    (StateMismatchError("words"), {"args": ("words",)}, "words"),
    (
        AuthorizationError("access_denied"),
        {"error": "access_denied", "description": None, "uri": None},
        "the person denied the access: access_denied",
    ),
    (
        AuthorizationError(error="server_error", description="later", uri="https://example.com/"),
        {"error": "server_error", "description": "later", "uri": "https://example.com/"},
        "no code was issued: server_error (later)",
    ),
    (EndpointError(503), {"status": 503, "error": None, "hint": None}, "the endpoint answered with status 503"),
    (
        TokenEndpointError(status=400, description="used"),
        {"status": 400, "error": None, "description": "used", "retry_after": None, "hint": None},
        "the token endpoint answered with status 400, used",
    ),
    (
        TokenEndpointError(400, *USED),
        dict(zip(("error", "description", "retry_after", "hint"), USED, strict=True)),
        "the token endpoint answered with status 400, invalid_grant: used; it asks to wait 0 seconds; start again",
    ),
    (
        RegistrationError(None, hint="its issuer is another"),
        {"status": None, "error": None, "description": None, "retry_after": None, "hint": "its issuer is another"},
        "its issuer is another",
    ),
    (SignInCancelledError("words"), {"args": ("words",)}, "words"),
    (SignInRequiredError("words"), {"args": ("words", ""), "reason": "words"}, "words"),
    (SignInRequiredError("words", "advice"), {"args": ("words", "advice"), "reason": "words"}, "words; advice"),
    (TransportError("words", None), {"reason": "words", "code_unused": None}, "words"),
    (
        TransportError("words"),
        {"reason": "words", "code_unused": False},
        "words; outcome unknown, so start again at the authorization URL: the code may be spent",
    ),
    (
        DeadlineExceededError(reason="words", code_unused=True),
        {"reason": "words", "code_unused": True},
        "words; the code was not sent and may be used again",
    ),
    (StorageError("words"), {"strerror": "words", "filename": None, "errno": None}, "words"),
    (
        StorageError("words", "/path", errno.EACCES),
        {"strerror": "words", "filename": "/path", "errno": errno.EACCES},
        "/path: words",
    ),
]
WAYS: list[Callable[[OAuthError], OAuthError]] = [copy.copy, copy.deepcopy]
WAYS += [
    lambda error, protocol=protocol: pickle.loads(pickle.dumps(error, protocol))  # type: ignore[misc]
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
]


def test_the_hierarchy_is_complete() -> None:
    """Each error has the bases that the design says; there is no error beside these, and each has its example below."""
    classes = [value for value in vars(exceptions).values() if inspect.isclass(value)]
    errors = [value for value in classes if issubclass(value, BaseException)]
    assert list(BASES.items()) == [(error, error.__bases__) for error in errors]
    assert sorted({error.__name__ for error in BASES} | {"Problem"}) == exceptions.__all__
    assert set(BASES) == {type(error) for error, *_ in EXAMPLES}


@pytest.mark.parametrize(("error", "fields", "words"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_errors_pickle_and_copy(error: OAuthError, fields: dict[str, object], words: str) -> None:
    """An error that was pickled or copied is of the same class, with the same fields, words and vars."""
    assert words == str(error)
    for twin in (error, *(way(error) for way in WAYS)):
        assert type(error) is type(twin)
        assert fields == {name: getattr(twin, name) for name in fields}
        assert (str(error), repr(error), vars(error)) == (str(twin), repr(twin), vars(twin))


ISSUED = IssuedToken(token=loads(TOKEN), issued_at=datetime(2026, 11, 23, tzinfo=timezone.utc))


@pytest.mark.parametrize(
    ("error", "name", "value"),
    [
        (StorageError("no space left", "/path", errno.ENOSPC, issued=ISSUED), "issued", ISSUED),
        (InvalidTokenError(iter(PROBLEMS), CANARY), "body", CANARY),
    ],
)
def test_what_was_issued_is_there_for_who_asks_and_nowhere_else(error: OAuthError, name: str, value: object) -> None:
    """It is in the attribute alone: in no vars, args, str, repr, traceback, pickle or copy."""
    assert value == getattr(error, name)
    shown = [str(error), repr(error), repr(error.args), repr(vars(error)), *traceback.format_exception(error)]
    shown += [repr(pickle.dumps(error)), repr(vars(copy.copy(error)))]
    assert not [word for word in ("2026", "4f0a", "canary", "issued_at") if word in "".join(shown)]
    assert [None] * len(WAYS) == [getattr(way(error), name) for way in WAYS]
