"""Statements and postings as they are sent.

Promises: every sum is over postings that are listed or can be exported, and opening, sums and
closing agree to the micro-dollar. Must not know: HTTP, or how a paper is drawn.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Final, NamedTuple

from stockyard.api import statement_answers as s
from stockyard.api.contracts import is_contract
from stockyard.api.frames import token_text
from stockyard.api.rendering import Renderer
from stockyard.api.shapes import price_text, time_text
from stockyard.market.calendars import NEW_YORK, new_york_ns
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_cash, format_decimal
from stockyard.model.ticks import DAY_S
from stockyard.projections.equity import value_micros
from stockyard.projections.postings import (
    BOOK_WORDS,
    DEPOSIT,
    RESET,
    WITHDRAWAL,
    Holding,
    Posting,
    Standing,
)
from stockyard.projections.rows import AccountRow
from stockyard.projections.statements import Statement
from stockyard.projections.view import QuoteRow
from stockyard.runtime.history import HistoryReader

MONTHS_MAX: Final = 600
"""Months that are listed, the newest of them."""
_NS: Final = 1_000_000_000
_HOUR_S: Final = 3_600


class Month(NamedTuple):
    """A month of New York."""

    year: int
    month: int

    @property
    def word(self) -> str:
        """As it is named: 2026-11."""
        return f"{self.year:04}-{self.month:02}"

    @property
    def from_ns(self) -> int:
        """When it begins."""
        return new_york_ns(date(self.year, self.month, 1), time())

    @property
    def to_ns(self) -> int:
        """When the next one begins."""
        return self.next().from_ns

    def next(self) -> "Month":
        """The one after it."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)


class Price(NamedTuple):
    """A price, scaled, and when the hour or day that it closed was over."""

    price: int
    at_ns: int


Prices = Mapping[int, Price]


def month_of(ns: int) -> Month:
    """The month that a moment falls into."""
    there = datetime.fromtimestamp(ns // _NS, UTC).astimezone(NEW_YORK)
    return Month(there.year, there.month)


def months(account: AccountRow, now_ns: int) -> list[Month]:
    """The months that an account has statements of, newest first."""
    found = [month_of(account.created_ns)]
    last = month_of(now_ns)
    while found[-1] < last:
        found.append(found[-1].next())
    return found[: -MONTHS_MAX - 1 : -1]


def shown_month(month: Month, now_ns: int) -> s.StatementMonth:
    """A month as it is listed."""
    over = month.to_ns <= now_ns
    return s.StatementMonth(month.word, time_text(month.from_ns), time_text(month.to_ns), over)


def prices_at(reader: HistoryReader, instrument_ids: list[int], at_ns: int) -> Prices:
    """What instruments were worth at a moment: the close of the last hour that was over, or of the
    last day where no hours are kept.
    """
    found = {}
    for instrument_id in instrument_ids:
        for window_s in (_HOUR_S, DAY_S):
            before_ns = at_ns - window_s * _NS + 1
            bars = reader.newest_bars(instrument_id, window_s, before_ns, 1)
            if bars:
                price = Price(bars[-1].close, bars[-1].start_ns + window_s * _NS)
                found[instrument_id] = price
                break
    return found


def marks(
    quotes: Mapping[int, QuoteRow], holdings: Mapping[int, Holding], now_ns: int
) -> dict[int, Price]:
    """What instruments are worth right now, where anybody has named a price."""
    found = {i: quotes[i].mark(held.qty) for i, held in holdings.items()}
    return {i: Price(mark, now_ns) for i, mark in found.items() if mark}


class Statements:
    """Shows the statements of one world."""

    def __init__(self, render: Renderer, instruments: Mapping[int, Instrument]) -> None:
        self._render, self._instruments = render, instruments

    def statement(
        self,
        account: AccountRow,
        month: Month,
        now_ns: int,
        found: Statement,
        before: Prices,
        after: Prices,
    ) -> s.Statement:
        """A month's statement; ``before`` and ``after``: prices at its beginning and its end."""
        ends_ns = min(month.to_ns, now_ns)
        opening, begins = self._side(month.from_ns, found.opening, before)
        closing, ends = self._side(ends_ns, found.closing, after)
        cash = found.cash_by_kind
        invested = cash[DEPOSIT] + cash[WITHDRAWAL] + cash[RESET] + found.given_up
        return s.Statement(
            self._render.account_id(account.account_id),
            account.name,
            month.word,
            time_text(month.from_ns),
            time_text(month.to_ns),
            month.to_ns <= now_ns,
            "USD",
            opening,
            closing,
            [s.StatementSum(kind, format_cash(micros)) for kind, micros in cash.items()],
            [
                s.StatementFee(fee, format_cash(micros))
                for fee, micros in sorted(found.fees_by_kind.items())
            ],
            format_cash(found.realized),
            [
                s.StatementRealized(self._instruments[which].symbol, format_cash(micros))
                for which, micros in sorted(
                    found.realized_by_instrument.items(),
                    key=lambda one: self._instruments[one[0]].symbol,
                )
            ],
            format_cash(invested),
            format_cash(ends - begins - invested),
            found.posted,
            [self.posting(line) for line in found.listed],
        )

    def posting(self, line: Posting) -> s.Posting:
        """One line of a ledger."""
        instrument = self._instruments.get(line.instrument_id)
        qty = cost = price = None
        if instrument is not None:
            scale = instrument.qty_scale
            qty = format_decimal(line.qty, scale) if line.qty else None
            cost = format_cash(line.cost) if line.qty else None
            price = price_text(line.price, instrument) if line.qty and line.price else None
        return s.Posting(
            token_text((line.seq, line.idx)),
            time_text(line.ts),
            line.kind,
            instrument.symbol if instrument is not None else None,
            format_cash(line.cash),
            format_cash(line.margin),
            qty,
            cost,
            format_cash(line.realized) if line.realized else None,
            price,
            line.fee or None,
            self._render.order_id(line.order_id) if line.order_id else None,
            [
                s.CounterPosting(BOOK_WORDS[book], format_cash(micros))
                for book, micros in line.counters
            ],
        )

    def _side(self, at_ns: int, standing: Standing, prices: Prices) -> tuple[s.StatementSide, int]:
        """Where an account stood, and what it was worth in micro-dollars."""
        shown, total = [], 0
        for instrument_id, held in standing.holdings.items():
            told, value = self._position(instrument_id, held, prices.get(instrument_id))
            shown.append(told)
            total += value
        shown.sort(key=lambda one: one.symbol)
        side = s.StatementSide(
            time_text(at_ns),
            format_cash(standing.cash),
            format_cash(standing.margin),
            format_cash(total),
            format_cash(standing.cash + total),
            shown,
        )
        return side, standing.cash + total

    def _position(
        self, instrument_id: int, held: Holding, price: Price | None
    ) -> tuple[s.StatementPosition, int]:
        instrument = self._instruments[instrument_id]
        worth = held.cost
        if price is not None:
            worth = value_micros(price.price, held.qty, instrument)
        gained = worth - held.cost
        value = gained + held.margin if is_contract(instrument) else worth
        told = s.StatementPosition(
            instrument.symbol,
            format_decimal(held.qty, instrument.qty_scale),
            format_cash(held.cost),
            format_cash(held.margin),
            price_text(price.price, instrument) if price is not None else None,
            time_text(price.at_ns) if price is not None else None,
            format_cash(value),
            format_cash(gained),
        )
        return told, value
