"""Instruments as feeds' tests use them, and frames as nobody should send them."""

import json
from copy import deepcopy
from typing import Any, Final

from hypothesis import strategies as st

from stockyard.model.codes import AssetClass
from stockyard.model.instruments import Instrument


def instrument(
    instrument_id: int, symbol: str, asset_class: int, price_scale: int, qty_scale: int
) -> Instrument:
    """An instrument of these scales; the rest of its terms matters to no feed."""
    return Instrument(
        instrument_id=instrument_id,
        symbol=symbol,
        name=symbol,
        asset_class=asset_class,
        exchange="TEST",
        calendar_id=1,
        price_scale=price_scale,
        qty_scale=qty_scale,
        tick=1,
        tick_below=1,
        tick_threshold=0,
        lot=1,
        round_lot=100 * 10**qty_scale,
        qty_max=10**15,
        band_bps=5000,
        collar_bps=500,
        notional_micros_min=0,
    )


STOCK: Final = instrument(1, "AAPL", AssetClass.US_EQUITY, 4, 6)
OPTION: Final = instrument(2, "AAPL261218C00150000", AssetClass.US_EQUITY, 4, 6)
COIN: Final = instrument(1, "SOL/USD", AssetClass.CRYPTO, 8, 9)
PERPETUAL: Final = instrument(2, "SOL-PERP", AssetClass.CRYPTO, 8, 9)

_numbers: Final = st.one_of(
    st.integers(),
    st.integers(min_value=10**11, max_value=10**19),
    st.floats(),
    st.sampled_from([0, -1, 2**62, 2**63, 2**64, 10**30, 1e308, 5e-324]),
)
_odd: Final = st.sampled_from(
    [
        None, True, False, "", "NaN", "sNaN", "-Infinity", "1e999999", "1e-999999", "0x10", " 1 ",
        "1_0", "\u0663", "\x00", "2026-11-20T14:31:00", "0001-01-01", "9999-12-31",
        "9999-12-31T23:59:59.999999+14:00", [], {}, [[]], [None],
    ]
)  # fmt: skip
# Longer than Python turns into an integer.
_long: Final = st.integers(4_000, 5_000).map(lambda length: "9" * length)
_leaves: Final = st.one_of(_numbers, _long, _numbers.map(str), _odd, st.text(max_size=20))
values: Final = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=6), st.dictionaries(st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=15,
)
"""Anything that JSON can say, and a little more."""


class Frames(list[Any]):
    """Good frames; hypothesis shows them by their number, because all of them are too much."""

    def __repr__(self) -> str:
        return f"<{len(self)} frames>"


@st.composite
def spoilt(draw: st.DrawFn, frames: Frames) -> str | bytes:
    """A good frame of which parts were replaced, left out, added, cut or turned about."""
    frame = json.loads(json.dumps(frames[draw(st.integers(0, len(frames) - 1))]))
    for _ in range(draw(st.integers(0, 4))):
        _spoil(draw, frame)
    text = json.dumps(frame)
    if draw(st.booleans()):
        first = draw(st.integers(0, len(text)))
        last = draw(st.integers(first, min(len(text), first + 12)))
        text = text[:first] + draw(st.text(max_size=6)) + text[last:]
    # A lone surrogate is no UTF-8; text frames may hold it in Python, bytes may not.
    return text if draw(st.booleans()) else text.encode(errors="surrogatepass")


def _spoil(draw: st.DrawFn, frame: Any) -> None:
    """Change one thing somewhere in a frame; what is put in may be changed later, but is drawn as
    it was.
    """
    at = frame
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            return
        key = draw(st.sampled_from(keys))
        if isinstance(at[key], dict | list) and at[key] and draw(st.integers(0, 4)):
            at = at[key]
            continue
        change = draw(st.integers(0, 3))
        if change == 0:
            del at[key]
        elif change == 1 and isinstance(at, list):
            at.insert(key, deepcopy(draw(values)))
        elif change == 2 and isinstance(at, list):
            at.reverse()
        else:
            at[key] = deepcopy(draw(values))
        return
