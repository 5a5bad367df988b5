"""The webhook: ``POST /ingest/tick`` and ``POST /ingest/ticks``, from anyone with the credentials.

Promises: each tick is taken, known already, or denied with its reason, and never more than that;
an event is taken once however often it is sent; what would not fit in memory is refused with 429
before it is. Must not know: who sends ticks, or what becomes of them.
"""

import binascii
import logging
import re
from base64 import b64decode
from collections.abc import Callable, Sequence
from decimal import Decimal
from hmac import compare_digest
from typing import Final, NamedTuple, Protocol

import msgspec

from stockyard.api.door import encode
from stockyard.api.fields import Reader
from stockyard.api.heads import Head, Receive, read_json
from stockyard.api.hot import Answer
from stockyard.api.problems import Problem
from stockyard.market.invented_past import INVENTED
from stockyard.market.seen_events import SeenEvents
from stockyard.market.tick_filter import FAULT_WORDS, Fault
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import (
    INT_MAX,
    TEXT_LENGTH_MAX,
    NumberError,
    parse_decimal,
    scale_decimal,
)
from stockyard.model.sale_conditions import counts_of_letters
from stockyard.model.ticks import QuoteTick, Tick, TradeTick
from stockyard.runtime.market_data import RECORDED, SIMULATED

LOG: Final = logging.getLogger("stockyard.ingest")
ROOT: Final = "/ingest/"
BATCH_MAX: Final = 500
"""Ticks of one request."""
BYTES_MAX: Final = 256 * 1024
RETRY_AFTER_S: Final = 1
EVENT_ID_LENGTH_MAX: Final = 128
CONDITIONS_MAX: Final = 8
OURS: Final = (SIMULATED, RECORDED, INVENTED)
"""Sources that nobody else may call himself."""
_SOURCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,39}", re.ASCII)
_MS_NS: Final = 1_000_000
_RIGHT_OF_FAULT: Final = {
    Fault.WRONG: "send prices and sizes above zero",
    Fault.TOO_MANY_SOURCES: "use one of the sources this symbol has already",
    Fault.FUTURE: "set the clock of the source; ts is in milliseconds since 1970, UTC",
    Fault.DEEP_PAST: "send ticks of the last day; ts is in milliseconds since 1970, UTC",
    Fault.ABSURD: "send what was traded or quoted; a new level is believed at the fifth trade",
    Fault.CROSSED: "send a bid that is not above the ask",
    Fault.STALE: "send quotes in the order of their times",
}


class TickBody(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A trade (``price`` and ``volume``) or a quote (``bid`` and ``ask`` with their sizes, or one
    side of them). ``ts``: milliseconds since 1970, UTC. ``conditions``: sale conditions in the
    letters of the consolidated tapes.
    """

    symbol: str
    ts: int
    source: str
    event_id: str
    price: msgspec.Raw = msgspec.Raw(b"")
    volume: msgspec.Raw = msgspec.Raw(b"")
    bid: msgspec.Raw = msgspec.Raw(b"")
    bid_size: msgspec.Raw = msgspec.Raw(b"")
    ask: msgspec.Raw = msgspec.Raw(b"")
    ask_size: msgspec.Raw = msgspec.Raw(b"")
    conditions: list[str] = []


class DeniedTick(msgspec.Struct, gc=False):
    """A tick that was not taken: its place in the request from 0, and why."""

    index: int
    code: str
    wrong: str
    right: str
    field: str | None


class Ingested(msgspec.Struct, gc=False):
    """What became of the ticks of a request."""

    taken: int
    duplicates: int
    denied: list[DeniedTick]


class IngestCounts(NamedTuple):
    """What became of all ticks so far; ``denied`` by reason; ``put_off``: answers 429."""

    taken: int
    duplicates: int
    denied: dict[str, int]
    unknown_conditions: int
    put_off: int


class Sink(Protocol):
    """Where ticks go."""

    def take(self, ticks: Sequence[Tick], now_ns: int, faults: list[int] | None = None) -> int:
        """Take ticks; how many were looked at, from the first on, each with its ``Fault``."""


class _Batch(msgspec.Struct, forbid_unknown_fields=True):
    ticks: list[TickBody]


class _RawBatch(msgspec.Struct, forbid_unknown_fields=True):
    ticks: list[msgspec.Raw]


_one: Final = Reader(TickBody)
_many: Final = Reader(_RawBatch)
_decode_raw: Final = msgspec.json.Decoder(_RawBatch).decode
_decode_batch: Final = msgspec.json.Decoder(_Batch).decode
_NAMES: Final = tuple(b'"%s"' % name.encode() for name in TickBody.__struct_fields__)


class Ingest:
    """The webhook of one world. ``user`` and ``password`` are what Basic authorization must hold.

    ``find``: the instrument of a symbol, or ``Problem``. ``is_behind``: whether what keeps ticks
    should be given time. ``is_feed``: whether a name belongs to a feed.
    """

    def __init__(
        self,
        credentials: tuple[str, str],
        find: Callable[[str], Instrument],
        sink: Sink,
        now_ns: Callable[[], int],
        is_behind: Callable[[], bool],
        is_feed: Callable[[str], bool],
    ) -> None:
        user, password = credentials
        self._expected = f"{user}:{password}".encode()
        self._find, self._sink, self._now_ns, self._is_behind = find, sink, now_ns, is_behind
        self._is_feed = is_feed
        self._seen = SeenEvents()
        self._taken = self._duplicates = self._put_off = self._unknown_conditions = 0
        self._denied: dict[str, int] = {}

    @property
    def counts(self) -> IngestCounts:
        """What became of all ticks so far."""
        return IngestCounts(
            self._taken,
            self._duplicates,
            self._denied,
            self._unknown_conditions,
            self._put_off,
        )

    async def serve(self, method: str, path: str, head: Head, receive: Receive) -> Answer:
        """Answer a request to a path that begins with ``/ingest/``. Raises ``Problem``."""
        name = path.removeprefix(ROOT)
        if name not in ("tick", "ticks"):
            raise Problem(
                404,
                "not_found",
                "there is nothing at this path",
                f"POST {ROOT}tick or {ROOT}ticks",
            )
        if method != "POST":
            raise Problem(
                405,
                "method_not_allowed",
                "this path takes ticks",
                "use POST",
                headers=((b"allow", b"POST"),),
            )
        self._admit(head)
        body = await read_json(head, receive, BYTES_MAX)
        return self._one(body) if name == "tick" else self._many(body)

    def _one(self, body: bytes) -> Answer:
        """Of /ingest/tick: 202 when it was taken or known already, 422 with the reason."""
        try:
            tick = _one.read(body)
        except Problem as problem:
            self._count(problem.code)
            raise
        found = self._take([tick])
        if found.denied:
            denied = found.denied[0]
            raise Problem(422, denied.code, denied.wrong, denied.right, field=denied.field)
        return 202, encode(found), ()

    def _many(self, body: bytes) -> Answer:
        """Of /ingest/ticks: 202 with what became of each tick."""
        try:
            ticks = _read_batch(body)
            if len(ticks) > BATCH_MAX:
                raise Problem(
                    422,
                    "too_many_ticks",
                    f"there are {len(ticks)} ticks",
                    f"send at most {BATCH_MAX} in one request",
                    field="ticks",
                )
        except Problem as problem:
            self._count(problem.code)
            raise
        return 202, encode(self._take(ticks)), ()

    def _admit(self, head: Head) -> None:
        """Raise ``Problem`` 401 for wrong credentials, 429 while there is no room."""
        head.check_repeats()
        scheme, _, value = head.headers.get(b"authorization", b"").partition(b" ")
        try:
            given = b64decode(value.strip(), validate=True) if scheme.lower() == b"basic" else b""
        except (binascii.Error, ValueError):
            given = b""
        if not compare_digest(given, self._expected):
            raise Problem(
                401,
                "invalid_credentials",
                "the name or password of the webhook is wrong or missing",
                "send Basic authorization with what INGEST_USERNAME and INGEST_PASSWORD hold",
                headers=((b"www-authenticate", b'Basic realm="ingest"'),),
            )
        if self._is_behind():
            raise self._full("the history is being written")

    def _take(self, bodies: Sequence[TickBody | Problem]) -> Ingested:
        """Take what can be taken. Raises ``Problem`` 429 where the rest must come again."""
        now_ns = self._now_ns()
        found = Ingested(0, 0, [])
        ticks: list[Tick] = []
        names: list[str] = []
        places: list[int] = []
        for index, body in enumerate(bodies):
            try:
                if isinstance(body, Problem):
                    raise body
                tick = self._tick(body)
            except Problem as problem:
                self._deny(found, index, problem)
                continue
            name = f"{body.source}\n{body.event_id}"
            if not self._seen.add(name, now_ns):
                found.duplicates += 1
                continue
            ticks.append(tick)
            names.append(name)
            places.append(index)
        faults: list[int] = []
        looked_at = self._sink.take(ticks, now_ns, faults) if ticks else 0
        for name, place, fault in zip(names, places, faults, strict=False):
            if fault == Fault.DUPLICATE:
                found.duplicates += 1
            elif fault:
                self._seen.forget(name)
                self._deny(found, place, _fault_problem(fault))
            else:
                found.taken += 1
        self._taken += found.taken
        self._duplicates += found.duplicates
        if looked_at < len(ticks):
            for name in names[looked_at:]:
                self._seen.forget(name)
            raise self._full(f"{looked_at} of {len(ticks)} ticks were taken")
        found.denied.sort(key=_place)
        return found

    def _deny(self, found: Ingested, index: int, problem: Problem) -> None:
        self._count(problem.code)
        denied = DeniedTick(index, problem.code, problem.wrong, problem.right, problem.field)
        found.denied.append(denied)

    def _count(self, code: str) -> None:
        if code not in self._denied:
            LOG.warning("ticks are denied: %s (this is told once)", code)
        self._denied[code] = self._denied.get(code, 0) + 1

    def _full(self, why: str) -> Problem:
        self._put_off += 1
        return Problem(
            429,
            "too_fast",
            f"more ticks come than can be taken: {why}",
            "send the same request again a moment later; what was taken counts as known",
            retryable=True,
            headers=((b"retry-after", b"%d" % RETRY_AFTER_S),),
        )

    def _tick(self, body: TickBody) -> Tick:
        """The words for what was sent. Raises ``Problem``."""
        instrument = self._find(body.symbol)
        source = body.source
        if not _SOURCE.fullmatch(source) or source in OURS:
            raise _wrong("source", "use 1 to 40 letters, digits, '.', '_', ':' or '-'")
        if self._is_feed(source):
            raise Problem(
                422,
                "invalid_source",
                f"a feed is called {source}",
                "use another name for the source",
                field="source",
            )
        if not 0 < len(body.event_id) <= EVENT_ID_LENGTH_MAX:
            raise _wrong("event_id", f"send 1 to {EVENT_ID_LENGTH_MAX} characters")
        ts = body.ts * _MS_NS
        if not 0 < ts <= INT_MAX:
            raise _wrong("ts", "send milliseconds since 1970, UTC")
        which, prices, sizes = (
            instrument.instrument_id,
            instrument.price_scale,
            instrument.qty_scale,
        )
        price, bid, ask = bytes(body.price), bytes(body.bid), bytes(body.ask)
        if price and not (bid or ask):
            value = _amount("price", price, prices)
            qty = _amount("volume", bytes(body.volume), sizes)
            if len(body.conditions) > CONDITIONS_MAX:
                raise _wrong("conditions", f"send at most {CONDITIONS_MAX}")
            counting = counts_of_letters(body.conditions)
            self._unknown_conditions += len(counting.unknown)
            return TradeTick(which, source, value, qty, ts, counting.counts)
        if price or not (bid or ask):
            raise _wrong("price", "send price and volume, or bid and ask with their sizes")
        return QuoteTick(
            which,
            source,
            _amount("bid", bid, prices) if bid else 0,
            _amount("ask", ask, prices) if ask else 0,
            _amount("bid_size", bytes(body.bid_size), sizes) if bid else 0,
            _amount("ask_size", bytes(body.ask_size), sizes) if ask else 0,
            ts,
        )


def _place(denied: DeniedTick) -> int:
    return denied.index


def _read_batch(body: bytes) -> list[TickBody | Problem]:
    """The ticks of a batch, each by itself a ``Problem`` where it cannot be read."""
    try:
        found = _decode_batch(body).ticks
    except (msgspec.DecodeError, ValueError, RecursionError):
        found = []
    # A field that is there more often than there are ticks is there twice in one of them.
    if found and all(body.count(name) <= len(found) for name in _NAMES):
        return list(found)
    ticks: list[TickBody | Problem] = []
    for raw in _raw_ticks(body):
        try:
            ticks.append(_one.read(bytes(raw)))
        except Problem as problem:
            ticks.append(problem)
    return ticks


def _raw_ticks(body: bytes) -> list[msgspec.Raw]:
    """The ticks of a batch as they were sent. Raises ``Problem`` for what is not a batch."""
    try:
        ticks: list[msgspec.Raw] = _many.read(body).ticks
    except Problem as problem:
        if problem.code != "repeated_field" or problem.field == "ticks":
            raise
        ticks = _decode_raw(body).ticks
    return ticks


def _amount(field: str, raw: bytes, scale: int) -> int:
    """A number above zero, scaled: text exactly, a JSON number rounded half to even where it has
    more decimal places, which a sender's binary floats have. Raises ``Problem``.
    """
    text = raw.decode()
    try:
        if not text:
            raise NumberError("it is missing")
        if text[0] == '"':
            value = parse_decimal(text[1:-1], scale)
        elif len(text) > TEXT_LENGTH_MAX or not (text[0].isdigit() or text[0] == "-"):
            raise NumberError('send decimal text, such as "189.25", or a number')
        else:
            value = _number(text, scale)
    except NumberError as error:
        raise _wrong(field, str(error)) from None
    if value <= 0:
        raise _wrong(field, "send a number above zero")
    return value


def _number(text: str, scale: int) -> int:
    """A JSON number, scaled. Raises ``NumberError``."""
    try:
        return parse_decimal(text, scale)
    except NumberError:
        return scale_decimal(Decimal(text), scale)


def _wrong(field: str, right: str) -> Problem:
    return Problem(422, f"invalid_{field}", f"{field} cannot be taken", right, field=field)


def _fault_problem(fault: int) -> Problem:
    word = FAULT_WORDS[fault]
    return Problem(
        422,
        f"tick_{word}",
        f"the tick is left out: {word.replace('_', ' ')}",
        _RIGHT_OF_FAULT.get(fault, "see docs/reference/market-data.md"),
    )
