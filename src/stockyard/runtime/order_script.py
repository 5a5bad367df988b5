"""Scripted orders: what to send while a recorded day plays, and at which market time.

Promises: every row is read and checked before anything is played; an error names the file, the line
and what would be right. Whether an order can be had is the engine's to say, as for a live one. Must
not know: where the rows come from, or what becomes of an order.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from hashlib import blake2b
from operator import attrgetter
from typing import Final, NamedTuple, TypeVar

from stockyard.market.calendars import NEW_YORK
from stockyard.model.codes import (
    CLASS_WORDS,
    SIDE_WORDS,
    TIF_WORDS,
    TYPE_WORDS,
    AssetClass,
    OrderClass,
    TimeInForce,
)
from stockyard.model.commands import CancelOrder, PlaceOrder, ReplaceOrder
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import (
    CASH_SCALE,
    CLIENT_ORDER_ID_LENGTH_MAX,
    NumberError,
    parse_decimal,
)
from stockyard.model.recordings import RecordingError, recorded_time

NEEDED: Final = ("time", "action", "client_order_id")
PLAIN_COLUMNS: Final = (
    *NEEDED,
    "symbol",
    "side",
    "type",
    "qty",
    "notional",
    "limit_price",
    "time_in_force",
)
STOP_COLUMNS: Final = ("stop_price", "trail_price", "trail_percent", "expires_at")
FLAG_COLUMNS: Final = ("reduce_only", "post_only")
LEG_COLUMNS: Final = (
    "order_class",
    "take_profit_limit_price",
    "stop_loss_stop_price",
    "stop_loss_limit_price",
    "stop_loss_trail_price",
    "stop_loss_trail_percent",
    "extended_hours",
)
COLUMNS: Final = (*PLAIN_COLUMNS, *STOP_COLUMNS, *FLAG_COLUMNS, *LEG_COLUMNS)
"""Columns of an order script; the first three must be there."""
PLACE: Final = "place"
CANCEL: Final = "cancel"
REPLACE: Final = "replace"
ACTIONS: Final = (PLACE, CANCEL, REPLACE)
_CHANGEABLE: Final[Mapping[str, tuple[str, ...]]] = {
    CANCEL: (),
    REPLACE: ("qty", "limit_price", "time_in_force", *STOP_COLUMNS),
}
"""What a row may say beyond naming its order."""
ORDERS_MAX: Final = 100_000
"""Rows one script may have."""

_FLAGS: Final = {False: "no", True: "yes"}
_TIME_OF_DAY = re.compile(r"\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?", re.ASCII)
_CLIENT_ORDER_ID = re.compile(rf"[!-~]{{1,{CLIENT_ORDER_ID_LENGTH_MAX}}}", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)
_DIGEST_SIZE: Final = 16
PERCENT_SCALE: Final = 4
"""Decimal places of a percentage, of which the engine counts millionths."""
K = TypeVar("K")


class OrderScriptError(RecordingError):
    """An order script that cannot be played."""


class MarketDays(NamedTuple):
    """The days a recording covers, ``first`` to ``last``, on its market's clock."""

    first: date
    last: date
    zone: tzinfo

    @classmethod
    def of(cls, asset_class: int, first_ts: int, last_ts: int) -> "MarketDays":
        """The days of facts known from ``first_ts`` to ``last_ts``: New York's for stocks, UTC's
        for coins.

        What is known exactly at midnight (the end of a day's last bar) belongs to the day before,
        unless nothing is earlier.
        """
        zone: tzinfo = NEW_YORK if asset_class == AssetClass.US_EQUITY else UTC
        first = _moment(first_ts, zone).date()
        return cls(first, max(first, _moment(last_ts - 1, zone).date()), zone)

    def ns(self, day: date, at: time) -> int:
        """UTC ns of a time of day on one of the days."""
        moment = datetime.combine(day, at, tzinfo=self.zone)
        return (moment - _EPOCH) // _MICROSECOND * 1000

    def begin_ns(self) -> int:
        """UTC ns of the first day's beginning."""
        return self.ns(self.first, time())

    def end_ns(self) -> int:
        """UTC ns of the last day's end."""
        return self.ns(self.last + _DAY, time())

    def text(self, ts: int) -> str:
        """A time as the market's clock shows it, with the date unless it is the only day's."""
        moment = _moment(ts, self.zone)
        only = self.first == self.last == moment.date()
        day = "" if only else f"{moment:%Y-%m-%d} "
        fraction = f".{moment.microsecond:06d}".rstrip("0").rstrip(".")
        return f"{day}{moment:%H:%M:%S}{fraction}"

    def windows(self, start: time | None, end: time | None) -> tuple[tuple[int, int], ...]:
        """Each day's stretch from ``start`` to ``end``, both included, as UTC ns in order."""
        found = []
        day = self.first
        while day <= self.last:
            begin = self.ns(day, start or time())
            until = self.ns(day + _DAY, time()) if end is None else self.ns(day, end)
            found.append((begin, until))
            day += _DAY
        return tuple(found)


def _moment(ts: int, zone: tzinfo) -> datetime:
    return (_EPOCH + timedelta(microseconds=ts // 1000)).astimezone(zone)


def time_of_day(text: str) -> time:
    """A time of day such as ``10:00`` or ``15:59:59.5``. Raises ``NumberError``."""
    try:
        if _TIME_OF_DAY.fullmatch(text):
            return time.fromisoformat(text)
    except ValueError:
        pass
    raise NumberError("write a time of day from 00:00:00 to 23:59:59, such as 10:00 or 15:59:59.5")


class ScriptedOrder(NamedTuple):
    """One row: at ``ts``, place an order, or cancel or replace the one placed under this
    ``client_order_id``.

    Numbers are scaled as in ``PlaceOrder``; 0 for what is not given. ``exits``: the take-profit's
    limit, then of the stop-loss its stop, limit, trail in price and in millionths.
    """

    line: int
    ts: int
    action: str
    client_order_id: str
    symbol: str
    instrument_id: int
    side: int
    order_type: int
    time_in_force: int
    qty: int
    notional_micros: int
    limit_price: int
    stop_price: int
    trail_price: int
    trail_ppm: int
    expires_ns: int
    digest: bytes
    reduce_only: bool = False
    post_only: bool = False
    order_class: int = OrderClass.SIMPLE
    exits: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    extended_hours: bool = False

    @property
    def _stop_terms(self) -> tuple[int, int, int, int]:
        return self.stop_price, self.trail_price, self.trail_ppm, self.expires_ns

    def command(
        self, account_id: int, order_id: int, replacements: int
    ) -> PlaceOrder | CancelOrder | ReplaceOrder:
        """The command to send; ``order_id`` is what the row's ``client_order_id`` stands for by
        then, and ``replacements`` how often it was asked to be replaced before.
        """
        if self.action == CANCEL:
            return CancelOrder(account_id, order_id, "", self.digest)
        if self.action == REPLACE:
            return ReplaceOrder(
                account_id,
                order_id,
                self.qty,
                self.limit_price,
                self.time_in_force,
                f"{self.client_order_id}/{replacements + 2}",
                "",
                self.digest,
                *self._stop_terms,
            )
        return PlaceOrder(
            account_id,
            self.instrument_id,
            self.side,
            self.order_type,
            self.time_in_force,
            self.qty,
            self.limit_price,
            self.notional_micros,
            self.client_order_id,
            "",
            self.digest,
            *self._stop_terms,
            self.order_class,
            *self.exits,
            self.extended_hours,
            reduce_only=self.reduce_only,
            post_only=self.post_only,
        )


def read_orders(
    lines: Iterable[str], where: str, instruments: Mapping[str, Instrument], days: MarketDays
) -> tuple[ScriptedOrder, ...]:
    """Read a script's CSV, sorted by time and, at equal times, as the rows stand.

    Raises ``OrderScriptError``.
    """
    rows = list(_rows(lines, where))
    placed: dict[str, str] = {}
    for row in rows:
        if row.cell("action").lower() == PLACE:
            placed.setdefault(row.cell("client_order_id"), row.cell("symbol").upper())
    orders = sorted((row.order(instruments, days, placed) for row in rows), key=attrgetter("ts"))
    alive: set[str] = set()
    for order in orders:
        if order.action == PLACE:
            alive.add(order.client_order_id)
        elif order.client_order_id not in alive:
            raise OrderScriptError(
                where,
                f'the order "{order.client_order_id[:40]}" is placed later than this row\'s time',
                "cancel or replace an order after it is placed",
                order.line,
            )
    return tuple(orders)


def _rows(lines: Iterable[str], where: str) -> Iterator["_Row"]:
    reader = csv.reader(lines, strict=True)
    count = 0
    try:
        names = _checked_header(next(reader, []), where)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            line, count = reader.line_num, count + 1
            if len(cells) != len(names):
                raise OrderScriptError(
                    where,
                    f"this row has {len(cells)} cells",
                    f"it should have {len(names)}, as the first line",
                    line,
                )
            if count > ORDERS_MAX:
                raise OrderScriptError(
                    where, "the script is too long", f"it may have {ORDERS_MAX} rows", line
                )
            row = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
            yield _Row(where, line, row)
    except csv.Error as error:
        raise OrderScriptError(
            where, f"this is no CSV ({error})", "close every quoted cell", reader.line_num
        ) from None


def _checked_header(cells: list[str], where: str) -> list[str]:
    names = [cell.strip() for cell in cells]
    if not set(NEEDED) <= set(names) <= set(COLUMNS) or len(set(names)) != len(names):
        raise OrderScriptError(
            where,
            f"the columns are {','.join(names)[:200] or 'missing'}",
            f"the first line names {','.join(NEEDED)} and, as needed, {','.join(COLUMNS[3:])}",
            1,
        )
    return names


class _Row(NamedTuple):
    """One row as text, and how to read it."""

    where: str
    line: int
    cells: Mapping[str, str]

    def order(
        self, instruments: Mapping[str, Instrument], days: MarketDays, placed: Mapping[str, str]
    ) -> ScriptedOrder:
        """Read the row; ``placed``: the symbol of each order that some row places."""
        action = self.cell("action").lower()
        if action not in ACTIONS:
            raise self._bad("action", "use place, cancel or replace")
        place = action == PLACE
        for name in COLUMNS[4:]:
            if self.cell(name) and not (place or name in _CHANGEABLE[action]):
                raise self._bad(name, f"leave it blank: {action} does not take it")
        instrument = self._instrument(instruments, placed, place)
        order_class = self._word("order_class", CLASS_WORDS, OrderClass.SIMPLE)
        limit = self._number("limit_price", instrument.price_scale, place)
        exits = self._exits(instrument)
        if order_class == OrderClass.OCO and exits[0] and not limit:
            # An OCO is its own take-profit, and may be written as such.
            limit, exits = exits[0], (0, *exits[1:])
        return ScriptedOrder(
            self.line,
            self._ts(days),
            action,
            self.cell("client_order_id"),
            instrument.symbol,
            instrument.instrument_id,
            self._word("side", SIDE_WORDS) if place else 0,
            self._word("type", TYPE_WORDS) if place else 0,
            self._word("time_in_force", TIF_WORDS, TimeInForce.DAY if place else 0),
            self._number("qty", instrument.qty_scale, place),
            self._number("notional", CASH_SCALE, place),
            limit,
            self._number("stop_price", instrument.price_scale, place),
            self._number("trail_price", instrument.price_scale, place),
            self._number("trail_percent", PERCENT_SCALE, place),
            self._moment("expires_at", days) if self.cell("expires_at") else 0,
            self._digest(),
            self._word("reduce_only", _FLAGS, False),
            self._word("post_only", _FLAGS, False),
            order_class,
            exits,
            self._word("extended_hours", _FLAGS, False),
        )

    def _exits(self, instrument: Instrument) -> tuple[int, int, int, int, int]:
        """The exits' prices, as ``ScriptedOrder.exits``."""
        profit, stop, limit, trail = (
            self._leg(name, instrument.price_scale) for name in LEG_COLUMNS[1:5]
        )
        return profit, stop, limit, trail, self._leg(LEG_COLUMNS[5], PERCENT_SCALE)

    def _leg(self, name: str, scale: int) -> int:
        number = self._number(name, scale, True)
        if number <= 0 and self.cell(name):
            raise self._bad(name, "write a number above 0, or leave it blank")
        return number

    def _instrument(
        self, instruments: Mapping[str, Instrument], placed: Mapping[str, str], place: bool
    ) -> Instrument:
        name, symbol = self.cell("client_order_id"), self.cell("symbol").upper()
        if not _CLIENT_ORDER_ID.fullmatch(name):
            raise self._bad(
                "client_order_id",
                f"give 1 to {CLIENT_ORDER_ID_LENGTH_MAX} visible ASCII characters without spaces",
            )
        if not place:
            if name not in placed:
                raise self._bad("client_order_id", "name an order that another row places")
            if symbol not in ("", placed[name]):
                raise self._bad("symbol", f"leave it blank: that order is for {placed[name][:40]}")
            symbol = placed[name]
        if symbol not in instruments:
            raise self._bad("symbol", f"the recording has {', '.join(instruments)[:200]}")
        return instruments[symbol]

    def cell(self, name: str) -> str:
        """The row's text in a column; blank where the script lacks it."""
        return self.cells.get(name, "")

    def _bad(self, name: str, right: str) -> OrderScriptError:
        cell = self.cell(name)
        wrong = f'{name} is "{cell[:40]}"' if cell else f"{name} is blank"
        return OrderScriptError(self.where, wrong, right, self.line)

    def _word(self, name: str, words: Mapping[K, str], without: K | None = None) -> K:
        cell = self.cell(name).lower()
        if not cell and without is not None:
            return without
        for number, word in words.items():
            if word == cell:
                return number
        raise self._bad(name, f"use {', '.join(words.values())}")

    def _number(self, name: str, scale: int, place: bool) -> int:
        cell = self.cell(name)
        if not cell:
            return 0
        try:
            number = parse_decimal(cell, scale)
            if number == 0 and not place:
                raise NumberError("leave it blank to keep what the order has")
        except NumberError as error:
            raise self._bad(name, str(error)) from None
        return number

    def _ts(self, days: MarketDays) -> int:
        ts = self._moment("time", days)
        if not days.begin_ns() <= ts <= days.end_ns():
            raise self._bad(
                "time", f"the recording covers {days.first.isoformat()} to {days.last.isoformat()}"
            )
        return ts

    def _moment(self, name: str, days: MarketDays) -> int:
        """A time with its zone, or a time of day where there is one day."""
        text = self.cell(name)
        try:
            if not _TIME_OF_DAY.fullmatch(text):
                return recorded_time(text)
            if days.first == days.last:
                return days.ns(days.first, time_of_day(text))
            raise NumberError(
                "write the date too, such as 2013-10-07T10:00:00-04:00: the recording has"
                " several days"
            )
        except NumberError as error:
            raise self._bad(name, str(error)) from None

    def _digest(self) -> bytes:
        """A digest of what the row asks for; columns that are blank at the end change nothing."""
        text = "\x1f".join(self.cell(name) for name in PLAIN_COLUMNS[1:])
        for columns in (STOP_COLUMNS, FLAG_COLUMNS, LEG_COLUMNS):
            more = [self.cell(name) for name in columns]
            if any(more):
                text = "\x1f".join((text, *more))
        return blake2b(text.encode(), digest_size=_DIGEST_SIZE).digest()
