"""A partner or an issuer: its keys, and its requests signed and sealed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from parcela_client._calls import Answer, Prepared, check_base_url, quote_segment
from parcela_client._credentials import pick, read_credentials
from parcela_client._decimal_json import read_json, read_object, write_json
from parcela_client._errors import AnswerUnreadable, NotConfigured, ParcelaError
from parcela_client._version import VERSION
from parcela_client.network._jwe import open_token, seal
from parcela_client.network._oauth import write_authorization

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who calls: `signing_key` proves it, `server_key` seals card numbers, `decryption_key` opens answers."""

    base_url: str
    consumer_key: str
    signing_key: RSAPrivateKey = field(repr=False)
    decryption_key: RSAPrivateKey = field(repr=False)
    server_key: RSAPublicKey = field(repr=False)

    @classmethod
    def from_credentials(cls, source: str | Path | Mapping[str, Any], name: str) -> Self:
        """The party of a credentials file, or of its members: `partner` or `issuer`."""
        members, home = read_credentials(source)
        network = pick(members, "network")
        return cls(
            base_url=check_base_url(pick(network, "base_url")),
            consumer_key=pick(network, name, "consumer_key"),
            signing_key=load_private_key(home / pick(network, name, "signing_key")),
            decryption_key=load_private_key(home / pick(network, name, "decryption_key")),
            server_key=load_certificate_key(home / pick(network, "encryption_certificate")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkCall:
    """A request to be. `sensitive` is sealed; the correlation id is the same on every try."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    sensitive: Mapping[str, Any] | None = field(default=None, repr=False)
    correlation_id: str = field(default_factory=lambda: str(uuid4()))


def load_private_key(file: Path) -> RSAPrivateKey:
    """An RSA key of a PEM file."""
    key = load_pem_private_key(_read_file(file), None)
    if not isinstance(key, RSAPrivateKey):
        raise NotConfigured(f"{str(file)!r} holds no RSA key.")
    return key


def load_certificate_key(file: Path) -> RSAPublicKey:
    """The RSA key of a PEM certificate."""
    key = x509.load_pem_x509_certificate(_read_file(file)).public_key()
    if not isinstance(key, RSAPublicKey):
        raise NotConfigured(f"{str(file)!r} certifies no RSA key.")
    return key


def _read_file(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as fault:
        raise NotConfigured(f"The key file {str(file)!r} cannot be read: {fault.strerror}.") from fault


def prepare_network(call: NetworkCall, party: Party) -> Prepared:
    """The request of one try: sealed and signed afresh."""
    url = party.base_url + call.path
    content = b""
    if call.body is not None:
        sealed = {}
        if call.sensitive is not None:
            sealed = {"encryptedValue": seal(write_json(call.sensitive), party.server_key)}
        content = write_json({**call.body, **sealed})
    headers = {
        "Authorization": write_authorization(
            call.method, url, content, consumer_key=party.consumer_key, signing_key=party.signing_key
        ),
        "Accept": "application/json",
        "Content-Type": "application/json",
        "Correlation-Id": call.correlation_id,
        "User-Agent": f"parcela-client/{VERSION} python",
    }
    return Prepared(method=call.method, url=url, headers=headers, content=content or None)


def read_network(answer: Answer, party: Party) -> Json:
    """The members of a success, an encrypted part opened as `sensitiveData`. Raises `ParcelaError`."""
    if not 200 <= answer.status < 300:
        raise _make_error(answer)
    members = read_object(answer.content, status=answer.status)
    if "encryptedValue" in members:
        members["sensitiveData"] = open_token(members.pop("encryptedValue"), party.decryption_key)
    return members


def _make_error(answer: Answer) -> ParcelaError:
    told = read_json(answer.content)
    try:
        first = told["Errors"]["Error"][0]
        return ParcelaError(
            first["Description"],
            code=first["ReasonCode"],
            type="network_error",
            status=answer.status,
            request_id=answer.headers.get("correlation-id"),
            details={"errors": told["Errors"]["Error"]},
        )
    except (KeyError, IndexError, TypeError):
        return AnswerUnreadable(
            f"HTTP {answer.status} with a body that is no error of this API.", status=answer.status
        )


def make_plan_body(
    shown: Mapping[str, Any],
    chosen: Mapping[str, Any],
    *,
    merchant: Mapping[str, Any] | None,
    transaction: Mapping[str, Any],
) -> Json:
    """The members of a plan request: the chosen offer exactly as it was shown."""
    terms = ("apr", "frequency", "firstInstallmentAmount", "otherInstallmentAmount", "feeValue")
    copied = {name: chosen[name] for name in (*terms, "tenure", "totalAmount")}
    body = {
        "offerTransactionId": shown["offerTransactionId"],
        "offerId": chosen["offerId"],
        "transactionOffers": [{"offerId": offer["offerId"]} for offer in shown["offers"]],
        "planInstallmentInformation": {"currency": transaction["currency"], **copied},
        "providerId": chosen["provider"]["providerId"],
        "schedulePayments": chosen["schedulePayments"],
        "transaction": {"amountType": "PURCHASE", **transaction},
    }
    return body if merchant is None else {"merchant": merchant, **body}


def plan_path(plan_id: str) -> str:
    """The address of a plan."""
    return f"/plans/{quote_segment(plan_id)}"
