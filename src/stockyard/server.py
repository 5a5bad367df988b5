"""The server: one world behind HTTP, from an open directory to a clean stop.

Promises: nothing is served before recovery is done; a stop takes no more requests, finishes those
in flight, closes sockets with a reason, and leaves a snapshot. A broken invariant stops the process
loudly. Must not know: endpoints, or what a command does.
"""

import asyncio
import gc
import logging
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext, suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, TypeVar

import uvicorn

from stockyard import app, demo
from stockyard.adapters import open_recording
from stockyard.api.application import Application, create_application
from stockyard.api.heads import is_loopback
from stockyard.api.http_protocol import DoorProtocol
from stockyard.api.problems import Problem
from stockyard.api.rates import ORDERS_PER_MINUTE, REQUESTS_PER_MINUTE, house_rate
from stockyard.api.settings import (
    SOCKET_FRAME_BYTES_MAX,
    STREAM_PING_S,
    STREAM_PING_TIMEOUT_S,
    ApiSettings,
    MailWay,
    sign_up_way,
)
from stockyard.api.telling import teller
from stockyard.api.web_files import built_app
from stockyard.api.wire import StreamProtocol
from stockyard.config import Config, ConfigError
from stockyard.market.calendars import ALWAYS_ID, XNYS_ID, CalendarError
from stockyard.model.numbers import NumberError
from stockyard.model.recordings import Recording, recorded_time
from stockyard.model.records import Input
from stockyard.people.audit import Act, detail
from stockyard.people.audit_keys import AuditKeys
from stockyard.people.audit_log import Wanted
from stockyard.people.directory import People
from stockyard.people.passwords import Passwords
from stockyard.people.schema import migrate
from stockyard.runtime import feeds, market_data, upkeep
from stockyard.runtime.archiving import Archiving
from stockyard.runtime.aside import Aside
from stockyard.runtime.audit_upkeep import AuditUpkeep
from stockyard.runtime.auditing import Auditor
from stockyard.runtime.backup_schedule import BackupSchedule
from stockyard.runtime.clock import Clock, RecordedClock, WallClock
from stockyard.runtime.feed_socket import FeedHttp
from stockyard.runtime.history import TICKS_AT, TICKS_AT_FAST, HistoryRecorder
from stockyard.runtime.history_upkeep import FOLDER_NAME, HistoryUpkeep, Retention, Tidied
from stockyard.runtime.idle import run_idle
from stockyard.runtime.mailer import (
    Delivery,
    Mailer,
    NoDelivery,
    ShownDelivery,
    SmtpDelivery,
)
from stockyard.runtime.peers import LinuxPeers
from stockyard.runtime.quiet import Quiet
from stockyard.runtime.request_keeper import RequestKeeper, order_name
from stockyard.runtime.retention import JournalRetention
from stockyard.runtime.scheduler import Scheduler
from stockyard.runtime.sim_clock import ControlledClock, SimClock
from stockyard.runtime.webhook_sending import Sender
from stockyard.runtime.webhooks import WebhookTeller
from stockyard.runtime.world import ENGINE_IS_COMPILED, World
from stockyard.runtime.writer import Refused
from stockyard.storage.archive import FOLDER_NAME as ARCHIVE
from stockyard.storage.archive import Archive
from stockyard.storage.ports import StorageError
from stockyard.telemetry.logs import request_line
from stockyard.telemetry.request_log import RequestLog

LOG: Final = logging.getLogger("stockyard")
Made = TypeVar("Made")
GRACE_S: Final = 5
AHEAD_MAX_NS: Final = 60_000_000_000
KEEP_ALIVE_S: Final = 75
GONE_MS: Final = 60_000
"""How long what was sent may stay unacknowledged by the other machine."""
GC_THRESHOLDS: Final = (50_000, 20, 100)
PEOPLE_UPKEEP_S: Final = 60.0
BUSY_S: Final = 1.0
"""Until the people's desk is asked again by what can wait."""
SESSIONS_UPKEEP_S: Final = 3600.0
STARTED: Final = "server.started"
AUDIT_UPKEEP_S: Final = 60.0
HISTORY_UPKEEP_S: Final = 600.0
BACKUP_CHILD: Final = "stockyard.cli.backup_child"
SHUTTING_DOWN: Final = Refused("shutting_down", "this Stockyard is stopping", 5)


class _Uvicorn(uvicorn.Server):
    """uvicorn inside our loop: signals are ours, so that the journal is closed before the end."""

    def capture_signals(self) -> Any:
        """Leave signals alone."""
        return nullcontext()


class Server:
    """One world, its people, its feed, and the HTTP server in front of them."""

    def __init__(self, config: Config, feed_options: Mapping[str, str] | None = None) -> None:
        self.config = config
        self._ingest = app.ingest_credentials(config)
        self._proxies, self._origins = app.doorstep_rules(config)
        self._followed = app.followed_feeds(config.feeds, feed_options or {})
        self._smtp = app.mail_server(config)
        self._spans, self._faults = app.observers(config)
        _check_backups(config)
        self.failed = False
        self._stopping = asyncio.Event()
        self._uvicorn: _Uvicorn | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._http: FeedHttp | None = None
        self._peers: LinuxPeers | None = None
        self._kept_in: Path | None = None

    async def run(self, ready: Callable[["Server", "demo.Demo | None"], None]) -> None:
        """Open, serve until told to stop, close. ``ready`` is called once requests are answered.

        Raises ``StorageError``, ``RecordingError`` or ``ConfigError`` when it cannot open.
        """
        clock, recording = self._clock()
        listening = self._listening = self._listen()
        try:
            directory = self._open_directory()
        except BaseException:
            listening.close()
            raise
        projecting = ThreadPoolExecutor(1, "projector")
        queries = ThreadPoolExecutor(2, "queries")
        keeping = ThreadPoolExecutor(1, "history")
        charts = ThreadPoolExecutor(2, "history-reader")
        measuring = ThreadPoolExecutor(1, "requests")
        journaling = ThreadPoolExecutor(1, "journal")
        try:
            if self._faults is not None:
                logging.getLogger("stockyard").addHandler(self._faults)
            self._people_database = directory.open_people()
            migrate(self._people_database)
            sealer = app.open_sealer(self.config, self._people_database)
            self.people = People(self._people_database, sealer=sealer)
            self.world = self._opened(directory, clock, projecting, queries, journaling)
            if isinstance(directory, app.DataDirectory):
                archiving = Archiving(Archive(directory.path / ARCHIVE), self.config.archive_inputs)
                upkeep.begin_archive(self.world, archiving)
            log, self._audit_folder = directory.open_audit(self.config.audit_folder)
            self.auditor = Auditor(self.world, log)
            self._found(recording)
            self._take_signals()
            self.history = HistoryRecorder(
                directory.open_history(),
                keeping,
                charts,
                self.config.history_seconds,
                TICKS_AT_FAST if self.config.controls else TICKS_AT,
            )
            app.keep_market(self.world, self.history)
            self._shelf = directory.open_shelf()
            self._http = FeedHttp(self.world.breakers)
            self.world.reference = app.reference_data(
                self.world, self._followed, self._http.fetch, self._shelf, charts
            )
            self.requests_kept = self._keeper(clock, directory, measuring)
            await self._serve(clock, recording, listening, ready)
        finally:
            listening.close()
            directory.release()
            projecting.shutdown()
            queries.shutdown()
            keeping.shutdown()
            charts.shutdown()
            measuring.shutdown()
            journaling.shutdown()
            if self._faults is not None:
                logging.getLogger("stockyard").removeHandler(self._faults)
                self._faults.close()

    def _opened(
        self,
        directory: app.Directory,
        clock: Clock,
        projecting: Executor,
        queries: Executor,
        journaling: Executor,
    ) -> World:
        """The world of a directory, recovered. Raises ``StorageError``; nothing was changed."""
        try:
            world = app.open_world(
                directory.journal,
                directory.snapshots,
                directory.store,
                clock,
                schedule=self._schedule,
                run=projecting.submit,
                queries=queries,
                progress=lambda n: LOG.info("recovering: %d inputs replayed", n),
                people=self.people,
                troubles=directory.troubles,
                begin=directory.beginning,
            )
        except StorageError:
            directory.leave()
            raise
        loop = asyncio.get_running_loop()
        world.writer.aside = Aside(journaling, lambda: loop.call_soon_threadsafe(self._commit))
        return world

    def _keeper(
        self, clock: Clock, directory: app.Directory, measuring: ThreadPoolExecutor
    ) -> RequestKeeper:
        named = order_name(self.world)
        line = request_line(self.config.log_format, named)
        return RequestKeeper(
            RequestLog(clock.wall_ns, named, line),
            directory.open_requests(),
            measuring,
            clock.wall_ns,
            self.config.trace_days,
            self._spans,
        )

    @property
    def stock_calendar(self) -> str:
        """The sessions stocks trade in."""
        if self.config.calendar:
            return self.config.calendar
        if self._followed or self.config.market.startswith("replay:"):
            return "xnys"
        # What was imported has made bars of its days: theirs go on.
        kept = app.kept_calendar(self.world) if self.config.market == "none" else ""
        return kept or "always"

    def stop(self) -> None:
        """Begin a clean stop; a second time, do not wait for requests in flight."""
        if self._uvicorn is not None and self._stopping.is_set():
            self._uvicorn.force_exit = self._uvicorn.should_exit = True
        self._stopping.set()

    def _open_directory(self) -> app.Directory:
        """The files of the world. Raises ``StorageError`` or ``ConfigError``."""
        directory = app.DataDirectory(self.config.data)
        directory.tell_torn()
        self._kept_in = self.config.data
        return directory

    def _take_signals(self) -> None:
        """Stop cleanly when told to; until here a signal ends the process at once, as a crash
        would: nothing is lost.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)

    def _passwords(self) -> Passwords:
        """How passwords are hashed."""
        return Passwords()

    def _settle(self) -> None:
        """What is here now stays: the collector need not look at it again and again."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)

    def _listen(self) -> socket.socket:
        """Take the port before anything is opened. Raises ``ConfigError``."""
        host, port = self.config.host, self.config.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listening = socket.create_server((host, port), family=family, backlog=2048)
        except OSError as error:
            raise ConfigError(
                f"port {port} on {host} cannot be listened on ({error.strerror}): choose another"
                " with --port, or PORT with make"
            ) from None
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # Connections inherit it: a peer that vanished without a word is given up.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_MS)
        return listening

    def _clock(self) -> tuple[Clock, Recording | None]:
        kind, _, spec = self.config.market.partition(":")
        if kind == "replay" and self._followed:
            raise ConfigError("feeds: they are of today, a recording is not; choose one of them")
        if self.config.controls and (kind == "replay" or self._followed):
            raise ConfigError(
                "controls: they drive the simulated market's time, not that of a recording or a"
                " feed; choose one of them"
            )
        if kind == "replay" and spec:
            recording = open_recording(spec)
            clock = RecordedClock(recording.first_ts, self.config.replay_speed)
            # Opening takes wall time that is none of the recording's.
            clock.pause()
            return clock, recording
        if self.config.market not in ("simulated", "none"):
            raise ConfigError(
                f"market {self.config.market!r}: expected simulated, none, or replay: and a"
                " recording such as replay:csv:quotes.csv"
            )
        if self.config.controls:
            return ControlledClock(self._start_ns()), None
        if self.config.controls_start:
            raise ConfigError("controls_start: time is controlled only with controls")
        return WallClock(), None

    def _start_ns(self) -> int:
        """When a fresh directory with test controls begins. Raises ``ConfigError``."""
        text = self.config.controls_start
        try:
            return recorded_time(text) if text else time.time_ns()
        except NumberError as error:
            raise ConfigError(f"controls_start {text!r}: {error}") from None

    def _found(self, recording: Recording | None) -> None:
        world = self.world
        if isinstance(world.clock, ControlledClock) and world.engine.seq:
            # Time goes on from where it had come, whatever the wall says.
            world.clock.begin_at(world.engine.ts)
        now_ns = world.clock.now_ns()
        if recording is not None and app.began_ns(world) > recording.last_ts:
            raise ConfigError(
                "market: this data directory began after the recording ends; replay it in a fresh"
                " directory (DATA or --data)"
            )
        if recording is None and world.engine.ts > now_ns + AHEAD_MAX_NS:
            raise ConfigError(
                "data: this directory's clock is ahead of the machine's, as after test controls, a"
                " recording of the future or a clock set wrongly: go on with --controls, set the"
                " clock, or use a fresh directory"
            )
        instruments = app.catalog_instruments()
        if self.config.market == "simulated" and self.stock_calendar == "xnys":
            instruments = app.with_auctions(instruments)
        if recording is not None:
            instruments = list(app.recorded_instruments(world.engine, recording).values())
        followed = app.followed_instruments(world.engine, self._followed)
        instruments = [followed.pop(one.symbol, one) for one in instruments]
        instruments += followed.values()
        app.found(world, app.genesis(world, self.config.market_seed))
        now_ns = max(now_ns, world.engine.ts)
        app.found(
            world,
            app.reference_facts(
                world.engine,
                instruments,
                self.stock_calendar,
                now_ns,
                app.margin_terms(self.config),
            ),
        )
        app.follow_market(world, self.stock_calendar, self.config.quotes_only)

    def _schedule(self) -> None:
        asyncio.get_running_loop().call_soon(self._commit)

    def _commit(self) -> None:
        try:
            self.world.writer.commit()
        except BaseException:
            LOG.critical("the engine stopped on a broken invariant", exc_info=True)
            self.failed = True
            self.stop()

    async def _serve(
        self,
        clock: Clock,
        recording: Recording | None,
        listening: socket.socket,
        ready: Callable[["Server", "demo.Demo | None"], None],
    ) -> None:
        self.application = application = create_application(
            self.world,
            self.people,
            self.history,
            self._settings(),
            self.auditor,
            self.requests_kept,
            self._passwords(),
            web_files=built_app(),
        )
        self._uvicorn = _Uvicorn(
            uvicorn.Config(
                application,
                http=DoorProtocol,
                ws=StreamProtocol,
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                ws_max_size=SOCKET_FRAME_BYTES_MAX,
                ws_ping_interval=STREAM_PING_S,
                ws_ping_timeout=STREAM_PING_TIMEOUT_S,
                timeout_graceful_shutdown=GRACE_S,
                timeout_keep_alive=KEEP_ALIVE_S,
            )
        )
        serving = asyncio.ensure_future(self._uvicorn.serve([listening]))
        try:
            await self._complete(application)
            jobs = self._jobs(application, clock, recording)
            self._tasks = [asyncio.ensure_future(self._guard(job)) for job in jobs]
            while not self._uvicorn.started and not serving.done():
                await asyncio.sleep(0.005)
            if not serving.done():
                await self._open_doors(application, ready)
            await self._until_stopped(application, serving)
        finally:
            await self._close(application)

    async def _open_doors(
        self, application: Application, ready: Callable[["Server", "demo.Demo | None"], None]
    ) -> None:
        found = await self._demo(application)
        if found is not None and is_loopback(self.config.host):
            application.door.demo_email = found.email
        await self._note_start()
        self._settle()
        ready(self, found)

    async def _complete(self, application: Application) -> None:
        """Finish what people began and a crash left half done."""
        await application.complete_unfinished()

    async def _demo(self, application: Application) -> "demo.Demo | None":
        """The demo user, where one is wanted."""
        if not self.config.demo:
            return None
        return await demo.prepare(application.door, self.config.data, self.url)

    async def _note_start(self) -> None:
        """Put on record with which settings this begins, and with which the last one did."""
        config, usual = self.config, Config()
        chosen = {
            name: str(getattr(config, name))
            for name in config.__struct_fields__
            if getattr(config, name) != getattr(usual, name)
        }
        last = await self.auditor.search(Wanted(1, kind=STARTED))
        told = {"version": version("stockyard"), "settings": chosen}
        await self.auditor.note(
            Act(
                at_ns=self.world.clock.wall_ns(),
                kind=STARTED,
                actor="system:server",
                before=last[0].after if last else detail(None),
                after=detail(told),
            )
        )

    def _settings(self) -> ApiSettings:
        config = self.config
        return ApiSettings(
            version=version("stockyard"),
            engine_compiled=ENGINE_IS_COMPILED,
            starting_micros=app.starting_micros(config),
            profile=config.profile,
            sign_up=self.sign_up_way,
            demo=config.demo,
            body_bytes_max=config.body_bytes_max,
            streams_per_address=config.streams_per_address,
            streams_per_user=config.streams_per_user,
            ingest=self._ingest,
            internal_token=config.internal_token,
            controls=config.controls,
            recordings=Path(config.controls_recordings) if config.controls_recordings else None,
            alpaca_requests_per_minute=config.alpaca_requests_per_minute,
            requests_per_minute=house_rate(
                config.requests_per_minute, REQUESTS_PER_MINUTE, config.host
            ),
            orders_per_minute=house_rate(config.orders_per_minute, ORDERS_PER_MINUTE, config.host),
            public_url=config.public_url.rstrip("/") or self.url,
            secure_cookies=config.production or config.public_url.startswith("https:"),
            mail=self._mail_way,
            webhooks_private=config.webhooks_private,
            audit_folder=self._audit_folder,
            data=self._kept_in,
            proxies=self._proxies,
            origins=self._origins,
            calendars={XNYS_ID: self.stock_calendar, ALWAYS_ID: "always"},
        )

    @property
    def url(self) -> str:
        """Where it is reached."""
        host, port = self._listening.getsockname()[:2]
        shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
        return f"http://{f'[{shown}]' if ':' in shown and shown[0] != '[' else shown}:{port}"

    async def _until_stopped(
        self, application: Application, serving: "asyncio.Future[None]"
    ) -> None:
        assert self._uvicorn is not None
        serving.add_done_callback(lambda _: self._stopping.set())
        await self._stopping.wait()
        # Streams first, with our reason: the HTTP server would close them without one.
        application.begin_stop(SHUTTING_DOWN.detail)
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                await application.gateway.closed()
        self._uvicorn.should_exit = True
        await serving

    def _jobs(
        self, application: Application, clock: Clock, recording: Recording | None
    ) -> list[Coroutine[Any, Any, Any]]:
        """Everything that goes on beside requests."""
        config, world = self.config, self.world
        jobs: list[Coroutine[Any, Any, Any]] = [
            upkeep.keep_looking(world),
            upkeep.keep_trying(world),
            upkeep.keep_projecting(world, config.projection_seconds),
            upkeep.keep_snapshots(world, config.snapshot_seconds),
            self.history.keep(),
            self.auditor.keep(),
            self.requests_kept.keep(),
            self._keep_history(),
            self._keep_people(application),
            self._keep_audit(),
            self._mailer(application).run(),
            self._webhooks(application).run(),
            market_data.keep_turning(world.market, clock),
            Scheduler(clock, self.stock_calendar, [application.door.portfolio_job]).run(),
        ]
        if self._kept_in is not None:
            application.door.retention = self._retention(self._kept_in)
            jobs.append(application.door.retention.keep())
        application.door.directory, backups = self._kept_in, self._backups()
        if backups is not None:
            application.door.backups = backups
            jobs.append(backups.run())
        step: feeds.Step | None = None
        if recording is not None and isinstance(clock, RecordedClock):
            clock.go_on_from(world.engine.ts)
            clock.resume()
            instruments = app.recorded_instruments(world.engine, recording)
            facts = (f for f in recording.facts(instruments) if f.ts_event >= world.engine.ts)
            jobs.append(feeds.play(world, facts, clock))
        elif config.market == "simulated":
            elsewhere = {symbol for feed in self._followed for symbol in feed.symbols}
            market = app.simulated_market(world, config.market_seed, self.stock_calendar, elsewhere)
            step = market.step
            application.door.sim_market.attach(market)
        if isinstance(clock, ControlledClock):
            step = application.door.sim_market.step
            jobs.append(self._controlled(application, clock, step).run())
        else:
            jobs += [upkeep.keep_time(world), self._keep_sessions()]
            if step is not None:
                jobs.append(feeds.run_simulated(world, step, 1 / config.updates_per_second))
        assert self._http is not None
        world.feeds = app.feed_runners(world, self._followed, self._http)
        return jobs + [feed.run() for feed in world.feeds]

    def _controlled(
        self, application: Application, clock: ControlledClock, step: feeds.Step | None
    ) -> SimClock:
        """The driver of a World whose time is controlled."""
        world, config = self.world, self.config
        quiet = Quiet(world.writer)
        quiet.traffic = application.traffic
        assert self._uvicorn is not None
        state = self._uvicorn.server_state
        application.traffic.connections = lambda: state.connections
        application.traffic.listening = self._listening
        self._peers = quiet.peers = LinuxPeers.open(application.traffic.ends)
        world.sim_clock = SimClock(
            world,
            clock,
            quiet,
            round(1e9 / config.updates_per_second),
            step,
            self._session_facts,
            lambda: self.history.is_behind,
            lambda: application.door.sim_market.is_still,
        )
        if step is None:
            controlled, driver = application.door.sim_market, world.sim_clock
            # Without a simulated market there are steps only while something is under control.
            controlled.on_change = lambda: driver.follow(
                controlled.step if controlled.controls else None
            )
        if not config.controls_start:
            world.sim_clock.go(1.0)
        return world.sim_clock

    def _session_facts(self, now_ns: int) -> list[Input]:
        """What must be journaled by now so that sessions are known ahead."""
        try:
            return app.session_facts(self.world.engine, self.stock_calendar, now_ns)
        except CalendarError as error:
            LOG.warning("sessions were not scheduled: %s", error)
            return []

    async def _guard(self, job: Coroutine[Any, Any, Any]) -> None:
        """Run a task; a fault in it stops the server instead of leaving it half alive."""
        try:
            await job
        except asyncio.CancelledError:
            raise
        except Refused as refused:
            LOG.info("a task ended: %s", refused)
        except Exception:
            LOG.critical("a task of the server failed", exc_info=True)
            self.failed = True
            self.stop()

    async def _keep_people(self, application: Application) -> None:
        while True:
            await asyncio.sleep(PEOPLE_UPKEEP_S)
            # The desk may be busy with sign-ins, or its disk full: there is a next time.
            with suppress(Problem, StorageError, Refused):
                await application.tidy_people()

    @property
    def _mail_way(self) -> str:
        if self._smtp is not None:
            return MailWay.SMTP
        return MailWay.NOWHERE if self.config.production else MailWay.SHOWN

    @property
    def sign_up_way(self) -> str:
        """How somebody becomes a user here."""
        config = self.config
        return sign_up_way(config.sign_up, self._mail_way, is_local=app.is_local(config))

    def _mailer(self, application: Application) -> Mailer:
        """The task that sends mails."""
        desk, wall_ns = application.door.desk, self.world.clock.wall_ns
        delivery: Delivery = ShownDelivery() if self._mail_way == MailWay.SHOWN else NoDelivery()
        if self._smtp is not None:
            delivery = SmtpDelivery(self._smtp, wall_ns)

        async def write(work: Callable[[], None]) -> None:
            while True:
                try:
                    return await desk.write(lambda _: work())
                except Problem:
                    await asyncio.sleep(BUSY_S)

        return Mailer(self.people.outbox, delivery, write, wall_ns)

    def _webhooks(self, application: Application) -> WebhookTeller:
        """The task that tells webhooks what happened."""
        door, wall_ns = application.door, self.world.clock.wall_ns
        agent = f"stockyard/{door.settings.version}"
        sender = Sender(door.addresses, wall_ns, agent)

        async def write(work: Callable[[People], Made]) -> Made:
            while True:
                try:
                    return await door.desk.write(work)
                except Problem:
                    await asyncio.sleep(BUSY_S)

        return WebhookTeller(self.world, self.people, write, teller(door), sender.send)

    async def _keep_audit(self) -> None:
        folder, config = self._audit_folder, self.config
        if folder is None:
            return
        keys = AuditKeys(self._people_database, self.people.sealer)
        upkeep = AuditUpkeep(self.auditor.log, keys, folder, config.audit_years)
        while True:
            try:
                await self.auditor.look_after(upkeep)
            except (StorageError, OSError) as error:
                LOG.warning("the audit log's past was not looked after, trying again: %s", error)
            await asyncio.sleep(AUDIT_UPKEEP_S)

    def _retention(self, directory: Path) -> JournalRetention:
        days, noted = self.config.journal_keep_days, self.auditor.note_pruned
        return JournalRetention(self.world, directory, days, noted)

    def _backups(self) -> BackupSchedule | None:
        """The task that makes backups, where a setting says where."""
        config, world = self.config, self.world
        if not config.backup_dir or self._kept_in is None:
            return None
        words = (str(config.data), config.backup_dir, str(config.backup_keep))
        return BackupSchedule(
            Path(config.backup_dir),
            config.backup_every_hours * 3600,
            config.backup_keep,
            partial(run_idle, BACKUP_CHILD, *words),
            world.clock.wall_ns,
            lambda: world.view.world_id,
        )

    async def _keep_history(self) -> None:
        config, world = self.config, self.world
        retention = Retention(
            config.history_tick_days,
            config.history_second_days,
            config.history_minute_days,
            config.history_file_days,
            config.history_megabytes_max,
        )
        folder = config.data / FOLDER_NAME
        tidying = HistoryUpkeep(self.history.history, folder, retention)
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[Tidied] | None = None
        try:
            while True:
                await asyncio.sleep(HISTORY_UPKEEP_S)
                instruments = list(world.view.instruments.values())
                turn = loop.run_in_executor(None, tidying.run, world.clock.now_ns(), instruments)
                with suppress(StorageError):
                    await asyncio.shield(turn)
        finally:
            tidying.stop()
            if turn is not None:
                with suppress(StorageError):
                    await turn

    async def _keep_sessions(self) -> None:
        while True:
            await asyncio.sleep(SESSIONS_UPKEEP_S)
            world = self.world
            now_ns = max(world.clock.now_ns(), world.engine.ts)
            try:
                for fact in self._session_facts(now_ns):
                    world.writer.submit(fact)
            except Refused as error:
                LOG.warning("sessions were not scheduled, trying again in an hour: %s", error)

    async def _close(self, application: Application) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.close()
        if self._peers is not None:
            self._peers.close()
        self.world.market.turn(self.world.clock.now_ns())
        self.world.halt(SHUTTING_DOWN)
        await application.close()
        await self.auditor.close()
        await self.history.close()
        await self.requests_kept.close()
        self._shelf.close()
        upkeep.final_snapshot(self.world)
        while self.people.flush_last_used():
            continue
        self._people_database.close()
        self.world.close()


def _check_backups(config: Config) -> None:
    """Refuse a folder of backups that would be backed up itself. Raises ``ConfigError``."""
    folder, data = Path(config.backup_dir).resolve(), config.data.resolve()
    if config.backup_dir and (folder == data or data in folder.parents):
        raise ConfigError(
            f"backup_dir {config.backup_dir!r}: it lies in the data directory; name a folder"
            " elsewhere, best on another disk"
        )
