"""Logs: no card number, secret or private key leaves through them, from whatever library."""

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import redirect_stderr

import pytest
import structlog

from parcela.domain.cards import Pan
from parcela.logs import configure_logs, scrub

CARD = "5110921032063789"
MASKED = "511092******3789"


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        (f"card {CARD} refused", f"card {MASKED} refused"),  # a card number
        ("order 5110921032063788", "order 5110921032063788"),  # no card number
        ("password=hunter2 next", "password=[masked] next"),  # a form or a connection string
        ('{"password": "hunter2", "a": 1}', '{"password": "[masked]", "a": 1}'),  # JSON
        ("client_secret: abc", "client_secret: [masked]"),  # YAML
        ("session_token='abc'", "session_token='[masked]'"),  # a repr
        ("Authorization: Bearer sk_live_abc\nHost: x", "Authorization: [masked]\nHost: x"),  # a header
        ('authorization=OAuth oauth_nonce="a",oauth_signature="b"', "authorization=[masked]"),  # to its end
        (
            "key -----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- end",
            "key [private key] end",
        ),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "[private key]"),  # one that was cut off
        ("nothing to hide", "nothing to hide"),  # everything else stays
    ],
)
def test_a_text_is_scrubbed(text: str, scrubbed: str) -> None:
    assert scrub(text) == scrubbed


@pytest.fixture
def restored() -> Iterator[None]:
    """Logging is process-wide: leave it as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def log_events(log_format: str) -> str:
    stream = io.StringIO()
    with redirect_stderr(stream):
        configure_logs(log_format)
        log = structlog.get_logger("test")
        log.info("paid", text=CARD, number=int(CARD), card=Pan(CARD), nested={"pan": [CARD]})
        log.info("signed in", password="hunter2", api_key="hunter3", count=3, share=0.5, is_new=True)
        log.debug("unseen", text="below the level")
        try:
            raise ValueError(f"no offer for {CARD}")
        except ValueError:
            log.exception("failed", path=f"/plans/{CARD}")
        logging.getLogger("library").warning("body %s of %s", CARD, {"pan": CARD})
        logging.getLogger("library").info("below the level")
    return stream.getvalue()


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_line_holds_a_card_number_or_a_secret(log_format: str, restored: None) -> None:
    written = log_events(log_format)
    assert re.findall("hunter|below|" + CARD, written) == []
    assert written.count(MASKED) == 8


def test_json_lines_keep_plain_values(restored: None) -> None:
    [_, second, *_] = log_events("json").splitlines()
    event = json.loads(second)
    del event["timestamp"]
    assert event == {
        "event": "signed in",
        "level": "info",
        "password": "[masked]",
        "api_key": "[masked]",
        "count": 3,
        "share": 0.5,
        "is_new": True,
    }
