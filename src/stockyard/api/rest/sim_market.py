"""The market under control: quotes, paths, gaps, halts and recorded hours on demand."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

import msgspec

from stockyard.api import sim_market_reading as reading
from stockyard.api import sim_market_shapes as s
from stockyard.api.describing import Trait, described
from stockyard.api.door import Door
from stockyard.api.fields import Reader, price
from stockyard.api.problems import Problem
from stockyard.api.rest.sim import TAG, WHERE, allowed
from stockyard.api.routes import Response, Visit, Visiting, answer, router
from stockyard.api.shapes import price_text, time_or_none, time_text
from stockyard.market.scripted import ASK, BID
from stockyard.model.facts import Trade
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_decimal
from stockyard.runtime import sim_recordings
from stockyard.runtime.sim_market import (
    FREE,
    Act,
    ControlRefused,
    Gap,
    displayed_qty,
    next_open_ns,
)
from stockyard.runtime.writer import Outcome

routes = router()
REASON_LENGTH_MAX: Final = 100
_encode: Final = msgspec.json.Encoder().encode
_SYMBOL: Final = "AAPL"


class Asked(NamedTuple):
    """One control as it was asked for."""

    door: Door
    body: Any
    act: Act
    instrument: Instrument


Doing = Callable[[Asked], Awaitable[Outcome]]


def shown(door: Door, instrument: Instrument) -> s.ControlledSymbol:
    """How a symbol is controlled."""
    market, view = door.sim_market, door.view
    control = market.controls.get(instrument.instrument_id, FREE)
    script, gap = control.script, control.gap
    row = view.quotes[instrument.instrument_id]
    return s.ControlledSymbol(
        instrument.symbol,
        script.kind if script is not None else None,
        time_or_none(script.ends_ns) if script is not None else None,
        control.lets_go,
        price_text(row.bid, instrument) if row.bid else None,
        price_text(row.ask, instrument) if row.ask else None,
        format_decimal(row.bid_qty, instrument.qty_scale),
        format_decimal(row.ask_qty, instrument.qty_scale),
        format_decimal(control.dress.factor, 6),
        control.dress.emptied or None,
        instrument.instrument_id in view.halted,
        time_or_none(gap.at_ns) if gap is not None else None,
    )


async def _do(visit: Visit, reader: Reader, action: str, do: Doing) -> Response:
    """Read a control of one symbol, do it, and tell what it has done."""
    caller, door = allowed(visit.door, visit.request), visit.door
    body = await visit.body(reader)
    instrument = door.instrument(body.symbol)
    said = {name: x for name, x in msgspec.structs.asdict(body).items() if x is not None}
    act = Act(
        f"market.{action}",
        _encode(said).decode(),
        door.origin(caller, visit.head),
        door.world.clock.now_ns(),
    )
    try:
        outcome = await do(Asked(door, body, act, instrument))
    except ControlRefused as refused:
        raise _problem(refused) from None
    return answer(
        s.MarketControlled(outcome.seq, time_text(outcome.ts), [shown(door, instrument)]), 201
    )


def _problem(refused: ControlRefused) -> Problem:
    status = 409 if refused.code.startswith("too_many") else 422
    return Problem(status, refused.code, refused.wrong, refused.right)


def _words(
    name: str, summary: str, description: str, body: type, example: dict[str, Any]
) -> dict[str, Any]:
    return described(
        name,
        TAG,
        summary,
        f"{description} {WHERE}",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT,
        body=body,
        body_examples={"aapl": {"symbol": _SYMBOL, **example}},
        status=201,
        answer=s.MarketControlled,
        answered="The symbol as it is controlled now.",
        refusals=(409, 503),
    )


@routes.get(
    "/sim/market",
    **described(
        "list_controlled_symbols",
        TAG,
        "List what is under control",
        f"Symbols that follow a script, are dressed, wait for a gap, or are halted. {WHERE}",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT,
        answer=list[s.ControlledSymbol],
        answered="Those symbols.",
    ),
)
async def list_controlled_symbols(visit: Visiting) -> Response:
    """List what is under control."""
    allowed(visit.door, visit.request)
    view = visit.door.view
    wanted = dict.fromkeys((*visit.door.sim_market.controls, *sorted(view.halted)))
    return answer([shown(visit.door, view.instruments[number]) for number in wanted])


_quote = Reader(s.SimQuoteBody)


@routes.post(
    "/sim/market/quote",
    **_words(
        "set_quote",
        "Set a quote",
        "It stands, and is said again with each step of the market, until another control or a"
        " release. Also where no market is simulated.",
        s.SimQuoteBody,
        {"bid": "99.98", "ask": "100.02", "bid_size": "500", "ask_size": "500"},
    ),
)
async def set_quote(visit: Visiting) -> Response:
    """Set a quote."""

    async def do(asked: Asked) -> Outcome:
        market, instrument = asked.door.sim_market, asked.instrument
        now = market.shape(instrument.instrument_id)
        shape = reading.quoted(instrument, asked.body, now)
        return await market.set_quote(instrument, shape, asked.act)

    return await _do(visit, _quote, "quote", do)


_trade = Reader(s.SimTradeBody)


@routes.post(
    "/sim/market/trade",
    **_words(
        "print_trade",
        "Print a trade",
        "Somebody else's trade, which triggers stops and makes bars; it moves no quote.",
        s.SimTradeBody,
        {"price": "100", "size": "200"},
    ),
)
async def print_trade(visit: Visiting) -> Response:
    """Print a trade."""

    async def do(asked: Asked) -> Outcome:
        instrument, body = asked.instrument, asked.body
        trade = Trade(
            instrument.instrument_id,
            price("price", body.price, instrument.price_scale),
            reading.size(instrument, "size", body.size, instrument.round_lot),
            asked.act.now_ns,
        )
        return await asked.door.sim_market.print_trade(trade, asked.act)

    return await _do(visit, _trade, "trade", do)


_path = Reader(s.SimPathBody)


@routes.post(
    "/sim/market/path",
    **_words(
        "set_path",
        "Set a path",
        "The price goes from where it is through these points, in the World's time; no point is"
        " left out, however far apart the market's steps are.",
        s.SimPathBody,
        {"points": [{"seconds": 60, "price": "95"}, {"seconds": 300, "price": "105"}]},
    ),
)
async def set_path(visit: Visiting) -> Response:
    """Set a path."""

    async def do(asked: Asked) -> Outcome:
        market, instrument, body = asked.door.sim_market, asked.instrument, asked.body
        now = market.shape(instrument.instrument_id)
        points = reading.path_points(instrument, body, now, asked.act.now_ns)
        qty = reading.size(instrument, "size", body.size, displayed_qty(instrument, now))
        return await market.set_path(
            instrument,
            points,
            (qty, qty),
            asked.act,
            steps=body.steps,
            trade_qty=reading.trade_size(instrument, body.trade_size),
            lets_go=body.release_at_end,
        )

    return await _do(visit, _path, "path", do)


_gap = Reader(s.SimGapBody)


@routes.post(
    "/sim/market/gap",
    **_words(
        "gap",
        "Make the price jump",
        "Now or at the next open, with a trade at the new price. The simulation, or the script that"
        " the symbol follows, goes on from there.",
        s.SimGapBody,
        {"percent": "-8", "when": "next_open"},
    ),
)
async def gap(visit: Visiting) -> Response:
    """Make the price jump."""

    async def do(asked: Asked) -> Outcome:
        instrument, body = asked.instrument, asked.body
        to, wanted, base = reading.moved(instrument, body)
        qty = reading.trade_size(instrument, body.trade_size)
        at_ns = 0
        if body.when == "next_open":
            at_ns = next_open_ns(asked.door.world, instrument, asked.act.now_ns)
            if not at_ns:
                raise reading.wrong(
                    "when", f"{instrument.symbol} trades day and night", "gap it now"
                )
        elif body.when != "now":
            raise reading.wrong("when", "when is unknown", "send now or next_open")
        jump = Gap(at_ns, to, wanted, base, qty)
        return await asked.door.sim_market.gap(instrument, jump, asked.act)

    return await _do(visit, _gap, "gap", do)


_widen = Reader(s.SimWidenBody)


@routes.post(
    "/sim/market/widen",
    **_words(
        "widen",
        "Widen the spread",
        "Of everything that is quoted from now on, by whatever moves the symbol.",
        s.SimWidenBody,
        {"factor": "10"},
    ),
)
async def widen(visit: Visiting) -> Response:
    """Widen the spread."""

    async def do(asked: Asked) -> Outcome:
        market = asked.door.sim_market
        dress = market.controls.get(asked.instrument.instrument_id, FREE).dress
        wide = dress._replace(factor=reading.factor(asked.body.factor))
        return await market.dress(asked.instrument, wide, asked.act)

    return await _do(visit, _widen, "widen", do)


_empty = Reader(s.SimEmptyBody)


@routes.post(
    "/sim/market/empty",
    **_words(
        "empty_side",
        "Empty one side",
        "Nobody quotes it, and nothing trades at it, from now on.",
        s.SimEmptyBody,
        {"side": "ask"},
    ),
)
async def empty_side(visit: Visiting) -> Response:
    """Empty one side."""

    async def do(asked: Asked) -> Outcome:
        side = asked.body.side
        if side not in (BID, ASK, "none"):
            raise reading.wrong("side", "there is no such side", "send bid, ask or none")
        market = asked.door.sim_market
        dress = market.controls.get(asked.instrument.instrument_id, FREE).dress
        bare = dress._replace(emptied="" if side == "none" else side)
        return await market.dress(asked.instrument, bare, asked.act)

    return await _do(visit, _empty, "empty", do)


_halt = Reader(s.SimHaltBody)


@routes.post(
    "/sim/market/halt",
    **_words(
        "halt",
        "Halt trading",
        "Until it is resumed, also after a restart. Nothing is quoted meanwhile.",
        s.SimHaltBody,
        {"reason": "news pending"},
    ),
)
async def halt(visit: Visiting) -> Response:
    """Halt trading."""

    async def do(asked: Asked) -> Outcome:
        reason = asked.body.reason
        if not (0 < len(reason) <= REASON_LENGTH_MAX and reason.isprintable()):
            raise reading.wrong(
                "reason", "reason cannot be taken", f"write 1 to {REASON_LENGTH_MAX} characters"
            )
        return await asked.door.sim_market.halt(asked.instrument, reason, asked.act)

    return await _do(visit, _halt, "halt", do)


_symbol = Reader(s.SimSymbolBody)


@routes.post(
    "/sim/market/resume",
    **_words("resume", "Resume trading", "With a quote at once.", s.SimSymbolBody, {}),
)
async def resume(visit: Visiting) -> Response:
    """Resume trading."""

    async def do(asked: Asked) -> Outcome:
        return await asked.door.sim_market.resume(asked.instrument, asked.act)

    return await _do(visit, _symbol, "resume", do)


_play = Reader(s.SimPlayBody)


@routes.post(
    "/sim/market/play",
    **_words(
        "play_recording",
        "Play a recorded day or hour",
        "From now on in the World's time: a file of the folder of recordings that whoever runs"
        " this Stockyard has set, or rows in the request.",
        s.SimPlayBody,
        {
            "recording": "csv:gme.csv",
            "recorded_symbol": "GME",
            "begin": "2021-01-28T14:30:00Z",
            "end": "2021-01-28T15:30:00Z",
            "rebase": True,
        },
    ),
)
async def play_recording(visit: Visiting) -> Response:
    """Play a recorded day or hour."""

    async def do(asked: Asked) -> Outcome:
        instrument, body, door = asked.instrument, asked.body, asked.door
        first_ns, last_ns = reading.window(body.begin, body.end)
        if (body.recording is None) == (body.rows is None):
            raise reading.wrong(
                "recording", "there is nothing to play, or two things", "send recording or rows"
            )
        if body.rows is not None:
            rows = reading.recorded_rows(body.rows)
            facts = sim_recordings.of_rows(rows, instrument, first_ns, last_ns)
        else:
            facts = await asyncio.to_thread(
                sim_recordings.load,
                door.settings.recordings,
                body.recording,
                body.recorded_symbol or "",
                instrument,
                first_ns,
                last_ns,
            )
        # Reading took its while: it begins now, not when it was asked for.
        act = asked.act._replace(
            now_ns=door.world.clock.now_ns(), detail=_without_rows(body, asked.act.detail)
        )
        return await door.sim_market.play(
            instrument, facts, act, rebased=body.rebase, lets_go=body.release_at_end
        )

    return await _do(visit, _play, "play", do)


def _without_rows(body: s.SimPlayBody, detail: str) -> str:
    """What is kept of a request in the journal, which has the rows as facts anyway."""
    if body.rows is None:
        return detail
    said = {name: x for name, x in msgspec.structs.asdict(body).items() if x is not None}
    return _encode({**said, "rows": len(body.rows)}).decode()


_release = Reader(s.SimReleaseBody)


@routes.post(
    "/sim/market/release",
    **described(
        "release_market",
        TAG,
        "Release to the simulation",
        "It goes on from the price where the control ends, without a jump unless `jump` asks for"
        " one. Spreads, empty sides and gaps that wait end as well; halts do not. Without a"
        f" simulated market the last quote stands. {WHERE}",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT,
        body=s.SimReleaseBody,
        body_examples={"all": {}, "aapl": {"symbol": _SYMBOL}},
        status=201,
        answer=s.MarketControlled,
        answered="What was released.",
        refusals=(503,),
    ),
)
async def release_market(visit: Visiting) -> Response:
    """Release to the simulation."""
    caller, door = allowed(visit.door, visit.request), visit.door
    body: s.SimReleaseBody = await visit.body(_release)
    named = list(door.sim_market.controls)
    if body.symbol is not None:
        named = [door.instrument(body.symbol).instrument_id]
    act = Act(
        "market.release",
        _encode(body).decode(),
        door.origin(caller, visit.head),
        door.world.clock.now_ns(),
    )
    outcome = await door.sim_market.release(named, body.jump, act)
    symbols = [shown(door, door.view.instruments[number]) for number in named]
    return answer(s.MarketControlled(outcome.seq, time_text(outcome.ts), symbols), 201)
