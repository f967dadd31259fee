"""How long the benchmarks run: the whole set takes some eight minutes, the quick one less than one."""

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
)


def choose_scale() -> Scale:
    """`BENCH_QUICK=1` chooses the quick one, `BENCH_MEMBERS` another number of PAN-list members."""
    scale = QUICK if os.environ.get("BENCH_QUICK", "") not in ("", "0") else FULL
    members = os.environ.get("BENCH_MEMBERS")
    if members is None:
        return scale
    fields = {name: getattr(scale, name) for name in scale.__dataclass_fields__}
    return Scale(**{**fields, "members": int(members)})
