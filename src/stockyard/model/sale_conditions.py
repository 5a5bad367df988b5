"""Which trades count for a price, for the high and low, and for volume, by their sale conditions.

Promises: several conditions count as little as the least of them; an unknown one counts fully and
is told, so that it can be counted. Must not know: which feed asks.

Sources: the consolidated trade statistics rules of the CTA's and UTP's trade feed specifications
(Appendix on sale conditions; the contingent trades V and 7 as redefined by UTP Vendor Alert
2015-4); Massive's glossary of trade conditions, whose numbers stand for the same modifiers; the
flag word of AlgoSeek's ticks as LEAN stores it. Where those rules let a late print update the last
price only if it is the first of the day (G, P, Z, 4), it does not here.

T says only that a print lies outside regular hours. It counts: a day's bar leaves the prices of
those hours out by the calendar, and the other windows want them.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from stockyard.model.ticks import Counts

_ALL: Final = Counts.ALL
_NOT_LAST: Final = Counts.HIGH_LOW | Counts.VOLUME
_VOLUME: Final = Counts.VOLUME
_NOTHING: Final = 0

BY_LETTER: Final = {
    " ": _ALL,  # regular (CTA)
    "@": _ALL,  # regular (UTP)
    "A": _ALL,  # acquisition
    "B": _ALL,  # bunched
    "C": _VOLUME,  # cash sale: settles otherwise
    "D": _ALL,  # distribution
    "E": _ALL,  # automatic execution
    "F": _ALL,  # intermarket sweep
    "G": _NOT_LAST,  # bunched, sold
    "H": _VOLUME,  # price variation
    "I": _VOLUME,  # odd lot
    "K": _ALL,  # rule 127 or 155
    "L": _ALL,  # sold last
    "M": _NOTHING,  # a market center's official close: a price, no trade
    "N": _VOLUME,  # next day: settles otherwise
    "O": _ALL,  # opening print
    "P": _NOT_LAST,  # prior reference price
    "Q": _NOTHING,  # a market center's official open: a price, no trade
    "R": _NOT_LAST,  # seller: settles otherwise
    "S": _ALL,  # split trade
    "T": _ALL,  # extended hours
    "U": _VOLUME,  # extended hours, out of sequence
    "V": _VOLUME,  # contingent
    "W": _VOLUME,  # average price
    "X": _ALL,  # cross
    "Y": _ALL,  # yellow flag
    "Z": _NOT_LAST,  # sold, out of sequence
    "1": _ALL,  # stopped stock
    "4": _NOT_LAST,  # derivatively priced
    "5": _ALL,  # reopening print
    "6": _ALL,  # closing print
    "7": _VOLUME,  # qualified contingent
    "8": _ALL,  # placeholder for 611 exempt
    "9": Counts.LAST | Counts.HIGH_LOW,  # corrected consolidated close: already in the volume
}
"""Modifiers of the consolidated tapes, as Alpaca passes them on."""

_LETTER_OF_NUMBER: Final = {
    0: "@",
    1: "A",
    2: "W",
    3: "E",
    4: "B",
    5: "G",
    7: "C",
    8: "6",
    9: "X",
    10: "4",
    11: "D",
    12: "T",
    13: "U",
    14: "F",
    15: "M",
    16: "Q",
    17: "O",
    18: "5",
    19: "6",
    20: "N",
    21: "H",
    22: "P",
    23: "K",
    24: "K",
    25: "O",
    27: "1",
    28: "5",
    29: "R",
    30: "L",
    31: "L",
    32: "Z",
    33: "Z",
    34: "S",
    35: "V",
    36: "Y",
    37: "I",
    38: "9",
    41: "@",
    52: "V",
    53: "7",
    59: "8",
}
BY_NUMBER: Final = {number: BY_LETTER[letter] for number, letter in _LETTER_OF_NUMBER.items()}
"""Massive's numbers of stock trades; 41, exempt from the trade-through rule, is a regular trade."""

LEAN_SWEEP: Final = 1 << 5
LEAN_EXTENDED: Final = 1 << 13
_LEAN_NOTHING: Final = 1 << 6 | 1 << 7 | 1 << 24 | 1 << 26
"""Opening and closing prints, official close and open."""
_LEAN_VOLUME: Final = (
    1 << 1  # cash
    | 1 << 2  # next day
    | 1 << 3  # seller
    | 1 << 9  # derivatively priced
    | 1 << 11  # sold
    | 1 << 14  # out of sequence
    | 1 << 18  # stock option
    | 1 << 20  # average price
    | 1 << 21  # cross
    | 1 << 31  # odd lot
)


class Counting(NamedTuple):
    """What a trade counts for, and which of its conditions no table has."""

    counts: int
    unknown: tuple[str, ...] = ()


def counts_of_letters(conditions: Iterable[str]) -> Counting:
    """What a trade with these CTA or UTP modifiers counts for."""
    counts, unknown = _ALL, []
    for letter in conditions:
        known = BY_LETTER.get(letter)
        if known is None:
            unknown.append(letter[:8])
        else:
            counts &= known
    return Counting(counts, tuple(unknown))


def counts_of_numbers(conditions: Iterable[int]) -> Counting:
    """What a trade with these condition numbers of Massive counts for."""
    counts, unknown = _ALL, []
    for number in conditions:
        known = BY_NUMBER.get(number)
        if known is None:
            unknown.append(str(number)[:8])
        else:
            counts &= known
    return Counting(counts, tuple(unknown))


def counts_of_lean_flags(flags: int) -> int:
    """What a trade with this flag word counts for in the bars that come with LEAN's ticks.

    Not the tapes' rule: those bars leave intermarket sweeps of the regular session out of the
    prices, and the auctions' prints out of everything. Found by rebuilding the second bars of three
    stocks on 2013-10-07 (``tests/recorded``), of which 99.7 % have the same prices by this rule,
    and 64 to 94 % when every trade counts.
    """
    if flags & _LEAN_NOTHING:
        return _NOTHING
    if flags & _LEAN_VOLUME or (flags & LEAN_SWEEP and not flags & LEAN_EXTENDED):
        return _VOLUME
    return _ALL
