"""RSA keys of the clients, parsed once per key and kept for as long as the set-up names them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_public_key

from parcela.dialects.network.oauth import SigningKey
from parcela.domain.clients import Client, ClientKey, ClientRole, KeyPurpose
from parcela.operations.engine import Engine, World

PLATFORM_CODE = "parcela"
"""The client id in the consumer keys by which this server names itself to those it calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerKeys:
    """What it takes to call an issuer: as which of its clients, our key to sign, its key to seal to."""

    client: Client
    signing_key: SigningKey = field(repr=False)
    encryption_kid: str
    encryption_key: RSAPublicKey


class KeyRing:
    """Finds the keys of a request in the world it sees."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._public: dict[int, RSAPublicKey] = {}
        self._private: dict[int, RSAPrivateKey] = {}
        self._issuer_clients: Mapping[str, Sequence[Client]] | None = None
        self._version = 0

    def find_signing_key(
        self, world: World, consumer_key: str
    ) -> tuple[Client, ClientKey, RSAPublicKey] | None:
        """The client and live key of `<client id>!<key id>`."""
        code, _, key_name = consumer_key.rpartition("!")
        client = world.snapshot.clients.get(code)
        if client is None:
            return None
        live = world.snapshot.list_live_keys(client.client_id, KeyPurpose.SIGNING, now=world.real_now)
        key = next((key for key in live if key.name == key_name), None)
        return None if key is None else (client, key, self._read_public(key))

    def list_decryption_keys(self, world: World, client: Client) -> Mapping[str, RSAPrivateKey]:
        """Our live private keys for what this client encrypts, by kid."""
        self._forget_replaced_keys(world)
        live = world.snapshot.list_live_keys(
            client.client_id, KeyPurpose.PLATFORM_DECRYPTION, now=world.real_now
        )
        return {key.name: self._read_private(key) for key in live}

    def find_encryption_key(self, world: World, client: Client) -> tuple[str, RSAPublicKey] | None:
        """The client's newest live key, with its kid, for what we encrypt to it."""
        live = world.snapshot.list_live_keys(
            client.client_id, KeyPurpose.CLIENT_ENCRYPTION, now=world.real_now
        )
        return (live[-1].name, self._read_public(live[-1])) if live else None

    def find_issuer_keys(self, world: World, provider_id: str) -> IssuerKeys | None:
        """The keys of our calls to an issuer, of its newest client that has all of them.

        The client is enabled, not suspended and has a live encryption key and a live signing key of ours;
        of several live keys the newest count. None when the issuer has no such client: nothing can be
        sent to it then. A key is checked at every call, so a revoked one is never used.
        """
        self._forget_replaced_keys(world)
        for client in self._list_issuer_clients(world).get(provider_id, ()):
            encryption = self.find_encryption_key(world, client)
            signing = world.snapshot.list_live_keys(
                client.client_id, KeyPurpose.PLATFORM_SIGNING, now=world.real_now
            )
            if encryption is not None and signing:
                newest = signing[-1]
                return IssuerKeys(
                    client=client,
                    signing_key=SigningKey(
                        consumer_key=f"{PLATFORM_CODE}!{newest.name}", private_key=self._read_private(newest)
                    ),
                    encryption_kid=encryption[0],
                    encryption_key=encryption[1],
                )
        return None

    def _list_issuer_clients(self, world: World) -> Mapping[str, Sequence[Client]]:
        """The usable clients of every issuer, the newest first, gathered once per version of the set-up."""
        if self._issuer_clients is None:
            found: dict[str, list[Client]] = {}
            for client in sorted(world.snapshot.clients.values(), key=lambda client: -client.client_id):
                is_usable = client.is_enabled and not client.is_suspended
                if client.provider_id is not None and client.role is ClientRole.ISSUER and is_usable:
                    found.setdefault(client.provider_id, []).append(client)
            self._issuer_clients = found
        return self._issuer_clients

    def _forget_replaced_keys(self, world: World) -> None:
        """After a change of the set-up, hold nothing that may have been revoked; live keys are read anew."""
        if world.snapshot.version != self._version:
            self._version = world.snapshot.version
            self._public.clear()
            self._private.clear()
            self._issuer_clients = None

    def _read_public(self, key: ClientKey) -> RSAPublicKey:
        found = self._public.get(key.key_id)
        if found is None:
            loaded = load_pem_public_key(key.public_pem.encode("ascii"))
            assert isinstance(loaded, RSAPublicKey), "registration admits RSA keys only"
            found = self._public[key.key_id] = loaded
        return found

    def _read_private(self, key: ClientKey) -> RSAPrivateKey:
        found = self._private.get(key.key_id)
        if found is None:
            assert key.wrapped_private is not None
            der = self._engine.vault.unwrap_private_key(key.wrapped_private, owner=key.name)
            loaded = load_der_private_key(der, password=None)
            assert isinstance(loaded, RSAPrivateKey)
            found = self._private[key.key_id] = loaded
        return found
