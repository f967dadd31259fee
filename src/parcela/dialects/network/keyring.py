"""RSA keys of the clients, parsed once per key and kept for as long as the set-up names them."""

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_public_key

from parcela.domain.clients import Client, ClientKey, KeyPurpose
from parcela.operations.engine import Engine, World


class KeyRing:
    """Finds the keys of a request in the world it sees."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._public: dict[int, RSAPublicKey] = {}
        self._private: dict[int, RSAPrivateKey] = {}
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

    def _forget_replaced_keys(self, world: World) -> None:
        """After a change of the set-up, hold nothing that may have been revoked; live keys are read anew."""
        if world.snapshot.version != self._version:
            self._version = world.snapshot.version
            self._public.clear()
            self._private.clear()

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
