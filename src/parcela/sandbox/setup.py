"""Making the demo world, and `HOME/sandbox/credentials.json` with everything that a caller needs.

Every step looks first at what is there, so that a second start keeps keys, passwords and set-up.
"""

import json
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from parcela.catalogue_files import read_yaml
from parcela.domain.changes import Person, Role
from parcela.domain.clients import Client, ClientRole, KeyPurpose
from parcela.domain.errors import NotAllowed
from parcela.domain.merchants import MerchantProfile
from parcela.domain.payments.accounts import PaymentsAccount
from parcela.domain.programs import Entry, Issuer
from parcela.operations import catalogue, clients, merchants, people
from parcela.operations.clients import NewClient, NewKey
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.keys import compute_key_name, generate_key_pair, render_public_pem
from parcela.operations.merchants import USER_PREFIX, LoginFault
from parcela.operations.people import NewPerson
from parcela.sandbox import keys
from parcela.sandbox.payments_setup import ACCOUNT_ID, ensure_accounts

PROVIDER_ID = "29694e7a-b4a8-11ec-b909-0242ac120002"
PARTNER_CODE = "parcela-sandbox-partner"
ISSUER_CODE = "parcela-sandbox-issuer"
MERCHANT_ID = "TESTPARCELA01"
OTHER_MERCHANT_IDS = ("TESTPARCELA02", "DEMOSHOP03")
"""A merchant that may refund more than was paid and has no plans, and one that is no test merchant."""
ISSUER_CID = "242666"
ISSUER_DECRYPTION_KEY = "issuer-decryption.pem"
ISSUER_PATH = "/issuer"
"""Where the server of the demo world serves the bank's own processor."""
TOKENS = [("2303779900000018", "2303770000057107")]

_PEOPLE = {
    "issuer_maker": ("maker@sandbox.example", Role.ISSUER_MAKER),
    "issuer_checker": ("checker@sandbox.example", Role.ISSUER_CHECKER),
    "operator": ("operator@sandbox.example", Role.OPERATOR),
}
_CATALOGUE_FILES = ("catalogue.yaml", "payments.yaml")
_SECOND_OPERATOR = "second-operator@sandbox.example"


@dataclass(frozen=True, slots=True)
class DemoWorld:
    """Where the demo world's credentials are."""

    folder: Path
    credentials: dict[str, object]


async def prepare_demo_world(
    engine: Engine, home: Path, *, root_url: str, has_issuer: bool = False
) -> DemoWorld:
    """Make what is missing of the demo world and write its credentials.

    `has_issuer`: the bank's own processor is served beside the network, so the bank's notifications and
    real-time searches go there, unless somebody sent them elsewhere.
    """
    folder = home / "sandbox"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / "credentials.json"
    held = json.loads(file.read_text()) if file.exists() else {}
    console = await _ensure_people(engine, held.get("console", {}))
    operator = await people.get_person(engine, _PEOPLE["operator"][0])
    second = await people.get_person(engine, _SECOND_OPERATOR)
    await _ensure_catalogue(engine, operator, second, root_url=root_url)
    roots = (held.get("base_url"), root_url)
    await _ensure_issuer_addresses(engine, operator, second, roots=roots, has_issuer=has_issuer)
    partner = await _ensure_client(engine, operator, code=PARTNER_CODE, role=ClientRole.PARTNER)
    issuer = await _ensure_client(engine, operator, code=ISSUER_CODE, role=ClientRole.ISSUER)
    await _ensure_server_key(engine, operator, folder, [partner, issuer])
    network: dict[str, object] = {"base_url": f"{root_url}/installments"}
    for name, client in (("partner", partner), ("issuer", issuer)):
        network[name] = await _ensure_client_keys(engine, operator, folder, name, client)
    network["encryption_certificate"] = "sandbox/server-encryption.crt"
    credentials: dict[str, object] = {
        "base_url": root_url,
        "network": network,
        "gateway": await _ensure_merchants(engine, operator, held.get("gateway", {})),
        "payments": await ensure_accounts(engine, operator, held.get("payments", {})),
        "console": {"url": f"{root_url}/admin/v1", **console},
    }
    keys.write_private_file(file, json.dumps(credentials, indent=1).encode())
    return DemoWorld(folder, credentials)


async def _ensure_people(engine: Engine, held: dict[str, dict[str, str]]) -> dict[str, object]:
    """Register the demo people; their passwords live in the credentials file only."""
    console: dict[str, object] = {}
    for name, (email, role) in _PEOPLE.items():
        known = held.get(name, {}).get("password")
        password = await _ensure_person(engine, email=email, role=role, known_password=known)
        console[name] = {"email": email, "password": password}
    await _ensure_person(engine, email=_SECOND_OPERATOR, role=Role.OPERATOR, known_password=None)
    return console


async def _ensure_person(engine: Engine, *, email: str, role: Role, known_password: str | None) -> str:
    """Register a person, or give one whose password is lost a new one; says the password."""
    password = known_password or engine.ids.random_bytes(12).hex()
    try:
        await people.get_person(engine, email)
    except NotAllowed:
        provider_id = None if role is Role.OPERATOR else PROVIDER_ID
        new = NewPerson(email=email, password=password, role=role, provider_id=provider_id)
        await people.register_person(engine, "sandbox", new)
    else:
        if known_password is None and email != _SECOND_OPERATOR:
            await people.set_password(engine, "sandbox", email=email, password=password)
    return password


async def _ensure_catalogue(engine: Engine, maker: Person, checker: Person, *, root_url: str) -> None:
    """Apply the sandbox catalogue to a world that lacks something of it, with four eyes as always.

    A world that an older version made gets what it lacks; what people changed in it stays.
    """
    held = (await engine.look()).catalogue(MAIN_TENANT).entries
    has_merchants = (MerchantProfile.kind, MERCHANT_ID) in held
    has_accounts = (PaymentsAccount.kind, ACCOUNT_ID) in held
    if has_merchants and has_accounts:
        return
    entries = [entry for file in _CATALOGUE_FILES for entry in _read_catalogue(file, root_url)]
    missing = [entry for entry in entries if (entry.kind, entry.key) not in held]
    proposal = catalogue.Proposal(summary="The sandbox bank and its offers", wanted=missing)
    change_set = await catalogue.propose(engine, maker, proposal)
    await catalogue.approve(engine, checker, change_set.change_set_id)
    if (Issuer.kind, PROVIDER_ID) not in held:
        await clients.load_tokens(engine, maker, TOKENS)


def _read_catalogue(file: str, root_url: str) -> list[Entry]:
    text = files("parcela.sandbox").joinpath(file).read_text(encoding="utf-8")
    return catalogue.parse_catalogue(read_yaml(text.replace("{root}", root_url)))


async def _ensure_issuer_addresses(
    engine: Engine, maker: Person, checker: Person, *, roots: tuple[str | None, str], has_issuer: bool
) -> None:
    """Send what goes nowhere to the bank's own processor, and away from it where it is not served.

    `roots` are the addresses of this server before and now: an address that was set here moves along.
    """
    issuer = (await engine.look()).catalogue(MAIN_TENANT).find_issuer(PROVIDER_ID)
    assert issuer is not None, "the catalogue was applied before"

    def choose(url: str | None, path: str) -> str | None:
        set_here = {None, *(f"{root}{ISSUER_PATH}{path}" for root in roots)}
        own_url = f"{roots[1]}{ISSUER_PATH}{path}" if has_issuer else None
        return own_url if url in set_here else url

    wanted = replace(
        issuer,
        notification_url=choose(issuer.notification_url, "/notifications"),
        realtime_url=choose(issuer.realtime_url, "/card-offers/searches"),
    )
    if wanted == issuer:
        return
    proposal = catalogue.Proposal(summary="The sandbox bank's own processor", wanted=[wanted])
    change_set = await catalogue.propose(engine, maker, proposal)
    await catalogue.approve(engine, checker, change_set.change_set_id)


async def _ensure_client(engine: Engine, operator: Person, *, code: str, role: ClientRole) -> Client:
    seen = await engine.look()
    found = seen.snapshot.clients.get(code)
    if found is not None:
        return found
    provider_id = PROVIDER_ID if role is ClientRole.ISSUER else None
    new = NewClient(code=code, name=f"Sandbox {role}", role=role, provider_id=provider_id)
    return await clients.register_client(engine, operator, new)


async def _ensure_merchants(engine: Engine, operator: Person, held: dict[str, str]) -> dict[str, str]:
    """Register the demo merchants; the password of the first lives in the credentials file only."""
    for merchant_id in (MERCHANT_ID, *OTHER_MERCHANT_IDS):
        if merchant_id not in (await engine.look()).snapshot.clients:
            await merchants.register_merchant(engine, operator, merchant_id)
    password = held.get("password", "")
    user = f"{USER_PREFIX}{MERCHANT_ID}"
    fault = await merchants.find_login_fault(engine, operator, user=user, password=password)
    if fault in (LoginFault.NO_PASSWORD, LoginFault.WRONG_PASSWORD):
        password = await _renew_api_password(engine, operator)
    return {"merchant_id": MERCHANT_ID, "password": password}


async def _renew_api_password(engine: Engine, operator: Person) -> str:
    """A password in place of the lost ones."""
    for record in await merchants.list_api_passwords(engine, operator, MERCHANT_ID):
        if record.revoked_at is None:
            await merchants.revoke_api_password(engine, operator, MERCHANT_ID, record.password_id)
    password, _ = await merchants.issue_api_password(engine, operator, MERCHANT_ID)
    return password


async def _ensure_server_key(engine: Engine, operator: Person, folder: Path, owners: list[Client]) -> None:
    """One certificate for both demo clients: it must name a key that we hold for each of them."""
    seen = await engine.look()
    path = folder / "server-encryption.crt"
    public_key = keys.read_certificate_key(path)
    if public_key is not None and all(
        compute_key_name(public_key)
        in {
            key.name
            for key in seen.snapshot.list_live_keys(
                client.client_id, KeyPurpose.PLATFORM_DECRYPTION, now=seen.real_now
            )
        }
        for client in owners
    ):
        return
    private_key = generate_key_pair()
    for client in owners:
        await clients.replace_decryption_key(engine, operator, client.client_id, private_key)
    keys.write_private_file(path, keys.make_certificate(private_key, name="Parcela sandbox"))


async def _ensure_client_keys(
    engine: Engine, operator: Person, folder: Path, name: str, client: Client
) -> dict[str, str]:
    """The client's own two key pairs, their public halves registered."""
    files_of = {
        KeyPurpose.SIGNING: f"{name}-signing.pem",
        KeyPurpose.CLIENT_ENCRYPTION: f"{name}-decryption.pem",
    }
    key_names: dict[KeyPurpose, str] = {}
    for purpose, file in files_of.items():
        public_key = keys.ensure_private_key(folder / file).public_key()
        key_names[purpose] = compute_key_name(public_key)
        seen = await engine.look()
        live = seen.snapshot.list_live_keys(client.client_id, purpose, now=seen.real_now)
        if key_names[purpose] not in {key.name for key in live}:
            new = NewKey(purpose=purpose, pem=render_public_pem(public_key))
            await clients.add_client_key(engine, operator, client.client_id, new)
    return {
        "consumer_key": f"{client.code}!{key_names[KeyPurpose.SIGNING]}",
        "signing_key": f"sandbox/{files_of[KeyPurpose.SIGNING]}",
        "decryption_key": f"sandbox/{files_of[KeyPurpose.CLIENT_ENCRYPTION]}",
    }
