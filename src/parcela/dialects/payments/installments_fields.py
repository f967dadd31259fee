"""The member `installments` of create and confirm, and the word on terms (`spec/payments.md` §6.1)."""

from datetime import date, timedelta
from typing import Any

from parcela.dialects.payments.fields import Fields, Member
from parcela.dialects.payments.kinds import (
    Boolean,
    Choice,
    Day,
    Instant,
    Integer,
    ObjectId,
    Text,
    refuse_value,
)
from parcela.domain.payments.plans import TermsAcceptance
from parcela.domain.payments.records import InstallmentsRequest, ProgramFilter
from parcela.domain.payments.refusals import Fault, PaymentRefused

MOST_DAYS_AHEAD = 366
_ABOUT = "Plan choice at checkout; needs enabled true"

_ENABLED = Member(Boolean(), "Turns plan choice on", is_required=False)
_COUNT = Member(Integer(least=2, most=60), "Wanted number of payments; the nearest available one is taken")
_REQUIRED = Member(Boolean(), "No plan, no charge")
_INTERVAL = Member(Choice(("month",), fault=Fault.INTERVAL_UNSUPPORTED), "Between payments")
_FIRST_DATE = Member(Day(), "Wanted first date, in the account's time zone")
_PROGRAM = Member(
    Choice(tuple(ProgramFilter), aliases={"bnpl": ProgramFilter.VINR_BNPL}), "Who may run the plan"
)

# Any other member needs `enabled` true (§6.1).
_ENABLED_FIRST = {
    "anyOf": [
        {"properties": {"enabled": {"const": True}}, "required": ["enabled"]},
        {"properties": {"enabled": {"const": False}}, "maxProperties": 1, "required": ["enabled"]},
        {"maxProperties": 0},
    ]
}

CREATE_INSTALLMENTS = Member(
    Fields(
        {
            "enabled": _ENABLED,
            "count": _COUNT,
            "interval": _INTERVAL,
            "firstPaymentDate": _FIRST_DATE,
            "program": _PROGRAM,
            "required": _REQUIRED,
        },
        also=_ENABLED_FIRST,
    ),
    _ABOUT,
)
CONFIRM_INSTALLMENTS = Member(
    Fields(
        {
            "enabled": _ENABLED,
            "count": _COUNT,
            "interval": _INTERVAL,
            "firstPaymentDate": _FIRST_DATE,
            "program": _PROGRAM,
            "offer": Member(ObjectId("offer"), "That exact offer, or nothing"),
            "required": _REQUIRED,
        },
        also=_ENABLED_FIRST,
    ),
    "Replaces what was given on create",
)
TERMS_ACCEPTANCE = Member(
    Fields(
        {
            "termsId": Member(Text(longest=100), is_required=True),
            "version": Member(Text(longest=40), is_required=True),
            "language": Member(Text(longest=35), is_required=True),
            "acceptedAt": Member(Instant(), is_required=True),
        }
    ),
    "The payer's word on the terms of the plan",
)


def read_wish(installments: dict[str, Any] | None, *, today: date) -> InstallmentsRequest | None:
    """What is wished for; None if nothing was said. Raises PaymentRefused."""
    if installments is None:
        return None
    if not installments.get("enabled", False):
        others = [name for name in installments if name != "enabled"]
        if others:
            raise PaymentRefused(
                Fault.INSTALLMENTS_NOT_ENABLED,
                f"'installments.{others[0]}' needs 'installments.enabled' true.",
                param=f"installments.{others[0]}",
            )
        return InstallmentsRequest()
    return InstallmentsRequest(
        is_enabled=True,
        count=installments.get("count"),
        first_payment_date=_check_first_date(installments.get("firstPaymentDate"), today),
        program=ProgramFilter(installments.get("program", ProgramFilter.ANY)),
        is_required=installments.get("required", False),
    )


def read_acceptance(acceptance: dict[str, Any] | None) -> TermsAcceptance | None:
    """The payer's word of a checked request."""
    if acceptance is None:
        return None
    return TermsAcceptance(
        terms_id=acceptance["termsId"],
        version=acceptance["version"],
        language=acceptance["language"],
        accepted_at=acceptance["acceptedAt"],
    )


def _check_first_date(wanted: date | None, today: date) -> date | None:
    path = "installments.firstPaymentDate"
    if wanted is not None and wanted < today:
        raise PaymentRefused(
            Fault.FIRST_PAYMENT_DATE_PAST,
            f"'{path}' must be today ({today.isoformat()}, by the account's time zone) or later.",
            param=path,
        )
    if wanted is not None and wanted > today + timedelta(days=MOST_DAYS_AHEAD):
        raise refuse_value(path, f"at most {MOST_DAYS_AHEAD} days ahead")
    return wanted
