"""Passwords: what they must be like, and their hashes. Hashing is slow on purpose, so it has a thread."""

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from parcela.domain.errors import InvalidInput

MIN_CHARACTERS = 12
MAX_BYTES = 1024

_hasher = PasswordHasher()


def check_password(password: str) -> None:
    """Refuse a password that is too short, or too long to hash. Raises InvalidInput."""
    if len(password) < MIN_CHARACTERS or len(password.encode()) > MAX_BYTES:
        raise InvalidInput("person.password", f"{MIN_CHARACTERS} characters to {MAX_BYTES} bytes")


async def hash_password(password: str) -> str:
    """An argon2id hash with a salt of its own."""
    return await asyncio.to_thread(_hasher.hash, password)


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Is this the password behind the hash? Without a hash it takes the same time and is not."""
    if len(password.encode()) > MAX_BYTES:
        return False
    nobodys_hash = await asyncio.to_thread(_make_nobodys_hash)
    is_right = await asyncio.to_thread(_verify, password_hash or nobodys_hash, password)
    return is_right and password_hash is not None


@cache
def _make_nobodys_hash() -> str:
    """Somebody unknown costs the same work as somebody known: this hash is of a password that nobody has.

    Made at the first sign-in, for it takes a tenth of a second that no start should wait for.
    """
    return _hasher.hash("the password of nobody, which is long enough")


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except VerificationError:
        return False
