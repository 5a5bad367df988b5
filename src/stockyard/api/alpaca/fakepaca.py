"""FAKEPACA: a symbol that nobody can trade, told around the clock for trying out a client.

Promises: a quote five times a second and a trade each second, also where no market runs; the same
moment gives the same prices; a minute's bar is made of that minute's trades. Must not know: who
listens.
"""

from typing import Any, Final

from stockyard.api.alpaca.data_frames import (
    EXCHANGE,
    QUOTE_CONDITIONS,
    TAPE,
    TRADE_CONDITIONS,
)
from stockyard.api.alpaca.formats import Format
from stockyard.model.numbers import format_ratio
from stockyard.numerics.random import CounterRandom

SYMBOL: Final = "FAKEPACA"
STEPS_PER_S: Final = 5
_NS: Final = 1_000_000_000
_STEP_NS: Final = _NS // STEPS_PER_S
_MINUTE_S: Final = 60
_MIDDLE: Final = 13_500
"""In cents."""
_SWING: Final = 200
"""So far it goes from the middle, to and fro once in ``_ROUND_S``."""
_ROUND_S: Final = 1_200
_draws: Final = CounterRandom(7)


def _price(second: int) -> int:
    """The trade of a second, in cents."""
    place = second % _ROUND_S
    way = min(place, _ROUND_S - place) * 4 - _ROUND_S
    return _MIDDLE + way * _SWING // _ROUND_S + _draws.uint64(second) % 11 - 5


def _size(number: int) -> int:
    return _draws.uint64(~number & 0xFFFF_FFFF) % 9 * 100 + 100


def step_of(ns: int) -> int:
    """The number of the step that a moment lies in."""
    return ns // _STEP_NS


def step_ns(step: int) -> int:
    """When a step begins, UTC nanoseconds."""
    return step * _STEP_NS


def quote(form: Format, step: int) -> dict[str, Any]:
    """The quote of a step."""
    price, width = _price(step // STEPS_PER_S), _draws.uint64(step) % 3 + 1
    return {
        "T": "q",
        "S": SYMBOL,
        "bx": EXCHANGE,
        "bp": form.scaled(price - width, 2),
        "bs": _size(2 * step),
        "ax": EXCHANGE,
        "ap": form.scaled(price + width, 2),
        "as": _size(2 * step + 1),
        "c": QUOTE_CONDITIONS,
        "z": TAPE,
        "t": form.time(step_ns(step)),
    }


def trade(form: Format, second: int) -> dict[str, Any]:
    """The trade of a second."""
    return {
        "T": "t",
        "S": SYMBOL,
        "i": second,
        "x": EXCHANGE,
        "p": form.scaled(_price(second), 2),
        "s": _size(second),
        "c": TRADE_CONDITIONS,
        "z": TAPE,
        "t": form.time(second * _NS),
    }


def bar(form: Format, minute: int) -> dict[str, Any]:
    """The bar of a minute's trades."""
    seconds = range(minute * _MINUTE_S, (minute + 1) * _MINUTE_S)
    prices, sizes = [_price(at) for at in seconds], [_size(at) for at in seconds]
    value = sum([price * size for price, size in zip(prices, sizes, strict=True)])
    return {
        "T": "b",
        "S": SYMBOL,
        "o": form.scaled(prices[0], 2),
        "h": form.scaled(max(prices), 2),
        "l": form.scaled(min(prices), 2),
        "c": form.scaled(prices[-1], 2),
        "v": sum(sizes),
        "n": len(prices),
        "vw": form.number(format_ratio(value, sum(sizes) * 100, 4)),
        "t": form.time(minute * _MINUTE_S * _NS),
    }


def of_step(form: Format, step: int) -> dict[str, list[dict[str, Any]]]:
    """What a step brings, by channel."""
    second, rest = divmod(step, STEPS_PER_S)
    found = {"quotes": [quote(form, step)]}
    if rest == 0:
        found["trades"] = [trade(form, second)]
        if second % _MINUTE_S == 0:
            found["bars"] = [bar(form, second // _MINUTE_S - 1)]
    return found
