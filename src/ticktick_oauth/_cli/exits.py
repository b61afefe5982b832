"""Name the exit codes, which scripts rely on."""

DONE = 0
ANSWER_IS_NO = 1
USAGE = 2
DENIED = 3
TIMED_OUT = 4
FAILED = 5
NOT_KEPT = 6
INTERRUPTED = 130
READER_GONE = 141
TERMINATED = 143

EXIT_CODES = """exit codes:
  0    done
  1    the answer is no: not a token (check, import); none, expired, within the
       limit or not taken any more (status, token); not kept (login, import)
  2    wrong usage, or a port in use
  3    you denied the access
  4    timed out
  5    the server or the network failed
  6    the token could not be kept or read
  130  interrupted
  141  the reader of the output went away
  143  terminated
"""


class Stop(Exception):  # noqa: N818 - not every end is an error
    """End a command, with a line for stderr (or none, when it is empty) and an exit code."""

    def __init__(self, message: str, code: int) -> None:
        self.message = message
        self.code = code
        super().__init__(message, code)


def exit_code(error: Exception) -> int | None:
    """Return the exit code of an error that a command may end with; None for one that is a bug."""
    from ..exceptions import AuthorizationError, DeadlineExceededError, OAuthError, SignInRequiredError, StorageError

    if isinstance(error, AuthorizationError) and error.error == "access_denied":
        return DENIED
    codes: dict[type[Exception], int] = {
        SignInRequiredError: ANSWER_IS_NO,
        DeadlineExceededError: TIMED_OUT,
        StorageError: NOT_KEPT,
        OAuthError: FAILED,
        OSError: USAGE,
        RuntimeError: USAGE,  # no thread can be started
        ValueError: USAGE,
    }
    return next((code for kind, code in codes.items() if isinstance(error, kind)), None)
