"""What a handler of this door is given and gives back, whichever protocol the request came in.

A request is a tree of named values without nulls, empty texts, empty groups and empty arrays. An answer is a
tree too; the codecs write it sorted by name, amounts with all the decimals of their currency.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from parcela.dialects.gateway.settings import GatewaySettings
from parcela.dialects.strict_json import JsonNumber
from parcela.operations.acquiring import Acquirer
from parcela.operations.engine import Engine, World
from parcela.operations.merchants import MerchantCaller
from parcela.operations.plan_approval import PlanProvider

RequestValue: TypeAlias = str | JsonNumber | bool | list["RequestValue"] | dict[str, "RequestValue"]
RequestTree: TypeAlias = dict[str, RequestValue]
AnswerValue: TypeAlias = str | int | bool | Decimal | list["AnswerValue"] | dict[str, "AnswerValue"] | None
AnswerTree: TypeAlias = dict[str, AnswerValue]
"""None is left out by the codecs; a Decimal is written with exactly the digits that it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a request's address names (REST) or its fields do (NVP)."""

    merchant_id: str
    order_id: str = ""
    transaction_id: str = ""
    offer_id: str = ""
    session_id: str = field(default="", repr=False)
    plan_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What the door's operations call."""

    acquirer: Acquirer
    provider: PlanProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that was let in and whose fields are known and well-formed.

    `fields` are the request's own, with those of its session beneath. `sent` are the request's own alone.
    Neither holds `apiOperation`, `merchant`, `correlationId`, credentials or what stands in `place`, so that
    the same request over REST and NVP has the same tree. `nulls` are the paths of explicit nulls.
    """

    engine: Engine
    world: World
    settings: GatewaySettings
    ports: Ports
    caller: MerchantCaller
    place: Place
    operation: str
    version: int
    fields: RequestTree = field(repr=False)
    sent: RequestTree = field(repr=False)
    host: str = ""
    request_id: str = ""
    nulls: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer. `status` is REST's; NVP answers 200 to whatever was processed.

    `merchant` and `correlationId` are added by the door.
    """

    members: AnswerTree
    status: int = 200
    names_result: bool = True
    """Whether REST sends `result` (NVP always does)."""


Handler = Callable[[Call], Awaitable[Reply]]
