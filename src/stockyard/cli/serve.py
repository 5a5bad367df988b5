"""``stockyard serve``: open a data directory and serve it.

Must not know: how serving is done.
"""

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from stockyard.config import read_config, read_feed_options
from stockyard.demo import Demo
from stockyard.last_good import ReadOnlyServer
from stockyard.runtime.heap import return_large_blocks
from stockyard.server import Server
from stockyard.telemetry import logs


def serve(
    *,
    port: int | None = None,
    data: Path | None = None,
    host: str | None = None,
    market: str | None = None,
    speed: Annotated[float | None, Parameter(name="--speed")] = None,
    rate: Annotated[float | None, Parameter(name="--rate")] = None,
    calendar: str | None = None,
    controls: Annotated[bool | None, Parameter(negative="--no-controls")] = None,
    start: Annotated[str | None, Parameter(name="--start")] = None,
    demo: Annotated[bool | None, Parameter(negative="--no-demo")] = None,
    read_only: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Serve a Stockyard from a data directory until it is told to stop.

    Every setting can also be given in the environment (docs/reference/settings.md).

    Parameters
    ----------
    port: Port to listen on (8000).
    data: Directory that holds everything that must survive (./data).
    host: Address to listen on (127.0.0.1).
    market: simulated, none, or replay: and a recording.
    speed: Speed of a recording against its own time (1); 0 for as fast as possible.
    rate: Simulated quote updates a second for each symbol (1).
    calendar: Sessions of stocks: always or xnys.
    controls: Allow test controls (docs/guides/test-controls.md).
    start: World time at which a fresh directory begins, and stands, under test controls.
    demo: Make a demo user and write demo.json into the data directory.
    read_only: Show the last good state of a directory, however damaged, and change nothing in it.
    """
    config = read_config(
        os.environ,
        port=port,
        data=data,
        host=host,
        market=market,
        replay_speed=speed,
        updates_per_second=rate,
        calendar=calendar,
        controls=controls,
        controls_start=start,
        demo=demo,
    )
    logs.begin(config.log_level, config.log_format)
    # At INFO it would log the address of every stream, with the token that may stand in it.
    logging.getLogger("uvicorn.error").setLevel(max(logging.WARNING, logging.root.level))
    # At INFO it would log every question to a feed's servers: those that fail are told once by us.
    logging.getLogger("httpx2").setLevel(max(logging.WARNING, logging.root.level))
    return_large_blocks()
    kind = ReadOnlyServer if read_only else Server
    server = kind(config, read_feed_options(os.environ))
    if sys.platform == "win32":
        asyncio.run(server.run(_announce))
    else:
        import uvloop

        uvloop.run(server.run(_announce))
    if server.failed:
        sys.exit(1)


def _announce(server: Server, demo: Demo | None) -> None:
    url = server.url
    frozen = server.world.read_only
    print(f"Stockyard is running on {url}" + (", read-only" if frozen else ""))
    if frozen is not None:
        print(f"Nothing can be changed: {frozen.reason}. Shown is the state after {frozen.seq:,}.")
        return
    if demo is None:
        print(
            f"Sign up: POST {url}/api/v1/auth/register; every endpoint: {url}/api/v1/openapi.json"
        )
    else:
        print(f"  demo sign-in   {demo.email}  {demo.password}")
        print(f"  demo API key   {demo.api_key}  {demo.api_secret}")
        who = f"-u {demo.api_key}:{demo.api_secret}"
        body = '{"symbol":"AAPL","side":"buy","type":"market","qty":"1","time_in_force":"day"}'
        print("Try:")
        print(f"  curl {url}/api/v1/quotes/AAPL")
        print(f"  curl {url}/api/v1/orders {who} \\")
        print(f"       -H 'Content-Type: application/json' -d '{body}'")
        print(f"  curl {url}/api/v1/portfolio {who}")
    print("Stop with Ctrl-C; everything acknowledged is kept.", flush=True)
