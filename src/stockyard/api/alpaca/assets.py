"""What can be traded, in Alpaca's words."""

from contextlib import suppress
from typing import Final

import msgspec

from stockyard.api.alpaca.errors import NOT_FOUND, Refusal
from stockyard.api.alpaca.routing import Call, Reply, Route
from stockyard.api.door import Door, encode
from stockyard.api.problems import Problem
from stockyard.api.shapes import price_text
from stockyard.model.codes import ASSET_CLASS_WORDS, AssetClass
from stockyard.model.ids import Kind
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_decimal
from stockyard.people.identity import Scope

EXCHANGES: Final = (
    "AMEX", "ARCA", "ASCX", "BATS", "NYSE", "NASDAQ", "NYSEARCA", "FTXU", "CBSE", "GNSS", "ERSX",
    "OTC", "CRYPTO", "",
)  # fmt: skip
"""What the official client takes for an exchange; empty for any other."""
ATTRIBUTES: Final = (
    "ptp_no_exception", "ptp_with_exception", "ipo", "has_options", "options_late_close",
    "fractional_eh_enabled", "overnight_tradable", "overnight_halted",
)  # fmt: skip
_ASSET_CLASSES: Final = {
    **{word: number for number, word in ASSET_CLASS_WORDS.items()},
    "us_option": 0,
    "all": -1,
}
_STATUSES: Final = {"active": (True,), "inactive": (False,), "all": (True, False)}
_PERCENT_PPM: Final = 10_000


class Asset(msgspec.Struct, gc=False, rename={"asset_class": "class"}):
    """An asset as Alpaca shows it."""

    id: str
    asset_class: str
    exchange: str
    symbol: str
    name: str
    status: str
    cusip: str | None
    tradable: bool
    marginable: bool
    shortable: bool
    easy_to_borrow: bool
    borrow_status: str | None
    fractionable: bool
    maintenance_margin_requirement: float
    margin_requirement_long: str
    margin_requirement_short: str
    min_order_size: str | None
    min_trade_increment: str | None
    price_increment: str | None
    attributes: list[str]


def asset(door: Door, row: Instrument) -> Asset:
    """An asset's terms.

    ``maintenance_margin_requirement``: what the client's model wants as a number; never money.
    """
    stock, view = row.asset_class == AssetClass.US_EQUITY, door.view
    margin = view.margin if stock else None
    borrow = view.borrow.get(row.instrument_id) if stock else None
    shortable = row.asset_class == AssetClass.CRYPTO_PERP or (
        borrow is not None and borrow.shortable
    )
    easy = borrow is not None and borrow.shortable and borrow.easy
    fractionable = row.lot < 10**row.qty_scale
    if row.asset_class == AssetClass.CRYPTO_PERP:
        long_ppm = short_ppm = row.maintenance_ppm
    else:
        long_ppm = margin.long_ppm if margin is not None else 1_000_000
        short_ppm = margin.short_ppm if margin is not None and shortable else 1_000_000
    status = ("easy_to_borrow" if easy else "hard_to_borrow") if shortable else "not_shortable"
    return Asset(
        door.render.asset_id(row.instrument_id),
        ASSET_CLASS_WORDS[row.asset_class],
        row.exchange if row.exchange in EXCHANGES else "",
        row.symbol,
        row.name,
        "active" if row.tradable else "inactive",
        None,
        row.tradable,
        margin is not None,
        shortable,
        easy,
        status if stock else None,
        fractionable,
        long_ppm / _PERCENT_PPM,
        format_decimal(long_ppm, 4),
        format_decimal(short_ppm, 4),
        None if stock else format_decimal(row.lot, row.qty_scale),
        None if stock else format_decimal(row.lot, row.qty_scale),
        None if stock else price_text(row.tick, row),
        attributes(door, row),
    )


def attributes(door: Door, row: Instrument) -> list[str]:
    """What is special about an asset: parts of a stock's shares trade before and after hours too,
    where there are such hours.
    """
    sessions = door.view.sessions.get(row.calendar_id, ())
    extended = any(s.pre_open_ns or s.post_close_ns for s in sessions[-1:])
    stock = row.asset_class == AssetClass.US_EQUITY
    if stock and extended and row.lot < 10**row.qty_scale:
        return ["fractional_eh_enabled"]
    return []


def found_asset(door: Door, said: str) -> Instrument:
    """The asset of a symbol, in any spelling, or of an id. Raises ``Refusal`` 404."""
    named = door.ids.parse(Kind.ASSET, said)
    if named is not None:
        row = door.view.instruments.get(named[0])
        if row is not None:
            return row
    else:
        with suppress(Problem):
            return door.instrument(said)
    raise Refusal(404, NOT_FOUND, f"asset not found for {said[:40]}", "unknown_symbol")


async def list_assets(call: Call) -> Reply:
    """GET /v2/assets."""
    query, door = call.query, call.door
    wanted = query.choice("status", _STATUSES, "all")
    asset_class = query.choice("asset_class", _ASSET_CLASSES, "us_equity")
    exchange, marks = query.text("exchange"), query.words("attributes")
    if exchange is not None:
        query.choice("exchange", dict.fromkeys(EXCHANGES), "")
    known = door.view.instruments
    rows = [
        known[n]
        for n in sorted(known)
        if known[n].tradable in wanted and asset_class in (-1, known[n].asset_class)
    ]
    shown = [asset(door, row) for row in rows]
    return Reply(
        200,
        encode(
            [
                each
                for each in shown
                if exchange in (None, each.exchange)
                and (not marks or any(mark in each.attributes for mark in marks))
            ]
        ),
    )


async def read_asset(call: Call) -> Reply:
    """GET /v2/assets/{symbol_or_asset_id}."""
    return Reply(200, encode(asset(call.door, found_asset(call.door, call.named["asset"]))))


ROUTES: Final = (
    Route("GET", "/v2/assets", Scope.READ, list_assets),
    Route("GET", "/v2/assets/{asset:path}", Scope.READ, read_asset),
)
