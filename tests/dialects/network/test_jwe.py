"""JWE against the official client library, jwcrypto and every kind of damage."""

import base64
import datetime
import json
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from client_encryption.jwe_encryption import decrypt_payload, encrypt_payload
from client_encryption.jwe_encryption_config import JweEncryptionConfig
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from parcela.dialects.network.jwe import JweRefusal, open_compact, seal_compact
from parcela.operations.keys import compute_key_name

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KID = compute_key_name(KEY.public_key())
KEYS = {KID: KEY}
TWO_KEYS = {KID: KEY, compute_key_name(OTHER_KEY.public_key()): OTHER_KEY}
PAYLOAD = {"consumer": {"primaryAccountNumber": "5110921032063789"}}
HEADER = {"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": KID, "cty": "application/json"}
OAEP_SHA1 = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
_ABSENT = object()  # Marks a header member to leave out.


def _number_cases() -> Iterator[str]:
    """Keys and tokens differ from run to run; the names of the tests must not."""
    return map("case {}".format, count(1))


def _encode(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _seal(  # noqa: PLR0913  Each parameter is one part that a test may damage.
    header: dict[str, Any] | bytes = b"",
    *,
    payload: bytes = json.dumps(PAYLOAD).encode(),
    iv: bytes = b"i" * 16,
    cek: bytes = b"k" * 32,
    oaep: padding.OAEP = OAEP,
    key: rsa.RSAPrivateKey = KEY,
    tag_bytes: int = 16,
) -> str:
    text = header if isinstance(header, bytes) and header else json.dumps(header or HEADER).encode()
    first = _encode(text)
    sealed = AESGCM(cek).encrypt(iv, payload, first.encode())
    parts = (key.public_key().encrypt(cek, oaep), iv, sealed[:-16], sealed[-16:][:tag_bytes])
    return ".".join([first, *map(_encode, parts)])


def _change(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in (HEADER | members).items() if value is not _ABSENT}


def _refuse(token: str, keys: dict[str, rsa.RSAPrivateKey] = KEYS) -> str:
    with pytest.raises(JweRefusal) as caught:
        open_compact(token, keys)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.kind


@pytest.fixture(scope="module")
def client_config(tmp_path_factory: pytest.TempPathFactory) -> JweEncryptionConfig:
    """The official library's configuration as `spec/network.md` §4 gives it."""
    folder: Path = tmp_path_factory.mktemp("keys")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "parcela")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, KEY.public_key(), 1, now, now + datetime.timedelta(days=1))
    ).sign(KEY, hashes.SHA256())
    (folder / "server.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "client.pem").write_bytes(
        OTHER_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return JweEncryptionConfig(
        {
            "paths": {
                "$": {"toEncrypt": {"sensitiveData": "$"}, "toDecrypt": {"encryptedValue": "sensitiveData"}}
            },
            "encryptedValueFieldName": "encryptedValue",
            "encryptionCertificate": str(folder / "server.crt"),
            "decryptionKey": str(folder / "client.pem"),
        }
    )


def test_a_token_of_the_official_library_is_opened(client_config: JweEncryptionConfig) -> None:
    token = encrypt_payload({"sensitiveData": PAYLOAD}, client_config)["encryptedValue"]

    assert len(base64.urlsafe_b64decode(token.split(".")[2] + "==")) == 16
    assert open_compact(token, TWO_KEYS) == PAYLOAD


def test_the_official_library_opens_our_token(client_config: JweEncryptionConfig) -> None:
    token = seal_compact(
        json.dumps(PAYLOAD).encode(), OTHER_KEY.public_key(), cek=os.urandom(32), iv=os.urandom(12)
    )

    assert decrypt_payload({"encryptedValue": token}, client_config) == {"sensitiveData": PAYLOAD}


def test_a_token_of_jwcrypto_is_opened() -> None:
    token = JWE(json.dumps(PAYLOAD), json.dumps(HEADER))
    token.add_recipient(JWK.from_pyca(KEY.public_key()))

    assert open_compact(token.serialize(compact=True), KEYS) == PAYLOAD


def test_jwcrypto_proves_the_tag_of_our_token() -> None:
    token = seal_compact(b'{"a":1}', KEY.public_key(), cek=b"k" * 32, iv=b"i" * 12)
    opened = JWE()
    opened.deserialize(token, JWK.from_pyca(KEY))

    assert opened.payload == b'{"a":1}'
    assert base64.urlsafe_b64decode(token.split(".")[0] + "==").decode() == (
        f'{{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"{KID}","cty":"application/json"}}'
    )
    assert base64.urlsafe_b64decode(token.split(".")[2] + "==") == b"i" * 12
    assert "=" not in token


def test_a_given_kid_is_written() -> None:
    token = seal_compact(b"{}", KEY.public_key(), kid="theirs", cek=b"k" * 32, iv=b"i" * 12)

    assert json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["kid"] == "theirs"


@pytest.mark.parametrize(
    "header",
    [
        _change(),
        _change(kid=KID.upper()),
        _change(cty=_ABSENT),
        _change(cty="<ma-enc-key-alias>"),
        # Members without a meaning for this algorithm are not read.
        _change(typ="JOSE", b64=False, p2c=10**9, epk={}, x5t="AA"),
        dict(reversed(HEADER.items())),
        # The received text is authenticated, not a rebuilt one.
        json.dumps(HEADER, indent=2).encode(),
        b' {"enc":"\\u0041256GCM","alg":"RSA-OAEP-256","kid":"' + KID.encode() + b'"}\n',
    ],
    ids=_number_cases(),
)
@pytest.mark.parametrize("iv", [b"i" * 12, b"i" * 16], ids=["iv12", "iv16"])
def test_headers_and_ivs_that_are_read(header: dict[str, Any] | bytes, iv: bytes) -> None:
    assert open_compact(_seal(header, iv=iv), TWO_KEYS) == PAYLOAD


def test_both_alphabets_and_padding_are_read() -> None:
    # Padding stands behind the parts that are not authenticated; part 1 is what it is.
    first, *rest = _seal().split(".")
    padded = ".".join([first, *(part + "=" * (-len(part) % 4) for part in rest)])
    standard = _reseal_in_standard_alphabet(_change(x="???>>>", y="~~~~~"))

    assert "=" in padded and not set("-_").intersection(standard) and set("+/=").issubset(standard)
    assert open_compact(padded, KEYS) == PAYLOAD
    assert open_compact(standard, KEYS) == PAYLOAD


def _reseal_in_standard_alphabet(header: dict[str, Any]) -> str:
    first = base64.b64encode(json.dumps(header).encode()).decode()
    sealed = AESGCM(b"k" * 32).encrypt(b"i" * 12, json.dumps(PAYLOAD).encode(), first.encode())
    parts = (KEY.public_key().encrypt(b"k" * 32, OAEP), b"i" * 12, sealed[:-16], sealed[-16:])
    return ".".join([first, *(base64.b64encode(part).decode() for part in parts)])


def test_a_missing_kid_needs_a_single_live_key() -> None:
    token = _seal(_change(kid=_ABSENT))

    assert open_compact(token, KEYS) == PAYLOAD
    assert _refuse(token, TWO_KEYS) == "unknown_key"
    assert _refuse(token, {}) == "unknown_key"


@pytest.mark.parametrize("kid", ["", "0" * 64, KID[:-1], KID + " ", "\u212a" * 64], ids=_number_cases())
def test_an_unknown_kid_has_its_own_refusal(kid: str) -> None:
    assert _refuse(_seal(_change(kid=kid))) == "unknown_key"
    assert _refuse(_seal(_change(kid=kid)), TWO_KEYS) == "unknown_key"


@pytest.mark.parametrize(
    "header",
    [
        _change(alg="none"),
        _change(alg="RSA1_5"),
        _change(alg="RSA-OAEP"),
        _change(alg="RSA-OAEP-512"),
        _change(alg="rsa-oaep-256"),
        _change(alg="dir"),
        _change(alg="ECDH-ES", epk={"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}),
        _change(alg="PBES2-HS256+A128KW", p2c=2**31),
        _change(alg=["RSA-OAEP-256"]),
        _change(alg=_ABSENT),
        _change(enc="none"),
        _change(enc="A128GCM"),
        _change(enc="A128CBC-HS256"),
        _change(enc=None),
        _change(enc=_ABSENT),
        # An unknown kid does not outrank a refused algorithm.
        _change(alg="none", kid="0" * 64),
        _change(zip="DEF"),
        _change(zip=None),
        _change(crit=["x-evil"], **{"x-evil": 1}),
        _change(crit=[]),
        _change(jku="http://127.0.0.1:9/jwks"),
        _change(x5u="http://127.0.0.1:9/cert"),
        _change(x5c=["AA"]),
        _change(jwk={"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
        _change(cty="JWE"),
        _change(cty="jwe"),
        _change(kid=None),
        _change(kid=1),
        _change(kid=[KID]),
        b"hello",
        b"[]",
        b'"RSA-OAEP-256"',
        b"\xff\xfe",
        b"\xef\xbb\xbf" + json.dumps(HEADER).encode(),
        json.dumps(HEADER).encode()[:-1] + b',"alg":"RSA-OAEP-256"}',
        json.dumps(HEADER).encode()[:-1] + b',"x":' + b"[" * 40_000 + b"}",
    ],
    ids=_number_cases(),
)
def test_refused_headers_fail_alike(header: dict[str, Any] | bytes) -> None:
    assert _refuse(_seal(header)) == "failed"


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "....",
        "a.b.c.d.e",
        _seal().rpartition(".")[0],
        _seal() + ".",
        _seal() + "." + _seal(),
        # JSON serialisation.
        json.dumps({"protected": "", "ciphertext": ""}),
        # Sizes: IV, tag, content key, wrapped key, the whole.
        _seal(iv=b"i" * 8),
        _seal(iv=b"i" * 13),
        _seal(iv=b"i" * 32),
        _seal(tag_bytes=15),
        _seal(tag_bytes=12),
        _seal(tag_bytes=0),
        _seal(cek=b"k" * 16),
        _seal(cek=b"k" * 24),
        _seal(payload=b'{"a":"' + b"x" * 60_000 + b'"}'),
        # Wrapped with SHA-1 under an honest header; for another key; not wrapped at all.
        _seal(oaep=OAEP_SHA1),
        _seal(key=OTHER_KEY),
        ".".join([_encode(json.dumps(HEADER).encode()), "", _encode(b"i" * 12), "", _encode(b"t" * 16)]),
        ".".join(
            [
                _encode(json.dumps(HEADER).encode()),
                _encode(b"\0" * 256),
                _encode(b"i" * 12),
                "",
                _encode(b"t" * 16),
            ]
        ),
        # Plaintexts that are not one strict JSON object.
        _seal(payload=b""),
        _seal(payload=b"hello"),
        _seal(payload=b"[1,2]"),
        _seal(payload=b'"5110921032063789"'),
        _seal(payload=b'{"a":1,"a":2}'),
        _seal(payload=b'{"a":"\\u0000"}'),
        _seal(payload=b"\xef\xbb\xbf{}"),
        _seal(payload=b"\xff"),
        # Characters outside both alphabets.
        _seal() + "\n",
        " " + _seal(),
        _seal().replace(".", "!.", 1),
        _seal() + "\u00e9",
        _seal() + "\ud800",
    ],
    ids=_number_cases(),
)
def test_damaged_tokens_fail_alike(token: str) -> None:
    assert _refuse(token) == "failed"


@pytest.mark.parametrize("part", range(5))
def test_a_changed_character_anywhere_is_noticed(part: int) -> None:
    parts = _seal(_change(kid=_ABSENT)).split(".")
    # Every first, middle and last character; the last one holds unused bits.
    for position in (0, len(parts[part]) // 2, len(parts[part]) - 1):
        for substitute in "AQgw-_":
            text = parts[part]
            changed = text[:position] + substitute + text[position + 1 :]
            if changed != text:
                assert _refuse(".".join([*parts[:part], changed, *parts[part + 1 :]])) == "failed"


_PARTS = _seal().split(".")


@given(
    st.lists(
        st.sampled_from(_PARTS) | st.binary(max_size=40).map(_encode) | st.text(max_size=20),
        min_size=4,
        max_size=6,
    )
)
def test_arbitrary_parts_are_opened_or_refused(parts: list[str]) -> None:
    try:
        assert open_compact(".".join(parts), KEYS) == PAYLOAD
    except JweRefusal as refusal:
        assert refusal.kind == "failed"


@given(
    st.dictionaries(st.sampled_from([*HEADER, "zip", "x"]), st.none() | st.integers() | st.text(max_size=9))
)
def test_arbitrary_headers_are_opened_or_refused(changes: dict[str, Any]) -> None:
    try:
        assert open_compact(_seal(HEADER | changes), KEYS) == PAYLOAD
    except JweRefusal as refusal:
        assert refusal.kind in ("failed", "unknown_key")
