"""``stockyard feeder``: play several exchanges into a Stockyard's webhook.

Must not know: how ticks are made or sent.
"""

import asyncio
import os
import sys
from contextlib import suppress
from typing import Annotated, Final

from cyclopts import Parameter
from rich.console import Console
from rich.live import Live
from rich.table import Table

from stockyard.config import ConfigError
from stockyard.market.catalog import CATALOG, Listing
from stockyard.market.exchanges import Exchange, Exchanges, Faults
from stockyard.runtime.clock import WallClock
from stockyard.runtime.feeder import Feeder, FeederRefused, Line

STEP_MS: Final = 100
BATCH_MAX: Final = 500
SHOWN_EVERY_S: Final = 0.5
RATE_MAX: Final = 100_000
SKEW_MS_MAX: Final = 3_600_000
_COLUMNS: Final = (
    "exchange", "said", "a second", "taken", "duplicates", "denied", "put off", "lost", "dropped",
    "waiting",
)  # fmt: skip


def feeder(
    *,
    url: Annotated[str, Parameter(env_var="FEEDER_URL")] = "http://127.0.0.1:8000",
    sources: Annotated[str, Parameter(env_var="FEEDER_SOURCES")] = "NYSE,NASDAQ,ARCA",
    symbols: Annotated[str, Parameter(env_var="FEEDER_SYMBOLS")] = "AAPL,MSFT,SPY,BTC/USD",
    rates: Annotated[str, Parameter(env_var="FEEDER_RATES")] = "20",
    skews: Annotated[str, Parameter(env_var="FEEDER_SKEWS")] = "0",
    faults: Annotated[str, Parameter(env_var="FEEDER_FAULTS")] = "",
    seed: Annotated[int, Parameter(env_var="FEEDER_SEED")] = 1,
    seconds: Annotated[float, Parameter(env_var="FEEDER_SECONDS")] = 0.0,
    batch: Annotated[int, Parameter(env_var="FEEDER_BATCH")] = 100,
) -> None:
    """Play several exchanges into a Stockyard's webhook until told to stop.

    The name and password come from INGEST_USERNAME and INGEST_PASSWORD. The same seed makes the
    same ticks. Serve with --market none, or the built-in market quotes the same symbols beside it.

    Parameters
    ----------
    url: Where Stockyard is.
    sources: Names of the exchanges, divided by commas.
    symbols: Symbols of the built-in market, divided by commas.
    rates: Ticks a second of each exchange: one for all, or one for each.
    skews: Milliseconds their clocks run ahead (below zero: behind): one for all, or one for each.
    faults: Chances from 0 to 1, of duplicate, late, garbage, burst and silence, such as late=0.02.
    seed: What all chance is made from.
    seconds: How long to play; 0 for ever.
    batch: Ticks of one request, at most 500.
    """
    names = _words("sources", sources)
    numbers = _numbers("rates", rates, len(names), 1, RATE_MAX)
    ahead = _numbers("skews", skews, len(names), -SKEW_MS_MAX, SKEW_MS_MAX)
    if not 1 <= batch <= BATCH_MAX:
        raise ConfigError(f"batch {batch}: expected 1 to {BATCH_MAX}")
    credentials = os.environ.get("INGEST_USERNAME", ""), os.environ.get("INGEST_PASSWORD", "")
    if not all(credentials):
        raise ConfigError("INGEST_USERNAME and INGEST_PASSWORD: set both, as for the server")
    clock = WallClock()
    played = Exchanges(
        _listings(symbols),
        [Exchange(*row) for row in zip(names, numbers, ahead, strict=True)],
        _faults(faults),
        seed,
        f"{clock.wall_ns():x}",
    )
    sent = Feeder(url, credentials, names, batch)
    with suppress(KeyboardInterrupt):
        try:
            asyncio.run(_play(sent, played, clock, seconds))
        except FeederRefused as error:
            raise ConfigError(str(error)) from None


async def _play(sent: Feeder, played: Exchanges, clock: WallClock, seconds: float) -> None:
    console = Console()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    playing = asyncio.ensure_future(sent.play(played, clock, STEP_MS, seconds))
    with Live(console=console, auto_refresh=False, transient=not sys.stdout.isatty()) as live:
        while not playing.done():
            await asyncio.wait([playing], timeout=SHOWN_EVERY_S)
            if console.is_terminal:
                live.update(_table(sent.lines, loop.time() - begun), refresh=True)
    if not console.is_terminal:
        console.print(_table(sent.lines, loop.time() - begun))
    playing.result()


def _table(lines: list[Line], passed_s: float) -> Table:
    table = Table(title=f"{passed_s:.0f} s")
    for number, name in enumerate(_COLUMNS):
        table.add_column(name, justify="right" if number else "left")
    for line in lines:
        table.add_row(
            line.name + (" (silent)" if line.is_silent else ""),
            f"{line.said:,}",
            f"{line.said / max(passed_s, 0.001):,.0f}",
            *(
                f"{count:,}"
                for count in (
                    line.taken, line.duplicates, line.denied, line.put_off, line.lost, line.dropped,
                    len(line.waiting),
                )
            ),
        )  # fmt: skip
    return table


def _words(name: str, text: str) -> list[str]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words or len(set(words)) < len(words):
        raise ConfigError(f"{name} {text!r}: expected each once, divided by commas")
    return words


def _numbers(name: str, text: str, count: int, least: int, most: int) -> list[int]:
    try:
        found = [int(word) for word in text.split(",")]
    except ValueError:
        found = []
    if len(found) not in (1, count) or not all(least <= one <= most for one in found):
        raise ConfigError(f"{name} {text!r}: expected one whole number, or {count}")
    return found * count if len(found) == 1 else found


def _faults(text: str) -> Faults:
    """Chances in a million from shares of one."""
    given: dict[str, int] = {}
    for word in filter(None, text.split(",")):
        name, _, share = word.partition("=")
        try:
            chance = round(float(share) * 1_000_000)
        except ValueError:
            chance = -1
        if name not in Faults._fields or not 0 <= chance <= 1_000_000:
            known = ", ".join(Faults._fields)
            raise ConfigError(f"faults {word!r}: expected a share from 0 to 1 of {known}")
        given[name] = chance
    return Faults(**given)


def _listings(text: str) -> list[Listing]:
    known = {listing.instrument.symbol: listing for listing in CATALOG}
    words = [word.upper() for word in _words("symbols", text)]
    unknown = [word for word in words if word not in known]
    if unknown:
        raise ConfigError(f"symbols: there is no {unknown[0]}; choose from {', '.join(known)}")
    return [known[word] for word in words]
