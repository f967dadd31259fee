"""With which keys an issuer is called: its newest client that has all of them."""

from datetime import timedelta

import pytest
from tests.support.network_world import NetworkWorld

from parcela.dialects.network.keyring import IssuerKeys, KeyRing
from parcela.domain.clients import Client, ClientKey, ClientRole, KeyPurpose
from parcela.operations import clients
from parcela.operations.clients import ClientSwitches, KeyRotation, NewClient, NewKey
from parcela.operations.keys import compute_key_name, generate_key_pair, render_public_pem

PROVIDER_ID = "29694e7a-b4a8-11ec-b909-0242ac120002"


def find(network: NetworkWorld, ring: KeyRing, provider_id: str = PROVIDER_ID) -> IssuerKeys | None:
    return ring.find_issuer_keys(network.run(network.engine.look()), provider_id)


@pytest.fixture
def ring(network: NetworkWorld) -> KeyRing:
    return KeyRing(network.engine)


def register(network: NetworkWorld, code: str) -> Client:
    new = NewClient(code=code, name=code, role=ClientRole.ISSUER, provider_id=PROVIDER_ID)
    return network.as_operator(lambda engine, operator: clients.register_client(engine, operator, new))


def add_encryption_key(network: NetworkWorld, client: Client) -> ClientKey:
    pem = render_public_pem(generate_key_pair().public_key())
    new = NewKey(purpose=KeyPurpose.CLIENT_ENCRYPTION, pem=pem)
    return network.as_operator(
        lambda engine, operator: clients.add_client_key(engine, operator, client.client_id, new)
    )


def switch(network: NetworkWorld, client: Client, **switches: bool) -> None:
    network.as_operator(
        lambda engine, operator: clients.switch_client(
            engine, operator, client.client_id, ClientSwitches(**switches)
        )
    )


def test_the_sandbox_issuer_has_its_keys(network: NetworkWorld, ring: KeyRing) -> None:
    found = find(network, ring)
    assert found is not None
    assert found.client.code == "parcela-sandbox-issuer"
    assert found.encryption_kid == compute_key_name(network.issuer.decryption_key.public_key())
    [key] = network.engine.snapshot.keys[found.client.client_id, KeyPurpose.PLATFORM_SIGNING]
    assert found.signing_key.consumer_key == f"parcela!{key.name}"
    assert compute_key_name(found.signing_key.private_key.public_key()) == key.name
    assert "private_key" not in repr(found)


def test_an_unknown_issuer_has_none(network: NetworkWorld, ring: KeyRing) -> None:
    assert find(network, ring, "218b9962-1355-44e4-8a16-f911363fd849") is None


def test_the_newest_of_several_live_keys_count(network: NetworkWorld, ring: KeyRing) -> None:
    client = network.engine.snapshot.clients["parcela-sandbox-issuer"]
    encryption = add_encryption_key(network, client)
    rotation = KeyRotation(purpose=KeyPurpose.PLATFORM_SIGNING, grace=timedelta(hours=1))
    signing = network.as_operator(
        lambda engine, operator: clients.rotate_platform_key(engine, operator, client.client_id, rotation)
    )
    found = find(network, ring)
    assert found is not None
    assert (found.signing_key.consumer_key, found.encryption_kid) == (
        f"parcela!{signing.name}",
        encryption.name,
    )


def test_the_newest_client_that_can_be_sealed_to_counts(network: NetworkWorld, ring: KeyRing) -> None:
    first, second, third = (register(network, f"processor-{number}") for number in (1, 2, 3))
    keys = [add_encryption_key(network, client) for client in (second, third)]
    add_encryption_key(network, first)

    def code() -> str | None:
        found = find(network, ring)
        return None if found is None else found.client.code

    assert code() == "processor-3"
    switch(network, third, is_suspended=True)
    assert code() == "processor-2"
    switch(network, third, is_suspended=False)
    assert code() == "processor-3"
    switch(network, third, is_enabled=False)
    network.as_operator(
        lambda engine, operator: clients.revoke_key(
            engine, operator, second.client_id, keys[0].key_id, grace=timedelta(0)
        )
    )
    assert code() == "processor-1"
    switch(network, first, is_enabled=False)
    assert code() == "parcela-sandbox-issuer"
    switch(network, network.engine.snapshot.clients["parcela-sandbox-issuer"], is_enabled=False)
    assert code() is None
