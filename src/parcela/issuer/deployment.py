"""The issuer's door over an engine: keys, nonces, plans and programs of the engine's own database."""

from collections.abc import Iterable, Mapping

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.applications import Starlette

from parcela.domain.clients import ClientKey, ClientRole, KeyPurpose
from parcela.domain.programs import Issuer
from parcela.issuer.app import IssuerSettings, create_issuer_app
from parcela.issuer.keys import SENDER_CODE
from parcela.issuer.nonces import DatabaseNonces
from parcela.issuer.ports import NoticeService, ReceiverKeys, SenderKey
from parcela.issuer.search import CatalogueOffers
from parcela.operations.engine import Engine, World
from parcela.operations.keys import compute_key_name


class DatabaseKeys:
    """For a processor inside the network's own deployment: the network's public keys are those that the
    database holds for calls to the issuers with these company ids. A `ReceiverKeys`.
    """

    def __init__(self, engine: Engine, decryption: Iterable[RSAPrivateKey], *, cids: frozenset[str]) -> None:
        self._engine = engine
        self._decryption = {compute_key_name(key.public_key()): key for key in decryption}
        self._cids = cids
        self._parsed: dict[int, RSAPublicKey] = {}

    async def find_sender_key(self, consumer_key: str) -> SenderKey | None:
        """The live key of `parcela!<key name>`; one that this process does not know yet is looked for."""
        found = self._find(self._engine.recall(), consumer_key)
        return found or self._find(await self._engine.look(), consumer_key)

    async def list_decryption_keys(self) -> Mapping[str, RSAPrivateKey]:
        """The private keys by `kid`."""
        return self._decryption

    def _find(self, world: World, consumer_key: str) -> SenderKey | None:
        code, _, name = consumer_key.rpartition("!")
        if code != SENDER_CODE:
            return None
        for key in self._list_signing_keys(world):
            if key.name == name:
                return SenderKey(
                    key_id=key.key_id, consumer_key=consumer_key, public_key=self._read_public(key)
                )
        return None

    def _list_signing_keys(self, world: World) -> list[ClientKey]:
        """Our live signing keys for the clients of these issuers."""
        found: list[ClientKey] = []
        for client in world.snapshot.clients.values():
            if client.role is not ClientRole.ISSUER or client.provider_id is None:
                continue
            issuer = world.catalogue(client.tenant_id).find_issuer(client.provider_id)
            if isinstance(issuer, Issuer) and issuer.cid in self._cids:
                found += world.snapshot.list_live_keys(
                    client.client_id, KeyPurpose.PLATFORM_SIGNING, now=world.real_now
                )
        return found

    def _read_public(self, key: ClientKey) -> RSAPublicKey:
        found = self._parsed.get(key.key_id)
        if found is None:
            loaded = load_pem_public_key(key.public_pem.encode("ascii"))
            assert isinstance(loaded, RSAPublicKey), "our own keys are RSA keys"
            found = self._parsed[key.key_id] = loaded
        return found


def create_processor_app(
    engine: Engine, keys: ReceiverKeys, service: NoticeService, *, settings: IssuerSettings
) -> Starlette:
    """The issuer's application on an engine; several processes may serve it at once."""
    return create_issuer_app(
        keys,
        service,
        settings=settings,
        now_s=engine.estimate_database_time_s,
        nonces=DatabaseNonces(engine),
        offers=CatalogueOffers(engine, cids=settings.cids),
    )
