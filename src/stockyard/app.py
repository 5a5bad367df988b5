"""The composition root: builds a World out of its parts and opens it. One process may hold several.

Promises: which parts a world has is decided here and nowhere else; a fresh directory, a clean stop
and a crash are opened by the same steps. Must not know: HTTP details, or how a part works.
"""

import logging
import os
import random
import re
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec

from stockyard.adapters import FEEDS
from stockyard.api.doorstep import Network, parse_origins, parse_proxies
from stockyard.api.heads import is_loopback
from stockyard.config import FEED_PREFIX, Config, ConfigError
from stockyard.engine.engine import Engine
from stockyard.market.calendars import ALWAYS_ID, XNYS_ID, sessions
from stockyard.market.catalog import (
    CATALOG,
    DEFAULT_FEES,
    DEFAULT_LIMITS,
    DEFAULT_MARGIN,
    DEFAULT_PROFILES,
    FIRST_UNLISTED_ID,
    Listing,
    borrow_terms,
    listing_for,
    listings_for,
)
from stockyard.market.perpetuals import Known
from stockyard.market.simulated import SimulatedMarket
from stockyard.market.trading_days import TradingDays
from stockyard.model.facts import (
    FeesScheduled,
    InstrumentListed,
    LimitsSet,
    MarginTermsSet,
    ProfileDefined,
    SessionsScheduled,
    WorldCreated,
)
from stockyard.model.feeds import FeedAdapter, FeedOption, FeedSource, Fetch
from stockyard.model.instruments import Instrument, MarginTerms, Session
from stockyard.model.numbers import CASH_SCALE, NumberError, parse_decimal
from stockyard.model.past import Past
from stockyard.model.recordings import Recording
from stockyard.model.records import Input
from stockyard.people.audit_log import AuditLog
from stockyard.people.audit_segments import FOLDER_NAME as AUDIT_FOLDER
from stockyard.people.directory import People
from stockyard.people.sealing import KeyRefused, Sealer, new_key, parse_keys, settle_key
from stockyard.projections.store import ReadStore
from stockyard.runtime.alert_watch import AlertWatch
from stockyard.runtime.audit_files import open_audit
from stockyard.runtime.beginning import Begin, Beginning, beginning_of, unpruned
from stockyard.runtime.caches import Shelf
from stockyard.runtime.clock import Clock
from stockyard.runtime.feed_runner import FeedRunner
from stockyard.runtime.feed_socket import FeedHttp, open_socket
from stockyard.runtime.history import HistoryRecorder, bars_of_before
from stockyard.runtime.mailer import MailSettingWrong, Smtp, smtp_of
from stockyard.runtime.projector import Run, run_at_once
from stockyard.runtime.recovery import recover
from stockyard.runtime.reference import Outside, Reference
from stockyard.runtime.set_aside import set_aside
from stockyard.runtime.world import World
from stockyard.runtime.writer import Outcome
from stockyard.storage.archive import FOLDER_NAME as ARCHIVE_FOLDER
from stockyard.storage.backups import refuse_backup
from stockyard.storage.checked import open_people_file
from stockyard.storage.files import refuse_without_journal
from stockyard.storage.history import FILE_NAME as HISTORY_NAME
from stockyard.storage.history import DatabaseHistory, open_history
from stockyard.storage.lock import DirectoryLock
from stockyard.storage.memory import MemoryDatabase, MemoryDisk, MemoryJournal, MemorySnapshots
from stockyard.storage.ports import (
    Database,
    History,
    Journal,
    JournalCorrupt,
    Snapshots,
    StorageError,
    StorageUnavailable,
)
from stockyard.storage.requests import FILE_NAME as REQUESTS_NAME
from stockyard.storage.requests import DatabaseRequests, open_requests
from stockyard.storage.secret_key import FILE_NAME as SECRET_KEY_NAME
from stockyard.storage.secret_key import read_key_file, write_key_file
from stockyard.storage.shelf import FILE_NAME as SHELF_NAME
from stockyard.storage.shelf import DatabaseShelf, open_shelf
from stockyard.storage.sqlite import TORN_SUFFIX, SqliteDatabase, SqliteJournal, SqliteSnapshots
from stockyard.storage.troubles import Part, Troubles
from stockyard.telemetry.faults import SentryFaults
from stockyard.telemetry.spans import ObserveMissing, OtlpSender

LOG: Final = logging.getLogger("stockyard")
Opened = TypeVar("Opened")
SCHEDULED_DAYS: Final = 400
RESCHEDULE_DAYS: Final = 60
FEED_SYMBOLS_MAX: Final = 1000
STALE_S_MIN: Final = 0.1
STALE_S_MAX: Final = 86_400
FEED_OPTIONS: Final = {
    "symbols": FeedOption(
        "Symbols to follow, such as `AAPL,MSFT`; `OURS=THEIRS` where they differ.", required=True
    ),
    "stale_seconds": FeedOption("After how long without a tick a symbol is stale.", "60"),
}
"""Options every feed has."""
_SYMBOL: Final = re.compile(r"[A-Z0-9][A-Z0-9./:_-]{0,31}", re.ASCII)
_NS: Final = 1_000_000_000
_DAY_NS: Final = 86_400 * _NS


def _make_private(path: Path) -> None:
    """Make the directory for its owner alone; files made in it are for the owner alone too."""
    os.umask(0o077)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"data {str(path)!r} cannot be made or used as a directory ({error.strerror})"
        ) from None


class Directory(Protocol):
    """What survives of one world."""

    @property
    def journal(self) -> Journal:
        """Every input."""

    @property
    def snapshots(self) -> Snapshots:
        """The latest engine state."""

    @property
    def store(self) -> ReadStore:
        """Query tables."""

    def beginning(self) -> Beginning:
        """Where the journal begins."""

    def open_people(self) -> Database:
        """The people's database."""

    def open_audit(self, folder: str) -> tuple[AuditLog, Path | None]:
        """The log of who did what, and where its signed days go; None: nothing is to last."""

    def open_history(self) -> History:
        """Raw ticks and bars."""

    def open_shelf(self) -> DatabaseShelf:
        """The last answers of outside sources."""

    def open_requests(self) -> DatabaseRequests:
        """What was measured of requests."""

    @property
    def troubles(self) -> Troubles:
        """What of it cannot be written just now."""

    def leave(self) -> None:
        """Let go of files that were not used, as they are."""

    def release(self) -> None:
        """Let another process have it."""


class DataDirectory:
    """The files of one world, held by one process."""

    def __init__(self, path: Path) -> None:
        refuse_backup(path)
        refuse_without_journal(path)
        _make_private(path)
        self.path, self.troubles = path, Troubles()
        self._lock = DirectoryLock(path)
        part = self.troubles.part
        try:
            self.journal = SqliteJournal(path / "journal.db")
            self.snapshots = SqliteSnapshots(path / "snapshots.db", part("snapshots"))
            tables = path / "projections.db"
            self.store = ReadStore(SqliteDatabase(tables, durable=False, part=part("query tables")))
        except StorageUnavailable:
            self._lock.close()
            raise
        except StorageError as error:
            self._lock.close()
            if isinstance(error, JournalCorrupt):
                raise
            raise StorageError(f"{error}: run stockyard rebuild --data {path}") from error

    def tell_torn(self) -> None:
        """Say what SQLite leaves out without a word, and how far the rest of the directory is."""
        if self.journal.torn:
            LOG.warning(
                "%s: %d bytes of a write that was cut off follow the last whole record, %d; as far"
                " as is noted nobody was told that they are kept. They lie beside it (%s); the"
                " query tables are at %d.",
                self.path / "journal.db",
                self.journal.torn,
                self.journal.head.seq,
                TORN_SUFFIX,
                self.store.cursor().seq,
            )

    def beginning(self) -> Beginning:
        """Where the journal begins: at its first record, or at the base it was pruned to."""
        return beginning_of(self.journal, self.path / ARCHIVE_FOLDER)

    def open_people(self) -> SqliteDatabase:
        """The people's database, which is never rebuilt."""
        return open_people_file(self.path / "people.db", self.troubles.part("people"))

    def open_audit(self, folder: str = "") -> tuple[AuditLog, Path]:
        """The log of who did what, which is never rebuilt, and where its signed days go: the
        ``folder`` of the setting, or one of this directory.
        """
        place = Path(folder) if folder else self.path / AUDIT_FOLDER
        return open_audit(self.path, place, self.troubles.part("audit log")), place

    def open_history(self) -> DatabaseHistory:
        """Raw ticks and bars. Charts may lack a past, but trading does not wait for it."""
        return self._opened_or_begun(open_history, HISTORY_NAME)

    def open_shelf(self) -> DatabaseShelf:
        """The last answers of outside sources."""
        return self._opened_or_begun(open_shelf, SHELF_NAME)

    def open_requests(self) -> DatabaseRequests:
        """What was measured of requests."""
        return self._opened_or_begun(open_requests, REQUESTS_NAME)

    def _opened_or_begun(self, open_file: Callable[[Path, Part], Opened], name: str) -> Opened:
        """Open a file that is set aside and begun anew when it cannot be read."""
        part = self.troubles.part(name.removesuffix(".db"))
        try:
            return open_file(self.path, part)
        except StorageUnavailable:
            raise
        except StorageError as error:
            LOG.error("%s; it is set aside", error)
            set_aside(self.path / name)
            return open_file(self.path, part)

    def leave(self) -> None:
        """Let go of files that were not used, as they are: a damaged journal is not touched."""
        self.journal.leave()

    def release(self) -> None:
        """Let another process have the directory."""
        self._lock.close()

    def close(self) -> None:
        """Close the files and let another process have the directory."""
        self.store.close()
        self.snapshots.close()
        self.journal.close()
        self.release()


def secret_keys(config: Config) -> tuple[str, ...]:
    """The keys of secrets at rest, newest first; none where the directory has none yet.

    Raises ``ConfigError`` for what is no key, ``StorageUnavailable``.
    """
    name, text = "secret_key", config.secret_key
    if not text:
        given = config.secret_key_file
        name = given or SECRET_KEY_NAME
        found = read_key_file(Path(given) if given else config.data / SECRET_KEY_NAME)
        if found is None and given:
            raise ConfigError(f"secret_key_file: there is no {given}")
        if found is None:
            return ()
        text = found
    try:
        return parse_keys(text)
    except KeyRefused as error:
        raise ConfigError(f"{name}: {error}") from None


def open_sealer(config: Config, database: Database) -> Sealer:
    """What seals secrets of the people's database, which is migrated; a fresh directory gets a key
    of its own. Raises ``ConfigError``, ``StorageError``.
    """
    keys = secret_keys(config)
    if not keys:
        keys = (new_key(),)
        # A directory that lost its key is refused before it gets another one.
        settle_key(database, Sealer(keys))
        write_key_file(config.data / SECRET_KEY_NAME, keys)
    sealer = Sealer(keys)
    settle_key(database, sealer)
    return sealer


def existing_directory(path: Path) -> DataDirectory:
    """Open a directory that holds a world already. Raises ``ConfigError`` when it does not."""
    if not (path / "journal.db").is_file():
        raise ConfigError(f"data {str(path)!r}: there is no journal.db in it")
    return DataDirectory(path)


def open_world(
    journal: Journal,
    snapshots: Snapshots,
    store: ReadStore,
    clock: Clock,
    *,
    schedule: Callable[[], None],
    run: Run = run_at_once,
    queries: Executor | None = None,
    progress: Callable[[int], None] | None = None,
    people: People | None = None,
    troubles: Troubles | None = None,
    begin: Begin = unpruned,
) -> World:
    """Recover a world from its storage, and ``people``'s alerts with it. Raises what ``recover``
    raises.
    """
    alerts = AlertWatch(people)
    recovered = recover(journal, snapshots, store, run, progress, alerts, begin)
    world = World(
        journal,
        snapshots,
        store,
        recovered.engine,
        recovered.projector,
        recovered.view,
        clock,
        schedule,
        queries or ThreadPoolExecutor(1, "queries"),
        alerts,
        troubles,
    )
    world.start = recovered.start
    for account_id, name in store.last_event_names():
        world.hub.remember_last(account_id, name)
    return world


def memory_world(
    clock: Clock, disk: MemoryDisk, schedule: Callable[[], None], people: People | None = None
) -> World:
    """A world that lives in memory: the same parts over storage that a test can break."""
    return open_world(
        MemoryJournal(disk),
        MemorySnapshots(disk),
        ReadStore(MemoryDatabase(disk, "projections")),
        clock,
        schedule=schedule,
        people=people,
    )


def found(world: World, facts: Iterable[Input]) -> None:
    """Journal and apply facts before the doors open. Raises ``Refused`` when one was not kept."""
    outcomes: list[Outcome] = []
    for fact in facts:
        world.writer.submit(fact, None, outcomes.append)
    world.writer.drain()
    for outcome in outcomes:
        if outcome.refused is not None:
            raise outcome.refused
    world.adopt_id()


def began_ns(world: World) -> int:
    """The world's time at its first record, 0 for a fresh one."""
    if world.journal.base is not None:
        return world.journal.base.began_ts
    return next((record.ts for record in world.journal.read(0)), 0)


def genesis(world: World, seed: int) -> list[Input]:
    """The first fact of a new world: its name."""
    if world.engine.state.world_id:
        return []
    return [WorldCreated(secrets.token_hex(16), seed)]


def margin_terms(config: Config) -> MarginTerms:
    """The house's margin terms under a config."""
    return msgspec.structs.replace(
        DEFAULT_MARGIN,
        debit_ppm=round(config.debit_rate_percent * 10_000),
        grace_ns=round(config.margin_grace_hours * 3600 * _NS),
    )


def reference_facts(
    engine: Engine,
    instruments: Sequence[Instrument],
    stock_calendar: str,
    now_ns: int,
    margin: MarginTerms = DEFAULT_MARGIN,
) -> list[Input]:
    """What the engine must be told to know today's tables: only what differs from what it knows."""
    state = engine.state
    facts: list[Input] = []
    if state.limits != DEFAULT_LIMITS:
        facts.append(LimitsSet(DEFAULT_LIMITS))
    for profile in DEFAULT_PROFILES:
        known = state.profiles.get(profile.profile_id)
        if known is None or known.source != profile:
            facts.append(ProfileDefined(profile))
    for table in DEFAULT_FEES:
        if not _knows_fees(engine, table):
            facts.append(table)
    facts.extend(session_facts(engine, stock_calendar, now_ns))
    for instrument in instruments:
        book = state.book(instrument.instrument_id)
        if book is None or book.instrument != instrument:
            facts.append(InstrumentListed(instrument))
        lent = borrow_terms(instrument)
        if lent is not None and (book is None or book.borrow != lent):
            facts.append(lent)
    if state.margin is None or state.margin.source != margin:
        facts.append(MarginTermsSet(margin))
    return facts


def _knows_fees(engine: Engine, table: FeesScheduled) -> bool:
    known = engine.state.fees.get(table.asset_class)
    return known is not None and table in known.schedules


def session_facts(engine: Engine, stock_calendar: str, now_ns: int) -> list[Input]:
    """Sessions to schedule: each calendar is kept known for at least two months ahead."""
    facts: list[Input] = []
    today = datetime.fromtimestamp(now_ns / _NS, UTC).date()
    for calendar_id, name in ((XNYS_ID, stock_calendar), (ALWAYS_ID, "always")):
        known = engine.state.calendars.get(calendar_id)
        if (
            known is None
            or known.name != name
            or not known.sessions
            or known.sessions[-1].close_ns < now_ns + RESCHEDULE_DAYS * _DAY_NS
        ):
            planned = _sessions_from(name, today, now_ns)
            facts.append(SessionsScheduled(calendar_id, name, planned))
    return facts


def _sessions_from(name: str, today: date, now_ns: int) -> tuple[Session, ...]:
    first, last = today - timedelta(days=1), today + timedelta(days=SCHEDULED_DAYS)
    return tuple(s for s in sessions(name, first, last) if s.ends_ns > now_ns)


def kept_calendar(world: World) -> str:
    """The sessions that stocks had here so far; empty in a world that knows none yet."""
    known = world.engine.state.calendars.get(XNYS_ID)
    return known.name if known is not None else ""


def follow_market(world: World, stock_calendar: str, quotes_only: str = "") -> None:
    """Let market data know every instrument, by the calendar it trades in here."""
    world.market.count_quotes_only(filter(None, map(str.strip, quotes_only.split(","))))
    names = {XNYS_ID: stock_calendar, ALWAYS_ID: "always"}
    for book in world.engine.state.books:
        if book is not None:
            world.market.know(book.instrument, names)


def keep_market(world: World, recorder: HistoryRecorder) -> None:
    """Let market data go on with the bars of a history, and have more kept there from now on.

    Call it when the instruments are known. Raises ``StorageError``.
    """
    ids = [book.instrument.instrument_id for book in world.engine.state.books if book is not None]
    world.market.restore(bars_of_before(recorder.history, ids), world.clock.now_ns())
    world.market.keeper = recorder.take


def listed_for(world: World, past: Past, stock_calendar: str) -> dict[str, Instrument]:
    """Instruments for a past's symbols, listed in the world if they are not.

    Raises ``Refused`` when that was not kept.
    """
    instruments = recorded_instruments(world.engine, past)
    known = {book.instrument.symbol for book in world.engine.state.books if book is not None}
    fresh = [row for symbol, row in instruments.items() if symbol not in known]
    if fresh:
        now_ns = max(world.clock.now_ns(), world.engine.ts)
        found(world, reference_facts(world.engine, fresh, stock_calendar, now_ns))
    return instruments


def trading_days(instruments: Iterable[Instrument], stock_calendar: str) -> dict[int, TradingDays]:
    """The trading days of instruments, by id."""
    days = {XNYS_ID: TradingDays(stock_calendar), ALWAYS_ID: TradingDays("always")}
    return {row.instrument_id: days[row.calendar_id] for row in instruments}


def ingest_credentials(config: Config) -> tuple[str, str] | None:
    """Name and password of the webhook; None for no webhook. Raises ``ConfigError``."""
    user, password = config.ingest_username, config.ingest_password
    if bool(user) != bool(password) or ":" in user:
        raise ConfigError(
            "ingest_username and ingest_password: give both or none, the name without a colon"
        )
    return (user, password) if user else None


def doorstep_rules(config: Config) -> tuple[tuple[Network, ...], tuple[str, ...]]:
    """Trusted proxies and other sites that may ask. Raises ``ConfigError``."""
    try:
        proxies = parse_proxies(config.trusted_proxies)
    except ValueError as error:
        raise ConfigError(f"trusted_proxies: {error}") from None
    try:
        return proxies, parse_origins(config.cors_origins)
    except ValueError as error:
        raise ConfigError(f"cors_origins: {error}") from None


def starting_micros(config: Config) -> int:
    """The starting balance in micro-dollars. Raises ``ConfigError``."""
    try:
        micros = parse_decimal(config.starting_cash, CASH_SCALE)
    except NumberError as error:
        raise ConfigError(f"starting_cash {config.starting_cash!r}: {error}") from None
    if not 0 <= micros <= DEFAULT_LIMITS.balance_micros_max:
        raise ConfigError("starting_cash: expected an amount from 0 to 1000000000")
    return micros


def recorded_instruments(engine: Engine, recording: Recording | Past) -> dict[str, Instrument]:
    """Instruments for a recording's symbols: those the world knows keep their ids."""
    known = {
        book.instrument.symbol: book.instrument for book in engine.state.books if book is not None
    }
    highest = len(engine.state.books)
    chosen: dict[str, Instrument] = {}
    fresh = listings_for(recording.symbols, recording.asset_class)
    for instrument in fresh:
        chosen[instrument.symbol] = known.get(instrument.symbol, instrument)
    taken = {i.instrument_id for i in known.values()}
    for symbol, instrument in chosen.items():
        if symbol not in known and instrument.instrument_id in taken:
            highest += 1
            chosen[symbol] = msgspec.structs.replace(instrument, instrument_id=highest)
    return chosen


class FollowedFeed(NamedTuple):
    """A feed that is followed. ``symbols``: ours, in order, to theirs."""

    source: FeedSource
    symbols: Mapping[str, str]
    stale_s: float
    adapter: FeedAdapter
    options: Mapping[str, str]


def followed_feeds(names: str, options: Mapping[str, str]) -> list[FollowedFeed]:
    """The feeds of a setting such as ``massive,alpaca`` with the options of all.

    Raises ``ConfigError`` for a feed or an option that does not exist, is missing or wrong.
    """
    wanted = [word.strip() for word in names.split(",") if word.strip()]
    known = set()
    followed = []
    for name in wanted:
        if name not in FEEDS or wanted.count(name) > 1:
            raise ConfigError(f"feeds {names!r}: expected each once, of {', '.join(FEEDS)}")
        adapter = FEEDS[name]()
        listed = {**FEED_OPTIONS, **adapter.options}
        known |= {f"{name}_{option}" for option in listed}
        given = {o: options.get(f"{name}_{o}", row.default) for o, row in listed.items()}
        for option, row in listed.items():
            if row.required and not given[option]:
                variable = f"{FEED_PREFIX}{name.upper()}_{option.upper()}"
                raise ConfigError(f"{variable}: the feed {name} needs it. {row.about}")
        followed.append(_followed(name, adapter, given))
    for option in options:
        owners = [name for name in FEEDS if option.startswith(f"{name}_")]
        # What is said of a feed that is not followed may stay.
        if option not in known and (not owners or max(owners, key=len) in wanted):
            raise ConfigError(
                f"{FEED_PREFIX}{option.upper()}: there is no such option; see docs/guides/feeds.md"
            )
    return followed


def _followed(name: str, adapter: FeedAdapter, given: Mapping[str, str]) -> FollowedFeed:
    symbols: dict[str, str] = {}
    for word in given["symbols"].split(","):
        ours, equals, theirs = (part.strip() for part in word.partition("="))
        ours = ours.upper()
        if not _SYMBOL.fullmatch(ours) or (equals and not theirs) or ours in symbols:
            raise ConfigError(
                f"symbols of {name}: {word.strip()!r}: expected each once, as AAPL or OURS=THEIRS"
            )
        symbols[ours] = theirs or adapter.symbol_of(ours)
    if len(symbols) > FEED_SYMBOLS_MAX or len(set(symbols.values())) < len(symbols):
        raise ConfigError(
            f"symbols of {name}: expected at most {FEED_SYMBOLS_MAX}, each of theirs once"
        )
    try:
        stale_s = _stale_s(given["stale_seconds"])
        source = adapter.open_feed(given)
    except ValueError as error:
        raise ConfigError(f"feed {name}: {error}") from None
    return FollowedFeed(source, symbols, stale_s, adapter, given)


def _stale_s(text: str) -> float:
    with suppress(ValueError):
        if STALE_S_MIN <= float(text) <= STALE_S_MAX:
            return float(text)
    raise ValueError(f"stale_seconds: expected {STALE_S_MIN:g} to {STALE_S_MAX:g}")


def followed_instruments(engine: Engine, followed: Iterable[FollowedFeed]) -> dict[str, Instrument]:
    """Instruments of all symbols of feeds: those the world knows keep their ids and terms.

    An unknown one is listed with the usual terms of its class.
    """
    known = {
        book.instrument.symbol: book.instrument for book in engine.state.books if book is not None
    }
    found: dict[str, Instrument] = {}
    fresh_id = max(FIRST_UNLISTED_ID, len(engine.state.books))
    for feed in followed:
        for symbol in feed.symbols:
            if symbol in found:
                continue
            instrument = known.get(symbol)
            if instrument is None:
                instrument = listing_for(symbol, feed.adapter.asset_class(symbol), fresh_id)
                fresh_id += instrument.instrument_id == fresh_id
            # A feed prints trades; which of them is an auction's it does not say.
            found[symbol] = msgspec.structs.replace(instrument, auctions=False)
    return found


def feed_runners(
    world: World, followed: Iterable[FollowedFeed], http: FeedHttp
) -> list[FeedRunner]:
    """A runner for each feed, its symbols mapped to what the world lists."""
    listed = world.view.symbols
    return [
        FeedRunner(
            feed.source,
            {theirs: world.view.instruments[listed[ours]] for ours, theirs in feed.symbols.items()},
            world.market,
            connect=open_socket,
            fetch=http.fetch,
            clock=world.clock,
            stale_s=feed.stale_s,
            jitter=random.random,
        )
        for feed in followed
    ]


def outside_reference(followed: Iterable[FollowedFeed], fetch: Fetch) -> Outside | None:
    """Who outside can be asked about companies: the first feed that answers such questions."""
    for feed in followed:
        if feed.adapter.open_reference is not None:
            source = feed.adapter.open_reference(feed.options, fetch)
            return Outside(source, partial(_their_word, feed))
    return None


def _their_word(feed: FollowedFeed, instrument: Instrument) -> str | None:
    """A feed's word for an instrument; None for one of a class that it does not have."""
    symbol = instrument.symbol
    if symbol in feed.symbols:
        return feed.symbols[symbol]
    if feed.adapter.asset_class(symbol) != instrument.asset_class:
        return None
    return feed.adapter.symbol_of(symbol)


def reference_data(
    world: World, followed: Sequence[FollowedFeed], fetch: Fetch, shelf: Shelf, executor: Executor
) -> Reference:
    """What can be looked up: at a feed that can be asked, and in the built-in market's own data for
    the symbols that no feed is followed for.
    """
    elsewhere = {symbol for feed in followed for symbol in feed.symbols}
    listings = {x.instrument.symbol: x for x in CATALOG if x.instrument.symbol not in elsewhere}
    return Reference(
        world.clock,
        seed=world.engine.state.seed,
        listings=listings,
        outside=outside_reference(followed, fetch),
        shelf=(shelf, executor),
    )


def simulated_market(
    world: World, seed: int, stock_calendar: str, followed: Collection[str] = ()
) -> SimulatedMarket:
    """The built-in market, going on from the quotes the world last saw, without the symbols that
    feeds are ``followed`` for and the contracts on them.

    A contract's funding goes on from when it was quoted last: until then it was paid. Where stocks
    trade day and night, their year has as many hours as a coin's.
    """
    calendar_id = ALWAYS_ID if stock_calendar == "always" else XNYS_ID
    listings = [
        Listing(msgspec.structs.replace(instrument, calendar_id=calendar_id), traits)
        if instrument.calendar_id == XNYS_ID
        else Listing(instrument, traits)
        for instrument, traits in CATALOG
        if not {instrument.symbol, instrument.index_symbol} & set(followed)
    ]
    mids = {
        row.instrument_id: (row.bid + row.ask) // 2
        for row in world.view.quotes.values()
        if row.bid and row.ask
    }
    known = {
        row.instrument_id: Known(row.long_mark, row.index_price, row.ts)
        for row in world.view.quotes.values()
        if row.is_contract
    }
    return SimulatedMarket(listings, seed, mids=mids, first_step=world.engine.seq, known=known)


def catalog_instruments() -> list[Instrument]:
    """Every instrument of the built-in market."""
    return [listing.instrument for listing in CATALOG]


def with_auctions(instruments: Sequence[Instrument]) -> list[Instrument]:
    """The same instruments, those of the stock exchange with its auctions."""
    return [
        msgspec.structs.replace(instrument, auctions=instrument.calendar_id == XNYS_ID)
        for instrument in instruments
    ]


def observers(config: Config) -> tuple[OtlpSender | None, SentryFaults | None]:
    """Who gets spans and faults, where settings name somebody. Raises ``ConfigError``."""
    release = version("stockyard")
    try:
        spans = OtlpSender(config.otlp_endpoint, release) if config.otlp_endpoint else None
    except ObserveMissing as error:
        raise ConfigError(f"otlp_endpoint: {error}") from None
    try:
        faults = SentryFaults(config.sentry_dsn, release) if config.sentry_dsn else None
    except ObserveMissing as error:
        raise ConfigError(f"sentry_dsn: {error}") from None
    return spans, faults


def is_local(config: Config) -> bool:
    """Whether nobody but this machine can reach the server, not even past a proxy on it."""
    elsewhere = config.production or config.trusted_proxies
    named = urlsplit(config.public_url).hostname
    return is_loopback(config.host) and not elsewhere and (named is None or is_loopback(named))


def mail_server(config: Config) -> Smtp | None:
    """The mail server, where one is set. Raises ``ConfigError``."""
    parts = urlsplit(config.public_url)
    well = parts.scheme in ("http", "https") and parts.hostname and not parts.path.strip("/")
    if config.public_url and not (well and not parts.query and not parts.fragment):
        raise ConfigError(
            f"public_url {config.public_url!r}: expected such as https://paper.example.com"
        )
    if config.production and parts.scheme != "https":
        raise ConfigError("production: set public_url to an address that begins with https://")
    if not config.smtp_host:
        return None
    if not config.public_url:
        raise ConfigError("smtp_host: set public_url too, which links in mails begin with")
    try:
        return smtp_of(
            config.smtp_host,
            config.smtp_port,
            config.smtp_user,
            config.smtp_password,
            config.smtp_tls,
            config.mail_from,
        )
    except MailSettingWrong as error:
        raise ConfigError(str(error)) from None
