"""Keep the token in the operating system's key ring: a store for get_token and require_token."""

import keyring
from keyring.errors import KeyringError, PasswordDeleteError

from ticktick_oauth import IssuedToken, dump_issued, load_issued
from ticktick_oauth.exceptions import StorageError

PLACE = ("ticktick-oauth", "token")


class Keychain:
    def load(self) -> IssuedToken | None:
        try:
            text = keyring.get_password(*PLACE)
        except KeyringError as error:  # there is no key ring (NoKeyringError), or it is locked
            raise StorageError(f"the key ring cannot be read: {error}") from None
        return None if text is None else load_issued(text)

    def save(self, issued: IssuedToken) -> None:
        try:
            keyring.set_password(*PLACE, dump_issued(issued))
        except KeyringError as error:
            raise StorageError(f"the key ring keeps nothing: {error}") from None

    def delete(self) -> None:
        try:
            if self.load() is not None:
                keyring.delete_password(*PLACE)
        except PasswordDeleteError as error:
            raise StorageError(f"the key ring deletes nothing: {error}") from None
