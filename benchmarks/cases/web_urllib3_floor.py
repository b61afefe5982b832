"""urllib3 and the parsing by hand, in a process that has loaded attrs and cattrs too: the floor of an exchange."""

from . import parse_floor  # noqa: F401
from .web_urllib3 import exchange

__all__ = ["exchange"]
