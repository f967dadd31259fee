"""Clients, their keys and the token map over HTTP."""

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from tests.support.admin_world import AdminWorld

KEY = generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
PRIVATE_PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def register(admin: AdminWorld) -> str:
    body = {"code": "acme", "name": "Acme", "role": "partner"}
    reply = admin.call("operator", "POST", "/clients", body)
    client = reply.json
    expected = {**body, "client_id": client["client_id"], "provider_id": None}
    assert (reply.status, client) == (201, {**expected, "is_enabled": True, "is_suspended": False})
    return f"/clients/{client['client_id']}"


def test_a_client_is_registered_with_keys_of_ours(admin: AdminWorld) -> None:
    path = register(admin)
    keys = admin.call("operator", "GET", f"{path}/keys").json["items"]
    assert [key["purpose"] for key in keys] == ["platform_decryption", "platform_signing"]
    assert all(key["public_pem"].startswith("-----BEGIN PUBLIC KEY-----") for key in keys)
    assert set(keys[0]) == {
        "key_id",
        "purpose",
        "name",
        "public_pem",
        "created_at",
        "expires_at",
        "revoked_at",
    }
    again = admin.call("operator", "POST", "/clients", {"code": "acme", "name": "B", "role": "partner"})
    message = "A client with the code 'acme' exists already."
    assert (again.status, again.json) == (409, {"error": {"code": "conflict", "message": message}})


def test_one_switch_leaves_the_other_as_it_is(admin: AdminWorld) -> None:
    path = register(admin)
    admin.call("operator", "PATCH", path, {"is_suspended": True})
    switched = admin.call("operator", "PATCH", path, {"is_enabled": False}).json
    assert (switched["is_enabled"], switched["is_suspended"]) == (False, True)
    assert admin.call("operator", "GET", path).json == switched


def test_a_clients_own_key_is_added_and_ended(admin: AdminWorld) -> None:
    path = register(admin)
    body = {"purpose": "signing", "pem": PUBLIC_PEM, "name": "first"}
    added = admin.call("operator", "POST", f"{path}/keys", body)
    key = added.json
    expected = {
        **{"key_id": key["key_id"], "purpose": "signing", "name": "first", "public_pem": PUBLIC_PEM},
        **{"created_at": key["created_at"], "expires_at": None, "revoked_at": None},
    }
    assert (added.status, key) == (201, expected)
    ended = admin.call("operator", "DELETE", f"{path}/keys/{key['key_id']}?grace_seconds=60").json
    assert ended == {**expected, "revoked_at": ended["revoked_at"]}
    later = admin.call("operator", "DELETE", f"{path}/keys/{key['key_id']}?grace_seconds=600")
    message = "The key 'first' ends sooner already."
    assert (later.status, later.json) == (409, {"error": {"code": "conflict", "message": message}})


def test_a_rotation_gives_a_new_key_and_ends_the_older_one(admin: AdminWorld) -> None:
    path = register(admin)
    body = {"purpose": "platform_decryption", "grace_seconds": 0}
    rotated = admin.call("operator", "POST", f"{path}/keys/rotations", body)
    assert rotated.status == 201
    keys = admin.call("operator", "GET", f"{path}/keys").json["items"]
    decryption = [key for key in keys if key["purpose"] == "platform_decryption"]
    assert [key["revoked_at"] is None for key in decryption] == [False, True]
    assert decryption[1] == rotated.json


@pytest.mark.parametrize(
    ("body", "member", "message"),
    [
        (
            {"purpose": "signing", "pem": PRIVATE_PEM},
            "key.pem",
            "key.pem: expected an RSA public key or certificate of 2048 to 4096 bits in PEM form; a private "
            "key must never leave its owner",
        ),
        (
            {"purpose": "platform_signing", "pem": PUBLIC_PEM},
            "purpose",
            "purpose: expected one of signing, client_encryption, got 'platform_signing'",
        ),
        (
            {"purpose": "signing", "pem": PUBLIC_PEM, "expires_at": "2030-01-01T00:00:00"},
            "expires_at",
            "expires_at: expected a date and time with an offset, got 2030-01-01 00:00:00",
        ),
        ({"purpose": "signing"}, "pem", "pem: expected a value, which is missing"),
        ({"purpose": "signing", "pem": 1}, "pem", "pem: expected a text, got a whole number"),
        ({"purpose": "signing", "pem": PUBLIC_PEM, "x": 1}, "x", "x: expected no such member"),
    ],
)
def test_a_wrong_key_is_refused(
    shared_admin: AdminWorld, body: dict[str, object], member: str, message: str
) -> None:
    before = shared_admin.call("operator", "GET", "/clients/1/keys").raw
    reply = shared_admin.call("operator", "POST", "/clients/1/keys", body)
    error = {"code": "invalid_input", "message": message, "member": member}
    assert (reply.status, reply.json) == (400, {"error": error})
    assert shared_admin.call("operator", "GET", "/clients/1/keys").raw == before


def test_tokens_are_loaded_all_or_none(admin: AdminWorld) -> None:
    good = {"token_pan": "2303779900000026", "funding_pan": "2303770000057107"}
    loaded = admin.call("operator", "PUT", "/tokens", {"tokens": [good]})
    assert (loaded.status, loaded.json) == (200, {"loaded": 1})
    bad = {"token_pan": "2303770000057107", "funding_pan": "2303770000057107"}
    reply = admin.call("operator", "PUT", "/tokens", {"tokens": [good, bad]})
    assert (reply.status, reply.json["error"]["member"]) == (400, "tokens[2].token_pan")
    assert "2303770000057107" not in reply.raw.decode()
    many = admin.call("operator", "PUT", "/tokens", {"tokens": [good] * 1001})
    message = "tokens: expected 1 to 1000 pairs, got 1001"
    error = {"code": "invalid_input", "message": message, "member": "tokens"}
    assert (many.status, many.json) == (400, {"error": error})
