"""Versions of this door's wire, by date (`spec/payments.md` §1). There is one so far."""

from collections.abc import Sequence

from parcela.dialects.payments.errors import PaymentsError, show_text
from parcela.domain.payments.accounts import API_VERSIONS

HEADERS = (b"parcela-version", b"vinr-version")
NEWEST = API_VERSIONS[-1]


def choose_version(headers: Sequence[tuple[bytes, bytes]], *, pinned: str) -> str:
    """The version that a request asks for, else its account's. Raises PaymentsError."""
    asked = {value.decode("latin-1").strip() for name, value in headers if name in HEADERS}
    if not asked:
        return pinned
    if len(asked) > 1:
        raise PaymentsError(
            "version_invalid",
            "Parcela-Version and Vinr-Version differ: send one of them.",
            param="Parcela-Version",
        )
    version = asked.pop()
    if version not in API_VERSIONS:
        known = ", ".join(API_VERSIONS)
        raise PaymentsError(
            "version_invalid",
            f"There is no version '{show_text(version)}'. The versions are: {known}.",
            param="Parcela-Version",
        )
    return version
