"""The network's side of an issuer's door: notices as the network writes them, and calls that can break."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.types import ASGIApp

from parcela.domain.ids import Identifier
from parcela.domain.servicing.records import PlanNotice
from parcela.issuer.app import IssuerSettings, create_issuer_app
from parcela.issuer.keys import FileKeys, SenderKey
from parcela.issuer.ports import NonceBook, NoticeDiffers, OfferSearch
from parcela.operations.keys import compute_key_name
from parcela.sandbox.keys import make_certificate
from tests.support.network_client import GOOD, GOOD_TOKEN, Answer, Jwe, Oauth, Party, WireRequest, forge
from tests.support.samples import load_sample

PUBLIC_URL = "https://processor.bank.example"
CID = "242666"
CORRELATION_ID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"

_FREQUENCIES = {"weekly": "WEEKLY", "biweekly": "BIWEEKLY", "monthly": "MONTHLY"}


class KeptNotices:
    """A service that keeps plans in memory."""

    def __init__(self) -> None:
        self.plans: dict[str, PlanNotice] = {}
        self.correlation_ids: list[str] = []
        self.failure: Exception | None = None

    async def take(self, notice: PlanNotice, correlation_id: str) -> bool:
        """Keep a plan, or fail as told."""
        if self.failure is not None:
            raise self.failure
        held = self.plans.setdefault(notice.plan_id, notice)
        if held != notice:
            raise NoticeDiffers(notice.plan_id, ["rows"])
        if held is not notice:
            return False
        self.correlation_ids.append(correlation_id)
        return True


@cache
def make_key(name: str) -> RSAPrivateKey:
    """A key pair of 2048 bits, one per name and test process."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class Receiver:
    """An issuer's application with the network's keys for it."""

    app: ASGIApp
    service: KeptNotices
    network: Party

    def send(self, request: WireRequest) -> Answer:
        """One request, in process."""
        return asyncio.run(ask(self.app, request))

    def call(self, call: str = "POST /notifications", body: Any = None, **options: Any) -> Answer:
        """Forge (well, by default) and send; the body is the sound sample unless told otherwise."""
        sent = load_sample("parcela-notification-request") if body is None else body
        headers = {"Correlation-Id": CORRELATION_ID, **options.pop("headers", {})}
        return self.send(forge(self.network, call, sent, headers=headers, **options))


def make_network(folder: Path, base_url: str) -> Party:
    """The network as a caller: it signs as `parcela!<key name>` and seals to the issuer's certificate."""
    files = {"signing": "network-signing.pem", "decryption": "issuer-decryption.pem"}
    for name, file in files.items():
        pem = make_key(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / file).write_bytes(pem)
    certificate = folder / "issuer-encryption.crt"
    certificate.write_bytes(make_certificate(make_key("decryption"), name="Issuer"))
    return Party(
        home=folder,
        base_url=base_url,
        consumer_key=f"parcela!{compute_key_name(make_key('signing').public_key())}",
        signing_file=folder / files["signing"],
        decryption_file=folder / files["decryption"],
        certificate_file=certificate,
    )


def make_receiver(
    folder: Path,
    *,
    settings: Mapping[str, Any] | None = None,
    now_s: Callable[[], float] = time.time,
    nonces: NonceBook | None = None,
    offers: OfferSearch | None = None,
) -> Receiver:
    """An application with keys of its own and plans in memory."""
    network = make_network(folder, PUBLIC_URL)
    signing, decryption = make_key("signing").public_key(), make_key("decryption")
    sender = SenderKey(key_id=7, consumer_key=network.consumer_key, public_key=signing)
    keys = FileKeys(
        senders={sender.consumer_key: sender},
        decryption={compute_key_name(decryption.public_key()): decryption},
    )
    service = KeptNotices()
    chosen = IssuerSettings(**{"public_url": PUBLIC_URL, "cids": frozenset({CID}), **(settings or {})})
    app = create_issuer_app(keys, service, settings=chosen, now_s=now_s, nonces=nonces, offers=offers)
    return Receiver(app, service, network)


async def ask(app: ASGIApp, request: WireRequest, *, address: str = "192.0.2.1") -> Answer:
    """Ask an application without a socket."""
    target = urlsplit(request.url)
    sent: list[Any] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": target.scheme,
        "path": target.path,
        "raw_path": target.path.encode(),
        "query_string": target.query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in request.headers],
        "client": (address, 50000),
        "server": ("processor.bank.example", 443),
    }
    messages = [{"type": "http.request", "body": request.body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    raw = b"".join(message.get("body", b"") for message in sent[1:])
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, raw, json.loads(raw))


@dataclass(frozen=True, kw_only=True)
class Breach:
    """A request that differs from a good one in one thing."""

    call: str = "POST /notifications"
    body: Any = None
    oauth: Oauth = field(default_factory=lambda: GOOD)
    jwe: Jwe = field(default_factory=lambda: GOOD_TOKEN)
    headers: Mapping[str, str | None] = field(default_factory=dict)


def notice_to_wire(notice: PlanNotice, *, exponent: int) -> dict[str, Any]:
    """A notification with its sensitive part in clear; `exponent` is the currency's."""
    facts = notice.transaction

    def major(minor: int) -> str:
        return f"{Decimal(minor).scaleb(-exponent):f}"

    rows = [
        {
            "installmentNumber": row.number,
            "installmentAmount": major(row.amount_minor),
            "dueDate": row.due_date.isoformat(),
        }
        for row in notice.rows
    ]
    terms: dict[str, Any] = {
        "currency": notice.currency,
        "frequency": _FREQUENCIES[notice.interval],
        "tenure": len(notice.rows),
        "totalAmount": major(notice.total_minor),
        "apr": None if notice.apr_percent is None else f"{notice.apr_percent:f}",
        "feeValue": None if notice.fee_value is None else f"{notice.fee_value:f}",
    }
    merchant = {
        "name": notice.merchant.name,
        "url": notice.merchant.url,
        "country": notice.merchant.country,
        "mcc": _write_identifier(notice.merchant.mcc),
        "acquirerId": _write_identifier(notice.merchant.acquirer_id),
        "merchantId": _write_identifier(notice.merchant.merchant_id),
    }
    transaction = {
        "amountType": notice.amount_kind.upper(),
        "amount": major(notice.amount_minor),
        "currency": notice.currency,
        "localDateTime": facts.local_at.isoformat(),
        "stan": facts.stan,
        "rrn": facts.rrn,
        "authorizationCode": facts.authorization_code,
        "transactionLinkId": facts.transaction_link_id,
        "transmissionDateTime": None if facts.transmitted_at is None else facts.transmitted_at.isoformat(),
    }
    return {
        "planId": notice.plan_id,
        "issuerCid": notice.issuer_cid,
        "issuerIca": "19246",
        "sensitiveData": {"consumer": {"primaryAccountNumber": int(notice.digits)}},
        "merchant": merchant,
        "offerId": notice.offer_id,
        "planInstallmentInformation": terms,
        "schedulePayments": rows,
        "transaction": transaction,
    }


def _write_identifier(identifier: Identifier | None) -> str | int | None:
    if identifier is None:
        return None
    return int(identifier.text) if identifier.is_number else identifier.text
