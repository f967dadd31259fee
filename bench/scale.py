"""How long the benchmarks run: the whole set takes some eighteen minutes, the quick one about two."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Numbers of requests, seconds and sizes of one run."""

    calibration_s: float
    pgbench_s: int
    pgbench_scale: int
    offers: int
    plans: int
    connections: int
    low_load_requests: int
    ranges: int
    programs: int
    members: int
    letters: int
    letter_rounds: int
    switch_s: int
    purchases: int
    kills: int
    siege_s: float
    carts: int
    payments: int
    database_restarts: int
    recoveries: int


FULL = Scale(
    calibration_s=3.0,
    pgbench_s=10,
    pgbench_scale=10,
    offers=12_000,
    plans=6_000,
    connections=32,
    low_load_requests=1_500,
    ranges=2_000,
    programs=10_000,
    members=10_000_000,
    letters=10_000,
    letter_rounds=200,
    switch_s=20,
    purchases=5_000,
    kills=200,
    siege_s=270.0,
    carts=8_000,
    payments=4_000,
    database_restarts=5,
    recoveries=5,
)
QUICK = Scale(
    calibration_s=0.5,
    pgbench_s=3,
    pgbench_scale=2,
    offers=1_500,
    plans=800,
    connections=32,
    low_load_requests=200,
    ranges=200,
    programs=1_000,
    members=20_000,
    letters=1_000,
    letter_rounds=30,
    switch_s=3,
    purchases=200,
    kills=8,
    siege_s=8.0,
    carts=800,
    payments=500,
    database_restarts=1,
    recoveries=1,
)


def choose_scale() -> Scale:
    """`BENCH_QUICK=1` chooses the quick one, `BENCH_MEMBERS` another number of PAN-list members."""
    scale = QUICK if os.environ.get("BENCH_QUICK", "") not in ("", "0") else FULL
    members = os.environ.get("BENCH_MEMBERS")
    if members is None:
        return scale
    fields = {name: getattr(scale, name) for name in scale.__dataclass_fields__}
    return Scale(**{**fields, "members": int(members)})
