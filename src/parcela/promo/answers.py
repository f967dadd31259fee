"""The answers: data for the tag, plan cards, the fragment, the page and the text of a promotion."""

import hashlib
import json
from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from parcela.promo.printing import Promo, PromoCard, Statement
from parcela.promo.refusals import PromoRefused
from parcela.words.words import Words

JSON_TYPE = "application/json"
TEXT_TYPE = "text/plain; charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:;"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# Any shop's page may read this; nobody's cookie takes part.
_OPEN_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}

_templates = Environment(
    loader=PackageLoader("parcela.promo"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def write_data(promo: Promo) -> bytes:
    """What the tag shows."""
    words = promo.words
    return _write_json(
        {
            "object": "promo",
            "language": words.language,
            "direction": words.direction,
            "text": promo.text,
            "statements": [_write_statement(one) for one in promo.statements],
            "title": words.say("promo_title"),
            "button": words.say("promo_button"),
            "close": words.say("promo_close"),
            "unavailable": words.say("promo_unavailable"),
            "reasons": _list_reasons(promo),
        }
    )


def write_plans(promo: Promo) -> bytes:
    """The plan cards of the tag's dialog."""
    words = promo.words
    return _write_json(
        {
            "object": "promo_plans",
            "language": words.language,
            "direction": words.direction,
            "intro": words.say("promo_intro"),
            "plans": [_write_card(card, words) for card in promo.cards],
            "reasons": _list_reasons(promo),
        }
    )


def write_text(promo: Promo) -> bytes:
    """The sentence and what belongs to it, one a line; nothing where there are no plans."""
    lines = [line for one in promo.statements[:1] for line in (one.text, *one.notes)]
    return "".join(f"{line}\n" for line in lines).encode()


def write_html(template: str, words: Words, **facts: object) -> bytes:
    """A template of this room."""
    return _templates.get_template(template).render(facts, words=words, say=words.say).encode()


def write_refusal(refusal: PromoRefused) -> bytes:
    """A refusal for a program."""
    error = {"code": refusal.code, "message": refusal.message, "param": refusal.param}
    return _write_json({"error": error})


def answer(request: Request, body: bytes, media_type: str, *, max_age_s: int = 60) -> Response:
    """A body that browsers and caches may keep for a minute; unchanged it is not sent again."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        **_OPEN_HEADERS,
        "Cache-Control": f"public, max-age={max_age_s}",
        "ETag": tag,
        "Vary": "Accept",
    }
    known = request.headers.get("if-none-match", "")
    if tag in (one.strip().removeprefix("W/") for one in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def answer_page(request: Request, body: bytes) -> Response:
    """A page of its own, under a policy of its own."""
    response = answer(request, body, HTML_TYPE)
    response.headers["Content-Security-Policy"] = _PAGE_POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def answer_refusal(body: bytes, media_type: str, status: int, **headers: str) -> Response:
    """A refusal; nobody keeps it."""
    told = {**_OPEN_HEADERS, "Cache-Control": "no-store", **headers}
    return Response(body, status, media_type=media_type, headers=told)


def _write_statement(statement: Statement) -> Mapping[str, object]:
    return {"text": statement.text, "notes": list(statement.notes)}


def _list_reasons(promo: Promo) -> list[Mapping[str, str]]:
    return [{"code": reason.code, "message": reason.message} for reason in promo.reasons]


def _write_card(card: PromoCard, words: Words) -> Mapping[str, object]:
    plan, say = card.plan, words.say
    return {
        "title": plan.title,
        "lender": say("plan_by", lender=plan.lender) if plan.lender else "",
        "facts": [{"label": label, "text": text} for label, text in card.facts],
        "schedule": {
            "title": say("schedule"),
            "head": [say("schedule_number"), say("schedule_date"), say("schedule_amount")],
            "rows": [[str(row.number), row.date, row.amount] for row in plan.rows],
            "total": [say("schedule_total"), plan.total],
        },
        "notes": [
            say("promo_fact", label=say("returns"), text=plan.returns),
            say("promo_fact", label=say("terms"), text=_isolate(plan.terms.text, words)),
            *card.notes,
        ],
        "terms": {"text": say("terms_link"), "url": plan.terms.url},
    }


def _isolate(text: str, words: Words) -> str:
    """A text of the lender's inside a line that runs the other way: it keeps its own direction."""
    return f"\u2068{text}\u2069" if words.direction == "rtl" else text


def _write_json(members: Mapping[str, object]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
