"""Reading `input` of a hostile row: what to send for it, built on a known-good request."""

import base64
import gzip
import json
import re
import secrets
import time
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha1, sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key
from tests.hostile.site import Site
from tests.support.network_client import (
    Jwe,
    Oauth,
    Party,
    WireRequest,
    compute_kid,
    decode_part,
    encode_part,
    percent,
    seal,
    sign,
)
from tests.support.samples import UNSET, edit, load_sample

from parcela.domain.cards import passes_luhn

Row = dict[str, Any]
STRANGER = generate_private_key(public_exponent=65537, key_size=2048)
_LONG = re.compile(r"(.)\*(\d+)", re.DOTALL)
GZIP_BOMB = gzip.compress(bytes(32 * 1024 * 1024))


@dataclass(frozen=True)
class Attack:
    """What to send: one request `times` times, at once or in turn; `secrets` must never come back."""

    request: WireRequest
    secrets: list[str] = field(default_factory=list)
    times: int = 1
    is_concurrent: bool = False


def build_attack(site: Site, row: Row) -> Attack:
    """The attack of a row on the network door."""
    given = row["input"]
    call = row["target"].removeprefix("network:") if row["target"].startswith("network:") else "POST /offers"
    party = site.issuer if "/consumers/" in call else site.partner
    body = build_body(site, given)
    raw = _encode_body(site, party, body, given)
    auth = given.get("auth", {})
    request = _sign(site, party, call, raw, auth)
    headers = [(name, value) for name, value in request.headers if name not in given.get("headers", {})]
    headers += [
        (name, expand(value)) for name, value in given.get("headers", {}).items() if value is not None
    ]
    pans = re.findall(r"\d{12,24}", json.dumps(body.get("sensitiveData", {})))
    return Attack(
        request=replace(request, headers=headers),
        secrets=pans,
        times=auth.get("replay", 0) + 1,
        is_concurrent=auth.get("concurrent", False),
    )


def expand(text: str) -> str:
    """`c*N` stands for N times c."""
    return _LONG.sub(lambda found: found[1] * int(found[2]), text)


# ---------------------------------------------------------------- bodies


def build_body(site: Site, given: Row) -> dict[str, Any]:
    """The base request with its changes."""
    base = given.get("base", "network.offers")
    body = _BASES[base](site)
    if "pans" in given:
        body = edit(body, {"sensitiveData": _choose_pans(given["pans"])})
    edits = {path: _change(body, path, value) for path, value in given.get("set", {}).items()}
    return edit(body, {**edits, **dict.fromkeys(given.get("unset", []), UNSET)})


def _build_offers(_: Site) -> dict[str, Any]:
    found: dict[str, Any] = load_sample("offers-request")
    return found


def _build_plan(site: Site) -> dict[str, Any]:
    presented = {"offerTransactionId": site.ask_good().body["offerTransactionId"]}
    return edit(load_sample("parcela-plan-request"), presented)


def _build_registration(_: Site) -> dict[str, Any]:
    return {"panListName": "Hostile", "sensitiveData": {"pans": [{"pan": make_pan(0)}]}}


_BASES = {
    "network.offers": _build_offers,
    "network.plans": _build_plan,
    "network.pans.register": _build_registration,
}


def make_pan(number: int) -> str:
    """A PAN of the PAN-list range."""
    stem = f"23037700033{number:04d}"
    return next(stem + digit for digit in "0123456789" if passes_luhn(stem + digit))


def _choose_pans(wanted: Any) -> Any:
    if wanted == 0:
        return UNSET
    pans = [make_pan(0), "5110921032063789"]
    if isinstance(wanted, int):
        pans = [make_pan(number) for number in range(wanted)]
    return {"pans": [{"pan": pan} for pan in pans]}


def _change(body: dict[str, Any], path: str, value: Any) -> Any:
    """A value of `set`: literal, or relative to what the known-good request has there."""
    if not isinstance(value, str):
        return value
    if value in _ROWS:
        return _ROWS[value](body["schedulePayments"])
    found: Any = body
    for step in re.findall(r"[^.\[\]]+", path):
        found = found[int(step)] if isinstance(found, list) else (found or {}).get(step)
    if (days := re.fullmatch(r"([+-]\d+) days?", value)) is not None:
        return (date.fromisoformat(found) + timedelta(days=int(days[1]))).isoformat()
    if (change := re.fullmatch(r"offer([+-][\d.]+)", value)) is not None:
        return float(Decimal(str(found)) + Decimal(change[1]))
    if (factor := re.fullmatch(r"([/*])(\d+)", value)) is not None:
        number = Decimal(str(found))
        return float(number / int(factor[2]) if factor[1] == "/" else number * int(factor[2]))
    return expand(value) if _LONG.search(value) else value


_ROWS: dict[Any, Any] = {
    "dup_row2": lambda rows: [*rows, rows[1]],
    "100000 rows": lambda rows: [{**rows[0], "installmentNumber": number} for number in range(1, 100_001)],
    "100 rows": lambda rows: [{**rows[0], "installmentNumber": number} for number in range(1, 101)],
    "without_last": lambda rows: rows[:-1],
    "swapped_numbers": lambda rows: [
        {**row, "installmentNumber": len(rows) - position} for position, row in enumerate(rows)
    ],
    "no_rows": lambda _: [],
}


def _encode_body(site: Site, party: Party, body: dict[str, Any], given: Row) -> bytes:
    if given.get("bomb"):
        return GZIP_BOMB
    if "raw" in given:
        return encode_raw(given["raw"])
    members = dict(body)
    if "sensitiveData" in members:
        payload = write_json(members.pop("sensitiveData"))
        members["encryptedValue"] = build_token(site, party, payload, given.get("jwe", {}))
    return write_json(members)


def write_json(value: Any) -> bytes:
    """JSON text; a string that begins with `<raw>` stands unquoted."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub(r'"<raw>((?:[^"\\]|\\.)*)"', lambda found: json.loads(f'"{found[1]}"'), text).encode()


def encode_raw(text: str) -> bytes:
    """A raw body: `\\xNN` is a byte, `utf-16` a whole body in that encoding, the rest stands for itself."""
    if text == "utf-16":
        return json.dumps(load_sample("offers-request")).encode("utf-16")
    parts = re.split(r"\\x([0-9a-f]{2})", expand(text))
    octets = [bytes.fromhex(part) if position % 2 else part.encode() for position, part in enumerate(parts)]
    return b"".join(octets)


# ---------------------------------------------------------------- tokens


def build_token(site: Site, party: Party, payload: bytes, given: Row) -> Any:
    """The value of `encryptedValue`."""
    if "token" in given:
        return given["token"]
    keys: dict[str, RSAPublicKey] = {
        "server_old_in_grace": party.server_key,
        "stranger": STRANGER.public_key(),
        "newest": site.newest_key if party is site.partner else party.server_key,
    }
    header = dict(given.get("header", {}))
    if given.get("kid") == "server":
        header["kid"] = compute_kid(keys["newest"])
    if "payload" in given:
        payload = (
            given["payload"].encode() if isinstance(given["payload"], str) else write_json(given["payload"])
        )
    jwe = Jwe(
        key=keys[given.get("key", "newest")],
        header=header,
        digest=hashes.SHA1() if header.get("alg") == "RSA-OAEP" else hashes.SHA256(),
        **_PRIMITIVES.get(given.get("tamper", ""), {}),
    )
    parts = seal(party, payload, jwe).split(".")
    parts = _TAMPERINGS.get(given.get("tamper", ""), lambda same: same)(parts)
    return ".".join([*parts, "AAAA"][: given.get("segments", 5)])


_PRIMITIVES: dict[str, Any] = {
    "iv8": {"iv_bytes": 8},
    "iv0": {"iv_bytes": 0},
    "iv13": {"iv_bytes": 13},
    "iv64": {"iv_bytes": 64},
    "cek_len16": {"cek_bytes": 16},
    "cek_len24": {"cek_bytes": 24},
    "tag_zero": {"tag": bytes(16)},
    "tag_short": {"tag": b"1234"},
    "tag_empty": {"tag": b""},
    "wrapped_empty": {"wrapped_key": b""},
    "wrapped_zero": {"wrapped_key": bytes(256)},
    "wrapped_short": {"wrapped_key": bytes(255)},
    "wrapped_long": {"wrapped_key": bytes(512)},
}


def _flip(part: str) -> str:
    octets = bytearray(decode_part(part))
    octets[0] ^= 1
    return encode_part(bytes(octets))


_TAMPERINGS: dict[str, Any] = {
    "flip_header": lambda p: [encode_part(decode_part(p[0]) + b" "), *p[1:]],
    "flip_key": lambda p: [p[0], _flip(p[1]), *p[2:]],
    "flip_iv": lambda p: [*p[:2], _flip(p[2]), *p[3:]],
    "flip_text": lambda p: [*p[:3], _flip(p[3]), p[4]],
    "flip_tag": lambda p: [*p[:4], _flip(p[4])],
    "empty_text": lambda p: [*p[:3], "", p[4]],
    "not_base64": lambda p: [*p[:3], p[3] + "!", p[4]],
    "header_not_json": lambda p: [encode_part(b"{alg"), *p[1:]],
    "header_array": lambda p: [encode_part(b"[]"), *p[1:]],
    "header_twice": lambda p: [
        encode_part(b'{"alg":"none",' + decode_part(p[0])[1:]),
        *p[1:],
    ],
    "spaces": lambda p: [f" {p[0]}", *p[1:]],
}


# ---------------------------------------------------------------- signatures


def _sign(site: Site, party: Party, call: str, body: bytes, auth: Row) -> WireRequest:
    method, _, path = call.partition(" ")
    url = party.base_url + path
    header = sign(party, method, url, body, _build_oauth(site, party, body, auth))
    values = [expand(auth["header"]) if "header" in auth else header]
    if "duplicate_header" in auth:
        values = [header if which == "good" else "OAuth bad" for which in auth["duplicate_header"].split(",")]
    headers = [("Authorization", value) for value in values]
    headers += [("Content-Type", "application/json"), ("Accept", "application/json")]
    return WireRequest(method, url, headers, body)


def _build_oauth(site: Site, party: Party, body: bytes, auth: Row) -> Oauth:
    members: dict[str, str | None] = dict(auth.get("members", {}))
    if "omit" in auth:
        members[auth["omit"]] = None
    if "body_hash" in auth:
        members["oauth_body_hash"] = _BODY_HASHES[auth["body_hash"]](body)
    if "timestamp" in auth:
        shift = re.fullmatch(r"now([+-]\d+)", auth["timestamp"])
        stamp = str(int(time.time()) + int(shift[1])) if shift else auth["timestamp"]
        members["oauth_timestamp"] = stamp
    if "nonce" in auth:
        length = re.fullmatch(r"len(\d+)", auth["nonce"])
        members["oauth_nonce"] = secrets.token_hex(5000)[: int(length[1])] if length else auth["nonce"]
    return Oauth(
        members=members,
        signature_method=auth.get("method", "RSA-SHA256"),
        signed_method=auth.get("sign_method"),
        signed_url=party.base_url + auth["sign_url"] if "sign_url" in auth else None,
        signature=auth.get("signature"),
        repeated=[auth["duplicate"]] if "duplicate" in auth else [],
        key=_choose_key(site, auth),
    )


def _choose_key(site: Site, auth: Row) -> Any:
    return {"stranger": STRANGER, "issuer": site.issuer.signing_key, "": None}[auth.get("key", "")]


_BODY_HASHES: dict[str, Any] = {
    "sha256_b64_nopad": lambda body: base64.b64encode(sha256(body).digest()).decode().rstrip("="),
    "sha256_b64url": lambda body: base64.urlsafe_b64encode(sha256(body + b" ").digest()).decode(),
    "sha256_hex": lambda body: sha256(body).hexdigest(),
    "sha1_b64": lambda body: base64.b64encode(sha1(body).digest()).decode(),
    "empty_body": lambda _: base64.b64encode(sha256(b"").digest()).decode(),
    "empty": lambda _: "",
    "escaped": lambda body: percent(base64.b64encode(sha256(body).digest()).decode()),
}
