"""Client of Parcela's payments API; `network` and `gateway` hold the clients of the other two.

from parcela_client import Parcela

client = Parcela(secret_key="sk_test_…", base_url="https://parcela.example")
payment = client.payments.create(amount=60000, currency="EUR", return_url="https://shop.example/done")
"""

from parcela_client._calls import Retries
from parcela_client._errors import (
    AnswerUnreadable,
    ConnectionFailed,
    NotConfigured,
    ParcelaError,
    WebhookRefused,
)
from parcela_client._generated import objects as objects
from parcela_client._generated import parameters as parameters
from parcela_client._objects import WireObject
from parcela_client._pages import AsyncPage, Page
from parcela_client._parcela import AsyncParcela, Parcela
from parcela_client._plan_lists import PlanList
from parcela_client._version import VERSION
from parcela_client._webhooks import Webhooks

__version__ = VERSION

__all__ = [
    "AnswerUnreadable",
    "AsyncPage",
    "AsyncParcela",
    "ConnectionFailed",
    "NotConfigured",
    "Page",
    "Parcela",
    "ParcelaError",
    "PlanList",
    "Retries",
    "WebhookRefused",
    "Webhooks",
    "WireObject",
    "__version__",
    "objects",
    "parameters",
]
