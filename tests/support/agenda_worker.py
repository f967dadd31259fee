"""A process that carries out what falls due until it is killed: `python -m tests.support.agenda_worker`.

It is given a database and a home. Each task tells one event and takes some milliseconds of its transaction.
"""

import asyncio
import sys
from pathlib import Path

from parcela.app import open_engine
from parcela.domain.payments.events import EventType
from parcela.domain.payments.tasks import Task, TaskKind
from parcela.operations.payments import agenda
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.events import Happening, tell
from parcela.operations.payments.moment import AccountMoment
from parcela.payments_service import build_payments_desk
from parcela.settings import Settings
from parcela.store.database import Connection

KIND = TaskKind.ROW_DUE


async def tell_slowly(desk: PaymentsDesk, moment: AccountMoment, task: Task) -> None:
    """The effect first, the settling last: a kill in between must leave neither."""

    async def work(connection: Connection) -> None:
        happening = Happening(EventType.INSTALLMENT_DUE, task.subject_id, {"id": task.subject_id})
        await tell(connection, desk, moment, [happening])
        await asyncio.sleep(0.005)
        await agenda.settle_task(connection, task)

    await desk.engine.database.run(work)


async def run_for_ever(url: str, home: Path) -> None:
    """Keep agendas until the process ends."""
    settings = Settings(home=home)
    engine = await open_engine(settings, url)
    async with agenda.keep_agendas(build_payments_desk(engine, settings), {KIND: tell_slowly}, poll_s=0.02):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(run_for_ever(sys.argv[1], Path(sys.argv[2])))
