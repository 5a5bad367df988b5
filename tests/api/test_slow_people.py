"""A slow write of people's records holds up who needs them, in words, and nobody else."""

import asyncio
import time
from threading import Event

import pytest

from stockyard.api.desk import PATIENCE_S
from stockyard.api.problems import Problem
from stockyard.people.directory import People
from tests.api.rig import Rig, Trader


async def test_who_reads_on_the_loop_is_refused_rather_than_all_be_held_up(
    rig: Rig, ann: Trader
) -> None:
    desk, going, over = rig.app.door.desk, Event(), Event()

    def slow(_: People) -> None:
        going.set()
        assert over.wait(10)

    writing = asyncio.ensure_future(desk.write(slow))
    while not going.is_set():
        await asyncio.sleep(0.001)
    try:
        waited = []
        for _ in range(5):
            began = time.monotonic()
            with pytest.raises(Problem) as refused:
                desk.alone(lambda people: people.holders())
            waited.append(time.monotonic() - began)
            assert (refused.value.status, refused.value.code) == (503, "busy")
            assert dict(refused.value.headers)[b"retry-after"]
        # All of them together hold the loop up no longer than one may.
        assert sum(waited) < 2 * PATIENCE_S + 0.5
        orders = await ann.rig.call("GET", "/api/v1/orders", headers=ann.headers)
        assert orders.status == 200
        watchlists = await ann.rig.call("GET", "/api/v1/watchlists", headers=ann.headers)
        assert watchlists.status == 503
    finally:
        over.set()
        await writing
    watchlists = await ann.rig.call("GET", "/api/v1/watchlists", headers=ann.headers)
    assert watchlists.status == 200
