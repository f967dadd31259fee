"""The issuer's door as a small ASGI application, for mounting into a service that stands already."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.routing import Route

from parcela.issuer.door import DoorParts, IssuerDoor
from parcela.issuer.nonces import MemoryNonces
from parcela.issuer.ports import NonceBook, NoticeService, OfferSearch, ReceiverKeys
from parcela.issuer.rate import AddressLimiter
from parcela.issuer.sender import SenderCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerSettings:
    """`public_url` is the address that the network signs, without the path that the service receives.

    `cids` are the company ids whose plans are taken in. `requests_per_second` limits each address, 0 not
    at all: the network never repeats a notification that was answered 429 by itself.
    """

    public_url: str
    cids: frozenset[str]
    oauth_window_s: int = 300
    requests_per_second: int = 0


def create_issuer_app(
    keys: ReceiverKeys,
    service: NoticeService,
    *,
    settings: IssuerSettings,
    now_s: Callable[[], float],
    nonces: NonceBook | None = None,
    offers: OfferSearch | None = None,
) -> Starlette:
    """The application with `/notifications` and, given `offers`, `/card-offers/searches` below its mount.

    `now_s` gives the true seconds since 1970, as `time.time` does. Without `nonces` they are held in the
    memory of this process, which is right for a single process only.
    """
    public_url = settings.public_url.rstrip("/")
    sender = SenderCheck(
        keys,
        nonces or MemoryNonces(now_s),
        public_url=public_url,
        window_s=settings.oauth_window_s,
        now_s=now_s,
    )
    door = IssuerDoor(
        DoorParts(
            keys=keys,
            sender=sender,
            service=service,
            offers=offers,
            cids=settings.cids,
            limiter=AddressLimiter(settings.requests_per_second),
            now_s=now_s,
        )
    )
    return Starlette(routes=[Route("/{path:path}", door)])
