"""Changes to the catalogue: what differs, what has moved on meanwhile, and who may propose and decide."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.support.set_up import OTHER_PROVIDER_ID, PROVIDER_ID, make_group, make_program, make_range

from parcela.domain.catalogue import EntryKey, VersionedEntry
from parcela.domain.changes import (
    Change,
    ChangeSet,
    ChangeStatus,
    Person,
    Role,
    apply_changes,
    check_may_decide,
    check_may_propose,
    concerns_person,
    diff_entries,
)
from parcela.domain.errors import Conflict, FourEyesRequired, NotAllowed
from parcela.domain.programs import Entry, MarketPair

PROGRAM, RANGE, PAIR = make_program(), make_range(), MarketPair(country="CAN", currency="USD")
FOREIGN = make_program("20000002", provider_id=OTHER_PROVIDER_ID)


def key_of(entry: Entry) -> EntryKey:
    return entry.kind, entry.key


def hold(*entries: Entry, version: int = 3) -> dict[EntryKey, VersionedEntry]:
    return {key_of(entry): VersionedEntry(entry=entry, version=version) for entry in entries}


def put(entry: Entry, base_version: int = 0, provider_id: str | None = PROVIDER_ID) -> Change:
    return Change(
        kind=entry.kind, key=entry.key, base_version=base_version, entry=entry, provider_id=provider_id
    )


def remove(entry: Entry, base_version: int = 3, provider_id: str | None = PROVIDER_ID) -> Change:
    return replace(put(entry, base_version, provider_id), entry=None)


def person(role: Role, email: str = "a@bank.example", provider_id: str | None = PROVIDER_ID) -> Person:
    owner = None if role is Role.OPERATOR else provider_id
    return Person(person_id=1, tenant_id=1, email=email, role=role, provider_id=owner)


def change_set(*changes: Change, status: ChangeStatus = ChangeStatus.PROPOSED) -> ChangeSet:
    return ChangeSet(
        change_set_id="018f0000-0000-7000-8000-000000000000",
        status=status,
        summary="New terms",
        changes=changes,
        proposed_by="maker@bank.example",
        proposed_at=datetime(2025, 1, 1, tzinfo=UTC),
    )


CHANGED = replace(PROGRAM, disclosure="New terms")


@pytest.mark.parametrize(
    ("current", "wanted", "removed", "changes"),
    [
        ([], [PROGRAM], [], [put(PROGRAM, 0)]),  # new
        ([PROGRAM], [PROGRAM], [], []),  # equal
        ([PROGRAM], [CHANGED], [], [put(CHANGED, 3)]),  # changed
        ([PROGRAM], [], [key_of(PROGRAM)], [remove(PROGRAM)]),  # removed
        ([], [], [key_of(PROGRAM)], []),  # not there to be removed
        ([PROGRAM], [RANGE, CHANGED], [], [put(RANGE, 0), put(CHANGED, 3)]),  # in the order wanted
        ([], [PAIR], [], [put(PAIR, 0, None)]),  # the operator's own kind
        ([FOREIGN], [], [key_of(FOREIGN)], [remove(FOREIGN, 3, OTHER_PROVIDER_ID)]),  # another issuer's
    ],
)
def test_a_difference_is_told_as_changes(
    current: list[Entry], wanted: list[Entry], removed: list[EntryKey], changes: list[Change]
) -> None:
    assert diff_entries(hold(*current), wanted, removed=removed) == changes


def test_changes_raise_the_version_of_what_they_touch_alone() -> None:
    current = hold(PROGRAM, RANGE)
    result = apply_changes(current, [put(CHANGED, 3), put(PAIR, 0, None), remove(RANGE)])
    assert result == {**hold(CHANGED, version=4), **hold(PAIR, version=1)}
    assert current == hold(PROGRAM, RANGE)


@pytest.mark.parametrize(
    ("current", "change", "sentence"),
    [
        # Somebody else's change was approved first.
        (
            hold(PROGRAM, version=4),
            put(CHANGED, 3),
            "The program 10000001 is at version 4; the change was made for version 3. Propose it again.",
        ),
        # It was made meanwhile.
        (
            hold(PROGRAM, version=1),
            put(CHANGED, 0),
            "The program 10000001 is at version 1; the change was made for version 0. Propose it again.",
        ),
        # It was removed meanwhile.
        (
            {},
            remove(PROGRAM),
            "The program 10000001 is at version 0; the change was made for version 3. Propose it again.",
        ),
    ],
)
def test_a_change_for_another_version_is_refused(
    current: dict[EntryKey, VersionedEntry], change: Change, sentence: str
) -> None:
    with pytest.raises(Conflict) as refusal:
        apply_changes(current, [change])
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("role", "changes", "current", "refusal"),
    [
        (Role.ISSUER_MAKER, [put(PROGRAM), put(RANGE)], {}, None),  # its own entries
        (Role.ISSUER_MAKER, [remove(PROGRAM)], hold(PROGRAM), None),  # and their removal
        (Role.OPERATOR, [put(FOREIGN, 0, OTHER_PROVIDER_ID), put(PAIR, 0, None)], {}, None),  # anything
        (
            Role.ISSUER_MAKER,
            [put(PROGRAM), put(FOREIGN, 0, OTHER_PROVIDER_ID)],
            {},
            "The program 20000002 does not belong to your issuer.",
        ),
        (
            Role.ISSUER_MAKER,
            [put(PAIR, 0, None)],
            {},
            "The market_pair CAN-USD does not belong to your issuer.",
        ),
        # Removing another issuer's entry.
        (
            Role.ISSUER_MAKER,
            [remove(FOREIGN, 3, OTHER_PROVIDER_ID)],
            hold(FOREIGN),
            "The program 20000002 does not belong to your issuer.",
        ),
        # Taking over another issuer's entry under its key.
        (
            Role.ISSUER_MAKER,
            [put(replace(FOREIGN, provider_id=PROVIDER_ID), 3)],
            hold(FOREIGN),
            "The program 20000002 does not belong to your issuer.",
        ),
        # Giving its own entry to another issuer.
        (
            Role.ISSUER_MAKER,
            [put(replace(PROGRAM, provider_id=OTHER_PROVIDER_ID), 3, OTHER_PROVIDER_ID)],
            hold(PROGRAM),
            "The program 10000001 does not belong to your issuer.",
        ),
        (
            Role.ISSUER_CHECKER,
            [put(PROGRAM)],
            {},
            "Only an issuer's maker or an operator may propose changes.",
        ),
    ],
)
def test_who_may_propose_what(
    role: Role, changes: list[Change], current: dict[EntryKey, VersionedEntry], refusal: str | None
) -> None:
    if refusal is None:
        check_may_propose(person(role), changes, current)
        return
    with pytest.raises(NotAllowed) as found:
        check_may_propose(person(role), changes, current)
    assert str(found.value) == refusal


ONLY_CHECKERS = "Only the issuer's checker or an operator may decide on changes."


@pytest.mark.parametrize(
    ("who", "changes", "refusal"),
    [
        (person(Role.ISSUER_CHECKER), [put(PROGRAM)], None),  # the issuer's second person
        (person(Role.OPERATOR), [put(PROGRAM), put(PAIR, 0, None)], None),  # an operator
        (person(Role.ISSUER_MAKER), [put(PROGRAM)], ONLY_CHECKERS),  # another maker
        (person(Role.ISSUER_CHECKER), [put(PROGRAM), put(PAIR, 0, None)], ONLY_CHECKERS),  # too much
        (person(Role.ISSUER_CHECKER, provider_id=OTHER_PROVIDER_ID), [put(PROGRAM)], ONLY_CHECKERS),
    ],
)
def test_who_may_decide(who: Person, changes: list[Change], refusal: str | None) -> None:
    if refusal is None:
        check_may_decide(who, change_set(*changes))
        return
    with pytest.raises(NotAllowed) as found:
        check_may_decide(who, change_set(*changes))
    assert str(found.value) == refusal


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ISSUER_CHECKER, Role.ISSUER_MAKER])
def test_nobody_decides_on_their_own_proposal(role: Role) -> None:
    with pytest.raises(FourEyesRequired):
        check_may_decide(person(role, "maker@bank.example"), change_set(put(PROGRAM)))


@pytest.mark.parametrize("status", [ChangeStatus.APPROVED, ChangeStatus.REJECTED])
def test_a_decision_is_made_once(status: ChangeStatus) -> None:
    with pytest.raises(Conflict, match=f"^The change set is {status} already.$"):
        check_may_decide(person(Role.OPERATOR), change_set(put(PROGRAM), status=status))


@pytest.mark.parametrize(
    ("who", "may_see"),
    [
        (person(Role.OPERATOR), True),  # sees all
        (person(Role.ISSUER_MAKER), True),  # its own issuer's
        (person(Role.ISSUER_CHECKER, provider_id=OTHER_PROVIDER_ID), False),  # another issuer's
    ],
)
def test_who_may_see_a_change_set(who: Person, may_see: bool) -> None:
    assert concerns_person(who, change_set(put(PROGRAM), put(make_group()))) is may_see
