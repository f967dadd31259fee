"""The name of a public key: the fingerprint that the network dialect calls `kid`."""

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def compute_key_name(public_key: RSAPublicKey) -> str:
    """Lower-case hex SHA-256 of the SubjectPublicKeyInfo in DER (`spec/network.md` §4)."""
    return sha256(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
