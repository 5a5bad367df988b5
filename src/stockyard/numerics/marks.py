"""What positions are valued at: against their owner, so that nobody borrows on a spread.

Promises: one rule for the engine and for whoever shows what it decided. Must not know: accounts.
"""


def long_mark(bid: int, ask: int, last: int, before: int) -> int:
    """The price of a long position: the bid, else the last trade, else what it was ``before``, at
    first the ask; 0 when nothing is known. A crossed quote changes nothing.
    """
    if 0 < ask < bid:
        return before
    return bid or last or before or ask


def short_mark(bid: int, ask: int, last: int, before: int) -> int:
    """The price of a short position: the ask, and so on as for a long one."""
    if 0 < ask < bid:
        return before
    return ask or last or before or bid
