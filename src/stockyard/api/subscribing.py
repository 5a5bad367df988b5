"""What may be subscribed to, in a client's words, and how that is done.

Promises: the same words mean the same on the stream and on the event stream. Must not know: how
anything is sent.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from stockyard.api.door import Door
from stockyard.api.problems import Problem
from stockyard.runtime.hub import CHANNELS, Channel, Hub, Subscriber

WINDOW_WORDS: Final = {"1s": 1, "1m": 60, "5m": 300, "1h": 3600, "1d": 86400}
WINDOWS: Final = {seconds: word for word, seconds in WINDOW_WORDS.items()}
DEFAULT_WINDOW: Final = "1m"


class Wanted(NamedTuple):
    """Some channels, for some instruments or (None) for all; ``window_s`` is of bars."""

    channels: list[str]
    window_s: int
    instrument_ids: list[int] | None

    def window_of(self, channel: str) -> int:
        """The window under which the hub knows a channel."""
        return self.window_s if channel == Channel.BARS else 0

    @property
    def needs_symbols(self) -> bool:
        """Whether any of the channels is about instruments."""
        return any(channel != Channel.FEEDS for channel in self.channels)


def channels_named(names: Sequence[str] | None) -> list[str]:
    """The channels of these names, each once; quotes where none are named. Raises ``Problem``."""
    if names is None:
        return [Channel.QUOTES]
    for name in names:
        if name not in CHANNELS:
            raise Problem(
                422,
                "unknown_channel",
                f"there is no channel {name[:40]}",
                f"use some of {', '.join(CHANNELS)}",
                field="channels",
            )
    if not names:
        raise Problem(
            422,
            "missing_field",
            "channels is empty",
            "name channels, or leave it out for quotes",
            field="channels",
        )
    return list(dict.fromkeys(names))


def window_named(word: str | None) -> int:
    """A window of bars in seconds. Raises ``Problem`` 422."""
    found = WINDOW_WORDS.get(word or DEFAULT_WINDOW)
    if found is None:
        raise Problem(
            422,
            "unknown_window",
            "no bars of this window are streamed",
            f"use one of {', '.join(WINDOW_WORDS)}",
            field="window",
        )
    return found


def instruments_named(door: Door, symbols: Iterable[str]) -> list[int]:
    """The instruments of some symbols, each once. Raises ``Problem`` 422."""
    return list(dict.fromkeys(door.instrument(symbol).instrument_id for symbol in symbols))


def check_allowed(wanted: Wanted, is_signed_in: bool) -> None:
    """Raise ``Problem`` 401 for what not everybody may see."""
    if Channel.FEEDS in wanted.channels and not is_signed_in:
        raise Problem(
            401,
            "missing_credentials",
            "the channel feeds needs a sign-in",
            "sign in first, or leave it out",
        )


def subscribe(hub: Hub, subscriber: Subscriber, wanted: Wanted) -> None:
    """Send what is wanted from now on."""
    for channel in wanted.channels:
        window_s = wanted.window_of(channel)
        if wanted.instrument_ids is None or channel == Channel.FEEDS:
            hub.subscribe_all(subscriber, channel, window_s)
        else:
            hub.subscribe(subscriber, wanted.instrument_ids, channel, window_s)
