"""Secrets that people and programs carry as text: 32 random bytes as letters and digits."""

from parcela.operations.engine import Engine

_SECRET_BYTES = 32
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHARACTERS = 43
"""62 to the power of 43 is just above 2 to the power of 256."""


def make_secret_text(engine: Engine) -> str:
    """All of 32 random bytes as 43 letters and digits, which every client sends unchanged."""
    number = int.from_bytes(engine.ids.random_bytes(_SECRET_BYTES))
    characters = []
    for _ in range(_CHARACTERS):
        number, digit = divmod(number, len(_DIGITS))
        characters.append(_DIGITS[digit])
    return "".join(characters)
