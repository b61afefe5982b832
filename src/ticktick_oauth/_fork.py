"""Have a fork wait for what must not be cut in two: the imports of a first exchange, and OpenSSL's reading."""

import os
from contextlib import AbstractContextManager
from functools import lru_cache


@lru_cache(maxsize=1)
def no_fork() -> AbstractContextManager[bool]:
    """Return a lock that a fork waits for.

    A child inherits the locks of its parent's other threads as they are. One that is taken then is never released: a
    child that was forked while another thread imported urllib3 would wait for ever at its own first import of it.
    """
    # Made at its first use, as gevent and eventlet may replace what `threading` has until then.
    from threading import RLock

    lock = RLock()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)
    return lock
