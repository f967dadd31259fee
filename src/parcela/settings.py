"""Settings: environment variables `PARCELA_*`, read once into one frozen record, refused with a mend.

`docs/settings.md` lists them; a test holds the list against this file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

ENVIRONMENTS = ("sandbox", "mtf", "production")
ENCRYPTED_MEMBERS = ("encryptedValue", "encryptedValues")
LENGTH_HEADERS = ("binary2", "binary4", "ascii4")
RATE_LIMITS = ("auto", "on", "off")
REFUND_STRATEGIES = ("spread", "last_first", "next_first")
PLAN_ELEMENTS = frozenset({*range(46, 49), *range(56, 64), *range(105, 128)})
SMTP_SCHEMES = ("smtp", "smtps", "smtp+plain")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_MAILBOX = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_MAX_COUNT = 10_000
_COUNTS = (
    "workers",
    "offer_hours_during_purchase",
    "offer_hours_post_purchase",
    "presentment_days",
    "servicing_late_after_days",
    "matching_window_days",
    "switch_lookup_timeout_ms",
    "switch_host_timeout_seconds",
    "switch_late_window_seconds",
    "notification_connect_timeout_seconds",
    "notification_timeout_seconds",
    "notification_tries_in_flight",
    "realtime_timeout_ms",
    "gateway_offer_hours",
    "gateway_session_minutes",
    "gateway_void_hours",
)
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


class SettingsError(Exception):
    """A setting cannot be used; the message names it and says what is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a deployment can decide. Field names are the variables without their prefix."""

    home: Path = Path(".parcela")
    environment: str = "sandbox"
    database_url: str | None = None
    kek_file: Path | None = None
    public_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    demo: bool = False
    demo_issuer: bool = True
    oauth_window_seconds: int = 300
    offer_hours_during_purchase: int = 24
    offer_hours_post_purchase: int = 24
    network_show_15_days: bool = False
    network_allow_clear_data: bool = False
    network_requests_per_second: int = 0
    notification_encrypted_member: str = "encryptedValue"
    notification_connect_timeout_seconds: int = 5
    notification_timeout_seconds: int = 15
    notification_tries_in_flight: int = 4
    realtime_timeout_ms: int = 800
    presentment_days: int = 30
    matching_window_days: int = 7
    switch_field_spec: str = "ascii"
    switch_length_header: str = "binary2"
    switch_plan_element: int = 48
    switch_plan_subelement: str = "none"
    switch_lookup_timeout_ms: int = 50
    switch_host_timeout_seconds: int = 10
    switch_late_window_seconds: int = 30
    switch_sign_on: bool = True
    gateway_lowest_version: int = 65
    gateway_literal_spellings: bool = True
    gateway_offer_hours: int = 24
    gateway_session_minutes: int = 15
    gateway_void_hours: int = 24
    payments_rate_limits: str = "auto"
    payments_allow_private_webhooks: bool = False
    payments_webhook_ports: str = ""
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str | None = None
    servicing_late_after_days: int = 25
    servicing_credit_limit: int = 10_000
    servicing_refund_strategy: str = "spread"
    servicing_open_unknown_accounts: bool = False
    servicing_return_charges: bool = False
    log_format: str = "text"

    @property
    def is_sandbox(self) -> bool:
        """Is this deployment for trying things?"""
        return self.environment == "sandbox"

    @property
    def root_url(self) -> str:
        """The public base that clients sign, without a trailing slash."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        return f"http://127.0.0.1:{self.port}"

    @property
    def key_file(self) -> Path:
        """The file of the key-encryption key."""
        return self.kek_file or self.home / "keys" / "kek.json"

    @property
    def mail_folder(self) -> Path:
        """Where a sandbox keeps mail."""
        return self.home / "sandbox" / "mail"

    @property
    def has_payments_rate_limits(self) -> bool:
        """Are requests of the payments door counted? Where nothing is said: not in the demo world."""
        said = self.payments_rate_limits
        return said == "on" or (said == "auto" and not self.demo)

    @property
    def webhook_ports(self) -> frozenset[int]:
        """Ports of webhook endpoints beside 443 and 8443."""
        ports = self.payments_webhook_ports.replace(" ", "").split(",")
        return frozenset(int(port) for port in ports if port)

    @property
    def offer_lives(self) -> tuple[timedelta, timedelta]:
        """How long presented offers can be taken, during and post purchase."""
        return timedelta(hours=self.offer_hours_during_purchase), timedelta(
            hours=self.offer_hours_post_purchase
        )


def load_settings(environ: Mapping[str, str], **overrides: object) -> Settings:
    """Read the variables; `overrides` (of the command line) that are not None win. Raises SettingsError."""
    known = {found.name: found for found in fields(Settings)}
    for name in environ:
        if name.startswith("PARCELA_") and name.removeprefix("PARCELA_").lower() not in known:
            names = ", ".join(f"PARCELA_{held.upper()}" for held in known)
            raise SettingsError(f"{name} is not a setting of Parcela. The settings are: {names}.")
    values: dict[str, object] = {}
    for name, found in known.items():
        override = overrides.get(name)
        if override is not None:
            values[name] = override
            continue
        text = environ.get(f"PARCELA_{name.upper()}")
        if text is not None and text.strip():
            values[name] = _parse(name, text.strip(), found.default)
    settings = Settings(**values)  # type: ignore[arg-type]
    _check(settings)
    return settings


def _parse(name: str, text: str, default: object) -> object:
    variable = f"PARCELA_{name.upper()}"
    if isinstance(default, bool):
        if text.lower() not in (*_TRUE, *_FALSE):
            raise SettingsError(f"{variable} must be true or false, not {text!r}.")
        return text.lower() in _TRUE
    if isinstance(default, int):
        if not (text.isascii() and text.isdigit()) or len(text) > 9:
            raise SettingsError(f"{variable} must be a whole number, not {text!r}.")
        return int(text)
    if name in ("home", "kek_file"):
        return Path(text)
    return text


def _check(settings: Settings) -> None:
    if settings.environment not in ENVIRONMENTS:
        raise SettingsError(
            f"PARCELA_ENVIRONMENT must be one of {', '.join(ENVIRONMENTS)}, not {settings.environment!r}."
        )
    for name in _COUNTS:
        if not 1 <= getattr(settings, name) <= _MAX_COUNT:
            raise SettingsError(
                f"PARCELA_{name.upper()} must lie between 1 and {_MAX_COUNT}, not {getattr(settings, name)}."
            )
    kept_hours = 24 * settings.presentment_days
    if kept_hours < settings.gateway_offer_hours or timedelta(hours=kept_hours) < max(settings.offer_lives):
        raise SettingsError(
            "PARCELA_PRESENTMENT_DAYS must cover PARCELA_OFFER_HOURS_DURING_PURCHASE, "
            "PARCELA_OFFER_HOURS_POST_PURCHASE and PARCELA_GATEWAY_OFFER_HOURS: an offer that is forgotten "
            "cannot be taken."
        )
    if not 0 < settings.port < 65536:
        raise SettingsError(f"PARCELA_PORT must lie between 1 and 65535, not {settings.port}.")
    if not 1 <= settings.oauth_window_seconds <= 300:
        raise SettingsError(
            f"PARCELA_OAUTH_WINDOW_SECONDS must lie between 1 and 300, not {settings.oauth_window_seconds}: "
            "nonces are kept for twice 300 seconds."
        )
    if not 22 <= settings.gateway_lowest_version <= 100:
        raise SettingsError(
            "PARCELA_GATEWAY_LOWEST_VERSION must lie between 22 and 100, "
            f"not {settings.gateway_lowest_version}."
        )
    if settings.log_format not in ("text", "json"):
        raise SettingsError(f"PARCELA_LOG_FORMAT must be text or json, not {settings.log_format!r}.")
    if settings.payments_rate_limits not in RATE_LIMITS:
        raise SettingsError(
            f"PARCELA_PAYMENTS_RATE_LIMITS must be one of {', '.join(RATE_LIMITS)}, "
            f"not {settings.payments_rate_limits!r}."
        )
    _check_webhooks(settings)
    _check_mail(settings)
    _check_servicing(settings)
    _check_switch(settings)
    _check_notifications(settings)
    _check_urls(settings)
    if not settings.is_sandbox:
        _check_production(settings)


def _check_webhooks(settings: Settings) -> None:
    for port in settings.payments_webhook_ports.replace(" ", "").split(","):
        if port and not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
            raise SettingsError(
                "PARCELA_PAYMENTS_WEBHOOK_PORTS must be ports with commas between them, such as 9443,10443, "
                f"not {settings.payments_webhook_ports!r}."
            )


def _check_mail(settings: Settings) -> None:
    """The address may hold a password, so it is never repeated."""
    if settings.mail_from is not None and _MAILBOX.fullmatch(settings.mail_from) is None:
        raise SettingsError(
            "PARCELA_MAIL_FROM must be the bare address that mail comes from, such as "
            f"receipts@pay.example.com, not {settings.mail_from!r}."
        )
    if settings.smtp_url is None:
        return
    if settings.mail_from is None:
        raise SettingsError("PARCELA_MAIL_FROM must be set, the address that mail comes from.")
    try:
        parts = urlsplit(settings.smtp_url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), 0
    is_plain = parts.scheme == "smtp+plain"
    is_bare = not (parts.path.strip("/") or parts.query or parts.fragment)
    if parts.scheme not in SMTP_SCHEMES or not parts.hostname or port == 0 or not is_bare:
        raise SettingsError(
            "PARCELA_SMTP_URL must be smtp://user:password@host:587 (STARTTLS) or smtps://user:password@"
            "host:465 (TLS); user and password may be left out, and are percent-encoded."
        )
    if is_plain and parts.hostname not in _LOOPBACK and not settings.is_sandbox:
        raise SettingsError(
            "PARCELA_SMTP_URL: smtp+plain:// is for a mail server on this machine, or for "
            "PARCELA_ENVIRONMENT=sandbox."
        )


def _check_servicing(settings: Settings) -> None:
    if settings.servicing_refund_strategy not in REFUND_STRATEGIES:
        raise SettingsError(
            f"PARCELA_SERVICING_REFUND_STRATEGY must be one of {', '.join(REFUND_STRATEGIES)}, "
            f"not {settings.servicing_refund_strategy!r}."
        )


def _check_notifications(settings: Settings) -> None:
    if settings.notification_encrypted_member not in ENCRYPTED_MEMBERS:
        raise SettingsError(
            f"PARCELA_NOTIFICATION_ENCRYPTED_MEMBER must be {' or '.join(ENCRYPTED_MEMBERS)}, "
            f"not {settings.notification_encrypted_member!r}."
        )


def _check_switch(settings: Settings) -> None:
    """What card messages look like; whether the element can hold a plan id shows when the switch starts."""
    if settings.switch_length_header not in LENGTH_HEADERS:
        raise SettingsError(
            f"PARCELA_SWITCH_LENGTH_HEADER must be one of {', '.join(LENGTH_HEADERS)}, "
            f"not {settings.switch_length_header!r}."
        )
    if settings.switch_plan_element not in PLAN_ELEMENTS:
        raise SettingsError(
            "PARCELA_SWITCH_PLAN_ELEMENT must be an element for private data, 46 to 48, 56 to 63 or "
            f"105 to 127, not {settings.switch_plan_element}."
        )
    tag = settings.switch_plan_subelement
    if tag != "none" and not (len(tag) == 2 and tag.isascii() and tag.isalnum()):
        raise SettingsError(
            f"PARCELA_SWITCH_PLAN_SUBELEMENT must be a tag of two letters or digits, or none, not {tag!r}."
        )


def _check_urls(settings: Settings) -> None:
    if settings.database_url is not None and not settings.database_url.startswith(
        ("postgresql://", "postgres://")
    ):
        raise SettingsError("PARCELA_DATABASE_URL must begin with postgresql://.")
    if settings.public_url is not None and not _is_base_url(settings.public_url):
        raise SettingsError(
            "PARCELA_PUBLIC_URL must be the http or https address at which clients reach this server, "
            f"such as https://api.example.com, not {settings.public_url!r}."
        )


def _is_base_url(text: str) -> bool:
    """An http or https address with a host and a lawful port, without user part, query and fragment."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    is_plain = not (parts.query or parts.fragment or parts.username is not None)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0 and is_plain


def _check_production(settings: Settings) -> None:
    """Outside a sandbox nothing is guessed, and nothing that weakens it may be on."""
    if settings.public_url is None or not settings.public_url.startswith("https://"):
        raise SettingsError(
            "PARCELA_PUBLIC_URL must be set to the https address that clients call and sign when "
            f"PARCELA_ENVIRONMENT is {settings.environment}."
        )
    if settings.demo:
        raise SettingsError(f"The demo world is for PARCELA_ENVIRONMENT=sandbox, not {settings.environment}.")
    if settings.payments_allow_private_webhooks:
        raise SettingsError(
            "PARCELA_PAYMENTS_ALLOW_PRIVATE_WEBHOOKS is for PARCELA_ENVIRONMENT=sandbox only."
        )
    if settings.payments_rate_limits == "off":
        raise SettingsError("PARCELA_PAYMENTS_RATE_LIMITS=off is for PARCELA_ENVIRONMENT=sandbox only.")
    if settings.network_allow_clear_data:
        raise SettingsError("PARCELA_NETWORK_ALLOW_CLEAR_DATA is for PARCELA_ENVIRONMENT=sandbox only.")
