"""The plans that the network tells, opened on the card accounts of an engine's database."""

from parcela.domain.cards import Pan
from parcela.domain.catalogue import Catalogue
from parcela.domain.programs import Program
from parcela.domain.servicing.records import PlanNotice
from parcela.domain.servicing.refusals import NoticeRefused
from parcela.issuer.ports import BadRequest, NoticeDiffers, NoticeForeign
from parcela.operations.card_accounts import find_card_owner
from parcela.operations.engine import MAIN_TENANT, Engine
from parcela.operations.servicing import open_plan


class AccountNotices:
    """A `NoticeService` over card accounts and their ledger; any number of processes may share them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def take(self, notice: PlanNotice, correlation_id: str) -> bool:
        """Open the plan, once. Raises NoticeForeign, BadRequest, and NoticeDiffers, which the database
        keeps as an event as well.
        """
        world = await self._engine.look()
        _check_card_is_ours(world.catalogue(MAIN_TENANT), notice)
        try:
            opened = await open_plan(self._engine, world, notice, correlation_id=correlation_id)
        except NoticeRefused as refusal:
            raise BadRequest(str(refusal)) from None
        if opened.differs:
            raise NoticeDiffers(notice.plan_id, ["content"])
        return opened.is_new


def _check_card_is_ours(catalogue: Catalogue, notice: PlanNotice) -> None:
    """The company id that the network names is that of the card's issuer. Raises NoticeForeign."""
    owner = find_card_owner(catalogue, Pan(notice.digits), issuer_cid=notice.issuer_cid)
    if owner is None:
        raise NoticeForeign("no issuer of the catalogue has this company id")
    issuer = catalogue.find_issuer(owner.provider_id)
    if issuer is not None and issuer.cid == notice.issuer_cid:
        return
    for held in catalogue.entries.values():
        entry = held.entry
        if isinstance(entry, Program) and (entry.provider_id, entry.cid) == (
            owner.provider_id,
            notice.issuer_cid,
        ):
            return
    raise NoticeForeign("the card is another issuer's")
