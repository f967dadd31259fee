"""All that happens by itself on accounts' clocks, and who carries it out."""

from collections.abc import Mapping

from parcela.domain.payments.tasks import TaskKind
from parcela.operations.payments import (
    attempt_sweep,
    early_payments,
    mails,
    plan_life,
    refund_tasks,
    reports,
    settlements,
)
from parcela.operations.payments.agenda import TaskHandler

HANDLERS: Mapping[TaskKind, TaskHandler] = {
    **attempt_sweep.TASKS,
    **mails.TASKS,
    **early_payments.TASKS,
    **plan_life.TASKS,
    **refund_tasks.TASKS,
    **reports.TASKS,
    **settlements.TASKS,
}
"""Every kind of task with its handler."""
