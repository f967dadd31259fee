"""The calls of the issuer processor: one row each."""

from parcela.admin import servicing, wire
from parcela.admin import servicing_wire as bodies
from parcela.admin.routes import Handler, Route

_ACCOUNT = "/accounts/{account_id}"
_PLAN = "/serviced-plans/{plan_id}"


def _look(
    path: str, handler: Handler, summary: str, *, answer: type[wire.Answer], query: tuple[str, ...] = ()
) -> Route:
    return Route(method="GET", path=path, handler=handler, summary=summary, answer=answer, query=query)


def _act(
    path: str, handler: Handler, summary: str, *, body: type[wire.Request], answer: type[wire.Answer]
) -> Route:
    return Route(
        method="POST",
        path=path,
        handler=handler,
        summary=summary,
        body=body,
        answer=answer,
        takes_key=True,
    )


_LOOKS = (
    _look(
        "/accounts",
        servicing.list_accounts,
        "Card accounts",
        answer=bodies.AccountList,
        query=("last_four", "after_account", "limit"),
    ),
    _look(
        _ACCOUNT, servicing.get_account, "An account with balances and plans", answer=bodies.AccountBalances
    ),
    _look(
        f"{_ACCOUNT}/transactions",
        servicing.list_transactions,
        "The newest transactions of an account",
        answer=bodies.TransactionList,
        query=("limit",),
    ),
    _look(
        f"{_ACCOUNT}/statements",
        servicing.list_statements,
        "The statements of an account",
        answer=bodies.StatementList,
    ),
    _look(
        f"{_ACCOUNT}/statements/{{number}}",
        servicing.get_statement,
        "One statement with its lines",
        answer=bodies.StatementAnswer,
    ),
    _look(
        "/due-installments",
        servicing.list_due,
        "Open rows that are due by a day",
        answer=bodies.DueList,
        query=("until", "limit"),
    ),
    _look(_PLAN, servicing.get_serviced_plan, "A plan as it is serviced", answer=bodies.ServicedPlanAnswer),
    _look(
        f"{_PLAN}/payoff",
        servicing.get_payoff,
        "What paying all of a plan costs today",
        answer=bodies.PayoffAnswer,
    ),
    _look(
        f"{_PLAN}/refund-preview",
        servicing.preview_refund,
        "What a refund would do to a plan now",
        answer=bodies.RefundPreview,
        query=("amount", "strategy"),
    ),
)

_RECEIPT = bodies.ReceiptAnswer
_ACTS = (
    _act(
        f"{_ACCOUNT}/payments",
        servicing.pay_account,
        "Money from the cardholder",
        body=bodies.MoneyAct,
        answer=_RECEIPT,
    ),
    _act(
        "/card-events",
        servicing.tell_card_event,
        "A card message: authorization, clearing, reversal or refund",
        body=bodies.CardEvent,
        answer=bodies.CardEventAnswer,
    ),
    _act(f"{_PLAN}/payoff", servicing.pay_off, "Pay all of a plan", body=bodies.MoneyAct, answer=_RECEIPT),
    _act(
        f"{_PLAN}/next-installment",
        servicing.pay_next_row,
        "Pay the next row early",
        body=bodies.Act,
        answer=_RECEIPT,
    ),
    _act(
        f"{_PLAN}/refunds",
        servicing.refund_plan,
        "A merchant's refund",
        body=bodies.RefundAct,
        answer=_RECEIPT,
    ),
    _act(
        f"{_PLAN}/write-off",
        servicing.write_off,
        "What is still owed becomes a loss",
        body=bodies.Act,
        answer=_RECEIPT,
    ),
    _act(
        f"{_PLAN}/recoveries",
        servicing.record_recovery,
        "Money that came back after a write-off",
        body=bodies.MoneyAct,
        answer=_RECEIPT,
    ),
    _act("/disputes", servicing.open_dispute, "Open a dispute", body=bodies.DisputeAct, answer=_RECEIPT),
    _act(
        "/disputes/{dispute_id}/resolution",
        servicing.resolve_dispute,
        "End a dispute in favor of one side",
        body=bodies.DisputeResolution,
        answer=_RECEIPT,
    ),
)

SERVICING_ROUTES = (*_LOOKS, *_ACTS)
