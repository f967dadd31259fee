"""Key pairs and the certificate of the demo world, as PEM files that only their owner can read."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from parcela.operations.keys import generate_key_pair

_VALIDITY = timedelta(days=3650)


def ensure_private_key(path: Path) -> RSAPrivateKey:
    """The key in a PEM file (PKCS#8), made on first use."""
    if path.exists():
        loaded = load_pem_private_key(path.read_bytes(), password=None)
        assert isinstance(loaded, RSAPrivateKey), f"{path} holds another kind of key"
        return loaded
    private_key = generate_key_pair()
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_private_file(path, pem)
    return private_key


def write_private_file(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)


def make_certificate(private_key: RSAPrivateKey, *, name: str) -> bytes:
    """A self-signed certificate, the form in which client libraries want a public key."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + _VALIDITY)
        .sign(private_key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM)


def read_certificate_key(path: Path) -> RSAPublicKey | None:
    """The public key of a certificate file; None when there is none, or not a whole one."""
    if not path.exists():
        return None
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes()).public_key()
    except ValueError:
        return None
    assert isinstance(found, RSAPublicKey), f"{path} holds another kind of key"
    return found
