"""What an account's ledger says of a stretch of time: where it stood before and after, and all that
was posted between.

Promises: opening plus postings is closing, to the micro-dollar; the end of one stretch is the
beginning of the next. Where an account stood at the end of a month that is over is remembered, so
that a later one is not worked out from the first event again. Must not know: HTTP, how a paper is
drawn, prices.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock
from typing import Final, NamedTuple

from stockyard.model.codes import AssetClass
from stockyard.model.instruments import Instrument
from stockyard.projections.postings import (
    GIVEN_UP,
    KINDS,
    NOTHING,
    Ledger,
    Posting,
    Standing,
)
from stockyard.projections.store import ReadStore

PAGE_EVENTS: Final = 2_000
LISTED_MAX: Final = 5_000
"""Postings that a statement lists; the sums are over all of them, and an export has them all."""
ACCOUNTS_REMEMBERED_MAX: Final = 256
STANDINGS_REMEMBERED_MAX: Final = 60
"""Of one account."""


class Statement(NamedTuple):
    """A stretch of one account's ledger. ``listed``: the first ``LISTED_MAX`` of all ``posted``
    postings.

    ``cash_by_kind`` and ``fees_by_kind`` sum all postings' cash in micro-dollars; ``realized``
    their profit or loss before fees; ``given_up`` what went with resets: cost, and of
    contracts the margin set apart.
    """

    opening: Standing
    closing: Standing
    cash_by_kind: dict[str, int]
    fees_by_kind: dict[str, int]
    realized: int
    realized_by_instrument: dict[int, int]
    given_up: int
    listed: list[Posting]
    posted: int


class Standings:
    """Where accounts stood at times; shared by threads."""

    def __init__(self) -> None:
        self._by_account: OrderedDict[int, dict[int, Standing]] = OrderedDict()
        self._lock = Lock()

    def before(self, account_id: int, seq: int) -> Standing:
        """The last that is remembered of before an input."""
        with self._lock:
            known = self._by_account.get(account_id)
            if not known:
                return NOTHING
            at = sorted(known)
            place = bisect_right(at, seq)
            return known[at[place - 1]] if place else NOTHING

    def remember(self, account_id: int, seq: int, standing: Standing) -> None:
        """Keep where an account stood before an input; the oldest of too many is forgotten."""
        with self._lock:
            known = self._by_account.setdefault(account_id, {})
            known[seq] = standing
            if len(known) > STANDINGS_REMEMBERED_MAX:
                del known[min(known)]
            self._by_account.move_to_end(account_id)
            if len(self._by_account) > ACCOUNTS_REMEMBERED_MAX:
                self._by_account.popitem(last=False)


class Books:
    """Reads the ledgers of one world's accounts."""

    def __init__(self, instruments: dict[int, Instrument]) -> None:
        self._instruments = instruments
        self._standings = Standings()

    def statement(self, store: ReadStore, account_id: int, from_ns: int, to_ns: int) -> Statement:
        """What happened from a time until before another."""
        begin = store.first_seq_from(from_ns)
        end = store.first_seq_from(to_ns)
        opening = self.standing(store, account_id, begin)
        cash = dict.fromkeys(KINDS, 0)
        fees: dict[str, int] = {}
        by_instrument: dict[int, int] = {}
        realized = given_up = count = 0
        listed: list[Posting] = []
        ledger = Ledger(self._instruments, opening)
        for line in self.postings(store, account_id, ledger, opening.name, end):
            count += 1
            if count <= LISTED_MAX:
                listed.append(line)
            cash[line.kind] += line.cash
            if line.fee:
                fees[line.fee] = fees.get(line.fee, 0) + line.cash
            if line.realized:
                realized += line.realized
                before = by_instrument.get(line.instrument_id, 0)
                by_instrument[line.instrument_id] = before + line.realized
            if line.kind == GIVEN_UP:
                given_up += line.margin if self._is_contract(line) else line.cost
        return Statement(
            opening,
            ledger.standing(),
            cash,
            fees,
            realized,
            by_instrument,
            given_up,
            listed,
            count,
        )

    def _is_contract(self, line: Posting) -> bool:
        return self._instruments[line.instrument_id].asset_class == AssetClass.CRYPTO_PERP

    def standing(self, store: ReadStore, account_id: int, seq: int) -> Standing:
        """Where an account stood before an input."""
        return self.ledger(store, account_id, seq).standing()

    def ledger(self, store: ReadStore, account_id: int, seq: int) -> Ledger:
        """A ledger that goes on from before an input."""
        begin = self._standings.before(account_id, seq)
        ledger = Ledger(self._instruments, begin)
        for _ in self.postings(store, account_id, ledger, begin.name, seq):
            continue
        self._standings.remember(account_id, seq, ledger.standing())
        return ledger

    def postings(
        self, store: ReadStore, account_id: int, ledger: Ledger, after: tuple[int, int], to_seq: int
    ) -> Iterator[Posting]:
        """What is posted beyond an event and before an input, as ``ledger`` follows it."""
        while True:
            page = store.ledger_events(account_id, after, to_seq, PAGE_EVENTS)
            for found in page:
                yield from ledger.post(*found)
            if len(page) < PAGE_EVENTS:
                return
            after = page[-1][:2]
