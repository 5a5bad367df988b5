"""How much each benchmark does: all of it, what fits in a minute, or just enough to crash.

Must not know: what the numbers are used for in detail.
"""

from typing import Final

import msgspec


class Sizes(msgspec.Struct, frozen=True):
    """Counts and seconds of one kind of run; ``rounds`` is how often a figure is measured."""

    rounds: int
    accounts: int
    resting: int
    engine_inputs: int
    plain_inputs: int
    recovery_inputs: int
    recovery_open: int
    recovery_tail: int
    day_inputs: int
    day_archived: int
    day_looks: int
    snapshot_open: int
    snapshot_orders: int
    lone_orders: int
    loaded_orders: int
    postgres_seconds: int
    postgres_scale: int
    history_orders: int
    history_open: int
    users: int
    sign_ins: int
    memory_seconds: float
    growth_probe: int
    growth_base: int
    growth_doublings: int
    growth_recovery: int
    growth_orders: int
    connections_max: int
    sync_count: int
    fan_out_clients: tuple[int, ...]
    fan_out_seconds: float
    ticks: int
    plain_ticks: int
    ingest_ticks: int
    ingest_single: int
    ingest_plain: int
    history_ticks: int
    history_inserts: int
    history_questions: int
    simulated_seconds: int
    web_screens: tuple[str, ...]
    web_seconds: int
    web_memory_seconds: int
    web_orders: int
    requests: int
    alerts: int
    alert_ticks: int
    portfolio_users: int
    portfolio_orders: int
    portfolio_snapshot_users: int
    portfolio_days_users: int
    portfolio_doublings: int


FULL: Final = Sizes(
    rounds=5,
    accounts=1_000,
    resting=20_000,
    engine_inputs=500_000,
    plain_inputs=200_000,
    recovery_inputs=1_000_000,
    recovery_open=100_000,
    recovery_tail=100_000,
    day_inputs=5_000_000,
    day_archived=250_000,
    day_looks=40,
    snapshot_open=100_000,
    snapshot_orders=4_000,
    lone_orders=3_000,
    loaded_orders=40_000,
    postgres_seconds=15,
    postgres_scale=20,
    history_orders=100_000,
    history_open=20_000,
    users=1_000,
    sign_ins=50,
    memory_seconds=25.0,
    growth_probe=20_000,
    growth_base=1_000,
    growth_doublings=4,
    growth_recovery=125_000,
    growth_orders=6_000,
    connections_max=64,
    sync_count=500,
    fan_out_clients=(100, 1_000, 4_000),
    fan_out_seconds=4.0,
    ticks=1_000_000,
    plain_ticks=40_000,
    ingest_ticks=60_000,
    ingest_single=5_000,
    ingest_plain=2_000,
    history_ticks=500_000,
    history_inserts=20_000,
    history_questions=1_000,
    simulated_seconds=23_400,
    web_screens=("home", "markets", "symbol"),
    web_seconds=10,
    web_memory_seconds=60,
    web_orders=10_000,
    requests=100_000,
    alerts=100_000,
    alert_ticks=100_000,
    portfolio_users=1_000,
    portfolio_orders=100_000,
    portfolio_snapshot_users=10_000,
    portfolio_days_users=100,
    portfolio_doublings=3,
)
QUICK: Final = Sizes(
    rounds=3,
    accounts=1_000,
    resting=20_000,
    engine_inputs=150_000,
    plain_inputs=50_000,
    recovery_inputs=100_000,
    recovery_open=20_000,
    recovery_tail=20_000,
    day_inputs=100_000,
    day_archived=20_000,
    day_looks=3,
    snapshot_open=50_000,
    snapshot_orders=1_000,
    lone_orders=500,
    loaded_orders=8_000,
    postgres_seconds=4,
    postgres_scale=16,
    history_orders=20_000,
    history_open=4_000,
    users=200,
    sign_ins=5,
    memory_seconds=2.0,
    growth_probe=4_000,
    growth_base=1_000,
    growth_doublings=2,
    growth_recovery=25_000,
    growth_orders=1_000,
    connections_max=64,
    sync_count=200,
    fan_out_clients=(50, 200),
    fan_out_seconds=0.7,
    ticks=300_000,
    plain_ticks=20_000,
    ingest_ticks=20_000,
    ingest_single=1_000,
    ingest_plain=500,
    history_ticks=100_000,
    history_inserts=5_000,
    history_questions=200,
    simulated_seconds=1_800,
    web_screens=("markets",),
    web_seconds=2,
    web_memory_seconds=2,
    web_orders=10_000,
    requests=20_000,
    alerts=100_000,
    alert_ticks=20_000,
    portfolio_users=200,
    portfolio_orders=4_000,
    portfolio_snapshot_users=2_000,
    portfolio_days_users=20,
    portfolio_doublings=2,
)
TINY: Final = Sizes(
    rounds=1,
    accounts=10,
    resting=50,
    engine_inputs=500,
    plain_inputs=500,
    recovery_inputs=500,
    recovery_open=100,
    recovery_tail=100,
    day_inputs=500,
    day_archived=100,
    day_looks=1,
    snapshot_open=100,
    snapshot_orders=20,
    lone_orders=10,
    loaded_orders=64,
    postgres_seconds=1,
    postgres_scale=1,
    history_orders=100,
    history_open=40,
    users=5,
    sign_ins=1,
    memory_seconds=0.1,
    growth_probe=50,
    growth_base=20,
    growth_doublings=1,
    growth_recovery=200,
    growth_orders=20,
    connections_max=2,
    sync_count=5,
    fan_out_clients=(2, 4),
    fan_out_seconds=0.3,
    ticks=400,
    plain_ticks=100,
    ingest_ticks=400,
    ingest_single=20,
    ingest_plain=20,
    history_ticks=400,
    history_inserts=50,
    history_questions=10,
    simulated_seconds=20,
    web_screens=("markets",),
    web_seconds=1,
    web_memory_seconds=1,
    web_orders=2_000,
    requests=200,
    alerts=500,
    alert_ticks=500,
    portfolio_users=5,
    portfolio_orders=20,
    portfolio_snapshot_users=24,
    portfolio_days_users=3,
    portfolio_doublings=1,
)
