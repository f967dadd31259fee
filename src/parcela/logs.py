"""Logs: one line an event, on standard error, with every card number and secret masked."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from parcela.domain.cards import mask_card_numbers

_SECRET_NAME = re.compile(r"(?i)password|secret|token|authorization|private_key|api_key")
_SECRET = re.compile(r"(?i)(password|secret|token)(['\"]?\s*[=:]\s*)(['\"]?)[^\s'\",}]+")
# A scheme and its credentials: everything up to the end of the line belongs to the value.
_AUTHORIZATION = re.compile(r"(?i)(authorization['\"]?\s*[=:]\s*)[^\r\n]+")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL
)


def scrub(text: str) -> str:
    """Mask card numbers, private keys and the values of secret members in a text."""
    text = _PRIVATE_KEY.sub("[private key]", mask_card_numbers(text))
    return _SECRET.sub(r"\1\2\3[masked]", _AUTHORIZATION.sub(r"\1[masked]", text))


def _scrub_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if value is None or isinstance(value, bool):
            continue
        if _SECRET_NAME.search(key):
            event[key] = "[masked]"
            continue
        text = value if isinstance(value, str) else repr(value)
        scrubbed = scrub(text)
        # A number stays a number unless it is a card's.
        if not isinstance(value, int | float) or scrubbed != text:
            event[key] = scrubbed
    return event


class _ScrubFilter(logging.Filter):
    """The same for libraries that log by themselves."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrub(record.getMessage()), ()
        return True


def configure_logs(log_format: str) -> None:
    """Send structlog and the standard library's logs through the scrubber; tracebacks without locals."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _scrub_event,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_ScrubFilter())
    logging.basicConfig(
        level=logging.WARNING, handlers=[handler], force=True, format="%(levelname)s %(name)s %(message)s"
    )
