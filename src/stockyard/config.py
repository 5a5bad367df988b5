"""One frozen config tree, read once at start: defaults, then environment, then the command line.

Promises: every setting is one field here, with its environment variable ``STOCKYARD_<FIELD>``; a
value that cannot be meant is refused with what would be right. Must not know: what a setting does.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, get_type_hints

import msgspec

PREFIX: Final = "STOCKYARD_"
ALSO: Final = {
    "ingest_username": "INGEST_USERNAME",
    "ingest_password": "INGEST_PASSWORD",
    "internal_token": "INTERNAL_TOKEN",
}
"""Settings that are found under another variable too."""
FEED_PREFIX: Final = "STOCKYARD_FEED_"
"""Of the options of feeds, which their adapters list."""
PROFILE_NAMES: Final = (
    "ideal",
    "realistic",
    "brutal",
    "exchange",
    "wholesaler",
    "crypto_exchange",
)


class ConfigError(ValueError):
    """A setting that cannot be meant; the message names it and says what would be right."""


class Setting(NamedTuple):
    """What a setting is about, and what it may be."""

    about: str
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None


class Config(msgspec.Struct, frozen=True):
    """Every setting of a Stockyard, with its default."""

    data: Annotated[Path, Setting("Directory that holds everything that must survive.")] = Path(
        "data"
    )
    host: Annotated[str, Setting("Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Setting("Port to listen on.", least=0, most=65535)] = 8000
    market: Annotated[
        str, Setting("`simulated`, `none`, or `replay:` and a recording (see the guide).")
    ] = "simulated"
    calendar: Annotated[
        str,
        Setting(
            "Sessions of stocks: `always` (open day and night, trading days end at 16:00 New York)"
            " or `xnys`. Empty: `always` for the simulated market, `xnys` for recordings and feeds;"
            " without a market those of what was imported.",
            choices=("", "always", "xnys"),
        ),
    ] = ""
    quotes_only: Annotated[
        str,
        Setting(
            "Sources of market data whose trades repeat a tape that another source has, divided by"
            " commas: only their quotes count."
        ),
    ] = ""
    market_seed: Annotated[
        int, Setting("Seed of the simulated market.", least=0, most=2**62 - 1)
    ] = 1
    updates_per_second: Annotated[
        float,
        Setting("Simulated quote updates a second for each symbol.", least=0.001, most=1000),
    ] = 1.0
    replay_speed: Annotated[
        float,
        Setting(
            "Speed of a recording against its own time; 0 for as fast as possible.",
            least=0,
            most=1e6,
        ),
    ] = 1.0
    feeds: Annotated[
        str,
        Setting(
            "Feeds to follow, such as `massive,alpaca`; each has options of its own,"
            " `STOCKYARD_FEED_<NAME>_<OPTION>` (see the guide)."
        ),
    ] = ""
    starting_cash: Annotated[str, Setting("Dollars a new account starts with.")] = "100000"
    profile: Annotated[str, Setting("Realism profile of new accounts.", choices=PROFILE_NAMES)] = (
        "realistic"
    )
    debit_rate_percent: Annotated[
        float, Setting("A year's interest on cash that margin accounts borrow.", least=0, most=100)
    ] = 7.0
    margin_grace_hours: Annotated[
        float,
        Setting("Hours from a margin call until the house closes positions.", least=0, most=720),
    ] = 24.0
    controls: Annotated[
        bool,
        Setting(
            "Allow test controls: whoever has the scope `sim` may stop and move this Stockyard's"
            " time, its market and what becomes of orders (see the guide). Not where others trade."
        ),
    ] = False
    controls_recordings: Annotated[
        str,
        Setting("Folder of the recordings that test controls may play; empty: none."),
    ] = ""
    controls_start: Annotated[
        str,
        Setting(
            "World time at which a fresh directory with test controls begins, such as"
            " `2026-01-05T14:29:00Z`; time stands then, here and at every later start, until it is"
            " told to go. Empty: the wall's, and time goes."
        ),
    ] = ""
    sign_up: Annotated[
        str,
        Setting(
            "How people sign up: `open`, at once; `confirmed`, by a link in a mail, which tells"
            " nobody whose addresses are known here (needs a mail server, or nobody can); `closed`,"
            " not at all: whoever runs it adds them. Empty: `open` where only this machine can"
            " reach it, else `confirmed`.",
            choices=("", "open", "confirmed", "closed"),
        ),
    ] = ""
    alpaca_requests_per_minute: Annotated[
        int,
        Setting(
            "Requests that each account may make in a minute on Alpaca's paths (`/v2/` and so on);"
            " at Alpaca itself 200.",
            least=1,
            most=1_000_000_000,
        ),
    ] = 1_000_000
    requests_per_minute: Annotated[
        int,
        Setting(
            "Requests that each user, or each address without a sign-in, may make in a minute under"
            " `/api/v1`; 0: any number; -1: 100, or any number where only this machine is"
            " listened to.",
            least=-1,
            most=1_000_000_000,
        ),
    ] = -1
    orders_per_minute: Annotated[
        int,
        Setting(
            "Orders, replacements, closings and exits that each user may send in a minute, by"
            " whatever way; 0: any number; -1: 60, or any number where only this machine is"
            " listened to.",
            least=-1,
            most=1_000_000_000,
        ),
    ] = -1
    demo: Annotated[
        bool, Setting("Make a demo user and write `demo.json` into the data directory.")
    ] = True
    snapshot_seconds: Annotated[
        float, Setting("Seconds between snapshots of the engine.", least=0.1, most=86_400)
    ] = 10.0
    archive_inputs: Annotated[
        int,
        Setting(
            "Inputs after which a snapshot is kept in the archive, besides one a day.",
            least=1_000,
            most=1_000_000_000,
        ),
    ] = 250_000
    projection_seconds: Annotated[
        float, Setting("Seconds between writes of the query tables.", least=0.001, most=10)
    ] = 0.1
    history_seconds: Annotated[
        float,
        Setting("Longest a tick waits until it is written to the history.", least=1, most=5),
    ] = 1.0
    history_tick_days: Annotated[
        int,
        Setting(
            "Days after which raw ticks move from the history into Parquet days (with the parquet"
            " extra; else they are dropped); 0: never.",
            least=0,
            most=3650,
        ),
    ] = 1
    history_second_days: Annotated[
        int, Setting("Days that bars of a second are kept; 0: for ever.", least=0, most=3650)
    ] = 7
    history_minute_days: Annotated[
        int,
        Setting(
            "Days that bars of one and five minutes are kept; 0: for ever.", least=0, most=3650
        ),
    ] = 400
    history_file_days: Annotated[
        int,
        Setting(
            "Days that Parquet days are kept after history_tick_days; 0: for ever.",
            least=0,
            most=3650,
        ),
    ] = 7
    history_megabytes_max: Annotated[
        int,
        Setting(
            "Size of the history beyond which raw ticks move out early.", least=16, most=1_000_000
        ),
    ] = 2_048
    journal_keep_days: Annotated[
        int,
        Setting(
            "Days of the journal that are kept; what is older gives way to an archived state with"
            " its query tables (see the guide on retention); 0: everything, for ever.",
            least=0,
            most=36_500,
        ),
    ] = 0
    audit_years: Annotated[
        int,
        Setting("Years that the audit log is kept; 0: for ever.", least=0, most=100),
    ] = 6
    audit_folder: Annotated[
        str,
        Setting(
            "Folder that the audit log's signed days are written to, such as one on storage that"
            " takes each file once; empty: `audit` in the data directory."
        ),
    ] = ""
    backup_dir: Annotated[
        str,
        Setting(
            "Folder that backups are made in by schedule, best on another disk (see the guide);"
            " empty: none are."
        ),
    ] = ""
    backup_every_hours: Annotated[
        float, Setting("Hours from one scheduled backup to the next.", least=0.001, most=8_760)
    ] = 24.0
    backup_keep: Annotated[
        int,
        Setting(
            "How many good backups stay in backup_dir; the last good one always does.",
            least=1,
            most=10_000,
        ),
    ] = 7
    trace_days: Annotated[
        int,
        Setting("Days that records of slow and failed requests are kept.", least=1, most=365),
    ] = 7
    otlp_endpoint: Annotated[
        str,
        Setting(
            "OpenTelemetry collector that gets spans of the requests that are kept, over HTTP, such"
            " as `http://127.0.0.1:4318` (with the `observe` extra); empty: none."
        ),
    ] = ""
    sentry_dsn: Annotated[
        str,
        Setting(
            "DSN of the Sentry project that gets our faults (with the `observe` extra); empty:"
            " none."
        ),
    ] = ""
    log_format: Annotated[
        str,
        Setting(
            "`text` for people, or `json`: one object a line, with the request's, user's and"
            " order's ids, and a sample of the requests themselves.",
            choices=("text", "json"),
        ),
    ] = "text"
    body_bytes_max: Annotated[
        int, Setting("Largest request body in bytes.", least=1024, most=16_777_216)
    ] = 65_536
    streams_per_address: Annotated[
        int,
        Setting("Streams open at once from one network address.", least=1, most=5_000),
    ] = 1_000
    streams_per_user: Annotated[
        int, Setting("Streams open at once that one user is signed in on.", least=1, most=5_000)
    ] = 50
    ingest_username: Annotated[
        str, Setting("Name that the webhook of ticks asks for; without it there is no webhook.")
    ] = ""
    ingest_password: Annotated[str, Setting("Password of the webhook of ticks.")] = ""
    internal_token: Annotated[
        str,
        Setting("Credential of stages in processes of their own; without it they are not let in."),
    ] = ""
    secret_key: Annotated[
        str,
        Setting(
            "Key under which secrets are kept, as `stockyard secrets new` makes one; while it is"
            " changed the new one and the old one, divided by a comma. Empty: `secret_key_file`."
        ),
    ] = ""
    secret_key_file: Annotated[
        str,
        Setting(
            "File that holds such keys, newest first. Empty: `secret.key` in the data directory,"
            " made at the first start."
        ),
    ] = ""
    public_url: Annotated[
        str,
        Setting(
            "Where people reach this Stockyard, such as `https://paper.example.com`: what links in"
            " mails begin with. With `https` the cookie of a sign-in needs it too. Empty: the"
            " address it listens on."
        ),
    ] = ""
    production: Annotated[
        bool,
        Setting(
            "Leave out what is for trying things out: cookies need https, and there is no"
            " development mailbox."
        ),
    ] = False
    smtp_host: Annotated[
        str,
        Setting(
            "Mail server to send by; needs `mail_from` and `public_url`. Empty: mails lie in the"
            " development mailbox, `/dev/mail`, which this machine alone may read."
        ),
    ] = ""
    smtp_port: Annotated[int, Setting("Port of the mail server.", least=1, most=65535)] = 587
    smtp_user: Annotated[str, Setting("Whom the mail server knows us as; empty: nobody.")] = ""
    smtp_password: Annotated[str, Setting("Password at the mail server.")] = ""
    smtp_tls: Annotated[
        str,
        Setting(
            "How the mail server is spoken to: `starttls`, `tls` from the first byte (usually port"
            " 465), or `none`, in the clear.",
            choices=("starttls", "tls", "none"),
        ),
    ] = "starttls"
    mail_from: Annotated[
        str,
        Setting("Whom mails are from, such as `Stockyard <no-reply@example.com>`."),
    ] = ""
    webhooks_private: Annotated[
        bool,
        Setting(
            "Let users' webhooks call this machine and private networks. For trying things out;"
            " where others may sign up it opens what is behind the firewall to them."
        ),
    ] = False
    trusted_proxies: Annotated[
        str,
        Setting(
            "Addresses or networks of reverse proxies in front, such as `127.0.0.1,10.0.0.0/8`: of"
            " them alone `X-Forwarded-For` and `X-Forwarded-Proto` are believed."
        ),
    ] = ""
    cors_origins: Annotated[
        str,
        Setting(
            "Other sites whose pages may ask, such as `https://app.example.com`, divided by"
            " commas; they sign in by token or key, never by cookie."
        ),
    ] = ""
    log_level: Annotated[
        str, Setting("How much to log.", choices=("debug", "info", "warning", "error"))
    ] = "info"


def settings() -> dict[str, tuple[type, Setting]]:
    """Every setting's type and description, by name."""
    hints = get_type_hints(Config, include_extras=True)
    return {name: (hint.__origin__, hint.__metadata__[0]) for name, hint in hints.items()}


def read_config(environment: Mapping[str, str], **given: Any) -> Config:
    """The config from the environment, overridden by what was ``given`` (None: not given).

    Raises ``ConfigError``.
    """
    values: dict[str, Any] = {}
    known = settings()
    for name in environment:
        if name.startswith(FEED_PREFIX) or not name.startswith(PREFIX):
            continue
        if name.removeprefix(PREFIX).lower() not in known:
            raise ConfigError(f"{name}: there is no such setting; see docs/reference/settings.md")
    for name, (kind, setting) in known.items():
        text = environment.get(PREFIX + name.upper(), environment.get(ALSO.get(name, "")))
        if text is not None:
            values[name] = _parse(PREFIX + name.upper(), kind, text)
        if given.get(name) is not None:
            values[name] = given[name]
        if name in values:
            _check(name, values[name], setting)
    return Config(**values)


def read_feed_options(environment: Mapping[str, str]) -> dict[str, str]:
    """What the environment says of feeds: ``massive_key`` for ``STOCKYARD_FEED_MASSIVE_KEY``."""
    return {
        name.removeprefix(FEED_PREFIX).lower(): text
        for name, text in environment.items()
        if name.startswith(FEED_PREFIX)
    }


def _parse(name: str, kind: Any, text: str) -> Any:
    try:
        if kind is bool:
            return {"1": True, "true": True, "0": False, "false": False}[text.lower()]
        return kind(text)
    except (KeyError, ValueError):
        right = {bool: "1 or 0", int: "a whole number", float: "a number"}[kind]
        raise ConfigError(f"{name}={text!r}: expected {right}") from None


def _check(name: str, value: Any, setting: Setting) -> None:
    if setting.choices and value not in setting.choices:
        options = ", ".join(choice or "nothing" for choice in setting.choices)
        raise ConfigError(f"{name} {value!r}: expected one of {options}")
    if setting.least is not None and not setting.least <= value <= (setting.most or value):
        raise ConfigError(f"{name} {value}: expected {setting.least:g} to {setting.most:g}")
