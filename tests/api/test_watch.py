"""Liveness, readiness and metrics."""

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from stockyard.runtime.writer import Refused
from tests.api.rig import SECOND, Rig, Trader


async def scraped(rig: Rig) -> dict[tuple[str, ...], float]:
    """Every sample by its name and labels."""
    answer = await rig.call("GET", "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


async def test_what_happens_is_counted(rig: Rig, ann: Trader) -> None:
    before = await scraped(rig)
    await ann.order(qty="2")
    await ann.order(qty="999999")
    await ann.call("GET", "/orders/none")
    await ann.call("GET", "/positions/AAPL")
    await rig.call("GET", "/nowhere/at/all")
    await rig.call("BREW", "/nowhere/at/all")
    rig.quote("AAPL", 190, 190.02)
    after = await scraped(rig)

    def grown(name: str, *labels: str) -> float:
        key = (name, *sorted(labels))
        return after.get(key, 0) - before.get(key, 0)

    assert grown("orders_placed_total", "buy", "market") == 1
    assert grown("orders_rejected_total", "notional_too_large") == 1
    assert (grown("order_fills_total"), grown("quote_updates_total")) == (1, 1)
    assert grown("http_requests_total", "POST", "/api/v1/orders", "201") == 1
    assert grown("http_requests_total", "POST", "/api/v1/orders", "422") == 1
    assert grown("http_requests_total", "GET", "/api/v1/orders/{name}", "404") == 1
    assert grown("http_requests_total", "GET", "/api/v1/positions/{symbol}", "200") == 1
    assert grown("http_requests_total", "GET", "unmatched", "404") == 1
    assert grown("http_requests_total", "other", "unmatched", "404") == 1
    assert grown("http_request_duration_seconds_count", "POST", "/api/v1/orders") == 2
    assert after["journal_seq",] == rig.world.view.seq


async def test_readiness_says_what_is_wrong(rig: Rig) -> None:
    async def asked() -> tuple[int, dict[str, Any]]:
        answer = await rig.call("GET", "/health/readiness")
        return answer.status, {check["name"]: check["ok"] for check in answer.json["checks"]}

    rig.quote("AAPL", 190, 190.02)
    status, checks = await asked()
    assert (status, all(checks.values())) == (200, True)
    rig.clock.time_ns += 3600 * SECOND
    status, checks = await asked()
    assert (status, checks["market"]) == (503, False)
    rig.quote("AAPL", 190, 190.02)
    assert (await asked())[0] == 200
    rig.app.begin_stop()
    assert (await asked()) == (503, {**checks, "market": True, "door": False})


async def test_liveness_ends_with_the_engine(rig: Rig) -> None:
    alive = await rig.call("GET", "/health/liveness")
    assert (alive.status, alive.json) == (200, {"alive": True})
    rig.world.writer.failure = RuntimeError("broken")
    rig.world.writer.close(Refused("engine_stopped", "broken"))
    dead = await rig.call("GET", "/health/liveness")
    assert (dead.status, dead.json) == (503, {"alive": False})
