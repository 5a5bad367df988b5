"""What a fill posts: cash, shares, fees, and the lots that a closing takes.

Promises: every posting has its counter-posting; what rounding leaves goes to its own book. Must not
know: where a fill's price comes from, or perpetual contracts (``perps``).
"""

from mypy_extensions import mypyc_attr

from stockyard.engine.accounts import Account
from stockyard.engine.books import Book
from stockyard.engine.bounds import principal_ahead
from stockyard.engine.fees import FeeLine, FeeLines, charge, house_book
from stockyard.engine.lots import NO_PIECES, Lot, Piece, close_lots
from stockyard.engine.orders import Order
from stockyard.engine.state import State
from stockyard.model.codes import AccountKind, Side
from stockyard.model.codes import Book as HouseBook
from stockyard.numerics.arithmetic import div_ceil, div_floor, product


@mypyc_attr(acyclic=True)
class Posted:
    """What was posted for one fill, in micro-dollars, as ``OrderFilled`` tells it."""

    def __init__(self, value: int) -> None:
        self.value = value
        self.fees: FeeLines = ()
        self.charged = 0
        self.rounding = 0
        self.realized = 0
        self.pieces: tuple[Piece, ...] = NO_PIECES
        self.insured = 0


def post_fill(
    state: State,
    account: Account,
    book: Book,
    order: Order,
    price: int,
    qty: int,
    lines: list[FeeLine],
    maker: bool,
    ts: int,
    index: int,
) -> Posted:
    """Execute ``qty`` of an order at ``price``: count it, and move cash, fees and shares.

    ``index``: the place of the fill's event among those of the input.
    """
    before = spent_micros(book, order)
    street_before = _street_micros(book, order)
    qty_before = order.filled_qty
    order.filled_value += product(price, qty)
    order.filled_qty += qty
    value = spent_micros(book, order) - before
    posted = Posted(value)
    posted.rounding = _post_trade(state, account, book, order, value, street_before)
    most = _most_fees(account, book, order, value)
    posted.fees = charge(
        lines, maker, before, before + value, qty_before, order.filled_qty, book.qty_unit, most
    )
    posted.charged = post_fees(state, account, posted.fees)
    _move_position(state, account, book, order, price, qty, posted, ts, index)
    return posted


def spent_micros(book: Book, order: Order) -> int:
    """What an order's fills cost (rounded up) or brought (rounded down) so far."""
    if order.side == Side.BUY:
        return div_ceil(order.filled_value, book.value_divisor)
    return div_floor(order.filled_value, book.value_divisor)


def _most_fees(account: Account, book: Book, order: Order, value: int) -> int:
    """The most a fill worth ``value`` may be charged: a sale no more than it brings, a purchase for
    cash no more than its order still holds beyond what the rest of it may cost.
    """
    if order.side == Side.SELL or account.kind != AccountKind.CASH:
        return value
    leaves = order.qty - order.filled_qty
    principal = principal_ahead(
        book, order.worst_price, leaves, order.filled_value, order.notional_micros
    )
    return order.held_micros - value - principal


def _street_micros(book: Book, order: Order) -> int:
    """What the street got (rounded down) or paid (rounded up) for an order's fills so far."""
    if order.side == Side.BUY:
        return div_floor(order.filled_value, book.value_divisor)
    return div_ceil(order.filled_value, book.value_divisor)


def _post_trade(
    state: State, account: Account, book: Book, order: Order, value: int, street_before: int
) -> int:
    """Post the trade's cash; what rounding leaves goes to its own book and is returned."""
    ledger = state.ledger
    street = _street_micros(book, order) - street_before
    if order.side == Side.BUY:
        rounding = value - street
        ledger.post_cash(account, -value)
        ledger.post_house(HouseBook.STREET, street)
    else:
        rounding = street - value
        ledger.post_cash(account, value)
        ledger.post_house(HouseBook.STREET, -street)
    if rounding:
        ledger.post_house(HouseBook.ROUNDING, rounding)
    return rounding


def post_fees(state: State, account: Account, fees: FeeLines) -> int:
    """Charge an account fees; their sum."""
    charged = 0
    for line in fees:
        state.ledger.post_cash(account, -line[1])
        state.ledger.post_house(house_book(line[0]), line[1])
        charged += line[1]
    return charged


def _move_position(
    state: State,
    account: Account,
    book: Book,
    order: Order,
    price: int,
    qty: int,
    posted: Posted,
    ts: int,
    index: int,
) -> None:
    """Move the shares: what enlarges the position, long or short, is a new lot; what reduces it
    takes lots with their cost.

    Notes the profit or loss realised, before fees, and what was taken of each lot.
    """
    value = posted.value
    position = account.position(order.instrument_id)
    buying = order.side == Side.BUY
    signed = qty if buying else -qty
    before = position.qty
    state.ledger.post_qty(position, signed)
    state.ledger.post_street(book, -signed)
    if before == 0 or (before > 0) == buying:
        lot = Lot(state.seq, index, qty, value, posted.charged)
        lot.acquired_ns = ts
        lot.rank = -price if buying else price
        assert not order.closes, "an order closes nothing"
        position.lots.open(lot)
        order.borrowed_qty -= 0 if buying else qty
        position.cost_micros += value if buying else -value
        return
    short = before < 0
    assert qty <= abs(before), "a fill turned a position round"
    assert order.closes, "an order that opens reduces a position"
    if buying:
        book.borrowed_qty -= qty
    pieces = close_lots(
        position.lots,
        abs(position.cost_micros),
        abs(before),
        qty,
        account.lot_method,
        order.choices,
        short,
        book.value_divisor,
        state.seq,
        index,
    )
    cost = 0
    for piece in pieces:
        cost += piece[3]
    realized = cost - value if short else value - cost
    position.cost_micros += cost if short else -cost
    position.realized_micros += realized
    posted.realized, posted.pieces = realized, pieces
