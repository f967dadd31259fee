"""Logs: one line an event, on standard error, with every card number and secret masked."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from parcela.domain.cards import mask_card_numbers

_SECRET = re.compile(r"(?i)(password|secret|token|authorization)(['\"]?\s*[=:]\s*)(['\"]?)[^\s'\",}]+")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL
)


def scrub(text: str) -> str:
    """Mask card numbers, private keys and the values of secret members in a text."""
    text = _PRIVATE_KEY.sub("[private key]", mask_card_numbers(text))
    return _SECRET.sub(r"\1\2\3[masked]", text)


def _scrub_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = scrub(value)
        elif not isinstance(value, bool | int | float | None):
            event[key] = scrub(repr(value))
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
