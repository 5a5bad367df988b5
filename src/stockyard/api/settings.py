"""What the door is told when it is built, and the limits whoever runs the server must know.

Promises: values only. Must not know: where they were configured.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from stockyard.api.doorstep import Network

STREAM_FRAME_BYTES_MAX: Final = 16 * 1024
"""Largest frame our own stream takes."""
SOCKET_FRAME_BYTES_MAX: Final = 256 * 1024
"""Largest frame any WebSocket takes, its fragments together; give it to the server as its limit."""
STREAM_PING_S: Final = 30.0
"""How often the server pings a stream."""
STREAM_PING_TIMEOUT_S: Final = 20.0
"""How long a stream may leave a ping unanswered before the server drops it."""


class MailWay:
    """Where mails go."""

    SMTP: Final = "smtp"
    SHOWN: Final = "shown"
    """Into the development mailbox."""
    NOWHERE: Final = ""


class SignUpWay:
    """How somebody becomes a user."""

    OPEN: Final = "open"
    """By themselves, at once."""
    CONFIRMED: Final = "confirmed"
    """By themselves, once a link in a mail has shown that the address is theirs."""
    CLOSED: Final = "closed"
    """By whoever runs this Stockyard."""


SIGN_UP_WAYS: Final = (SignUpWay.OPEN, SignUpWay.CONFIRMED, SignUpWay.CLOSED)


def sign_up_way(asked: str, mail: str, *, is_local: bool) -> str:
    """How people sign up, where a setting asks for a way or, empty, for what is fit.

    ``is_local``: only this machine can reach it. Elsewhere nobody is told which addresses are
    users'; and where no mail can be sent to them, strangers cannot show which is theirs.
    """
    way = asked or (SignUpWay.OPEN if is_local else SignUpWay.CONFIRMED)
    mailed = mail == MailWay.SMTP or (is_local and mail == MailWay.SHOWN)
    return SignUpWay.CLOSED if way == SignUpWay.CONFIRMED and not mailed else way


class ApiSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that may differ between two installations of the door.

    ``starting_micros``: balance of a new account, and of a reset one unless it names another.
    ``profile``: name of a new account's realism profile. ``calendars``: names by calendar id.
    ``quote_stale_ns``: an older quote is shown as stale. ``sign_up``: how somebody becomes a user.
    ``people_waiting_max``: sign-ins and the like that may wait for the one thread that hashes
    passwords. ``resume_events_max``: how far
    back a stream can be resumed. ``stall_s``: how long a stream may block a send. ``ingest``: name
    and password of the webhook, None for no webhook. ``internal_token``: the credential of other
    processes of this Stockyard; without it they are not let in. ``streams_per_address``,
    ``streams_per_user``: how many streams may be open at once. ``controls``: whether test controls
    are allowed. ``recordings``: the folder of what they may play. ``alpaca_requests_per_minute``:
    requests that each account may make in a minute on Alpaca's paths. ``public_url``: what links in
    mails begin with. ``secure_cookies``: whether cookies are sent over https alone. ``mail``: where
    mails go. ``proxies``: networks whose word on addresses counts. ``origins``: other sites whose
    pages may ask. ``webhooks_private``: whether webhooks may lead to this machine and private
    networks. ``audit_folder``: where the audit log's signed days lie. ``requests_per_minute``,
    ``orders_per_minute``: of each user (requests without a sign-in: of each address); 0 for any
    number. ``data``: the directory the past is read from, None where nothing is on disk.
    """

    version: str = "unknown"
    engine_compiled: bool = False
    starting_micros: int = 100_000_000_000
    profile: str = "realistic"
    sign_up: str = SignUpWay.OPEN
    demo: bool = False
    body_bytes_max: int = 64 * 1024
    calendars: Mapping[int, str] = {}
    quote_stale_ns: int = 15_000_000_000
    people_waiting_max: int = 64
    resume_events_max: int = 10_000
    stall_s: float = 10.0
    streams_per_address: int = 1_000
    streams_per_user: int = 50
    ingest: tuple[str, str] | None = None
    internal_token: str = ""
    controls: bool = False
    recordings: Path | None = None
    alpaca_requests_per_minute: int = 1_000_000
    requests_per_minute: int = 0
    orders_per_minute: int = 0
    public_url: str = "http://127.0.0.1:8000"
    secure_cookies: bool = False
    mail: str = MailWay.SHOWN
    proxies: tuple[Network, ...] = ()
    origins: tuple[str, ...] = ()
    webhooks_private: bool = False
    audit_folder: Path | None = None
    data: Path | None = None
