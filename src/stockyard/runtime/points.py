"""Points of time: what is asked for as an input's number or as a time.

Promises: what is neither is refused in words; a time has its zone. Must not know: what there is at
a point.
"""

from typing import Final, NamedTuple

from stockyard.model.numbers import NumberError
from stockyard.model.recordings import recorded_time

SEQ_DIGITS_MAX: Final = 18


class PointRefused(ValueError):
    """A point that cannot be shown; ``code`` is a permanent word, the message says what would be
    right.
    """

    def __init__(self, code: str, wrong: str, right: str) -> None:
        super().__init__(f"{wrong}; {right}")
        self.code, self.wrong, self.right = code, wrong, right


class Point(NamedTuple):
    """After input ``seq`` and before the next, at ``ts``, UTC ns."""

    seq: int
    ts: int


def parse_point(text: str) -> tuple[int | None, int]:
    """What is asked for: a seq, or None and a time, UTC ns. Raises ``PointRefused``."""
    if text.isascii() and text.isdigit() and len(text) <= SEQ_DIGITS_MAX:
        return int(text), 0
    try:
        if text.isascii() and text.isdigit():
            raise NumberError("it is no input's number")
        return None, recorded_time(text)
    except NumberError:
        raise PointRefused(
            "invalid_point",
            f"{text[:60]!r} is no point of time",
            "send an input's number, such as 1234, or a time with its zone, such as"
            " 2026-11-20T15:30:00Z",
        ) from None
