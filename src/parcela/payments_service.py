"""The payments door put together: its desk from the engine and the outside world, and its agendas."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from parcela.api_docs import ErrorPage
from parcela.connectors.acquirers import AcquirerRouter
from parcela.connectors.mail.post_office import PostOffice
from parcela.connectors.mail.smtp import SmtpMailer, read_smtp_url
from parcela.connectors.simulated.acquirer import SimulatedAcquirer
from parcela.connectors.simulated.lender import SimulatedLender
from parcela.connectors.simulated.payment_cards import SimulatedAuthenticator
from parcela.connectors.simulated.plan_issuer import SimulatedPlanIssuer
from parcela.delivery.mail import MailRenderer
from parcela.dialects.payments.codes import CODES
from parcela.dialects.payments.door import DoorParts, PaymentsDoor
from parcela.dialects.payments.endpoints import ENDPOINTS
from parcela.dialects.payments.error_texts import TEXTS, write_example
from parcela.dialects.payments.renderer import WireRenderer
from parcela.dialects.payments.settings import PaymentsSettings
from parcela.documents.press import PaperPress
from parcela.domain.payments.webhook_urls import WebhookReach
from parcela.operations.acquirer_book import RecordedAcquirerBook
from parcela.operations.engine import Engine
from parcela.operations.mailing import Mailer
from parcela.operations.payments.agenda import keep_agendas
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.handlers import HANDLERS
from parcela.operations.payments.lender_book import RecordedLenderBook
from parcela.operations.payments.payment_links import PaymentLinks
from parcela.settings import Settings


def build_payments_desk(engine: Engine, settings: Settings) -> PaymentsDesk:
    """What the operations of the door are given; the simulators stand in where no other is set up."""
    is_sandbox = engine.policy.is_sandbox
    return PaymentsDesk(
        engine=engine,
        acquirer=AcquirerRouter(SimulatedAcquirer(RecordedAcquirerBook(engine)), is_sandbox=is_sandbox),
        plan_issuer=SimulatedPlanIssuer(),
        lender=SimulatedLender(RecordedLenderBook(engine), serves_live=is_sandbox),
        renderer=WireRenderer(PaymentLinks(settings.root_url, engine.vault)),
        press=PaperPress(),
        root_url=settings.root_url,
        webhook_reach=build_webhook_reach(settings),
        authenticator=SimulatedAuthenticator(),
    )


def build_webhook_reach(settings: Settings) -> WebhookReach:
    """Which addresses webhooks may go to."""
    return WebhookReach(ports=settings.webhook_ports, allows_private=settings.payments_allow_private_webhooks)


def build_mail_renderer(engine: Engine, settings: Settings) -> MailRenderer:
    """Mail: by the server of the settings, else in a sandbox into a folder, else not before one is set."""
    desk = build_payments_desk(engine, settings)
    return MailRenderer(desk, build_mailer(settings), sender=settings.mail_from or "parcela@sandbox.example")


def build_mailer(settings: Settings) -> Mailer | None:
    """Who takes mail over."""
    if settings.smtp_url is not None:
        return SmtpMailer(read_smtp_url(settings.smtp_url))
    return PostOffice(settings.mail_folder) if settings.is_sandbox else None


def build_payments_door(desk: PaymentsDesk, settings: Settings) -> PaymentsDoor:
    """The door with all its endpoints."""
    return PaymentsDoor(desk, DoorParts(settings=build_payments_settings(settings), endpoints=ENDPOINTS))


def build_payments_settings(settings: Settings) -> PaymentsSettings:
    """The payments door's part of the settings."""
    return PaymentsSettings(has_rate_limits=settings.has_payments_rate_limits, workers=settings.workers)


def list_error_pages() -> list[ErrorPage]:
    """Every code of the door, told for the pages of the docs."""
    return [
        ErrorPage(
            code=code,
            status=found.status,
            type=found.type,
            meaning=TEXTS[code].meaning,
            example=write_example(code),
            mend=TEXTS[code].mend,
        )
        for code, found in CODES.items()
    ]


@asynccontextmanager
async def keep_payments(desk: PaymentsDesk) -> AsyncIterator[None]:
    """Carry out what falls due on accounts' clocks as long as the block runs."""
    async with keep_agendas(desk, HANDLERS):
        yield
