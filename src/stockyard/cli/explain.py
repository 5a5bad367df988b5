"""``stockyard explain``: the whole story of one order, from a directory that no server holds.

Must not know: how stories are told (``api.story``).
"""

import os
import sys
from pathlib import Path

from stockyard import app
from stockyard.api.rendering import Renderer
from stockyard.api.settings import ApiSettings
from stockyard.api.story import story
from stockyard.config import read_config
from stockyard.model.ids import Kind
from stockyard.model.numbers import LEGS_MAX
from stockyard.runtime.clock import WallClock
from stockyard.runtime.world import World


def explain(order_id: str, *, data: Path | None = None) -> None:
    """Tell the whole story of an order: what it asked, what it saw, what it got, and why.

    While a server runs, ask it instead: GET /api/v1/orders/ORDER_ID/story.

    Parameters
    ----------
    order_id: The order's id, as the API shows it.
    data: Directory to look in (./data); no server may be running on it.
    """
    directory = app.existing_directory(read_config(os.environ, data=data).data)
    try:
        world = app.open_world(
            directory.journal,
            directory.snapshots,
            directory.store,
            WallClock(),
            schedule=lambda: None,
            begin=directory.beginning,
        )
        chapters = _chapters(world, order_id)
    finally:
        directory.close()
    if chapters is None:
        print(f"stockyard: there is no order {order_id} in this directory", file=sys.stderr)
        sys.exit(2)
    for at, word, text in chapters:
        print(f"{at}  {word}")
        print(f"    {text}")


def _chapters(world: World, order_id: str) -> list[tuple[str, str, str]] | None:
    named = world.ids.parse(Kind.ORDER, order_id)
    row = world.store.order(named[0] * LEGS_MAX + named[1]) if named is not None else None
    if row is None:
        return None
    render = Renderer(
        world.view, world.ids, ApiSettings().quote_stale_ns, world.trail, world.standing
    )
    instrument = world.view.instruments[row.instrument_id]
    told = story(render, row, instrument, world.store.order_events(row))
    return [(chapter.at, chapter.event, chapter.text) for chapter in told]
