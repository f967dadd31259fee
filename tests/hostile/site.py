"""The server under attack, and what must hold after every attack, whatever it was."""

import contextlib
import http.client
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from tests.support.live_server import LiveServer, run_live_server
from tests.support.network_client import Answer, Jwe, Party, WireRequest, forge, load_party
from tests.support.network_world import NetworkWorld, open_network_world
from tests.support.samples import load_sample

from parcela.domain.clients import KeyPurpose
from parcela.operations import clients
from parcela.operations.clients import KeyRotation
from parcela.operations.engine import Engine
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
    answers: list[Answer] = field(default_factory=list)
    elapsed_s: float = 0.0
    records: dict[str, int] = field(default_factory=dict)
    _audited: int = 0
    _log_offset: int = 0
    _before: dict[str, int] = field(default_factory=dict)
    _started_s: float = 0.0

    def check(self, *, may_take_s: float = 2.0) -> None:
        """The standing rules."""
        assert self.elapsed_s <= may_take_s
        for answer in self.answers:
            assert answer.status < 500 or answer.status in (501, 505)
            assert not _LEAKS.search(answer.raw), answer.raw
        told = b"".join(answer.raw for answer in self.answers).decode("latin-1") + self.read_new_log()
        assert "Traceback" not in told
        assert [secret for secret in self.secrets if secret in told] == []
        refused = sum(bool(AUTHENTICATION_CODES.intersection(list_codes(answer))) for answer in self.answers)
        assert self.site.inside.count_refusals() == self._audited + refused
        assert self.site.inside.count_broken() == 0
        good = self.site.ask_good()
        assert (good.status, good.body["total"]) == (200, 2)

    def read_new_log(self) -> str:
        """What the server has logged since."""
        return self.site.server.read_log(self._log_offset)

    def start(self) -> None:
        """Note what is true now."""
        self._audited = self.site.inside.count_refusals()
        self._log_offset = self.site.server.log_file.stat().st_size
        self._before = self.site.inside.count_records()
        self._started_s = time.monotonic()

    def stop(self) -> None:
        """Note what the attack took and what it left."""
        self.elapsed_s = time.monotonic() - self._started_s
        after = self.site.inside.count_records()
        self.records = {name: count - self._before[name] for name, count in after.items()}
        self.records = {name: count for name, count in self.records.items() if count}


@contextmanager
def watch(site: Site, *, secrets: list[str]) -> Iterator[Watch]:
    """Watch an attack; `secrets` may appear in no answer and no log line."""
    watched = Watch(site, secrets)
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
                yield Site(server, inside, partner, load_party(server.home, "issuer"), newest_key)
        finally:
            database.release()


def _rotate_partner_key(inside: NetworkWorld, partner: Party) -> RSAPublicKey:
    async def rotate(engine: Engine, operator: Any) -> str:
        client = engine.snapshot.clients[partner.consumer_key.partition("!")[0]]
        rotation = KeyRotation(purpose=KeyPurpose.PLATFORM_DECRYPTION, grace=timedelta(hours=1))
        key = await clients.rotate_platform_key(engine, operator, client.client_id, rotation)
        return key.public_pem

    found = load_pem_public_key(inside.as_operator(rotate).encode())
    assert isinstance(found, RSAPublicKey)
    return found
