"""The key-encryption key: a file outside the database whose loss makes every stored PAN unreadable.

The file is JSON, `{"active": "<id>", "keys": {"<id>": "<base64 of 32 bytes>"}}`; older keys stay in it
for unwrapping until everything is wrapped by the active one.
"""

import base64
import binascii
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_KEY_BYTES = 32


class KeyFileError(Exception):
    """The key file cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True, repr=False)
class KeyEncryptionKeys:
    """The active key and the older ones, by id. AES-256-GCM; the context is bound as associated data."""

    active_id: str
    keys: dict[str, bytes]

    def wrap(self, secret: bytes, *, context: str) -> bytes:
        """Encrypt a secret for storage; it opens under the same context only."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self.keys[self.active_id]).encrypt(nonce, secret, context.encode())

    def unwrap(self, wrapped: bytes, *, kek_id: str, context: str) -> bytes:
        """Decrypt a stored secret. Raises KeyFileError when the key is missing or is not the one."""
        key = self.keys.get(kek_id)
        if key is None:
            raise KeyFileError(
                f"The key file has no key {kek_id!r}, which the database's keys are wrapped with: restore it."
            )
        try:
            return AESGCM(key).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context.encode())
        except (InvalidTag, ValueError):
            raise KeyFileError(
                f"The key {kek_id!r} in the key file does not open the keys in this database: "
                "it belongs to another one. Point PARCELA_KEK_FILE at the right file."
            ) from None


def load_key_file(path: Path, *, may_create: bool) -> KeyEncryptionKeys:
    """Read the key file; with `may_create`, make one with a new random key when there is none."""
    try:
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        if not may_create:
            raise KeyFileError(
                f"The key file {path} does not exist: set PARCELA_KEK_FILE to the file that holds the "
                "key-encryption key, or make one with `parcela vault new-key-file`."
            ) from None
        return create_key_file(path)
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"The key file {path} cannot be read ({error}).") from None
    return _parse(text, path)


def create_key_file(path: Path) -> KeyEncryptionKeys:
    """Write a new key file, readable by its owner only; one that appears meanwhile is used instead."""
    keys = KeyEncryptionKeys("kek-1", {"kek-1": os.urandom(_KEY_BYTES)})
    document = {
        "active": keys.active_id,
        "keys": {key_id: base64.b64encode(key).decode() for key_id, key in keys.keys.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not named by the process id: in containers that share a volume every process may be number 1.
    draft = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump(document, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link appears whole or not at all, and never replaces a file that another process just made.
        os.link(draft, path)
    except FileExistsError:
        return _parse(path.read_text(encoding="ascii"), path)
    finally:
        draft.unlink()
    return keys


def _parse(text: str, path: Path) -> KeyEncryptionKeys:
    try:
        document = json.loads(text)
        keys = {key_id: base64.b64decode(key, validate=True) for key_id, key in document["keys"].items()}
        active_id = str(document["active"])
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise KeyFileError(f"The key file {path} is damaged: restore it from a backup.") from None
    if active_id not in keys or any(len(key) != _KEY_BYTES for key in keys.values()):
        raise KeyFileError(f"The key file {path} must hold keys of 32 bytes and name one of them as active.")
    return KeyEncryptionKeys(active_id, keys)
