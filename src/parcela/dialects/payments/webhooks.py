"""Webhooks as letters (`spec/payments.md` §11): the event's body, signed anew at each try."""

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from parcela.dialects.payments.event_objects import render_webhook_body
from parcela.dialects.payments.webhook_signing import sign_webhook
from parcela.domain.delivery import WEBHOOK_RULES, DeliveryRules, Obstacle
from parcela.domain.payments.ids import Prefix
from parcela.domain.payments.refusals import PaymentRefused
from parcela.domain.payments.webhook_urls import WebhookReach, check_webhook_url
from parcela.domain.payments.webhooks import EndpointStatus
from parcela.operations.delivery_work import ClaimedLetter, FinishedTry, LaneKey
from parcela.operations.engine import Engine, World
from parcela.operations.letter_rendering import CannotRender, Draft, RenderedLetter
from parcela.operations.outbound import OutboundAnswer, OutboundHttp, OutboundRequest
from parcela.operations.payments.events import conceal
from parcela.operations.payments.payment_links import list_tokens
from parcela.operations.payments.webhook_letters import (
    WEBHOOK,
    LoadedWebhook,
    load_webhooks,
    note_parked_webhook,
)

__all__ = ["WEBHOOK", "WebhookRenderer"]

_LANE_START = f"{Prefix.WEBHOOK_ENDPOINT}_"
_encode = msgspec.json.Encoder().encode


class WebhookRenderer:
    """Writes webhooks. They go out by `guarded`, to public addresses only; in test mode by `open_http`
    where the settings allow private ones.
    """

    rules: DeliveryRules = WEBHOOK_RULES

    def __init__(
        self, engine: Engine, *, reach: WebhookReach, guarded: OutboundHttp, open_http: OutboundHttp
    ) -> None:
        self._engine = engine
        self._reach = reach
        self._guarded = guarded
        self._open_http = open_http

    def owns(self, key: LaneKey) -> bool:
        """A lane is an endpoint's id."""
        return key.lane.startswith(_LANE_START)

    def find_obstacle(self, world: World, key: LaneKey) -> Obstacle | None:
        """None that this process knows of: letters of a disabled endpoint are parked with it."""
        return None

    async def load(self, letters: Sequence[ClaimedLetter]) -> Mapping[str, Draft]:
        """Drafts of the letters whose events and endpoints exist."""
        loaded = await load_webhooks(self._engine, letters)
        return {
            letter.letter_id: partial(self._render, letter, loaded[letter.letter_id])
            for letter in letters
            if letter.letter_id in loaded
        }

    def find_flag(self, answer: OutboundAnswer) -> str | None:
        """None: any 2xx is all that is asked for."""
        return None

    async def note_parked(self, finished: FinishedTry) -> None:
        """Disable an endpoint that is gone; tell an operator of a webhook that was given up."""
        await note_parked_webhook(self._engine, finished)

    def _render(self, letter: ClaimedLetter, loaded: LoadedWebhook, world: World) -> RenderedLetter:
        endpoint = loaded.endpoint
        if endpoint.status is not EndpointStatus.ENABLED:
            raise CannotRender(f"endpoint_{endpoint.status}", f"the endpoint is {endpoint.status}")
        try:
            url = check_webhook_url(endpoint.url, self._reach, is_live=endpoint.owner.is_live)
        except PaymentRefused as refusal:
            raise CannotRender("url_refused", refusal.message) from None
        is_open = self._reach.allows_private_in(is_live=endpoint.owner.is_live)
        assert letter.topic is not None, "webhooks have topics"
        body = _encode(render_webhook_body(loaded.event, topic=letter.topic))
        signed = sign_webhook(
            body,
            webhook_id=loaded.event.event_id,
            timestamp=int(world.real_now.timestamp()),
            secrets=loaded.secrets,
        )
        signatures = {name: text for name, text in signed.items() if name.lower().endswith("signature")}
        shown = {"Content-Type": "application/json"} | {
            name: text for name, text in signed.items() if name not in signatures
        }
        # Tries are on record: whoever may read them is not thereby let into the shopper's pages, nor if the
        # receiver repeats what it was sent.
        kept = conceal(loaded.event)
        repeated = [part for text in signatures.values() for part in text.split()]
        return RenderedLetter(
            request=OutboundRequest(url=url, headers=shown | signed, body=body),
            shown_headers=shown,
            shown_body=_encode(render_webhook_body(kept, topic=letter.topic)).decode(),
            secrets=(*list_tokens(loaded.event.document), *loaded.secrets, *repeated),
            http=self._open_http if is_open else self._guarded,
        )
