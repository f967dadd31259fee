"""The server under attack, and what must hold after every attack, whatever it was."""

import contextlib
import http.client
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from tests.hostile import gateway_calls
from tests.hostile.gateway_calls import Shop
from tests.support.live_server import LiveServer, run_live_server
from tests.support.network_client import Answer, Jwe, Party, WireRequest, forge, load_party
from tests.support.network_world import NetworkWorld, open_network_world
from tests.support.patience import stretch
from tests.support.samples import load_sample

from parcela.domain.clients import KeyPurpose
from parcela.operations import clients, merchants
from parcela.operations.clients import KeyRotation
from parcela.operations.engine import Engine
from parcela.store.breaks import Break, list_breaks
from parcela.store.embedded import EmbeddedServer

CLOSED = Answer(0, {}, b"", None)
"""Stands for a connection that was closed without an answer."""

AUTHENTICATION_CODES = {
    "INVALID_AUTH_HEADER",
    "INVALID_OAUTH_SBS",
    "INVALID_BODY_HASH",
    "INVALID_TIMESTAMP",
    "INVALID_NONCE",
    "AUTHENTICATION_FAILED",
}
_NETWORK, _GATEWAY = "network", "gateway"
# What a merchant's request may change, whole rows: a count would not tell an order from a changed one.
_GATEWAY_TABLES = (
    "merchant_offer",
    "merchant_order",
    "merchant_quote",
    "merchant_transaction",
    "offer_budget",
    "plan_acceptance",
    "plan_instruction",
    "simulated_card_message",
    "simulated_plan_question",
)
_OWN_PATHS = b"|".join(
    re.escape(str(path).encode()) for path in (Path(__file__).parents[2], tempfile.gettempdir())
)
_LEAKS = re.compile(
    rb"Traceback|site-packages|\.py\b|/home/|asyncpg|postgres|SELECT |INSERT |PRIVATE KEY|" + _OWN_PATHS
)


@dataclass
class Site:
    """A live server with two workers, its database looked into from outside."""

    server: LiveServer
    inside: NetworkWorld
    partner: Party
    issuer: Party
    newest_key: RSAPublicKey
    shops: dict[str, Shop]
    oracle_bodies: dict[str, bytes] = field(default_factory=dict)

    def send(self, request: WireRequest, *, timeout_s: float = 40) -> Answer:
        """One request on a connection of its own; nothing is added but Host and Content-Length."""
        target = urlsplit(request.url)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=timeout_s)
        try:
            raw_target = request.url.removeprefix(f"{target.scheme}://{target.netloc}")
            connection.putrequest(request.method, raw_target, skip_accept_encoding=True)
            for name, value in request.headers:
                connection.putheader(name, value.encode("latin-1"))
            connection.putheader("Content-Length", str(len(request.body)))
            # The server may have seen enough before the body is through, and have said why.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.endheaders(request.body)
            response = connection.getresponse()
            return read_answer(response.status, dict(response.getheaders()), response.read())
        except (http.client.HTTPException, ConnectionError):
            return CLOSED
        finally:
            connection.close()

    def ask_good(self) -> Answer:
        """A good inquiry."""
        jwe = Jwe(key=self.newest_key)
        return self.send(forge(self.partner, "POST /offers", load_sample("offers-request"), jwe=jwe))

    @property
    def shop(self) -> Shop:
        """The merchant that attacks come from, unless they say otherwise."""
        return self.shops["TESTPARCELA01"]

    def pay_well(self) -> Answer:
        """A good payment."""
        order_id, body = gateway_calls.make_order_id(), gateway_calls.make_payment()
        return self.send(gateway_calls.write_transaction(self.shop, order_id, "1", body))

    def fetch(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of the database."""

        async def find() -> list[dict[str, Any]]:
            async with self.inside.engine.database.connection() as connection:
                return [dict(row) for row in await connection.fetch(sql, *values)]

        return self.inside.run(find())

    def count_refusals(self, door: str) -> int:
        """How many refused authentications at a door the audit holds."""
        sql = "SELECT count(*) AS refused FROM audit WHERE action = $1 AND outcome = 'refused'"
        found: int = self.fetch(sql, f"{door}.authenticate")[0]["refused"]
        return found

    def digest_gateway(self) -> dict[str, str]:
        """A digest of every table that requests of merchants change, by its name."""
        parts = " UNION ALL ".join(
            f"SELECT '{table}' AS name, count(*) || ' ' || coalesce(md5(string_agg(md5(held::text), ''"
            f" ORDER BY held::text)), '') AS digest FROM {table} AS held"
            for table in _GATEWAY_TABLES
        )
        return {row["name"]: row["digest"] for row in self.fetch(parts)}

    def list_breaks(self) -> list[Break]:
        """What the views of broken invariants show."""

        async def find() -> list[Break]:
            async with self.inside.engine.database.connection() as connection:
                return await list_breaks(connection)

        return self.inside.run(find())

    def measure_peak_mib(self) -> float:
        """The highest resident size that the server's processes have had so far, added up."""
        total_kib = 0
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if os.getsid(int(folder.name)) == self.server.session_id:
                    status = (folder / "status").read_text()
                    total_kib += int((re.findall(r"VmHWM:\s+(\d+)", status) or [0])[0])
            except (ProcessLookupError, FileNotFoundError):
                continue
        return total_kib / 1024


def read_answer(status: int, headers: dict[str, str], raw: bytes) -> Answer:
    """An answer whose body is parsed where it is JSON."""
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    return Answer(status, headers, raw, body)


def list_codes(answer: Answer) -> list[str]:
    """The reason codes of an error in the network's form."""
    if not isinstance(answer.body, dict) or "Errors" not in answer.body:
        return []
    return [error["ReasonCode"] for error in answer.body["Errors"]["Error"]]


def has_error_shape(answer: Answer) -> bool:
    """Is it the error form of `spec/network.md` §16, within its limits?"""
    if not isinstance(answer.body, dict) or list(answer.body) != ["Errors"]:
        return False
    errors = answer.body["Errors"]["Error"]
    return len(errors) >= 1 and all(
        1 <= len(error["Source"]) <= 100
        and 1 <= len(error["ReasonCode"]) <= 100
        and 10 <= len(error["Description"]) <= 1000
        and isinstance(error["Recoverable"], bool)
        and set(error) <= {"Source", "ReasonCode", "Description", "Recoverable", "Details"}
        for error in errors
    )


@dataclass
class Watch:
    """What was true before an attack, to be compared with what is true after it."""

    site: Site
    secrets: list[str]
    door: str = _NETWORK
    answers: list[Answer] = field(default_factory=list)
    elapsed_s: float = 0.0
    records: dict[str, int] = field(default_factory=dict)
    grown: dict[str, int] = field(default_factory=dict)
    _audited: int = 0
    _log_offset: int = 0
    _before: dict[str, int] = field(default_factory=dict)
    _digests: dict[str, str] = field(default_factory=dict)
    _started_s: float = 0.0

    def check(self, *, may_take_s: float = 2.0) -> None:
        """The standing rules."""
        assert self.elapsed_s <= stretch(may_take_s)
        for answer in self.answers:
            assert answer.status < 500 or answer.status in (501, 505)
            assert not _LEAKS.search(answer.raw), answer.raw
        told = b"".join(answer.raw for answer in self.answers).decode("latin-1") + self.read_new_log()
        assert "Traceback" not in told
        assert [secret for secret in self.secrets if secret in told] == []
        refused = sum(map(_IS_REFUSED_LOGIN[self.door], self.answers))
        assert self.site.count_refusals(self.door) == self._audited + refused
        assert self.site.list_breaks() == []
        if self.door == _GATEWAY:
            paid = self.site.pay_well()
            assert (paid.status, paid.body["result"]) == (201, "SUCCESS"), paid.raw
        else:
            good = self.site.ask_good()
            assert (good.status, good.body["total"]) == (200, 2)

    def read_new_log(self) -> str:
        """What the server has logged since."""
        return self.site.server.read_log(self._log_offset)

    def start(self) -> None:
        """Note what is true now."""
        self._audited = self.site.count_refusals(self.door)
        self._log_offset = self.site.server.log_file.stat().st_size
        self._before = self.site.inside.count_records()
        self._digests = self.site.digest_gateway() if self.door == _GATEWAY else {}
        self._started_s = time.monotonic()

    def stop(self) -> None:
        """Note what the attack took and what it left."""
        self.elapsed_s = time.monotonic() - self._started_s
        after = self.site.inside.count_records()
        self.records = {name: count - self._before[name] for name, count in after.items()}
        self.records = {name: count for name, count in self.records.items() if count}
        digests = self.site.digest_gateway() if self.door == _GATEWAY else {}
        # By how many rows a table grew that is not as it was: 0 where rows are others only.
        self.grown = {
            name: int(digest.split()[0]) - int(self._digests[name].split()[0])
            for name, digest in digests.items()
            if digest != self._digests[name]
        }


_NOT_LET_IN = ("Invalid credentials.", "Authenticated entity is not authorized for the target entity.")


def _is_refused_merchant(answer: Answer) -> bool:
    return gateway_calls.read_error(answer).get("explanation") in _NOT_LET_IN and (
        "www-authenticate" not in {name.lower() for name in answer.headers}
    )


_IS_REFUSED_LOGIN: dict[str, Callable[[Answer], bool]] = {
    _NETWORK: lambda answer: bool(AUTHENTICATION_CODES.intersection(list_codes(answer))),
    _GATEWAY: _is_refused_merchant,
}


@contextmanager
def watch(site: Site, *, secrets: list[str], door: str = _NETWORK) -> Iterator[Watch]:
    """Watch an attack on a door; `secrets` may appear in no answer and no log line."""
    watched = Watch(site, secrets, door)
    watched.start()
    yield watched
    watched.stop()


@contextmanager
def open_site() -> Iterator[Site]:
    """A fresh site whose partner has two live keys of ours: the certificate's, in its grace, and a newer."""
    # Without the bank's own processor: what it posts by itself would look like an effect of a request.
    with run_live_server(workers=2, settings={"PARCELA_DEMO_ISSUER": "false"}) as server:
        database = EmbeddedServer.start(server.home)
        try:
            with open_network_world(database.url, server.home) as inside:
                partner = load_party(server.home, "partner")
                newest_key = _rotate_partner_key(inside, partner)
                issuer = load_party(server.home, "issuer")
                yield Site(server, inside, partner, issuer, newest_key, _open_shops(server.home, inside))
        finally:
            database.release()


def _open_shops(home: Path, inside: NetworkWorld) -> dict[str, Shop]:
    """The demo merchants by their ids; those whose password no file tells get one."""
    held = json.loads((home / "sandbox" / "credentials.json").read_text())["gateway"]
    shops = {held["merchant_id"]: Shop(held["merchant_id"], held["password"])}
    for merchant_id in ("TESTPARCELA02", "DEMOSHOP03"):
        password, _ = inside.as_operator(
            lambda engine, operator, code=merchant_id: merchants.issue_api_password(engine, operator, code)
        )
        shops[merchant_id] = Shop(merchant_id, password)
    return shops


def _rotate_partner_key(inside: NetworkWorld, partner: Party) -> RSAPublicKey:
    async def rotate(engine: Engine, operator: Any) -> str:
        client = engine.snapshot.clients[partner.consumer_key.partition("!")[0]]
        rotation = KeyRotation(purpose=KeyPurpose.PLATFORM_DECRYPTION, grace=timedelta(hours=1))
        key = await clients.rotate_platform_key(engine, operator, client.client_id, rotation)
        return key.public_pem

    found = load_pem_public_key(inside.as_operator(rotate).encode())
    assert isinstance(found, RSAPublicKey)
    return found
