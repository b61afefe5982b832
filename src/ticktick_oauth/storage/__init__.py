"""Keep a token between two runs of a program: in a private file, or wherever a ``TokenStore`` puts it."""

from ._require import TokenStore, require_token

TYPE_CHECKING = False  # as in the package's own
if TYPE_CHECKING:
    from ._token_file import TokenFile, default_path
else:

    def __getattr__(name: str) -> object:
        """Load what has to do with files at its first use: a token in the environment needs none of it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from . import _token_file

        return globals().setdefault(name, getattr(_token_file, name))

    def __dir__() -> list[str]:
        return __all__


__all__ = ["TokenFile", "TokenStore", "default_path", "require_token"]
