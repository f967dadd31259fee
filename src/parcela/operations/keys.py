"""RSA keys as the platform makes, names and shows them."""

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_KEY_BITS = 2048


def generate_key_pair() -> RSAPrivateKey:
    """A fresh key pair of 2048 bits."""
    return generate_private_key(public_exponent=65537, key_size=_KEY_BITS)


def compute_key_name(public_key: RSAPublicKey) -> str:
    """Lower-case hex SHA-256 of the SubjectPublicKeyInfo in DER, the `kid` of `spec/network.md` §4."""
    return sha256(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def render_public_pem(public_key: RSAPublicKey) -> str:
    """The SubjectPublicKeyInfo in PEM."""
    return public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
