"""Where each of the 40 invariants of `reliability.md` §6 is held, for the test that makes sure that it is.

`view` is a view that is always empty; `schema` an index, constraint or trigger of the database; `check` a
function of `history_checks` that runs after every step; `step` a step of the machine that demands it;
`test` another test. `later` says what belongs to a door that this version does not have.
"""

from dataclasses import dataclass

PAYMENTS = "the payments door and its settlement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What an invariant says in short, and where it is held."""

    says: str
    view: tuple[str, ...] = ()
    schema: tuple[str, ...] = ()
    check: tuple[str, ...] = ()
    step: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    later: str = ""


INVARIANTS: dict[int, Held] = {
    1: Held(says="entries balance, no posting of 0", view=("broken_ledger_entry",)),
    2: Held(says="all accounts make 0 in each currency", view=("broken_ledger_sum",)),
    3: Held(says="balances are the sum of their postings", view=("broken_ledger_balance",)),
    4: Held(
        says="entries are never changed, chained by hash",
        view=("broken_ledger_chain",),
        schema=("ledger_entry_append_only", "posting_append_only"),
    ),
    5: Held(
        says="a reversal takes back one entry, whole, once",
        view=("broken_ledger_reversal",),
        schema=("ledger_entry_reversed_once",),
    ),
    6: Held(
        says="no overdraft where none is allowed",
        view=("broken_ledger_overdraft",),
        schema=("ledger_balance_not_overdrawn",),
    ),
    7: Held(says="an entry has one currency", view=("broken_ledger_entry",), check=("check_money",)),
    8: Held(
        says="an event is posted at most once",
        schema=("ledger_entry_once_per_event",),
        step=("tell_again", "send_one_twice_at_once"),
    ),
    9: Held(says="numbers have no gap, time does not run back", view=("broken_ledger_number",)),
    10: Held(says="rows and their parts sum exactly", view=("broken_plan", "broken_serviced_rows")),
    11: Held(says="dates ascend by the interval, month ends clamped and back", step=("use_network",)),
    12: Held(says="equal rows differ by less than their number", step=("use_network",)),
    13: Held(says="amounts above zero", schema=("installment_amount_minor_check",), step=("use_network",)),
    14: Held(says="principal left never below 0, 0 at the end", view=("broken_plan", "broken_serviced_rows")),
    15: Held(
        says="without interest and fee the total is the purchase; else the rate gives the rows",
        step=("use_network",),
        test=("tests/domain/test_schedule_network.py:test_amounts_equal_a_plain_decimal_computation",),
    ),
    16: Held(says="the plan is the offer that was shown", step=("use_network",)),
    17: Held(says="first and other amount are those of the rows", step=("use_network",)),
    18: Held(
        says="plans move along the table, their history ends in their state",
        view=("broken_serviced_state",),
        check=("check_states",),
    ),
    19: Held(
        says="payments move along their table",
        view=("broken_merchant_order_status",),
        schema=("merchant_transaction_outcome",),
        test=("tests/domain/test_order_decisions.py:test_totals_are_what_stands_and_never_too_much",),
    ),
    20: Held(says="rows move on, payments on them never fall", check=("check_rows",)),
    21: Held(
        says="no active plan of a purchase taken back",
        view=("broken_merchant_order_plan", "broken_merchant_order_instruction", "broken_plan_instruction"),
        check=("check_reversed",),
        test=(
            "tests/operations/test_merchant_plan_orders.py:"
            "test_a_voided_payment_leaves_nothing_in_the_banks_books",
            "tests/operations/test_merchant_plan_orders.py:test_a_voided_capture_cancels_the_plan_at_once",
        ),
    ),
    22: Held(
        says="captured at most authorized",
        view=("broken_merchant_order_totals", "broken_merchant_order_bounds"),
        schema=("merchant_order_captured_of_authorized",),
        test=("tests/operations/test_order_races.py:test_captures_that_race_never_exceed_the_authorization",),
        later="card networks may clear more than was authorized, which is posted to the card",
    ),
    23: Held(
        says="refunded at most captured",
        view=("broken_merchant_order_totals", "broken_merchant_order_bounds"),
        schema=(
            "account_transaction_check",
            "serviced_plan_check1",
            "merchant_order_refunded_of_captured",
        ),
        step=("use_card",),
        test=("tests/operations/test_order_races.py:test_refunds_that_race_never_exceed_what_was_captured",),
        later="a merchant with the privilege for it may give more back, which its plan is not told of",
    ),
    24: Held(
        says="refunds and disputes together at most what was captured",
        step=("use_card",),
        check=("check_money",),
        later=f"chargebacks with pending refunds: {PAYMENTS}",
    ),
    25: Held(
        says="a refund beyond what is left is refused",
        step=("use_card",),
        later=f"the bound by collected rows: {PAYMENTS}; the processor gives the excess back as cash",
    ),
    26: Held(says="promised = paid + remaining + refunded + lost + waived", check=("check_promises",)),
    27: Held(says="a full refund leaves nothing open", check=("check_promises",)),
    28: Held(
        says="any split and order of refunds ends alike",
        test=(
            "tests/domain/test_refund_strategies.py:test_any_split_and_order_of_refunds_ends_in_the_same_rows",
        ),
    ),
    29: Held(says="told again, no second effect", step=("tell_again", "send_one_twice_at_once")),
    30: Held(
        says="at once is as one after the other",
        step=("send_two_at_once", "send_one_twice_at_once"),
        test=("tests/scenarios/test_invariants.py:test_two_commands_at_once_end_as_one_after_the_other",),
    ),
    31: Held(
        says="unknown outcomes are resolved",
        test=(
            "tests/connectors/test_iso8583_switch.py:"
            "test_an_authorization_that_is_never_answered_is_reversed_after_the_window",
            "tests/operations/test_order_sweep.py:"
            "test_a_payment_that_was_approved_before_the_kill_is_reversed",
            "tests/operations/test_order_sweep.py:test_an_unknown_outcome_is_reversed_and_fails_the_order",
        ),
    ),
    32: Held(says="a letter for each plan", view=("broken_delivery",), check=("check_letters",)),
    33: Held(says="created = delivered + parked + due", view=("broken_delivery",), check=("check_letters",)),
    34: Held(says="settlement is gross less fees, refunds and disputes", later=PAYMENTS),
    35: Held(says="fees are told as they are posted", later=PAYMENTS),
    36: Held(says="the merchant is settled in full", later=PAYMENTS),
    37: Held(says="members = registered - deregistered", check=("check_lists",), step=("use_network",)),
    38: Held(
        says="a clock that is moved un-pays and re-bills nothing",
        view=("broken_servicing_billing",),
        check=("check_rows",),
        step=("let_time_pass",),
    ),
    39: Held(
        says="posted again into an empty database the books are equal",
        step=("teardown",),
        test=(
            "tests/operations/test_ledger.py:"
            "test_posting_everything_again_into_an_empty_database_gives_equal_books",
        ),
        later="states of plans recomputed from events, and after a migration to another version",
    ),
    40: Held(
        says="an entry never joins two owners' accounts",
        check=("check_owners",),
        later="several tenants in one database: this version runs one",
    ),
}
