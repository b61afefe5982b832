"""Write into a file that has to stay where it is, such as a mount point.

A reader may meet the file empty or half written for a moment, which a rename avoids.
"""

import os
from contextlib import suppress
from pathlib import Path

from ..exceptions import StorageError
from ._access import check_regular, flags, make_private


def overwrite(path: Path, data: bytes) -> bool:
    """Replace the content of a file by bytes; return False when it may not be opened for that.

    When that fails, the old content is put back; where that fails too, the file is left empty, and the error says so.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | flags("O_NONBLOCK", "O_NOCTTY", "O_NOFOLLOW"))
    except OSError:
        return False
    try:
        check_regular(descriptor)
        make_private(path, descriptor)
        before = os.read(descriptor, os.fstat(descriptor).st_size)
        try:
            _fill(descriptor, data)
        except BaseException as error:
            if _is_restored(descriptor, before) or not isinstance(error, OSError):
                raise
            number = error.errno
        else:
            return True
    finally:
        os.close(descriptor)
    reason = os.strerror(number) if number else "an error"
    raise StorageError(f"writing in place met {reason}, and the old content is lost: the file is empty", None, number)


def _fill(descriptor: int, data: bytes) -> None:
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    while data:
        data = data[os.write(descriptor, data) :]
    os.fsync(descriptor)


def _is_restored(descriptor: int, before: bytes) -> bool:
    try:
        _fill(descriptor, before)
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, 0)  # an empty file is replaced by the next save, half a token is not
        return False
    return True
