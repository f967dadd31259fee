"""Who calls: the OAuth checks in order, each refusal with one audit line (`spec/network.md` §§2.1, 3)."""

from hashlib import sha256

from starlette.requests import Request

from parcela.dialects.network.keyring import KeyRing
from parcela.dialects.network.oauth import (
    OAuthHeader,
    OAuthRefusal,
    build_base_string,
    check_body_hash,
    check_timestamp,
    parse_authorization,
    verify_signature,
)
from parcela.dialects.network.settings import NetworkSettings
from parcela.domain.cards import mask_card_numbers
from parcela.domain.clients import Client, ClientKey
from parcela.operations.engine import AuditLine, Engine, Nonce, World


class Authenticator:
    """Proves the sender of a request and uses up its nonce."""

    def __init__(self, engine: Engine, settings: NetworkSettings, keys: KeyRing) -> None:
        self._engine = engine
        self._settings = settings
        self._keys = keys

    async def authenticate(self, request: Request, body: bytes) -> tuple[World, Client]:
        """The client that signed the request, and the world it sees. Raises OAuthRefusal."""
        header: OAuthHeader | None = None
        try:
            header = parse_authorization(request_values(request, b"authorization"))
            now_s = self._engine.estimate_database_time_s()
            check_timestamp(header, now_s=now_s, window_s=self._settings.oauth_window_s)
            check_body_hash(header, body)
            base_string = self._build_base_string(request, header)
            key = await self._prove(header, base_string)
            return await self._admit(header, base_string, key)
        except OAuthRefusal as refusal:
            await self._record_refusal(request, header, refusal)
            raise

    def _build_base_string(self, request: Request, header: OAuthHeader) -> str:
        raw_path: bytes = request.scope.get("raw_path") or request.url.path.encode()
        query: bytes = request.scope["query_string"]
        return build_base_string(
            header,
            method=request.method,
            base_url=self._settings.root_url,
            raw_path=raw_path.partition(b"?")[0].decode("latin-1"),
            raw_query=query.decode("latin-1"),
        )

    async def _prove(self, header: OAuthHeader, base_string: str) -> ClientKey:
        """Verify the signature; a key that this process does not know yet is looked for in the database."""
        seen = self._engine.recall()
        try:
            return self._verify(seen, header, base_string)
        except OAuthRefusal:
            current = await self._engine.look()
            if current.snapshot.version == seen.snapshot.version:
                raise
            return self._verify(current, header, base_string)

    def _verify(self, world: World, header: OAuthHeader, base_string: str) -> ClientKey:
        found = self._keys.find_signing_key(world, header.consumer_key)
        verify_signature(header, base_string, None if found is None else found[2])
        assert found is not None, "no signature is proved without a key"
        return found[1]

    async def _admit(self, header: OAuthHeader, base_string: str, key: ClientKey) -> tuple[World, Client]:
        """Use the nonce, then make sure that the key still stands in the world as it is now."""
        nonce = Nonce(key.key_id, header.timestamp, _hide_card_number(header.nonce))
        is_fresh, world = await self._engine.admit(nonce)
        found = self._keys.find_signing_key(world, header.consumer_key)
        if found is None:
            raise OAuthRefusal("signature", base_string)
        if not is_fresh:
            raise OAuthRefusal("nonce")
        return world, found[0]

    async def _record_refusal(
        self, request: Request, header: OAuthHeader | None, refusal: OAuthRefusal
    ) -> None:
        world = self._engine.recall()
        consumer_key = "unknown" if header is None else mask_card_numbers(header.consumer_key)
        code = consumer_key.partition("!")[0]
        client = world.snapshot.clients.get(code)
        await self._engine.record_audit_line(
            AuditLine(
                tenant_id=None if client is None else client.tenant_id,
                at=world.real_now,
                actor=_show(consumer_key)[:200],
                action="network.authenticate",
                subject=_show(mask_card_numbers(f"{request.method} {request.scope['path']}"))[:200],
                outcome="refused",
                detail={"reason": refusal.reason_code, "kind": refusal.kind},
            )
        )


def _hide_card_number(nonce: str) -> str:
    """The nonce as it is kept: one that holds a card number by its hash, which tells it just as well."""
    return nonce if mask_card_numbers(nonce) == nonce else sha256(nonce.encode()).hexdigest()


def _show(text: str) -> str:
    """The text with a sign in place of what cannot be printed, or stored: a path may hold `%00`."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def request_values(request: Request, name: bytes) -> list[bytes]:
    """Every value of a header, as bytes."""
    return [value for key, value in request.scope["headers"] if key == name]
