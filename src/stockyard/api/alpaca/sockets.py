"""What Alpaca's streams share: a format chosen by the upgrade, ten seconds to sign in, last words.

Promises: a frame that cannot be read is answered, and costs nobody else anything; whoever does not
sign in is let go; what was to be said is said before a close. Must not know: what is streamed.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from starlette.websockets import WebSocket

from stockyard.api.alpaca.formats import Format, NotReadable
from stockyard.api.auth import require_scope
from stockyard.api.gateway import Gateway
from stockyard.api.heads import Head
from stockyard.api.listeners import POLICY, RECHECK_S, TOO_BIG, TOO_SLOW, within
from stockyard.api.problems import Problem
from stockyard.api.settings import SOCKET_FRAME_BYTES_MAX
from stockyard.api.sockets import CLOSE_S, SocketListener
from stockyard.people.identity import Identity, Scope

SIGN_IN_S: Final = 10.0
"""So long a client may take to sign in."""
_CREDENTIALS: Final = frozenset({b"authorization", b"apca-api-key-id", b"apca-api-secret-key"})


class AlpacaSocket(SocketListener):
    """One client of one of Alpaca's streams; ``needs_account``: it is about an account's orders."""

    needs_account: ClassVar[bool] = False

    def __init__(self, gateway: Gateway, socket: WebSocket, head: Head, form: Format) -> None:
        super().__init__(gateway, socket, head.address)
        self._head, self._format = head, form

    @abstractmethod
    def _greet(self) -> None:
        """Say what is said before anything is asked."""

    @abstractmethod
    def _on_command(self, said: Mapping[str, Any]) -> None:
        """Do what a client asks for."""

    @abstractmethod
    def _unreadable(self) -> None:
        """Answer a frame that is no object of the format."""

    @abstractmethod
    def _too_late(self) -> None:
        """Say that nobody has signed in."""

    @abstractmethod
    def _too_slow(self) -> None:
        """Say that the client reads too slowly."""

    async def run(self) -> None:
        """Serve until either side ends it."""
        self._greet()
        await self._serve(self._receive_all(), self._await_sign_in())

    @property
    def _has_credentials(self) -> bool:
        """Whether the upgrade itself says who asks."""
        return bool(_CREDENTIALS & self._head.headers.keys())

    def _sign_in(self, identify: Callable[[], Identity]) -> Identity:
        """Know who listens. Raises ``Problem``."""
        identity = identify()
        require_scope(identity, Scope.READ)
        self._gateway.check_user(identity.user_id)
        self._recheck_due = self._loop.time() + RECHECK_S
        named = self._head.text(b"x-account-id")
        if self.needs_account or named is not None or identity.account_ids:
            self.account_id = self._door.gate.named_account(identity, named)
        self._identify, self.identity = identify, identity
        return identity

    async def _await_sign_in(self) -> None:
        await asyncio.sleep(SIGN_IN_S)
        if self.identity is None:
            self._too_late()
            self.end(POLICY, f"nobody signed in within {SIGN_IN_S:g} seconds")
        await self.ended.wait()

    async def _close(self) -> None:
        if self.ending is not None and self.ending[0] == TOO_SLOW:
            self._replies.clear()
            self._too_slow()
        replies, self._replies = self._replies, []
        if replies:
            await within(self._send_all_of(replies), CLOSE_S)
        await super()._close()

    def _take(self, message: str | bytes) -> None:
        data = message.encode("utf-8", "surrogatepass") if isinstance(message, str) else message
        if len(data) > SOCKET_FRAME_BYTES_MAX:
            self.end(TOO_BIG, f"a frame has at most {SOCKET_FRAME_BYTES_MAX} bytes")
            return
        if not self._allowed():
            return
        try:
            said = self._format.decode(data)
        except NotReadable:
            said = None
        if isinstance(said, dict):
            self._on_command(said)
        else:
            self._unreadable()

    def _by_head(self) -> Identity:
        """Who the upgrade says asks. Raises ``Problem``."""
        return self._sign_in(lambda: self._door.gate.identity(self._head))

    def _by_key(self, key: object, secret: object) -> Identity:
        """Who holds a pair of keys. Raises ``Problem``."""
        if not (isinstance(key, str) and isinstance(secret, str)):
            raise Problem(401, "missing_credentials", "half of the pair is missing", "send both")
        return self._sign_in(lambda: self._door.gate.key(key, secret))

    def _by_token(self, token: object) -> Identity:
        """Who holds a token. Raises ``Problem``."""
        if not isinstance(token, str):
            raise Problem(401, "missing_credentials", "there is no token", "send it as text")
        return self._sign_in(lambda: self._door.gate.token(token))
