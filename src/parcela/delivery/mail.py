"""Mail as letters: written in its language, handed to the mail server, judged by the server's reply."""

import re
from collections.abc import Mapping, Sequence
from functools import partial

from parcela.delivery.mail_messages import Envelope, MailFile, build_message
from parcela.domain.card_brands import mask_branded_numbers
from parcela.domain.delivery import DeliveryRules, Obstacle
from parcela.domain.disclosures.papers import PaperForm
from parcela.domain.mail import MAIL_RULES, NO_MAIL_SERVER, mask_address
from parcela.operations.delivery_work import ClaimedLetter, FinishedTry, LaneKey
from parcela.operations.engine import UNAVAILABLE_ERRORS, World
from parcela.operations.letter_rendering import CannotRender, Draft, RenderedLetter
from parcela.operations.mail_letters import MAIL, MAIL_LANE, LoadedMail, load_mails
from parcela.operations.mailing import Mailer, MailMessage
from parcela.operations.outbound import OutboundAnswer, OutboundLimits, OutboundRequest
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.mail_papers import Enclosure, find_enclosure
from parcela.words.letters import Enclosed, WrittenMail, write_letter
from parcela.words.words import Words, choose_words

__all__ = ["MAIL", "MailRenderer"]

_OPERATOR = "Parcela"

_FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""What records that contradict themselves, or paper that cannot be set, make of our own code."""


class MailRoute:
    """The way of one message: the courier knows requests and answers, here a message and a reply's code."""

    def __init__(self, mailer: Mailer, message: MailMessage) -> None:
        self._mailer = mailer
        self._message = message

    async def post(self, request: OutboundRequest, limits: OutboundLimits) -> OutboundAnswer:
        """Hand the message over. Raises OutboundFailure. A server that repeats the address is masked."""
        recipient = self._message.recipient
        reply = await self._mailer.send(self._message, timeout_s=limits.total_timeout_s)
        text = re.sub(
            re.escape(recipient), lambda _: mask_address(recipient), reply.text, flags=re.IGNORECASE
        )
        return OutboundAnswer(status=reply.code, headers={}, body=text.encode())

    async def close(self) -> None:
        """Nothing is kept open."""


class MailRenderer:
    """Writes mails. Without a mail server they wait, and go once one is set."""

    rules: DeliveryRules = MAIL_RULES

    def __init__(self, desk: PaymentsDesk, mailer: Mailer | None, *, sender: str) -> None:
        self._desk = desk
        self._mailer = mailer
        self._sender = sender

    def owns(self, key: LaneKey) -> bool:
        """All mail of a tenant has one lane."""
        return key.lane == MAIL_LANE

    def find_obstacle(self, world: World, key: LaneKey) -> Obstacle | None:
        """No mail server is set."""
        return NO_MAIL_SERVER if self._mailer is None else None

    async def load(self, letters: Sequence[ClaimedLetter]) -> Mapping[str, Draft]:
        """Drafts of the letters, their papers printed."""
        loaded = await load_mails(self._desk.engine, letters)
        drafts: dict[str, Draft] = {}
        for letter_id, mail in loaded.items():
            words = choose_words(mail.record.locale)
            try:
                enclosure = await find_enclosure(self._desk, mail, language=words.language)
            except UNAVAILABLE_ERRORS:
                raise
            except _FAULTS as fault:
                # One mail that cannot be printed must not keep all others waiting.
                drafts[letter_id] = partial(_refuse, type(fault).__name__)
                continue
            drafts[letter_id] = partial(self._render, mail, enclosure, words)
        return drafts

    def find_flag(self, answer: OutboundAnswer) -> str | None:
        """None: a message that was taken over is all that is asked for."""
        return None

    async def note_parked(self, finished: FinishedTry) -> None:
        """Nothing: the log and the record of letters say what was given up, and why."""

    def _render(self, mail: LoadedMail, enclosure: Enclosure, words: Words, world: World) -> RenderedLetter:
        assert self._mailer is not None, "without a mail server nothing is claimed"
        record = mail.record
        texts = [paper for paper in enclosure.papers if paper.form is PaperForm.TEXT]
        files = [paper for paper in enclosure.papers if paper.form is PaperForm.PDF]
        enclosed = Enclosed(
            plan_url=enclosure.plan_url,
            receipt=mask_branded_numbers(texts[0].content.decode()) if texts else None,
            has_file=bool(files),
        )
        written = write_letter(
            record.kind, record.facts, words, is_live=record.owner.is_live, enclosed=enclosed
        )
        envelope = Envelope(
            mail_id=record.mail_id,
            sender=self._sender,
            sender_name=_OPERATOR if "payment" not in record.facts else str(record.facts["shop"]),
            recipient=mail.mailbox,
            written_at=record.created_at,
        )
        named = [
            MailFile(name=f"{paper.kind}-{record.facts['payment']}.pdf", content=paper.content)
            for paper in files
        ]
        message = build_message(envelope, written, named)
        return _describe(self._mailer, message, written)


def _refuse(fault: str, world: World) -> RenderedLetter:
    raise CannotRender("cannot_render", f"printing what belongs to the mail failed ({fault})")


def _describe(mailer: Mailer, message: MailMessage, written: WrittenMail) -> RenderedLetter:
    """A letter for the courier. Of its content the subject alone is kept with the try."""
    url = f"mailto:{mask_address(message.recipient)}"
    shown = {"Message-ID": message.message_id, "Content-Length": str(len(message.content))}
    return RenderedLetter(
        request=OutboundRequest(url=url, headers=shown, body=message.content),
        shown_headers=shown,
        shown_body=written.subject,
        http=MailRoute(mailer, message),
    )
