"""How a switch speaks, and how long it waits."""

from dataclasses import dataclass

from parcela.connectors.iso8583.enrichment import PlanPlace
from parcela.connectors.iso8583.fields import FieldSpec
from parcela.connectors.iso8583.framing import LengthHeader

_DEFAULT_PLACE = PlanPlace()


@dataclass(frozen=True, slots=True)
class Address:
    """A TCP address."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchOptions:
    """Encoding, the place of the plan id, and deadlines in seconds.

    `lookup_timeout_s` is how long a message waits for its plan, `host_timeout_s` how long the host may take,
    `late_window_s` how long after that a late answer is waited for, `echo_interval_s` how long a quiet link
    is trusted, `idle_timeout_s` how long an acquirer may be silent.
    """

    spec: FieldSpec
    header: LengthHeader = LengthHeader.BINARY_2
    place: PlanPlace = _DEFAULT_PLACE
    lookup_timeout_s: float = 0.05
    host_timeout_s: float = 10.0
    late_window_s: float = 30.0
    echo_interval_s: float = 60.0
    echo_timeout_s: float = 5.0
    idle_timeout_s: float = 900.0
    signs_on: bool = True
    max_sessions: int = 256
    max_outstanding: int = 1000
    max_lookups: int = 64
