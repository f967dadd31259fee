"""Bodies: media type, strict JSON, and the canonical form that idempotency keys stand for (§§2, 12)."""

import json

from parcela.dialects.payments.errors import PaymentsError
from parcela.dialects.strict_json import JsonNumber, JsonValue, StrictJsonError, parse_object

MAX_BODY_BYTES = 1024 * 1024
_UTF8 = ("utf-8", "utf8", "us-ascii")


def check_media_type(headers: list[tuple[bytes, bytes]]) -> None:
    """JSON in UTF-8 without another coding around it. Raises PaymentsError."""
    types = [value.decode("latin-1") for name, value in headers if name == b"content-type"]
    codings = [value.strip().lower() for name, value in headers if name == b"content-encoding"]
    if len(types) != 1 or not _is_json(types[0]):
        raise PaymentsError("unsupported_media_type", "Send the body as 'Content-Type: application/json'.")
    if any(coding != b"identity" for coding in codings):
        raise PaymentsError("unsupported_media_type", "Send the body without a Content-Encoding.")


def read_object(raw: bytes) -> dict[str, JsonValue]:
    """The object of a body. Raises PaymentsError."""
    if not raw:
        raise PaymentsError("invalid_json", "The body is empty: send one JSON object.")
    try:
        return parse_object(raw)
    except StrictJsonError as fault:
        raise PaymentsError("invalid_json", f"The body must be one JSON object: {fault}.") from None


def write_canonical(path: str, body: dict[str, JsonValue]) -> bytes:
    """A request in the form that order of keys and spaces do not change."""
    return json.dumps([path, _mark_numbers(body)], sort_keys=True, separators=(",", ":")).encode()


def refuse_too_large() -> PaymentsError:
    """A body over the limit."""
    return PaymentsError(
        "body_too_large", f"The body must not be larger than {MAX_BODY_BYTES} bytes (1 MiB)."
    )


def _is_json(media_type: str) -> bool:
    name, *parameters = (part.strip().lower() for part in media_type.split(";"))
    charsets = [part.partition("=")[2].strip('" ') for part in parameters if part.startswith("charset")]
    return name == "application/json" and all(charset in _UTF8 for charset in charsets)


def _mark_numbers(value: JsonValue) -> object:
    """A number and the text of its digits are two values; no text that is let in holds U+0000."""
    if isinstance(value, JsonNumber):
        return f"\0{value}"
    if isinstance(value, dict):
        return {name: _mark_numbers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_mark_numbers(inner) for inner in value]
    return value
