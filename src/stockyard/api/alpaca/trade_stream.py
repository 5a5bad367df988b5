"""``/stream``: one client of ``trade_updates``.

Promises: ``authenticate`` and ``auth`` are the same; ``listen`` is absolute and is answered with
what is listened to. Frames are bytes that hold JSON, as the paper account's are; text where the
address says ``frames=text``; MessagePack where the upgrade's ``Content-Type`` asks for it. Must not
know: how updates are made (``trade_updates``).
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final

from starlette.websockets import WebSocket

from stockyard.api.alpaca.formats import Format
from stockyard.api.alpaca.sockets import AlpacaSocket
from stockyard.api.alpaca.trade_updates import STREAM, TradeUpdates, Update
from stockyard.api.gateway import Gateway
from stockyard.api.heads import Head
from stockyard.api.problems import Problem
from stockyard.api.wire import Shared
from stockyard.people.identity import Identity
from stockyard.runtime.hub import QUEUE_EVENTS_MAX

AUTHENTICATE: Final = ("authenticate", "auth")
STREAMS_NAMED_MAX: Final = 100


class TradeSocket(AlpacaSocket):
    """One client; ``is_binary``: its frames are bytes."""

    stream: ClassVar[str] = "trade_updates"
    is_ours: ClassVar[bool] = False
    needs_account: ClassVar[bool] = True

    def __init__(
        self,
        gateway: Gateway,
        socket: WebSocket,
        head: Head,
        form: Format,
        is_binary: bool,
        updates: TradeUpdates,
    ) -> None:
        super().__init__(gateway, socket, head, form)
        self._is_binary, self._updates = is_binary, updates
        self._waiting: deque[Update] = deque()
        self._is_listening = False

    @property
    def is_listening(self) -> bool:
        """Whether the client has said that it listens; who is only signed in is told nothing."""
        return self._is_listening

    # What it is told.

    def hear(self, updates: Iterable[Update]) -> None:
        """Take updates, to be sent soon."""
        self._waiting.extend(updates)
        if len(self._waiting) > QUEUE_EVENTS_MAX:
            self.lose()
        self._woken.set()

    def lose(self) -> None:
        """Updates were lost: whoever comes back reads the orders again."""
        self._waiting.clear()
        self.subscriber.overflowed = True
        self._woken.set()

    def _private(self) -> list[Shared]:
        waiting, self._waiting = self._waiting, deque()
        return [update.shared(self._format, self._is_binary) for update in waiting]

    def leave(self) -> None:
        """Listen no longer."""
        self._is_listening = False
        self._updates.leave(self, self.account_id)

    # What it says.

    def _tell(self, stream: str, **data: Any) -> None:
        self.reply(self._said(stream, data))

    def _said(self, stream: str, data: Mapping[str, Any]) -> Shared:
        payload = self._format.encode({"stream": stream, "data": data})
        return Shared(stream, payload, is_binary=self._is_binary)

    def _fail(self, why: str) -> None:
        # One of Alpaca's clients looks for the action, another for the stream.
        said = {"action": "error", "stream": "error"}
        data = {"error_message": why, "error": why}
        payload = self._format.encode({**said, "data": data})
        self.reply(Shared("error", payload, is_binary=self._is_binary))

    def _refuse(self, action: str, why: str) -> None:
        self._tell("authorization", status="unauthorized", action=action, message=why)

    async def refuse(self, why: str) -> None:
        """Say, before anything else, why the connection is refused."""
        data = {"status": "unauthorized", "action": "authenticate", "message": why}
        await self._put(self._said("authorization", data))

    def _greet(self) -> None:
        if self._has_credentials:
            self._authenticate(self._by_head)

    def _unreadable(self) -> None:
        self._fail("this is no object of the format of this connection")

    def _too_late(self) -> None:
        self._refuse("authenticate", "nobody has signed in in time")

    def _too_slow(self) -> None:
        self._fail("slow client: connect again and read the orders again")

    def _on_command(self, said: Mapping[str, Any]) -> None:
        action, data = said.get("action"), said.get("data", {})
        if action in AUTHENTICATE:
            self._on_authenticate(said, data if isinstance(data, dict) else {})
        elif action == "listen":
            self._on_listen(data if isinstance(data, dict) else {})
        else:
            self._fail("the actions are authenticate, auth and listen")

    def _on_authenticate(self, said: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        if self.identity is not None:
            self._authorized()
            return
        token = data.get("oauth_token", said.get("oauth_token"))
        key = data.get("key_id", said.get("key"))
        secret = data.get("secret_key", said.get("secret"))
        if token is not None:
            self._authenticate(lambda: self._by_token(token))
        elif key == "oauth":
            self._authenticate(lambda: self._by_token(secret))
        else:
            self._authenticate(lambda: self._by_key(key, secret))

    def _authenticate(self, sign_in: Callable[[], Identity]) -> None:
        try:
            sign_in()
        except Problem as problem:
            self._refuse("authenticate", problem.wrong)
        else:
            self._authorized()

    def _authorized(self) -> None:
        self._tell("authorization", status="authorized", action="authenticate")

    def _on_listen(self, data: Mapping[str, Any]) -> None:
        if self.identity is None:
            self._refuse("listen", "authenticate first")
            return
        streams = data.get("streams")
        if not isinstance(streams, list) or len(streams) > STREAMS_NAMED_MAX:
            self._fail("streams is a list of names")
            return
        # One that is not here is not named in the answer, as at Alpaca.
        known = [STREAM] if STREAM in streams else []
        self._updates.leave(self, self.account_id)
        self._waiting.clear()
        self._tell("listening", streams=known)
        self._is_listening = bool(known)
        if known:
            self._updates.join(self, self.account_id)
