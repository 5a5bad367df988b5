"""Alpaca's timeframes: which one a text names, where its bars begin, and how they are folded.

Promises: bars of minutes and hours begin at whole multiples of themselves since 1970 (UTC), as
4Hour at 00:00, 04:00 and so on; a day at midnight, a week on Monday, months with the first of the
first one (of a quarter for 3, of a half for 6, of a year for 12). Midnight is New York's for
stocks and UTC's for coins. Must not know: where bars are kept.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from stockyard.api.alpaca.errors import Refusal, invalid
from stockyard.market.calendars import NEW_YORK, new_york_ns
from stockyard.market.folding import begun, joined
from stockyard.model.codes import AssetClass
from stockyard.model.instruments import Instrument
from stockyard.model.ticks import DAY_S, WINDOWS_S, Bar

_NS: Final = 1_000_000_000
_HOUR_S: Final = 3_600
_HALF_DAY_NS: Final = DAY_S * _NS // 2
_TEXT: Final = re.compile(r"([1-9][0-9]?)(Min|T|Hour|H|Day|D|Week|W|Month|M)", re.ASCII)
_SHORT: Final = {"T": "Min", "H": "Hour", "D": "Day", "W": "Week", "M": "Month"}
_MONTHS: Final = (1, 2, 3, 6, 12)
_RIGHT: Final = "use 1Min to 59Min, 1Hour to 23Hour, 1Day, 1Week, or 1, 2, 3, 6 or 12Month"


class Place(NamedTuple):
    """Whose bars they are: ``kept_day``: whether the days that are kept are the place's days."""

    follows_new_york: bool
    kept_day: bool

    def midnight_ns(self, day: date) -> int:
        """When a day begins."""
        if self.follows_new_york:
            return new_york_ns(day, time())
        return int(datetime.combine(day, time(), tzinfo=UTC).timestamp()) * _NS

    def day(self, ns: int) -> date:
        """The day that a moment belongs to."""
        found = datetime.fromtimestamp(ns // _NS, UTC)
        return (found.astimezone(NEW_YORK) if self.follows_new_york else found).date()


NEW_YORK_DAYS: Final = Place(True, True)
ALWAYS_OPEN_STOCK: Final = Place(True, False)
UTC_DAYS: Final = Place(False, True)


def place_of(instrument: Instrument, calendar: str) -> Place:
    """Where an instrument's days are; a stock's are New York's also where it trades at all hours
    and days of UTC are kept.
    """
    if instrument.asset_class != AssetClass.US_EQUITY:
        return UTC_DAYS
    return NEW_YORK_DAYS if calendar == "xnys" else ALWAYS_OPEN_STOCK


class Timeframe(NamedTuple):
    """A length of bars: ``seconds`` for minutes and hours, else ``days`` (1 or 7) or ``months``."""

    seconds: int
    days: int = 0
    months: int = 0

    def kept_s(self, place: Place) -> int:
        """The length of the kept bars that it is folded from."""
        if not self.seconds:
            return DAY_S if place.kept_day else _HOUR_S
        return max(x for x in WINDOWS_S[:-1] if self.seconds % x == 0)

    def parts_max(self, place: Place) -> int:
        """How many kept bars one of its bars may have."""
        if self.seconds:
            return self.seconds // self.kept_s(place)
        # A day of New York has 25 hours once a year.
        return (31 * self.months or self.days) * (1 if place.kept_day else 25)

    def start_ns(self, ns: int, place: Place) -> int:
        """Where the bar begins that holds a moment."""
        if self.seconds:
            length = self.seconds * _NS
            return ns // length * length
        return place.midnight_ns(self._first_day(place.day(ns)))

    def next_ns(self, start_ns: int, place: Place) -> int:
        """Where the bar ends that begins at ``start_ns``."""
        if self.seconds:
            return start_ns + self.seconds * _NS
        day = place.day(start_ns)
        if self.months:
            month = day.month - 1 + self.months
            return place.midnight_ns(date(day.year + month // 12, month % 12 + 1, 1))
        return place.midnight_ns(day + timedelta(days=self.days))

    def _first_day(self, day: date) -> date:
        if self.months:
            return date(day.year, (day.month - 1) // self.months * self.months + 1, 1)
        return day - timedelta(days=day.weekday()) if self.days == 7 else day

    def fold(self, bars: Iterable[Bar], place: Place) -> list[Bar]:
        """Bars of this timeframe out of kept bars in order; also those without a price."""
        if self.seconds in WINDOWS_S or (self.days == 1 and place.kept_day):
            return list(bars)
        folded: list[Bar] = []
        ends_ns, length_s = 0, self.seconds or DAY_S * (self.days or 31 * self.months)
        for bar in bars:
            if bar.start_ns < ends_ns:
                folded[-1] = joined(folded[-1], bar)
                continue
            # A kept day is asked by its middle: it may begin on the evening before.
            within = bar.start_ns + (_HALF_DAY_NS if bar.window_s == DAY_S else 0)
            start_ns = self.start_ns(within, place)
            ends_ns = self.next_ns(start_ns, place)
            folded.append(begun(bar, start_ns, length_s))
        return folded


MINUTE: Final = Timeframe(60)
DAY: Final = Timeframe(0, days=1)


@lru_cache(256)
def timeframe_of(text: str) -> Timeframe:
    """What a text such as ``15Min``, ``1Day`` or ``3Month`` names. Raises ``Refusal``."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise _refused(text)
    count, unit = int(match[1]), _SHORT.get(match[2], match[2])
    if unit == "Min" and count <= 59:
        return Timeframe(count * 60)
    if unit == "Hour" and count <= 23:
        return Timeframe(count * _HOUR_S)
    if unit == "Day" and count == 1:
        return DAY
    if unit == "Week" and count == 1:
        return Timeframe(0, days=7)
    if unit == "Month" and count in _MONTHS:
        return Timeframe(0, months=count)
    raise _refused(text)


def _refused(text: str) -> Refusal:
    return invalid("timeframe", text, _RIGHT)
