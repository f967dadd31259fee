"""What happens by itself on an account's clock."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from parcela.domain.payments.records import Owner


class TaskKind(StrEnum):
    """What is to be done; `subject_id` of the task says to what."""

    EXPIRE_CHECKOUT = "expire_checkout"
    LAPSE_AUTHORIZATION = "lapse_authorization"
    RESOLVE_ATTEMPT = "resolve_attempt"
    FORGET_PAYMENT_METHOD = "forget_payment_method"
    ROW_DUE = "row_due"
    COLLECT_ROW = "collect_row"
    SEND_REFUND = "send_refund"
    CONFIRM_REFUND = "confirm_refund"
    CLOSE_SETTLEMENT = "close_settlement"
    PAY_OUT = "pay_out"
    MAKE_REPORT = "make_report"
    TELL_LENDER = "tell_lender"
    REMIND_OF_WITHDRAWAL = "remind_of_withdrawal"
    RESOLVE_EARLY_PAYMENT = "resolve_early_payment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to be done at `due_at` of the account's clock; `fence` is that of its agenda's owner."""

    task_id: int
    owner: Owner
    kind: TaskKind
    subject_id: str
    due_at: datetime
    attempt: int
    fence: int
