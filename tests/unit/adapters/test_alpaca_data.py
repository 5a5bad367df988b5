"""Goal: Alpaca's messages mean in ours what the vendor says, and nothing they hold raises.

Method: samples of the published descriptions in both encodings; any bytes and any JSON.
"""

import json
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockyard.adapters import FEEDS
from stockyard.adapters.alpaca_data.feed import SYMBOLS_AT_ONCE, AlpacaWire
from stockyard.adapters.alpaca_data.wire import event_ns
from stockyard.market.catalog import CATALOG
from stockyard.model.feeds import ProblemKind, Received
from stockyard.model.ticks import BandTick, BarTick, Counts, QuoteTick, StatusTick, TradeTick
from stockyard.model.wire_numbers import WireError
from tests.fakes.alpaca_data import AlpacaFake
from tests.fakes.virtual_time import run_virtual

AAPL, BTC = CATALOG[0].instrument, CATALOG[20].instrument
UNIT = 10**AAPL.qty_scale
AT_NS = 1_795_185_062_345_678_901
AT = "2026-11-20T14:31:02.345678901Z"
ONE = AAPL.instrument_id
SAMPLE = """
[{"T":"t","S":"AAPL","i":55340,"x":"V","p":150.26,"s":100,"c":["@"],"z":"C",
  "t":"2026-11-20T14:31:02.345678901Z"},
 {"T":"q","S":"AAPL","bx":"V","bp":150.25,"bs":300,"ax":"V","ap":150.27,"as":200,"c":["R"],
  "z":"C","t":"2026-11-20T14:31:02.3459Z"},
 {"T":"b","S":"AAPL","o":150.10,"h":150.40,"l":150.05,"c":150.26,"v":18250,"n":204,
  "vw":150.2231,"t":"2026-11-20T14:30:00Z"},
 {"T":"l","S":"AAPL","u":165.5,"d":135.25,"i":"B","z":"C","t":"2026-11-20T09:31:02-05:00"},
 {"T":"s","S":"AAPL","sc":"H","sm":"Trading Halt","rc":"T12","rm":"Information requested",
  "z":"C","t":"2026-11-20T14:31:02Z"}]
"""
SAMPLE_TICKS = [
    TradeTick(ONE, "alpaca", 1_502_600, 100 * UNIT, AT_NS, Counts.ALL),
    QuoteTick(
        ONE, "alpaca", 1_502_500, 1_502_700, 300 * UNIT, 200 * UNIT, 1_795_185_062_345_900_000
    ),
    BarTick(
        ONE, "alpaca", 60, 1_795_185_000 * 10**9, 1_501_000, 1_504_000, 1_500_500, 1_502_600,
        18_250 * UNIT, 1_502_231, 204, True,
    ),
    BandTick(ONE, "alpaca", 1_352_500, 1_655_000, 1_795_185_062 * 10**9),
    StatusTick(ONE, "alpaca", True, "T12 Information requested", 1_795_185_062 * 10**9),
]  # fmt: skip


def options(name: str = "alpaca", **given: str) -> dict[str, str]:
    listed = FEEDS[name]().options
    keys = {"key": "k", "secret": "s"}
    return {**{option: one.default for option, one in listed.items()}, **keys, **given}


def wire(name: str = "alpaca", **given: str) -> AlpacaWire:
    symbols = {"BTC/USD": BTC} if name == "alpaca_crypto" else {"AAPL": AAPL}

    async def prepare() -> AlpacaWire:
        source = FEEDS[name]().open_feed(options(name, **given))
        found = await source.prepare(AlpacaFake().fetch, symbols)
        assert isinstance(found, AlpacaWire)
        return found

    return run_virtual(prepare())


def say(one: AlpacaWire, *messages: dict[str, Any]) -> Received:
    return one.received(json.dumps(messages), 0)


def listing(one: AlpacaWire, *symbols: str) -> dict[str, Any]:
    return {"T": "subscription", **{channel: list(symbols) for channel in one._channels}}


def live(name: str = "alpaca", **given: str) -> AlpacaWire:
    one = wire(name, **given)
    say(one, {"T": "success", "msg": "connected"})
    say(one, {"T": "success", "msg": "authenticated"})
    assert say(one, listing(one, *one._symbols)).is_live
    return one


def test_the_published_samples() -> None:
    found = live().received(SAMPLE, 0)
    assert not found.problems
    assert list(found.ticks) == SAMPLE_TICKS


def test_the_same_in_messagepack() -> None:
    messages = json.loads(SAMPLE)
    for message in messages:
        message["t"] = msgpack.Timestamp(*divmod(event_ns(message["t"]), 10**9))
    found = live().received(msgpack.packb(messages), 0)
    assert not found.problems
    assert list(found.ticks) == SAMPLE_TICKS


def test_json_in_binary_frames_is_read_too() -> None:
    assert list(live().received(SAMPLE.strip().encode(), 0).ticks) == SAMPLE_TICKS


def test_coins() -> None:
    trade = AlpacaFake().trade("BTC/USD", 90_123.456, 0.00012, AT_NS)
    trade["t"] = AT
    (tick,) = say(live("alpaca_crypto"), trade).ticks
    assert isinstance(tick, TradeTick)
    assert (tick.source, tick.price, tick.qty) == ("alpaca_crypto", 901_234_560, 120_000)


@pytest.mark.parametrize(
    ("conditions", "counts", "unknown"),
    [
        (["@"], Counts.ALL, 0),
        (["@", "I"], Counts.VOLUME, 0),
        (["@", "?"], Counts.ALL, 1),
        (None, Counts.ALL, 0),
    ],
)
def test_conditions_say_what_a_trade_counts_for(
    conditions: list[str] | None, counts: int, unknown: int
) -> None:
    found = say(live(), {"T": "t", "S": "AAPL", "p": 1, "s": 1, "t": AT, "c": conditions})
    (tick,) = found.ticks
    assert isinstance(tick, TradeTick)
    assert tick.counts == counts
    assert [p.kind for p in found.problems] == [ProblemKind.UNKNOWN_CONDITION] * unknown


@pytest.mark.parametrize(
    ("code", "halted"), [("H", True), ("P", True), ("2", True), ("T", False), ("3", False)]
)
def test_halts(code: str, halted: bool) -> None:
    (tick,) = say(live(), {"T": "s", "S": "AAPL", "sc": code, "t": AT}).ticks
    assert isinstance(tick, StatusTick)
    assert tick.halted is halted


def test_what_changes_nothing_is_no_problem() -> None:
    found = say(
        live(),
        {"T": "s", "S": "AAPL", "sc": "Q", "t": AT},
        {"T": "c", "S": "AAPL", "oi": 1, "op": 1, "t": AT},
        {"T": "x", "S": "AAPL", "i": 1, "a": "C", "t": AT},
    )
    assert (found.ticks, found.problems) == ([], [])


def test_it_waits_for_the_greeting_and_subscribes_once_it_is_let_in() -> None:
    one = wire(channels="trades,quotes")
    assert one.headers == {"Content-Type": "application/json"}
    hello = say(one, {"T": "success", "msg": "connected"})
    assert [json.loads(frame) for frame in hello.sends] == [
        {"action": "auth", "key": "k", "secret": "s"}
    ]
    let_in = say(one, {"T": "success", "msg": "authenticated"})
    assert [json.loads(frame) for frame in let_in.sends] == [
        {"action": "subscribe", "trades": ["AAPL"], "quotes": ["AAPL"]}
    ]
    assert not let_in.is_live
    assert not say(one, listing(one)).is_live
    assert say(one, listing(one, "AAPL")).is_live


def test_in_messagepack_it_answers_so() -> None:
    one = wire(encoding="msgpack")
    assert one.headers == {"Content-Type": "application/msgpack"}
    hello = one.received(msgpack.packb([{"T": "success", "msg": "connected"}]), 0)
    (sent,) = hello.sends
    assert isinstance(sent, bytes)
    assert msgpack.unpackb(sent)["action"] == "auth"


def test_many_symbols_are_asked_for_in_several_messages_and_live_after_the_last() -> None:
    one = live(channels="trades")
    symbols = {f"S{n}": AAPL for n in range(SYMBOLS_AT_ONCE + 1)}
    sends = one.subscribe(symbols)
    assert [len(json.loads(frame)["trades"]) for frame in sends] == [SYMBOLS_AT_ONCE, 1]


def test_a_channel_that_is_not_listed_is_told() -> None:
    one = wire(channels="trades,lulds")
    say(one, {"T": "success", "msg": "authenticated"})
    found = say(one, {"T": "subscription", "trades": ["AAPL"]})
    assert found.is_live
    assert [problem.kind for problem in found.problems] == [ProblemKind.REFUSED]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, ProblemKind.UNEXPECTED),
        (402, ProblemKind.REFUSED),
        (405, ProblemKind.REFUSED),
        (406, ProblemKind.LIMITED),
        (407, ProblemKind.GAP),
        (409, ProblemKind.REFUSED),
        (500, ProblemKind.UNEXPECTED),
    ],
)
def test_errors(code: int, kind: str) -> None:
    found = say(wire(), {"T": "error", "code": code, "msg": "no"})
    assert [problem.kind for problem in found.problems] == [kind]
    assert not found.is_live


@pytest.mark.parametrize(
    "text",
    ["", "2026-11-20", "2026-11-20T14:31:02", "2026-02-30T00:00:00Z", "2026-11-20T14:31:02+99:99",
     "1960-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "2026-11-20T14:31:02.1234567890Z"],
)  # fmt: skip
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(WireError):
        event_ns(text)


@pytest.mark.parametrize("data", [b"", b"\0" * 3, b"\xff" * 8, b"\xff" * 12])
def test_packed_times_that_are_none(data: bytes) -> None:
    message = {"T": "t", "S": "AAPL", "p": 1, "s": 1, "t": msgpack.ExtType(5, data)}
    found = live().received(msgpack.packb([message]), 0)
    assert [problem.kind for problem in found.problems] == [ProblemKind.MALFORMED]


@given(st.integers(1, 2**62 - 1))
def test_every_nanosecond_survives_both_encodings(ns: int) -> None:
    for encoding in ("json", "msgpack"):
        line_frames: list[Any] = []
        fake = AlpacaFake()

        class Line:
            headers = {"content-type": f"application/{encoding}"}  # noqa: RUF012
            send = line_frames.append

        fake.say(Line(), fake.trade("AAPL", 1, 1, ns))  # type: ignore[arg-type]
        (tick,) = live().received(line_frames[0], 0).ticks
        assert isinstance(tick, TradeTick)
        assert tick.ts_event == ns


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["1e999999999", "NaN", "-Infinity", AT, "0." + "1" * 400])
)  # fmt: skip
FIELDS = st.sampled_from(["T", "S", "p", "s", "t", "c", "bp", "bs", "ap", "as", "o", "sc", "u"])
MESSAGES = st.fixed_dictionaries(
    {"T": st.sampled_from(["t", "q", "b", "u", "d", "s", "l", "c", "x", "error", "subscription"])},
    optional={"S": st.just("AAPL"), "t": st.just(AT), "p": st.just(1), "s": st.just(1)},
)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_no_bytes_raise(frame: str | bytes) -> None:
    assert not live().received(frame, 0).ticks


@given(
    st.lists(
        st.tuples(MESSAGES, st.dictionaries(FIELDS, SCALARS | st.lists(SCALARS, max_size=3))).map(
            lambda parts: {**parts[0], **parts[1]}
        ),
        max_size=4,
    )
)
def test_no_json_raises(messages: list[dict[str, Any]]) -> None:
    for tick in live().received(json.dumps(messages), 0).ticks:
        assert tick.instrument_id == ONE


@pytest.mark.parametrize(
    "given", [{"channels": "trades,news"}, {"encoding": "xml"}, {"quote_sizes": "x"}, {"url": "a"}]
)
def test_wrong_options_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="expected"):
        FEEDS["alpaca"]().open_feed(options(**given))
