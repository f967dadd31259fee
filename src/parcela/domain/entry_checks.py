"""What the checks of catalogue entries share: how a breach is told, and forms that several kinds have."""

import re
from urllib.parse import urlsplit

from parcela.domain.errors import InvalidInput

MAX_URL = 2000
_MCC = re.compile(r"[0-9]{4}")


def expect(holds: bool, member: str, expected: str, came: object = None) -> None:
    """Refuse a breach, naming the member, what was expected and what came. Raises InvalidInput."""
    if not holds:
        raise InvalidInput(member, expected, came=None if came is None else repr(came))


def is_web_address(url: str) -> bool:
    """An http or https URL with a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def is_mcc(code: str) -> bool:
    """A merchant category code (ISO 18245): four digits."""
    return _MCC.fullmatch(code) is not None
