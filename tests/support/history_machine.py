"""A state machine over random histories: every step that can be made, and all checks after each."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from parcela.domain.errors import DomainError
from parcela.operations.idempotency import IdempotencyKeyReused
from parcela.operations.scheduler import DueWork
from tests.conftest import DemoTemplate
from tests.support import history_cards as cards
from tests.support import history_money as money
from tests.support import history_plans as network
from tests.support.history import Command, History, choose
from tests.support.history_checks import CHECKS, Moment, check_refused
from tests.support.history_world import HistoryWorld, post_again

any_number = st.integers(0, 255)
any_share = st.integers(0, 6)
any_option = st.integers(0, 11)


Maker = Callable[[History, int, int, int], Command]
MAKERS: dict[str, tuple[Callable[[History], object], Maker]] = {
    "show": (lambda _: True, lambda h, pick, share, option: network.show(h, pick, option)),
    "save": (lambda h: h.shown, lambda h, pick, share, option: network.save(h, pick, option)),
    "save again": (lambda h: h.saved, lambda h, pick, share, option: network.save_again(h, pick, option)),
    "register": (lambda _: True, lambda h, pick, share, option: network.register(h, pick, option)),
    "deregister": (lambda h: h.lists, lambda h, pick, share, option: network.deregister(h, pick)),
    "buy": (lambda _: True, lambda h, pick, share, option: cards.buy(h, pick, option)),
    "notice": (History.list_noticeable, lambda h, pick, share, option: cards.notice(h, pick, option)),
    "authorize": (History.list_authorizable, lambda h, pick, share, option: cards.authorize(h, pick, option)),
    "clear": (lambda h: h.purchases, cards.clear),
    "reverse": (History.list_standing, cards.reverse),
    "refund": (History.list_touched, cards.refund),
    "pay": (lambda h: h.records.accounts, lambda h, pick, share, option: money.pay(h, pick, share)),
    "pay next": (lambda h: h.records.plans, lambda h, pick, share, option: money.pay_next(h, pick)),
    "pay off": (lambda h: h.records.plans, lambda h, pick, share, option: money.pay_off(h, pick, option)),
    "dispute": (History.list_touched, lambda h, pick, share, option: money.dispute(h, pick)),
    "end dispute": (lambda h: h.disputes, lambda h, pick, share, option: money.resolve(h, pick, option)),
    "write off": (lambda h: h.records.plans, lambda h, pick, share, option: money.write_off(h, pick)),
    "recover": (History.list_lost, lambda h, pick, share, option: money.recover(h, pick, share)),
}
AT_ONCE = (
    "pay",
    "clear",
    "refund",
    "pay off",
    "pay next",
    "authorize",
    "dispute",
    "notice",
    "reverse",
    "end dispute",
)


@dataclass
class Bench:
    """Databases for machines, and what all of them did."""

    template: str
    demo: DemoTemplate
    steps: list[int] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)


class HistoryMachine(RuleBasedStateMachine):
    """One database, its history, and every step that can be made."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench = bench
        self.database = f"history_{secrets.token_hex(6)}"
        server = bench.demo.server
        server.create_database(self.database, template=bench.template)
        self.world = HistoryWorld(server.url_of(self.database), bench.demo.home)
        self.history = History(self.world, self.world.run(self.world.read_records()))
        self.is_unchanged = False
        self.steps = 0

    def teardown(self) -> None:
        """39: in the end everything is posted again."""
        server, replayed = self.bench.demo.server, f"{self.database}_again"
        try:
            server.create_database(replayed, template=self.bench.template)
            self.world.run(post_again(self.world, server.url_of(replayed), self.bench.demo.home))
        finally:
            self.world.close()
            server.drop_database(replayed)
            server.drop_database(self.database)
        self.bench.steps.append(self.steps)
        self.bench.outcomes += self.history.outcomes

    # How commands are sent

    def carry_out(self, command: Command) -> Any:
        """Send one command; what it must be is what it is."""
        result: Any = None
        try:
            result = self.world.run(command.send(self.world.engine, 0))
        except DomainError as refusal:
            self.tell(command, type(refusal).__name__)
            assert command.must is None or isinstance(refusal, command.must), repr(refusal)
            self.is_unchanged = True
            return None
        self.tell(command, "accepted")
        assert not command.must, f"expected {command.must}"
        command.accepted(result)
        if command.is_event:
            assert result.is_new
            self.history.done.append((command, result))
        return result

    def carry_out_both(self, first: Command, second: Command) -> None:
        """Send two commands at the same time to two workers."""
        self.history.is_alone = False
        commands = (first, second)

        async def send() -> list[Any]:
            sent = [one.send(engine, 0) for one, engine in zip(commands, self.world.engines, strict=True)]
            return await asyncio.gather(*sent, return_exceptions=True)

        results = list(zip(commands, self.world.run(send()), strict=True))
        for command, result in sorted(results, key=lambda one: not getattr(one[1], "is_new", True)):
            if isinstance(result, DomainError):
                self.tell(command, f"at once: {type(result).__name__}")
                continue
            if isinstance(result, BaseException):
                raise result
            self.tell(command, "at once: accepted")
            if getattr(result, "is_new", True) or not command.is_event:
                command.accepted(result)
                if command.is_event:
                    self.history.done.append((command, result))

    def tell(self, command: Command, outcome: str) -> None:
        self.say(f"{command.words}: {outcome}")
        self.history.outcomes[f"{command.words.split(' ')[0]}: {outcome}"] += 1

    def say(self, words: str) -> None:
        """A line of the history that is shown when it fails."""
        if currently_in_test_context():
            note(f"{self.history.age} {words}")

    @invariant()
    def hold_everything(self) -> None:
        """All checks, after every step."""
        after = self.world.run(self.world.read_records())
        moment = Moment(before=self.history.records, after=after, history=self.history)
        if self.is_unchanged:
            check_refused(moment)
        for check in CHECKS:
            check(moment)
        self.history.records = after
        self.history.approved, self.history.cleared = [], None
        self.history.is_alone, self.is_unchanged = True, False
        self.steps += 1

    # The steps

    @initialize()
    def begin(self) -> None:
        """Plans on four cards, some noticed, one refunded whole; a purchase from a debit card's deposit."""
        for number in range(4):
            self.carry_out(network.show(self.history, number, 2))
            self.carry_out(network.save(self.history, 0, number))
        self.carry_out(cards.notice(self.history, 0, 0))
        self.carry_out(cards.notice(self.history, 2, 0))
        self.hold_everything()
        # A deposit that is enough for a purchase, and not for twice as much.
        self.carry_out(money.pay(self.history, 1, 5))
        self.hold_everything()
        self.carry_out(cards.buy(self.history, 2, 1))
        self.hold_everything()
        self.carry_out(cards.clear(self.history, 4, 3, 1))
        self.hold_everything()
        self.carry_out(cards.notice(self.history, 1, 0))
        self.hold_everything()
        self.carry_out(cards.refund(self.history, 1, 3, 1))

    @rule(
        kind=st.sampled_from(("plan", "plan", "show", "save", "save again", "register", "deregister")),
        pick=any_number,
        option=any_option,
    )
    def use_network(self, kind: str, pick: int, option: int) -> None:
        if kind == "plan":
            self.carry_out(network.show(self.history, pick, option))
            self.carry_out(network.save(self.history, len(self.history.shown) - 1, option))
        else:
            self.carry_out(self.make(kind, pick, 0, option))

    @rule(
        kind=st.sampled_from(
            ("buy", "notice", "notice", "authorize", "clear", "clear", "clear", "reverse", "refund", "refund")
        ),
        pick=any_number,
        share=any_share,
        option=any_option,
    )
    def use_card(self, kind: str, pick: int, share: int, option: int) -> None:
        self.carry_out(self.make(kind, pick, share, option))

    @rule(
        kind=st.sampled_from(
            ("pay", "pay", "pay", "pay next", "pay off", "dispute", "end dispute", "write off", "recover")
        ),
        pick=any_number,
        share=any_share,
        option=any_option,
    )
    def use_money(self, kind: str, pick: int, share: int, option: int) -> None:
        self.carry_out(self.make(kind, pick, share, option))

    @rule(days=st.sampled_from((0, 1, 3, 9, 26, 31, 45, -2)), schedulers=st.integers(0, 2))
    def let_time_pass(self, days: int, schedulers: int) -> None:
        """Some days, then no scheduler, one, or two at once; a clock that is set back undoes nothing."""
        self.say(f"{days} days pass, {schedulers} schedulers")
        self.world.run(self.history.move_clock(timedelta(days=days)))
        if schedulers:
            self.world.run(self.do_due_work(schedulers))

    async def do_due_work(self, schedulers: int) -> None:
        """Whoever does it, nothing is left for the next one."""
        workers = self.world.engines[:schedulers]
        for done in await asyncio.gather(*[self.history.do_due(engine) for engine in workers]):
            for name in ("billed", "paid", "late", "statements"):
                self.history.outcomes[f"due: {name}"] += getattr(done, name)
        assert await self.history.do_due(self.world.engine) == DueWork()

    @precondition(lambda self: self.history.done)
    @rule(pick=any_number, option=any_option)
    def tell_again(self, pick: int, option: int) -> None:
        """29: an event told again is answered as before, with other content it is refused."""
        command, result = choose(self.history.done, pick)
        self.is_unchanged = True
        if option % 2 and command.has_amount:
            with pytest.raises(IdempotencyKeyReused):
                self.world.run(command.send(self.world.engines[1], 1))
            self.tell(command, "again, changed")
        else:
            again = self.world.run(command.send(self.world.engines[1], 0))
            assert again == replace(result, is_new=False)
            self.tell(command, "again")

    @rule(
        kind=st.sampled_from(AT_ONCE),
        other=st.sampled_from(AT_ONCE),
        pick=any_number,
        share=any_share,
        option=any_option,
    )
    def send_two_at_once(self, kind: str, other: str, pick: int, share: int, option: int) -> None:
        """30: two commands at once, about one purchase as often as not."""
        first = self.make(kind, pick, share, option)
        second = self.make(other, pick + option % 2, share, option)
        self.carry_out_both(first, second)

    @rule(kind=st.sampled_from(AT_ONCE), pick=any_number, share=any_share, option=any_option)
    def send_one_twice_at_once(self, kind: str, pick: int, share: int, option: int) -> None:
        """29 and 30: of two workers that are told the same event one has its effect, both the answer."""
        command = self.make(kind, pick, share, option)
        self.carry_out_both(command, command)

    def make(self, kind: str, pick: int, share: int, option: int) -> Command:
        """A command of this kind, or a new purchase where there is nothing yet to send it about."""
        is_possible, make = MAKERS[kind]
        if not is_possible(self.history):
            is_possible, make = MAKERS["buy"]
        return make(self.history, pick, share, option)
