"""Have a fork wait for what must not be cut in two: the imports of a first exchange, and OpenSSL's work."""

# Before a fork, hooks run from the last that was registered to the first. The one of `logging` takes a lock that the
# imports need: it has to run behind ours, and so to be there before it.
import logging  # noqa: F401 # pyright: ignore[reportUnusedImport]
import os
from contextlib import AbstractContextManager
from functools import lru_cache

# Longer than those take. Should another of the program's hooks stand in the way, the fork happens all the same.
_PATIENCE = 5.0


@lru_cache(maxsize=1)
def no_fork() -> AbstractContextManager[bool]:
    """Return a lock that a fork waits for.

    A child inherits the locks of its parent's other threads as they are. One that is taken then is never released: a
    child that was forked while another thread imported urllib3 would wait for ever at its own first import of it.
    """
    # Made at its first use, as gevent and eventlet may replace what `threading` has until then.
    from threading import RLock

    lock = RLock()
    taken: list[bool] = []

    def release() -> None:
        if taken.pop():
            lock.release()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=lambda: taken.append(lock.acquire(timeout=_PATIENCE)),
            after_in_parent=release,
            after_in_child=release,
        )
    return lock
