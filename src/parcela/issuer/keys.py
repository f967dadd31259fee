"""Keys of the issuer's door from PEM files: the network's public keys, the issuer's own private ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from parcela.issuer.ports import SenderKey
from parcela.operations.keys import compute_key_name

SENDER_CODE = "parcela"
"""The client id in the consumer keys of a Parcela network, `parcela!<key name>`."""

MIN_KEY_BITS, MAX_KEY_BITS = 2048, 4096


class UnusableKey(Exception):
    """A key file cannot be used; the message says which one and what is expected in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKeys:
    """Keys that stay as they were read, which makes them a `ReceiverKeys`. Both maps may hold several,
    so that keys can be changed without a gap.
    """

    senders: Mapping[str, SenderKey]
    decryption: Mapping[str, RSAPrivateKey] = field(repr=False)

    async def find_sender_key(self, consumer_key: str) -> SenderKey | None:
        """The key of a consumer key."""
        return self.senders.get(consumer_key)

    async def list_decryption_keys(self) -> Mapping[str, RSAPrivateKey]:
        """The private keys by `kid`."""
        return self.decryption


def load_file_keys(*, network_keys: Sequence[str], decryption_keys: Sequence[Path]) -> FileKeys:
    """Read key files. A network key is `FILE`, or `CONSUMER_KEY=FILE` for one that is not named
    `parcela!<hex SHA-256 of the key>`. Raises UnusableKey.
    """
    senders = [read_sender_key(text) for text in network_keys]
    private_keys = [read_decryption_key(path) for path in decryption_keys]
    return FileKeys(
        senders={sender.consumer_key: sender for sender in senders},
        decryption={compute_key_name(key.public_key()): key for key in private_keys},
    )


def read_sender_key(text: str) -> SenderKey:
    """A public key or certificate of the network, `FILE` or `CONSUMER_KEY=FILE`. Raises UnusableKey."""
    consumer_key, _, file = text.rpartition("=")
    path = Path(file)
    pem = _read_file(path, "the network's public key or certificate")
    try:
        is_certificate = b"BEGIN CERTIFICATE" in pem
        found = (
            x509.load_pem_x509_certificate(pem).public_key() if is_certificate else load_pem_public_key(pem)
        )
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKey(f"{path} holds no public key or certificate in PEM form.") from None
    if not isinstance(found, RSAPublicKey) or not MIN_KEY_BITS <= found.key_size <= MAX_KEY_BITS:
        raise UnusableKey(f"{path} must hold an RSA key of {MIN_KEY_BITS} to {MAX_KEY_BITS} bits.")
    name = consumer_key or f"{SENDER_CODE}!{compute_key_name(found)}"
    return SenderKey(key_id=_number_key(name), consumer_key=name, public_key=found)


def read_decryption_key(path: Path) -> RSAPrivateKey:
    """A private key of the issuer, PEM without a password. Raises UnusableKey."""
    pem = _read_file(path, "the issuer's private key")
    try:
        found = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnusableKey(f"{path} holds no private key in PEM form without a password.") from None
    if not isinstance(found, RSAPrivateKey) or not MIN_KEY_BITS <= found.key_size <= MAX_KEY_BITS:
        raise UnusableKey(f"{path} must hold an RSA key of {MIN_KEY_BITS} to {MAX_KEY_BITS} bits.")
    return found


def _read_file(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnusableKey(f"{path} cannot be read ({error.strerror}); it should hold {what}.") from None


def _number_key(consumer_key: str) -> int:
    """A negative number of 31 bits: the keys that a database knows have positive ones."""
    return -1 - (int.from_bytes(sha256(consumer_key.encode()).digest()[:4]) >> 1)
