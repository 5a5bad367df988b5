"""Perpetual contracts once more, plainly: marks, leverage, margin set apart, funding, liquidation.

Promises: recomputes every figure that an event states of them from the marks and the fills before.
Must not know: price levels, or when an account's own margin is too little (``plain_credit``).
"""

from stockyard.model import events as e
from stockyard.model import facts as f
from stockyard.model.codes import AccountKind, AssetClass, Book, FeeKind, Side
from stockyard.model.numbers import LEGS_MAX
from stockyard.model.records import Record
from tests.simulation.plain_accounts import PlainAccount, PlainPosition
from tests.simulation.plain_market import PlainMarket, ceiling

House = dict[int, int]


class PlainContracts:
    """What positions in contracts are worth, what they cost, and when they must go."""

    def __init__(self, market: PlainMarket, house: House) -> None:
        self._market = market
        self._house = house
        self._orders = 0

    def take(self, record: Record) -> None:
        """Begin another input."""
        self._orders = 0

    def count_order(self) -> None:
        """Count an order that this input has made."""
        self._orders += 1

    def is_contract(self, instrument_id: int) -> bool:
        """Whether an instrument is a perpetual contract."""
        return self._market.instruments[instrument_id].asset_class == AssetClass.CRYPTO_PERP

    def leverage(self, account: PlainAccount, instrument_id: int) -> tuple[int, bool]:
        """The leverage, and whether the position has margin of its own."""
        start = self._market.instruments[instrument_id].leverage_start
        return account.leverages.get(instrument_id, (start, False))

    def is_apart(self, account: PlainAccount, instrument_id: int) -> bool:
        """Whether it is a contract with margin of its own."""
        return self.is_contract(instrument_id) and self.leverage(account, instrument_id)[1]

    def value(self, instrument_id: int, position: PlainPosition) -> int:
        """What the position's quantity is worth at the mark, below zero when it is short."""
        terms = self._market.instruments[instrument_id]
        divisor = 10 ** (terms.price_scale + terms.qty_scale - 6)
        return position.qty * self._market.sight(instrument_id).marks[0] // divisor

    def figures(self, instrument_id: int, position: PlainPosition) -> tuple[int, int]:
        """A position's profit, and what must be kept for it."""
        value = self.value(instrument_id, position)
        kept = abs(value) * self._market.instruments[instrument_id].maintenance_ppm
        return value - position.cost_micros, ceiling(kept, 10**6)

    def bears(self, account: PlainAccount) -> bool:
        """Whether the account's own margin bears a contract that is worth anything."""
        return any(
            self.is_contract(key) and not self.is_apart(account, key) and self.value(key, position)
            for key, position in account.positions.items()
        )

    def _post(self, book: int, micros: int) -> None:
        self._house[book] = self._house.get(book, 0) + micros

    # What events say.

    def leverage_set(self, account: PlainAccount, x: e.LeverageSet) -> None:
        """Judge a choice, and what it moves."""
        most = self._market.instruments[x.instrument_id].leverage_max
        assert 1 <= x.leverage <= most, f"{x}: out of range"
        account.leverages[x.instrument_id] = (x.leverage, x.isolated)
        position = account.position(x.instrument_id) if x.pot_micros_after else None
        position = account.positions.get(x.instrument_id, position)
        pot = 0
        if position is not None and position.qty:
            if x.isolated:
                pot = ceiling(abs(position.cost_micros), x.leverage)
            self._move_pot(account, position, pot - position.pot_micros)
        found = (account.cash_micros, pot)
        told = (x.cash_micros_after, x.pot_micros_after)
        assert told == found, f"{x}: cash and margin recomputed {found}"

    def _move_pot(self, account: PlainAccount, position: PlainPosition, micros: int) -> None:
        position.pot_micros += micros
        account.cash_micros -= micros
        self._post(Book.PERPS, micros)

    def funding_paid(self, record: Record, account: PlainAccount, x: e.FundingPaid) -> None:
        """Judge one payment."""
        message, position = record.input, account.position(x.instrument_id)
        assert isinstance(message, f.FundingRate), f"{x}: by {message}"
        bound = self._market.instruments[x.instrument_id].funding_bound_e9
        rate = min(bound, max(-bound, message.rate_e9))
        amount = ceiling(self.value(x.instrument_id, position) * rate, 10**9)
        if self.is_apart(account, x.instrument_id):
            amount = min(amount, position.pot_micros)
            position.pot_micros -= amount
            self._post(Book.PERPS, -amount)
        else:
            account.cash_micros -= amount
        self._post(Book.PERP_FUNDING, amount)
        position.funding_micros += amount
        told = (x.qty, x.rate_e9, x.amount_micros, x.cash_micros_after, x.pot_micros_after)
        found = (position.qty, rate, amount, account.cash_micros, position.pot_micros)
        assert told == found, f"{x}: recomputed {found}"
        assert x.funding_micros_after == position.funding_micros, f"{x}: in all"
        account.funded.add((record.seq, x.instrument_id))

    def filled(
        self,
        name: str,
        account: PlainAccount,
        position: PlainPosition,
        value: int,
        x: e.OrderFilled,
    ) -> None:
        """Judge what a fill does to cash, margin and profit; the position's figures follow."""
        assert account.kind == AccountKind.MARGIN, f"{name}: in a cash account"
        assert not x.lots, f"{name}: of lots"
        position.is_contract = True
        fees = sum(micros for _, micros in x.fees)
        apart = self.is_apart(account, x.instrument_id)
        before = abs(position.qty)
        closing = before - abs(position.qty + (x.qty if x.side == Side.BUY else -x.qty))
        if closing <= 0:
            account.cash_micros -= fees
            if apart:
                leverage = self.leverage(account, x.instrument_id)[0]
                micros = x.pot_micros_after - position.pot_micros
                rounded = abs(micros * leverage - value) < leverage
                assert rounded, f"{name}: margin {micros} of {value} by {leverage}"
                self._move_pot(account, position, micros)
            return
        cost = abs(position.cost_micros) * x.qty // before
        profit = cost - value if position.qty < 0 else value - cost
        assert x.realized_micros == profit, f"{name}: profit recomputed {profit}"
        self._post(Book.PERPS, -profit)
        pot = position.pot_micros
        self._post(Book.PERPS, x.pot_micros_after - pot)
        position.pot_micros = x.pot_micros_after
        self._post(Book.INSURANCE, -x.insured_micros)
        back = pot + profit + x.insured_micros - fees - x.pot_micros_after
        account.cash_micros += back
        if not apart:
            apart_micros = (pot, x.pot_micros_after, x.insured_micros)
            assert apart_micros == (0, 0, 0), f"{name}: margin apart {apart_micros}"
            return
        table = sum(micros for kind, micros in x.fees if kind != FeeKind.LIQUIDATION)
        assert back + table >= 0, f"{name}: an isolated position takes {back} from the account"
        assert 0 <= x.pot_micros_after <= pot + max(0, profit), f"{name}: margin"
        if x.insured_micros:
            lost = pot + profit + x.insured_micros
            assert lost == 0, f"{name}: insured, and {lost} is left"
        if before == x.qty:
            assert not x.pot_micros_after, f"{name}: margin for nothing"
            position.is_short_of_margin = False

    def given_up(self, position: PlainPosition) -> None:
        """A position's margin goes where all of a reset account's cash does."""
        self._post(Book.PERPS, -position.pot_micros)
        self._post(Book.FUNDING, position.pot_micros)

    def liquidation_started(
        self, record: Record, account: PlainAccount, x: e.LiquidationStarted
    ) -> None:
        """Judge the beginning of a liquidation of one position."""
        position = account.position(x.instrument_id)
        profit, kept = self.figures(x.instrument_id, position)
        told, found = (x.equity_micros, x.maintenance_micros), (position.pot_micros + profit, kept)
        assert told == found, f"{x}: recomputed {found}"
        assert isinstance(record.input, f.ClockTick), f"{x}: by {record.input}"
        assert self.is_apart(account, x.instrument_id), f"{x}: it has no margin of its own"
        lacks = position.is_short_of_margin or found[0] < found[1]
        assert lacks, f"{x}: it never lacked margin"
        position.was_liquidated = True

    # After every input.

    def check(self, record: Record, account_id: int, account: PlainAccount, busy: set[int]) -> None:
        """What lacks margin of its own is closed by the next clock tick. ``busy``: contracts that
        the house is closing already.
        """
        for key, position in account.positions.items():
            if position.qty and self.is_apart(account, key):
                due = position.is_short_of_margin and isinstance(record.input, f.ClockTick)
                late = due and not position.was_liquidated and key not in busy
                waits = self._orders >= LEGS_MAX
                assert waits or not late, f"account {account_id}: contract {key} is not liquidated"
                profit, kept = self.figures(key, position)
                position.is_short_of_margin |= position.pot_micros + profit < kept
            else:
                position.is_short_of_margin = position.was_liquidated = False

    def check_funded(self, record: Record, accounts: dict[int, PlainAccount]) -> None:
        """Everybody who has a position pays or gets funding."""
        message = record.input
        if isinstance(message, f.FundingRate):
            for account_id, account in accounts.items():
                position = account.positions.get(message.instrument_id)
                if position is not None and position.qty:
                    found = (record.seq, message.instrument_id) in account.funded
                    assert found, f"account {account_id}: no funding at {record.seq}"
