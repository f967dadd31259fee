"""People: passwords that are nowhere, locks after ten wrong ones, and sessions that end by themselves."""

from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import RunWithEngine

from parcela.domain.changes import Role
from parcela.domain.errors import Conflict, InvalidInput, NotAllowed
from parcela.operations import people, sessions
from parcela.operations.engine import Engine
from parcela.operations.people import NewPerson
from parcela.operations.sessions import SignInRefused

EMAIL, PASSWORD = "new@bank.example", "correct horse battery"
PROVIDER_ID = "29694e7a-b4a8-11ec-b909-0242ac120002"


async def register(engine: Engine, **members: Any) -> None:
    given = {"email": EMAIL, "password": PASSWORD, "role": Role.OPERATOR, **members}
    await people.register_person(engine, "test", NewPerson(**given))


async def execute(engine: Engine, statement: str) -> None:
    async with engine.database.connection() as connection:
        await connection.execute(statement)


async def fetch(engine: Engine, statement: str) -> Any:
    async with engine.database.connection() as connection:
        return await connection.fetchval(statement)


async def fail(engine: Engine, *, times: int, email: str = EMAIL, password: str = "wrong password") -> None:
    for _ in range(times):
        with pytest.raises(SignInRefused):
            await sessions.sign_in(engine, email=email, password=password)


async def count_wrong_passwords(engine: Engine, number: int) -> None:
    """So many wrong passwords in a row, all but the last without the time that hashing them takes."""
    await execute(engine, f"UPDATE person SET failed_logins = {number - 1} WHERE email = '{EMAIL}'")
    await fail(engine, times=1)


def test_a_registered_person_signs_in_by_any_spelling_of_the_address(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await register(engine, email="  New@Bank.example ")
        token, person = await sessions.sign_in(engine, email="NEW@bank.example ", password=PASSWORD)
        assert (person.email, person.role, person.provider_id, len(token)) == (EMAIL, Role.OPERATOR, None, 64)
        assert await sessions.find_session(engine, token) == person
        await sessions.sign_out(engine, token)
        assert await sessions.find_session(engine, token) is None

    run(work)


def test_neither_password_nor_token_is_stored_or_audited(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await register(engine)
        token, _ = await sessions.sign_in(engine, email=EMAIL, password=PASSWORD)
        for table in ("person", "person_session", "audit"):
            text = await fetch(engine, f"SELECT string_agg({table}::text, ' ') FROM {table}")
            assert [secret for secret in (PASSWORD, token) if secret in text] == []
        stored = await fetch(engine, f"SELECT password_hash FROM person WHERE email = '{EMAIL}'")
        assert stored.startswith("$argon2id$")
        new = NewPerson(email=EMAIL, password=PASSWORD, role=Role.OPERATOR)
        assert PASSWORD not in repr(new)

    run(work)


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"email": "nobody"}, "person.email: expected an e-mail address, got 'nobody'"),
        ({"email": "a b@c.example"}, "person.email: expected an e-mail address, got 'a b@c.example'"),
        ({"password": "short"}, "person.password: expected 12 characters to 1024 bytes"),
        ({"password": "é" * 513}, "person.password: expected 12 characters to 1024 bytes"),
        (
            {"role": Role.ISSUER_MAKER},
            "person.provider_id: expected the issuer's provider id for its people, nothing for operators",
        ),
        (
            {"provider_id": PROVIDER_ID},
            "person.provider_id: expected the issuer's provider id for its people, nothing for operators",
        ),
        (
            {"role": Role.ISSUER_MAKER, "provider_id": "bank"},
            "person.provider_id: expected a UUID in lower case, got 'bank'",
        ),
    ],
)
def test_a_person_who_cannot_be_registered_is_not(
    run: RunWithEngine, members: dict[str, Any], sentence: str
) -> None:
    async def work(engine: Engine) -> None:
        before = await fetch(engine, "SELECT (SELECT count(*) FROM person) + (SELECT count(*) FROM audit)")
        with pytest.raises(InvalidInput) as refusal:
            await register(engine, **members)
        assert str(refusal.value) == sentence
        after = await fetch(engine, "SELECT (SELECT count(*) FROM person) + (SELECT count(*) FROM audit)")
        assert after == before

    run(work)


def test_an_address_is_registered_once(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await register(engine)
        with pytest.raises(Conflict, match=r"^new@bank\.example is registered already\.$"):
            await register(engine, email="NEW@bank.example")

    run(work)


def test_ten_wrong_passwords_lock_for_half_an_hour(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await register(engine)
        await count_wrong_passwords(engine, 9)
        await sessions.sign_in(engine, email=EMAIL, password=PASSWORD)
        await count_wrong_passwords(engine, 10)
        # The right password does not open a locked account, and does not tell that it was right.
        await fail(engine, times=1, password=PASSWORD)
        seconds = await fetch(
            engine, f"SELECT extract(epoch FROM locked_until - now()) FROM person WHERE email = '{EMAIL}'"
        )
        assert 1740 < seconds <= 1800
        await execute(engine, "UPDATE person SET locked_until = locked_until - interval '29 minutes'")
        await fail(engine, times=1, password=PASSWORD)
        await execute(engine, "UPDATE person SET locked_until = locked_until - interval '1 minute'")
        _, person = await sessions.sign_in(engine, email=EMAIL, password=PASSWORD)
        assert person.email == EMAIL
        assert await fetch(
            engine, f"SELECT failed_logins = 0 AND locked_until IS NULL FROM person WHERE email = '{EMAIL}'"
        )

    run(work)


def test_tries_while_locked_do_not_lengthen_the_lock(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await register(engine)
        await count_wrong_passwords(engine, 10)
        until = f"SELECT locked_until FROM person WHERE email = '{EMAIL}'"
        before = await fetch(engine, until)
        await fail(engine, times=2)
        assert await fetch(engine, until) == before

    run(work)


def test_a_new_password_unlocks_and_ends_open_sessions(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await register(engine)
        token, _ = await sessions.sign_in(engine, email=EMAIL, password=PASSWORD)
        await count_wrong_passwords(engine, 10)
        await people.set_password(engine, "test", email=EMAIL, password="another long password")
        assert await sessions.find_session(engine, token) is None
        await fail(engine, times=1, password=PASSWORD)
        await sessions.sign_in(engine, email=EMAIL, password="another long password")

    run(work)


@pytest.mark.parametrize(
    ("created", "last_seen", "is_live"),
    [
        ("1 hour", "14 minutes 50 seconds", True),  # used within the last quarter of an hour
        ("1 hour", "15 minutes 1 second", False),  # idle for longer
        ("11 hours 59 minutes", "1 minute", True),  # open for less than 12 hours
        ("12 hours 1 second", "1 minute", False),  # open for longer
    ],
)
def test_a_session_ends_when_idle_or_old(
    run: RunWithEngine, created: str, last_seen: str, is_live: bool
) -> None:
    async def work(engine: Engine) -> None:
        await register(engine)
        token, person = await sessions.sign_in(engine, email=EMAIL, password=PASSWORD)
        await execute(
            engine,
            f"UPDATE person_session SET created_at = clock_timestamp() - interval '{created}',"
            f" last_seen_at = clock_timestamp() - interval '{last_seen}'",
        )
        assert await sessions.find_session(engine, token) == (person if is_live else None)
        idle = await fetch(engine, "SELECT clock_timestamp() - last_seen_at FROM person_session")
        assert (idle < timedelta(minutes=1)) is is_live

    run(work)


def test_a_disabled_person_is_unknown_and_their_session_is_over(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await register(engine)
        token, _ = await sessions.sign_in(engine, email=EMAIL, password=PASSWORD)
        await execute(engine, f"UPDATE person SET disabled_at = now() WHERE email = '{EMAIL}'")
        assert await sessions.find_session(engine, token) is None
        await fail(engine, times=1, password=PASSWORD)
        with pytest.raises(NotAllowed):
            await people.get_person(engine, EMAIL)

    run(work)


@pytest.mark.parametrize(
    "email",
    [
        "nobody@bank.example",  # unknown
        "",  # nothing
        "zero\0@bank.example",  # what PostgreSQL cannot hold
        "x" * 100_000,  # longer than any address
        "' OR 1=1 --",  # no address
    ],
)
def test_an_unknown_address_is_answered_like_a_wrong_password(run: RunWithEngine, email: str) -> None:
    async def work(engine: Engine) -> None:
        await register(engine)
        told = set()
        for address in (email, EMAIL):
            with pytest.raises(SignInRefused) as refusal:
                await sessions.sign_in(engine, email=address, password="wrong password")
            told.add(str(refusal.value))
        assert len(told) == 1
        refused = "SELECT count(*) FROM audit WHERE action = 'person.sign_in' AND outcome = 'refused'"
        assert await fetch(engine, refused) == 2
        assert await fetch(engine, "SELECT count(*) FROM person_session") == 0

    run(work)


@pytest.mark.parametrize("token", ["", "0" * 64, "é", "\0"])
def test_a_token_of_no_session_is_nobodys(run: RunWithEngine, token: str) -> None:
    async def work(engine: Engine) -> None:
        assert await sessions.find_session(engine, token) is None

    run(work)


def test_a_disabled_person_can_neither_sign_in_nor_go_on(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await register(engine)
        token, _ = await sessions.sign_in(engine, email=EMAIL, password=PASSWORD)
        await people.disable_person(engine, "operator@sandbox.example", email=EMAIL)
        assert await sessions.find_session(engine, token) is None
        with pytest.raises(SignInRefused):
            await sessions.sign_in(engine, email=EMAIL, password=PASSWORD)
        with pytest.raises(NotAllowed):
            await people.get_person(engine, EMAIL)

    run(work)


def test_nobody_disables_themselves(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        await register(engine)
        with pytest.raises(NotAllowed, match="another operator"):
            await people.disable_person(engine, EMAIL, email=EMAIL)
        assert (await people.get_person(engine, EMAIL)).email == EMAIL

    run(work)
