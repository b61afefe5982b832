"""Keep a token between two runs of a program: in a private file, or wherever a ``TokenStore`` puts it."""

from ._kept import require_token
from ._token_file import TokenFile, TokenStore, default_path

__all__ = ["TokenFile", "TokenStore", "default_path", "require_token"]
