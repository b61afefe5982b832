"""How a command ends: the exit codes, which scripts rely on."""

from ..exceptions import AuthorizationError
from ..exceptions import DeadlineExceededError
from ..exceptions import InvalidTokenError
from ..exceptions import OAuthError
from ..exceptions import StorageError

DONE = 0
NO = 1
USAGE = 2
DENIED = 3
TIMED_OUT = 4
FAILED = 5
NOT_KEPT = 6
INTERRUPTED = 130

EXIT_CODES = """exit codes:
  0    done
  1    the answer is no: not a token (check); none, expired, or within the limit (status, token)
  2    wrong usage, or a port in use
  3    the person denied the access
  4    timed out
  5    the server or the network failed
  6    the token could not be kept or read
  130  interrupted
"""


class Stop(Exception):  # noqa: N818 - not every end is an error
    """The end of a command, with a line for stderr and an exit code."""

    def __init__(self, message: str, code: int) -> None:
        self.message = message
        self.code = code
        super().__init__(message, code)


def exit_code(error: OAuthError) -> int:
    """Return the exit code of an error of this package."""
    if isinstance(error, AuthorizationError) and error.error == "access_denied":
        return DENIED
    codes = {
        InvalidTokenError: FAILED,
        DeadlineExceededError: TIMED_OUT,
        StorageError: NOT_KEPT,
    }
    return next((code for kind, code in codes.items() if isinstance(error, kind)), FAILED)
