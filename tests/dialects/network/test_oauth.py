"""OAuth 1.0a against the reference vectors, the official signer and every malformed header."""

import base64
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st
from oauth1.oauth import OAuth, SignatureMethod

from parcela.dialects.network.oauth import (
    OAuthHeader,
    OAuthRefusal,
    SigningKey,
    build_base_string,
    check_body_hash,
    check_timestamp,
    parse_authorization,
    verify_signature,
)

VECTOR = json.loads((Path(__file__).parents[2] / "data/network/vector-oauth.json").read_text())
VECTOR_KEY = cast(rsa.RSAPublicKey, load_pem_public_key(VECTOR["publicKeyPem"].encode()))
NOW_S = VECTOR["clock"]
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
BODY = b'{"transaction":{}}'
URL = "https://parcela.example/installments/offers"
MEMBERS = {
    "oauth_consumer_key": "client!key",
    "oauth_nonce": "I8qsDRqGdRSQOY1a",
    "oauth_timestamp": str(NOW_S),
    "oauth_signature_method": "RSA-SHA256",
    "oauth_version": "1.0",
    "oauth_body_hash": base64.b64encode(sha256(BODY).digest()).decode(),
    "oauth_signature": "AAAA",
}
MALFORMED = "Malformed or missing Authorization header."


def _write_header(members: dict[str, str], separator: str = ",") -> bytes:
    return ("OAuth " + separator.join(f'{name}="{value}"' for name, value in members.items())).encode()


def _build(header: OAuthHeader, method: str, url: str) -> str:
    target = urlsplit(url)
    return build_base_string(
        header,
        method=method,
        base_url=f"{target.scheme}://{target.netloc}",
        raw_path=target.path,
        raw_query=target.query,
    )


def _authenticate(
    authorization: str, method: str, url: str, body: bytes, *, key: rsa.RSAPublicKey | None
) -> OAuthHeader:
    header = parse_authorization([authorization.encode()])
    check_timestamp(header, now_s=NOW_S, window_s=300)
    check_body_hash(header, body)
    verify_signature(header, _build(header, method, url), key)
    return header


def _refuse(*values: bytes) -> tuple[int, str, str]:
    with pytest.raises(OAuthRefusal) as caught:
        parse_authorization(values)
    return caught.value.status, caught.value.reason_code, caught.value.description


def _find_refusal(check: Callable[[], None]) -> str | None:
    try:
        check()
    except OAuthRefusal as refusal:
        return refusal.kind
    return None


@pytest.mark.parametrize("case", VECTOR["cases"], ids=lambda case: case["case"])
def test_reference_vectors(case: dict[str, Any]) -> None:
    request = (case["authorization"], case["method"], case["url"], case["body"].encode())
    if case["valid"]:
        header = _authenticate(*request, key=VECTOR_KEY)
        assert header.consumer_key == VECTOR["consumerKey"]
        assert _build(header, case["method"], case["url"]) == case["baseString"]
    else:
        with pytest.raises(OAuthRefusal) as caught:
            _authenticate(*request, key=VECTOR_KEY)
        assert {"status": caught.value.status, "ReasonCode": caught.value.reason_code} == case["expect"]


@pytest.mark.parametrize("method", list(SignatureMethod))
@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://PARCELA.Example:443/installments/offers",
        "http://parcela.example:80/installments/offers",
        "https://parcela.example:8443/installments/offers",
        "https://parcela.example",
        "https://parcela.example/installments/plans/a%20b%2Fc",
        "https://parcela.example/installments/offers?b=2&a=1&a=0",
        "https://parcela.example/installments/offers?a&b=&c==&+=+&a.b=1&a-b=1",
        "https://parcela.example/installments/offers?a=x+y%20z&b=%C3%A9&c=~*'",
        "https://parcela.example/installments/offers?a=%zz&&b=1",
        "https://parcela.example/installments/offers?oauth_nonce=evil&oauthz=1",
    ],
)
def test_the_official_signer_is_understood(method: SignatureMethod, url: str) -> None:
    authorization = OAuth.get_authorization_header(url, "POST", BODY.decode(), "client!key", KEY, method)
    header = parse_authorization([authorization.encode()])
    check_body_hash(header, BODY)

    base_string = _build(header, "POST", url)
    members = {name: value for name, value in header.pairs if name != "oauth_signature"}
    assert base_string == OAuth.get_base_string(url, "POST", members)
    verify_signature(header, base_string, KEY.public_key())


def test_our_own_signature_is_what_the_official_signer_would_make() -> None:
    url = "https://issuer.example:8443/notifications?b=2&a=%C3%A9"
    signing_key = SigningKey(consumer_key="parcela!key", private_key=KEY)
    authorization = signing_key.sign("POST", url, BODY, nonce="0123456789abcdef", timestamp=NOW_S)

    header = _authenticate(authorization, "POST", url, BODY, key=KEY.public_key())
    members = {name: value for name, value in header.pairs if name != "oauth_signature"}
    signature = OAuth.sign_message(OAuth.get_base_string(url, "POST", members), KEY)
    assert authorization == (
        'OAuth oauth_consumer_key="parcela!key",oauth_nonce="0123456789abcdef",'
        f'oauth_timestamp="{NOW_S}",oauth_signature_method="RSA-SHA256",oauth_version="1.0",'
        f'oauth_body_hash="{MEMBERS["oauth_body_hash"]}",oauth_signature="{quote(signature, safe="")}"'
    )


def test_the_header_is_decoded_for_use_and_kept_verbatim_for_signing() -> None:
    members = MEMBERS | {
        "oauth_consumer_key": "client%21key",
        "oauth_nonce": "nonce%2Bnonce",
        "oauth_body_hash": "abc%3D",
        "oauth_signature": "%2B%2F8%3D",
    }
    header = parse_authorization([_write_header({"realm": "My realm", **members}, " ,\t")])

    assert header == OAuthHeader(
        consumer_key="client!key",
        nonce="nonce+nonce",
        timestamp=NOW_S,
        signature_method="RSA-SHA256",
        body_hash="abc=",
        signature=b"\xfb\xff",
        pairs=(("realm", "My realm"), *members.items()),
    )


def test_realm_and_signature_stay_out_of_the_base_string_and_unknown_members_enter_it() -> None:
    members = {"realm": "x", **MEMBERS, "oauth_callback": "oob", "oauth_nonce": "~-._~-._"}
    header = parse_authorization([_write_header(members)])

    assert _build(header, "post", "HTTPS://Parcela.Example/a//b/../c;d") == (
        "POST&https%3A%2F%2Fparcela.example%2Fa%2F%2Fb%2F..%2Fc%3Bd&"
        f"oauth_body_hash%3D{quote(MEMBERS['oauth_body_hash'], safe='')}"
        "%26oauth_callback%3Doob%26oauth_consumer_key%3Dclient%21key%26oauth_nonce%3D~-._~-._"
        "%26oauth_signature_method%3DRSA-SHA256"
        f"%26oauth_timestamp%3D{NOW_S}%26oauth_version%3D1.0"
    )


def test_a_prefix_of_the_public_base_url_is_signed() -> None:
    header = parse_authorization([_write_header(MEMBERS)])
    base_string = build_base_string(
        header, method="GET", base_url="http://h:443/prefix/", raw_path="/a", raw_query=""
    )

    assert base_string.startswith("GET&http%3A%2F%2Fh%3A443%2Fprefix%2Fa&")


@pytest.mark.parametrize(
    "values",
    [
        (),
        (b"",),
        (b"OAuth",),
        (b"OAuth ",),
        (b"Bearer sk_test_x",),
        (b"Basic eA==",),
        (b'OAuth2 oauth_nonce="x"',),
        # Two headers, whichever is the good one; and two in one.
        (_write_header(MEMBERS), b"OAuth bad"),
        (b"OAuth bad", _write_header(MEMBERS)),
        (_write_header(MEMBERS), _write_header(MEMBERS)),
        (_write_header(MEMBERS) + b", " + _write_header(MEMBERS),),
        # Grammar.
        (b"OAuth oauth_nonce=abcdefgh",),
        (b"OAuth oauth_nonce='abcdefgh'",),
        (b'OAuth oauth_nonce = "abcdefgh"',),
        (b'OAuth ="abcdefgh"',),
        (b'OAuth oauth_nonce="abc"defgh"',),
        (b'OAuth oauth_nonce="abc\\"defgh"',),
        (b'OAuth oauth_nonce="abcdefgh',),
        (b'OAuth oauth_nonce="abcdefgh" oauth_version="1.0"',),
        (_write_header(MEMBERS) + b",",),
        (_write_header(MEMBERS, ",,"),),
        (_write_header(MEMBERS) + b"\n",),
        (_write_header(MEMBERS | {"oauth_nonce": "abcdefg\u00e9"}),),
        (_write_header(MEMBERS | {"oauth_nonce": "abcdefg\x7f"}),),
        (_write_header(MEMBERS).replace(b"oauth_nonce", "oauth_n\u00f6nce".encode()),),
    ],
    ids=lambda values: repr(values)[:48],
)
def test_what_is_not_one_oauth_header_is_malformed(values: tuple[bytes, ...]) -> None:
    assert _refuse(*values) == (400, "INVALID_AUTH_HEADER", MALFORMED)


@pytest.mark.parametrize("name", [*MEMBERS, "realm", "oauth_token"])
def test_a_repeated_member_is_named(name: str) -> None:
    header = _write_header({"realm": "r", "oauth_token": "t"} | MEMBERS) + f', {name}="other"'.encode()
    text = f"Malformed Authorization header. Repeated parameter: {name}"

    assert _refuse(header) == (400, "INVALID_AUTH_HEADER", text)


@pytest.mark.parametrize("position", range(7))
def test_the_first_missing_member_in_documented_order_is_named(position: int) -> None:
    names = list(MEMBERS)
    last_missing = names[-1:] if position < 6 else []
    members = {
        name: MEMBERS[name] for name in reversed(names) if name not in [names[position], *last_missing]
    }
    text = f"Problem with signature base string. Missing {names[position]}"

    assert _refuse(_write_header(members or {"realm": ""})) == (400, "INVALID_OAUTH_SBS", text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("oauth_signature_method", "RSA-SHA1"),
        ("oauth_signature_method", "HMAC-SHA256"),
        ("oauth_signature_method", "PLAINTEXT"),
        ("oauth_signature_method", "rsa-sha256"),
        ("oauth_signature_method", ""),
        ("oauth_version", "1"),
        ("oauth_version", "2.0"),
        ("oauth_version", ""),
        ("oauth_timestamp", "-1"),
        ("oauth_timestamp", "+1700000000"),
        ("oauth_timestamp", "1700000000.5"),
        ("oauth_timestamp", "17e8"),
        ("oauth_timestamp", " 1700000000"),
        ("oauth_timestamp", "1700000000%0A"),
        ("oauth_timestamp", "%D9%A1%D9%A2%D9%A3"),
        ("oauth_timestamp", "1_000"),
        ("oauth_timestamp", "1" * 13),
        ("oauth_timestamp", ""),
        ("oauth_nonce", ""),
        ("oauth_nonce", "a" * 7),
        ("oauth_nonce", "a" * 65),
        ("oauth_nonce", "a" * 10_000),
        ("oauth_nonce", "abcdefgh%00"),
        ("oauth_nonce", "abcdefgh%0A"),
        ("oauth_nonce", "%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9"),
        ("oauth_nonce", "%FF%FF%FF%FF%FF%FF%FF%FF"),
        ("oauth_consumer_key", ""),
        ("oauth_consumer_key", "a" * 201),
        ("oauth_consumer_key", "client!key%00"),
    ],
)
def test_a_value_of_the_wrong_form_names_its_member(name: str, value: str) -> None:
    text = f"Malformed Authorization header. Unsupported value for {name}"

    assert _refuse(_write_header(MEMBERS | {name: value})) == (400, "INVALID_AUTH_HEADER", text)


@pytest.mark.parametrize("value", ["A", "AAA", "AAAA AAAA", "AAB=", "AA-_", "%C3%A9%C3%A9%C3%A9", "%ZZ%ZZ"])
def test_a_signature_that_is_not_base64_is_none(value: str) -> None:
    assert parse_authorization([_write_header(MEMBERS | {"oauth_signature": value})]).signature is None


@pytest.mark.parametrize("value", ["", "AAAA", "%C3%A9%C3%A9%C3%A9", quote("A" * 344 + "A" * 684)])
def test_a_signature_of_the_wrong_length_is_a_wrong_signature(value: str) -> None:
    header = parse_authorization([_write_header(MEMBERS | {"oauth_signature": value})])
    with pytest.raises(OAuthRefusal) as caught:
        verify_signature(header, "POST&x&y", KEY.public_key())
    assert (caught.value.kind, caught.value.status) == ("signature", 403)


@pytest.mark.parametrize(
    ("age_s", "refusal"),
    [(300, None), (-300, None), (300.5, "timestamp"), (-300.5, "timestamp"), (601, "timestamp")],
)
def test_the_window_of_the_timestamp(age_s: float, refusal: str | None) -> None:
    header = parse_authorization([_write_header(MEMBERS)])

    assert _find_refusal(lambda: check_timestamp(header, now_s=NOW_S + age_s, window_s=300)) == refusal


def test_a_refused_timestamp_names_the_window() -> None:
    refusal = OAuthRefusal("timestamp", "300")

    assert (refusal.status, refusal.reason_code, refusal.description) == (
        401,
        "INVALID_TIMESTAMP",
        "The provided oauth_timestamp is outside the accepted window of 300 seconds.",
    )


_DIGEST = sha256(BODY).digest()


@pytest.mark.parametrize(
    "received",
    [
        base64.b64encode(_DIGEST).decode().rstrip("="),
        base64.b64encode(_DIGEST).decode() + "%0A",
        base64.urlsafe_b64encode(_DIGEST).decode().replace("=", "%3d%3d"),
        _DIGEST.hex(),
        base64.b64encode(sha256(BODY + b" ").digest()).decode(),
        "",
        "%C3%A9",
    ],
)
def test_another_hash_or_spelling_of_the_hash_is_refused(received: str) -> None:
    header = parse_authorization([_write_header(MEMBERS | {"oauth_body_hash": received})])
    with pytest.raises(OAuthRefusal) as caught:
        check_body_hash(header, BODY)

    assert (caught.value.status, caught.value.reason_code, caught.value.description) == (
        400,
        "INVALID_BODY_HASH",
        "The provided oauth_body_hash does not match the SHA256 hash of the request payload. "
        f"Calculated: {MEMBERS['oauth_body_hash']}, Received: {header.body_hash}",
    )


def _sign(
    private_key: rsa.RSAPrivateKey, pad: padding.AsymmetricPadding, method: str, text: str
) -> OAuthHeader:
    signature = base64.b64encode(private_key.sign(text.encode(), pad, hashes.SHA256())).decode()
    changes = {"oauth_signature": quote(signature, safe=""), "oauth_signature_method": method}
    return parse_authorization([_write_header(MEMBERS | changes)])


_PSS_32 = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
_PSS_20 = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=20)
_PSS_SHA1 = padding.PSS(mgf=padding.MGF1(hashes.SHA1()), salt_length=32)
_LARGE_KEY = rsa.generate_private_key(public_exponent=65537, key_size=3072)


@pytest.mark.parametrize("private_key", [KEY, _LARGE_KEY], ids=["2048", "3072"])
@pytest.mark.parametrize(("pad", "method"), [(padding.PKCS1v15(), "RSA-SHA256"), (_PSS_32, "RSA-PSS")])
def test_both_methods_verify(
    private_key: rsa.RSAPrivateKey, pad: padding.AsymmetricPadding, method: str
) -> None:
    header = _sign(private_key, pad, method, "POST&x&y")

    public_key = private_key.public_key()
    assert _find_refusal(lambda: verify_signature(header, "POST&x&y", public_key)) is None
    assert _find_refusal(lambda: verify_signature(header, "POST&x&z", public_key)) == "signature"


@pytest.mark.parametrize(
    ("pad", "method", "key"),
    [
        # Another salt length, another mask, the other method, another key, another size, no key.
        (_PSS_20, "RSA-PSS", KEY.public_key()),
        (_PSS_SHA1, "RSA-PSS", KEY.public_key()),
        (_PSS_32, "RSA-SHA256", KEY.public_key()),
        (padding.PKCS1v15(), "RSA-PSS", KEY.public_key()),
        (_PSS_32, "RSA-PSS", VECTOR_KEY),
        (_PSS_32, "RSA-PSS", _LARGE_KEY.public_key()),
        (_PSS_32, "RSA-PSS", None),
        (padding.PKCS1v15(), "RSA-SHA256", None),
    ],
)
def test_any_other_signature_gets_the_same_refusal(
    pad: padding.AsymmetricPadding, method: str, key: rsa.RSAPublicKey | None
) -> None:
    with pytest.raises(OAuthRefusal) as caught:
        verify_signature(_sign(KEY, pad, method, "POST&x&y"), "POST&x&y", key)

    assert (caught.value.status, caught.value.reason_code, caught.value.description) == (
        403,
        "AUTHENTICATION_FAILED",
        "OAuth signatures did not match. Acceptable signature base string: POST&x&y",
    )


@pytest.mark.parametrize(
    ("base_string", "shown"),
    [
        ("POST&x&pan%3D5110921032063789", "POST&x&pan%3D511092******3789"),
        # The digits of an escape run into the number.
        ("POST&x%205110921032063789", "POST&x%205110********3789"),
        ("POST&x%25215110921032063789", "POST&x%252151**********3789"),
        ("POST&x&5110921032063788", "POST&x&5110921032063788"),
        ("POST&x&1700000000", "POST&x&1700000000"),
        ("POST&" + "9" * 400_000, "POST&" + "999999" + "*" * 923),
        ("P" * 925 + "5110921032063789", "P" * 925 + "511092***"),
    ],
    ids=lambda text: text[:32],
)
def test_a_refusal_masks_card_numbers_and_keeps_to_1000_characters(base_string: str, shown: str) -> None:
    header = parse_authorization([_write_header(MEMBERS)])
    with pytest.raises(OAuthRefusal) as caught:
        verify_signature(header, base_string, None)

    prefix = "OAuth signatures did not match. Acceptable signature base string: "
    assert caught.value.description == (prefix + shown)[:1000]


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("nonce", (401, "INVALID_NONCE", "The provided oauth_nonce has already been used.")),
        ("not_granted", (401, "DECLINED", "Unauthorized - Access Not Granted")),
    ],
)
def test_refusals_that_the_caller_raises(kind: Any, row: tuple[int, str, str]) -> None:
    refusal = OAuthRefusal(kind)

    assert (refusal.status, refusal.reason_code, refusal.description) == row


@given(st.lists(st.binary(max_size=200) | st.sampled_from([b"OAuth ", _write_header(MEMBERS)]), max_size=2))
def test_arbitrary_headers_are_read_or_refused(values: list[bytes]) -> None:
    try:
        header = parse_authorization(values)
    except OAuthRefusal as refusal:
        assert refusal.status == 400
    else:
        assert values == [_write_header(MEMBERS)]
        assert header.consumer_key == "client!key"


@given(
    st.sampled_from(list(MEMBERS)), st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80)
)
def test_arbitrary_values_are_read_or_refused(name: str, value: str) -> None:
    with pytest.raises(OAuthRefusal) as caught:
        _authenticate(
            _write_header(MEMBERS | {name: value}).decode(), "POST", URL, BODY, key=KEY.public_key()
        )
    assert caught.value.status in (400, 401, 403)
    assert 10 <= len(caught.value.description) <= 1000
