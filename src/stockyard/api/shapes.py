"""The shapes that values have in answers: decimal text, ids and times, with their words for the
OpenAPI document, and how they are made.

Must not know: what is answered.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Final

from msgspec import Meta

from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_decimal

PRICE_PLACES_MIN: Final = 2
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Decimal = Annotated[
    str,
    Meta(
        description="Decimal text.",
        extra_json_schema={"pattern": r"^-?[0-9]+(\.[0-9]+)?$", "examples": ["189.25"]},
    ),
]
Id = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
Time = Annotated[
    str,
    Meta(
        description="UTC, RFC 3339 with nanoseconds.",
        extra_json_schema={"examples": ["2026-03-02T15:04:05.123456789Z"]},
    ),
]


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")


def time_text(ns: int) -> str:
    """UTC nanoseconds as RFC 3339 with nine digits of a second."""
    seconds, rest = divmod(ns, 1_000_000_000)
    return f"{_second(seconds)}.{rest:09d}Z"


def time_or_none(ns: int | None) -> str | None:
    """The same; None for 0, which stands for not yet."""
    return time_text(ns) if ns else None


def price_text(price: int, instrument: Instrument) -> str:
    """A price as decimal text."""
    return format_decimal(price, instrument.price_scale, PRICE_PLACES_MIN)
