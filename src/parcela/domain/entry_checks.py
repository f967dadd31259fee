"""What the checks of catalogue entries share: how a breach is told, and forms that several kinds have."""

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from parcela.domain.errors import InvalidInput

MAX_URL = 2000
_ZONE = re.compile(r"[0-9A-Za-z_+-]+(/[0-9A-Za-z_+-]+)*")
_NETWORK_NAME = re.compile(r"[!-~]{1,40}")
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


def check_network_name(name: str, where: str) -> None:
    """Refuse what card networks cannot carry as the name of a merchant or terminal. Raises InvalidInput."""
    expect(_NETWORK_NAME.fullmatch(name) is not None, where, "1 to 40 visible ASCII characters", name)


def check_url(url: str, where: str) -> None:
    """Refuse what is no web address in one line. Raises InvalidInput."""
    is_url = is_web_address(url) and is_printable(url) and " " not in url and len(url) <= MAX_URL
    expect(is_url, where, f"an http or https URL of at most {MAX_URL} characters", url)


def check_text(text: str, where: str, *, most: int, has_lines: bool = False) -> None:
    """Refuse a text that is empty, too long, not printable or, without `has_lines`, in several lines.

    Raises InvalidInput.
    """
    printed = text.replace("\n", "") if has_lines else text
    holds = len(text) <= most and bool(text.strip()) and is_printable(printed)
    expect(holds, where, f"1 to {most} characters" + ("" if has_lines else " in one line"))


def is_printable(text: str) -> bool:
    """No control characters and no halves of surrogate pairs; other scripts and their marks are welcome."""
    return not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text)


def check_each_once(values: Iterable[object], where: str, expected: str) -> None:
    """Refuse an empty list, and one that names something twice. Raises InvalidInput."""
    kept = list(values)
    expect(bool(kept) and len(set(kept)) == len(kept), where, expected, ", ".join(map(str, kept)))


def is_time_zone(name: str) -> bool:
    """An IANA name that this machine knows."""
    if _ZONE.fullmatch(name) is None:
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # A folder of the time zone database has a name too, and is none.
        return False
    return True
