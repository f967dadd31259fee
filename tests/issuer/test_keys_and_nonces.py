"""Keys from files, books of nonces, and the limit by address."""

import asyncio
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_curve_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from tests.support.issuer_wire import make_key

from parcela.issuer.keys import UnusableKey, load_file_keys, read_decryption_key, read_sender_key
from parcela.issuer.nonces import MemoryNonces
from parcela.issuer.ports import SenderKey, TryLater
from parcela.issuer.rate import AddressLimiter
from parcela.operations.keys import compute_key_name, render_public_pem
from parcela.sandbox.keys import make_certificate


def private_pem(name: str) -> bytes:
    return make_key(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_keys_are_found_by_the_names_that_the_wire_uses(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text(render_public_pem(make_key("a").public_key()))
    (tmp_path / "b.crt").write_bytes(make_certificate(make_key("b"), name="Network"))
    (tmp_path / "c.pem").write_bytes(private_pem("c"))
    keys = load_file_keys(
        network_keys=[str(tmp_path / "a.pem"), f"network!key-1={tmp_path / 'b.crt'}"],
        decryption_keys=[tmp_path / "c.pem"],
    )
    name = compute_key_name(make_key("a").public_key())
    found = asyncio.run(keys.find_sender_key(f"parcela!{name}"))
    assert found is not None and found.public_key == make_key("a").public_key()
    named = asyncio.run(keys.find_sender_key("network!key-1"))
    assert named is not None and named.public_key == make_key("b").public_key()
    assert named.key_id < 0 and named.key_id != found.key_id
    assert asyncio.run(keys.find_sender_key(name)) is None
    assert list(asyncio.run(keys.list_decryption_keys())) == [compute_key_name(make_key("c").public_key())]


def test_a_key_file_that_cannot_be_used_is_told_by_name(tmp_path: Path) -> None:
    curve_key = generate_curve_key(SECP256R1())
    contents = {
        "curve.pem": curve_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "curve-private.pem": curve_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "locked.pem": make_key("a").private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
        ),
        "text.pem": b"hello",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    told = {}
    for name in ("missing.pem", "text.pem", "curve.pem"):
        with pytest.raises(UnusableKey) as sender:
            read_sender_key(str(tmp_path / name))
        told[name] = str(sender.value).replace(f"{tmp_path}/", "")
    for name in ("missing.pem", "locked.pem", "curve-private.pem"):
        with pytest.raises(UnusableKey) as own:
            read_decryption_key(tmp_path / name)
        told[f"own {name}"] = str(own.value).replace(f"{tmp_path}/", "")
    assert told == {
        "missing.pem": "missing.pem cannot be read (No such file or directory); it should hold the network's "
        "public key or certificate.",
        "text.pem": "text.pem holds no public key or certificate in PEM form.",
        "curve.pem": "curve.pem must hold an RSA key of 2048 to 4096 bits.",
        "own missing.pem": "missing.pem cannot be read (No such file or directory); it should hold the "
        "issuer's private key.",
        "own locked.pem": "locked.pem holds no private key in PEM form without a password.",
        "own curve-private.pem": "curve-private.pem must hold an RSA key of 2048 to 4096 bits.",
    }


SENDER = SenderKey(key_id=1, consumer_key="parcela!1", public_key=make_key("a").public_key())
OTHER = SenderKey(key_id=2, consumer_key="parcela!2", public_key=make_key("b").public_key())


def test_a_nonce_is_used_once_for_a_key_and_a_second() -> None:
    book = MemoryNonces(lambda: 1000.0)
    asked = [
        (SENDER, 1000, "a"),
        (SENDER, 1000, "a"),
        (SENDER, 1001, "a"),
        (OTHER, 1000, "a"),
        (SENDER, 1000, "b"),
    ]
    fresh = [asyncio.run(book.use(key, signed_at=at, nonce=nonce)) for key, at, nonce in asked]
    assert fresh == [True, False, True, True, True]


def test_a_full_book_of_nonces_forgets_what_is_old_and_nothing_else() -> None:
    now_s = 1000.0
    book = MemoryNonces(lambda: now_s, max_held=2)
    assert asyncio.run(book.use(SENDER, signed_at=1000, nonce="a"))
    assert asyncio.run(book.use(SENDER, signed_at=1000, nonce="b"))
    with pytest.raises(TryLater):
        asyncio.run(book.use(SENDER, signed_at=1000, nonce="c"))
    now_s = 1601.0
    assert asyncio.run(book.use(SENDER, signed_at=1600, nonce="c"))
    assert not asyncio.run(book.use(SENDER, signed_at=1600, nonce="c"))


def test_an_address_may_burst_to_twice_its_rate_and_then_waits() -> None:
    limiter = AddressLimiter(2, max_addresses=2)
    assert [limiter.admits("a", 0.0) for _ in range(5)] == [True] * 4 + [False]
    assert limiter.admits("b", 0.0)
    assert [limiter.admits("a", 0.5), limiter.admits("a", 0.5)] == [True, False]
    # A clock that steps back fills nothing.
    assert not limiter.admits("a", 0.0)
    assert [AddressLimiter(0).admits("a", 0.0) for _ in range(100)] == [True] * 100


def test_of_very_many_addresses_the_oldest_is_forgotten() -> None:
    limiter = AddressLimiter(1, max_addresses=2)
    assert [limiter.admits("a", 0.0) for _ in range(3)] == [True, True, False]
    assert limiter.admits("b", 0.0) and limiter.admits("c", 0.0)
    assert limiter.admits("a", 0.0)
