"""The addresses of the promotion tag: its script, its data, and the same for pages without script.

Anybody may read them: they tell what a shop advertises, to whoever has its publishable key or id.
"""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from parcela.dialects.metrics import observe_request
from parcela.dialects.payments.settings import PaymentsSettings
from parcela.operations.engine import UNAVAILABLE_ERRORS, Engine
from parcela.promo import answers
from parcela.promo.demo import DemoShop, write_demo
from parcela.promo.limits import PromoLimits, PromoVisit
from parcela.promo.printing import Promo, print_promo
from parcela.promo.queries import Form, PromoQuery, check_secrets, read_query
from parcela.promo.refusals import PromoRefused
from parcela.promo.shops import find_shop, list_plans
from parcela.words.words import choose_words

SCRIPT = "/promo.js"
FRAGMENT = "/promo"
DATA = "/promo/data"
PLANS = "/promo/plans"
DEMO = "/promo/demo"
_SCRIPT_AGE_S = 3_600
_SCRIPT_FILE = Path(__file__).parent / "promo.js"

log = structlog.get_logger("parcela.promo")

_Answer = Callable[[Request], Awaitable[Response]]


class PromoPages:
    """Serves what shops' pages show of plans."""

    def __init__(self, engine: Engine, settings: PaymentsSettings, *, root_url: str, home: Path) -> None:
        self._engine = engine
        self._limits = PromoLimits(settings)
        self._root_url = root_url
        self._home = home
        self._script = read_script()

    def list_routes(self) -> list[BaseRoute]:
        """Where the tag finds what it needs; the page for trying it is in sandboxes alone."""
        answered: dict[str, _Answer] = {
            SCRIPT: self._give_script,
            DATA: self._give_data,
            PLANS: self._give_plans,
            FRAGMENT: self._give_fragment,
        }
        if self._engine.policy.is_sandbox:
            answered[DEMO] = self._give_demo
        return [Route(path, self._guard(path, give), methods=["GET"]) for path, give in answered.items()]

    def _guard(self, path: str, give: _Answer) -> _Answer:
        """Refusals as JSON for the script's own addresses, as text for all others."""

        async def serve(request: Request) -> Response:
            started_s = self._engine.clock.monotonic_s()
            try:
                response = await give(request)
            except PromoRefused as refusal:
                response = _refuse(path, refusal)
            except UNAVAILABLE_ERRORS as fault:
                log.warning("store unavailable", fault=type(fault).__name__)
                message = "The server is away for a moment."
                response = _refuse(path, PromoRefused("unavailable", message, status=503))
            seconds = self._engine.clock.monotonic_s() - started_s
            observe_request("promo", path.strip("/").replace("/", "_"), response.status_code, seconds)
            return response

        return serve

    async def _give_script(self, request: Request) -> Response:
        check_secrets(request.scope["query_string"])
        return answers.answer(
            request, self._script, "text/javascript; charset=utf-8", max_age_s=_SCRIPT_AGE_S
        )

    async def _give_data(self, request: Request) -> Response:
        _, promo = await self._find_promo(request)
        return answers.answer(request, answers.write_data(promo), answers.JSON_TYPE)

    async def _give_plans(self, request: Request) -> Response:
        _, promo = await self._find_promo(request)
        return answers.answer(request, answers.write_plans(promo), answers.JSON_TYPE)

    async def _give_fragment(self, request: Request) -> Response:
        query, promo = await self._find_promo(request)
        if query.is_page:
            return answers.answer_page(request, answers.write_html("page.html", promo.words, promo=promo))
        if _choose_form(request, query) is Form.TEXT:
            return answers.answer(request, answers.write_text(promo), answers.TEXT_TYPE)
        page = f"{self._root_url}{query.write_address(FRAGMENT, page='1')}"
        body = answers.write_html("fragment.html", promo.words, promo=promo, page=page)
        return answers.answer(request, body, answers.HTML_TYPE)

    async def _give_demo(self, request: Request) -> Response:
        given = check_secrets(request.scope["query_string"])
        shop = DemoShop(root_url=self._root_url, key=given.get("key") or find_sample_key(self._home))
        return answers.answer_page(request, write_demo(shop, given))

    async def _find_promo(self, request: Request) -> tuple[PromoQuery, Promo]:
        query = read_query(request.scope["query_string"])
        world = await self._engine.look()
        address = "" if request.client is None else request.client.host
        shop = await find_shop(self._engine, world, query, address=address)
        visit = PromoVisit(
            shop_number=shop.counted_as,
            allowance=shop.allowance,
            address=address,
            now_s=self._engine.clock.monotonic_s(),
            real_now=world.real_now,
        )
        self._limits.count(visit)
        words = choose_words(query.locale or shop.locale)
        return query, print_promo(await list_plans(self._engine, world, shop, query), shop, words)


def read_script() -> bytes:
    """The tag's script as it is served: without its comments and indentation."""
    lines = [line.strip() for line in _SCRIPT_FILE.read_text(encoding="utf-8").splitlines()]
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//")).encode()


def find_sample_key(home: Path) -> str | None:
    """The publishable key of the demo world, where there is one."""
    file = home / "sandbox" / "credentials.json"
    if not file.exists():
        return None
    held = json.loads(file.read_text(encoding="utf-8"))
    key = held.get("payments", {}).get("publishable_key")
    return key if isinstance(key, str) else None


def _choose_form(request: Request, query: PromoQuery) -> Form:
    if query.form is not None:
        return query.form
    accepted = request.headers.get("accept", "")
    return Form.TEXT if "text/plain" in accepted and "text/html" not in accepted else Form.HTML


def _refuse(path: str, refusal: PromoRefused) -> Response:
    waits = {"Retry-After": "1"} if refusal.status in (429, 503) else {}
    headers = {**waits, **refusal.headers}
    if path in (DATA, PLANS):
        body, media_type = answers.write_refusal(refusal), answers.JSON_TYPE
    else:
        body, media_type = f"{refusal.message}\n".encode(), answers.TEXT_TYPE
    return answers.answer_refusal(body, media_type, refusal.status, **headers)
