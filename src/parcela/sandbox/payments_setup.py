"""The demo world's accounts of the payments door: registered, with keys that later starts keep."""

from collections.abc import Mapping

from parcela.domain.changes import Person
from parcela.domain.payments.keys import KeyKind, Scope
from parcela.domain.payments.webhooks import SECRET_BYTES, make_secret
from parcela.operations.engine import Engine
from parcela.operations.payments import accounts, api_keys
from parcela.operations.payments.api_keys import NewApiKey

ACCOUNT_ID = "ma_01KDEM0ST0REAAAAAAAAAAAA01"
OTHER_ACCOUNT_ID = "ma_01KDEM0ST0REAAAAAAAAAAAA02"
"""A shop in another market, whose objects the first one must never see."""
_KEYS = {
    "secret_key": (ACCOUNT_ID, NewApiKey(kind=KeyKind.SECRET)),
    "restricted_key": (
        ACCOUNT_ID,
        NewApiKey(
            kind=KeyKind.RESTRICTED,
            scopes=frozenset(
                {
                    Scope.PAYMENTS_READ,
                    Scope.PAYMENTS_WRITE,
                    Scope.PAYMENT_METHODS_READ,
                    Scope.PAYMENT_METHODS_WRITE,
                    Scope.REFUNDS_READ,
                    Scope.REFUNDS_WRITE,
                }
            ),
        ),
    ),
    "publishable_key": (ACCOUNT_ID, NewApiKey(kind=KeyKind.PUBLISHABLE)),
    "other_secret_key": (OTHER_ACCOUNT_ID, NewApiKey(kind=KeyKind.SECRET)),
}


async def ensure_accounts(engine: Engine, operator: Person, held: Mapping[str, str]) -> dict[str, str]:
    """Register the demo accounts, and give a key in place of each that is not held any more."""
    for account_id in (ACCOUNT_ID, OTHER_ACCOUNT_ID):
        if account_id not in (await engine.look()).snapshot.clients:
            await accounts.register_account(engine, operator, account_id)
    wanted = {"account_id": ACCOUNT_ID}
    for name, (account_id, new) in _KEYS.items():
        wanted[name] = await _ensure_key(engine, operator, account_id, new, held=held.get(name, ""))
    wanted["webhook_secret"] = held.get("webhook_secret") or make_secret(
        engine.ids.random_bytes(SECRET_BYTES)
    )
    return wanted


async def _ensure_key(engine: Engine, operator: Person, account_id: str, new: NewApiKey, *, held: str) -> str:
    seen = await engine.look()
    found = api_keys.find_key(engine, seen, held)
    if found is not None:
        client, key = found
        if client.code == account_id and key.kind is new.kind and not key.has_ended(seen.real_now):
            return held
    text, _ = await api_keys.issue_key(engine, operator, account_id, new)
    return text
