"""Webhooks: addresses of users' own that are told what happens to an account.

Promises: an event is put in line for a webhook once, in the order of the journal, in the same
transaction that moves the webhook's cursor past it, so that no crash loses one or tells it twice
under two ids; the secret that signs is sealed at rest and told once; somebody else's webhook is as
if it did not exist; memory changes only after the database did. Must not know: how something is
sent, or what an event is.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from stockyard.people.errors import UserError
from stockyard.people.limits import PeopleLimits
from stockyard.people.sealing import WEBHOOK_SECRET, Sealer
from stockyard.storage.ports import Database

URL_LENGTH_MAX: Final = 2_000
NAME_LENGTH_MAX: Final = 100
PORTS: Final = frozenset({80, 443})
PORT_FREE_MIN: Final = 1_024
"""Ports that may be named: those of the web, and those that no service of the system has."""
SECRET_BYTES: Final = 32
SECRET_PREFIX: Final = "whsec_"
"""As the Standard Webhooks specification writes secrets."""
_ID_BYTES: Final = 16
_COLUMNS: Final = (
    "id, user_id, account_id, name, url, events, secret, state, reason, cursor_seq, cursor_idx,"
    " failures, rest_until_ns, created_ns, updated_ns"
)


class HookState:
    """Whether a webhook is told anything."""

    ACTIVE: Final = "active"
    PAUSED: Final = "paused"
    """By its owner."""
    DISABLED: Final = "disabled"
    """By us, after too many failures."""


class Webhook(msgspec.Struct, frozen=True, gc=False):
    """One webhook. ``events``: the kinds it is told, such as ``order`` or ``order.canceled``;
    ``cursor``: the last event of the account that was put in line or passed over; ``failures`` in a
    row, and until when nothing is sent because of them.
    """

    id: str
    user_id: str
    account_id: int
    name: str
    url: str
    events: tuple[str, ...]
    sealed: str
    state: str
    reason: str
    cursor: tuple[int, int]
    failures: int
    rest_until_ns: int
    created_ns: int
    updated_ns: int

    def wants(self, kind: str, event: str) -> bool:
        """Whether it is told of events of this kind and name."""
        return kind in self.events or f"{kind}.{event}" in self.events


def checked_url(text: str) -> str:
    """An address that could be called: http or https, a host, no credentials, no fragment.

    Raises ``UserError`` ``invalid_url``.
    """
    wrong = ""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _bad_url("it is no address") from None
    if len(text) > URL_LENGTH_MAX:
        wrong = f"it has {len(text)} characters, more than {URL_LENGTH_MAX}"
    elif not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        wrong = "it holds what an address does not, such as a space or a letter beyond ASCII"
    elif parts.scheme not in ("http", "https") or not parts.hostname:
        wrong = "it does not begin with https:// or http:// and a host"
    elif "@" in parts.netloc:
        wrong = "it holds a user name or a password"
    elif parts.fragment or text.endswith("#"):
        wrong = "it has a fragment"
    elif port is not None and port not in PORTS and port < PORT_FREE_MIN:
        wrong = f"port {port} is for something else"
    if wrong:
        raise _bad_url(wrong)
    return text


def _bad_url(wrong: str) -> UserError:
    return UserError(
        "invalid_url", "url", f"the url cannot be called: {wrong}",
        "send one such as https://example.com/stockyard, port 80, 443 or from 1024 on",
    )  # fmt: skip


class Webhooks:
    """All webhooks, in memory by id, over their table."""

    def __init__(
        self,
        database: Database,
        limits: PeopleLimits,
        random_bytes: Callable[[int], bytes],
        sealer: Sealer,
    ) -> None:
        self._database, self._limits = database, limits
        self._random_bytes, self._sealer = random_bytes, sealer
        self._by_id: dict[str, Webhook] = {}
        for row in database.query(f"SELECT {_COLUMNS} FROM webhooks ORDER BY created_ns, id"):
            which, user_id, account_id, name, url, events, secret, state, reason, *rest = row
            seq, idx, *times = rest
            self._by_id[which] = Webhook(
                which,
                user_id,
                account_id,
                name,
                url,
                tuple(events.split()),
                secret,
                state,
                reason,
                (seq, idx),
                *times,
            )

    def of_account(self, account_id: int) -> tuple[Webhook, ...]:
        """An account's webhooks, oldest first."""
        return tuple([one for one in list(self._by_id.values()) if one.account_id == account_id])

    def active(self) -> list[Webhook]:
        """Those that are told anything, oldest first."""
        return [one for one in list(self._by_id.values()) if one.state == HookState.ACTIVE]

    def get(self, hook_id: str) -> Webhook | None:
        """One by its id, whosever it is."""
        return self._by_id.get(hook_id)

    def find(self, account_id: int, hook_id: str) -> Webhook:
        """One of an account's. Raises ``UserError`` ``unknown_webhook``."""
        found = self._by_id.get(hook_id.lower())
        if found is None or found.account_id != account_id:
            raise UserError(
                "unknown_webhook", "webhook_id", "there is no such webhook", "name one of yours"
            )
        return found

    def secret(self, hook: Webhook) -> bytes:
        """What signs. Raises ``SealError``."""
        return b64decode(self._sealer.open(hook.sealed, WEBHOOK_SECRET.purpose_of(hook.id)))

    def create(
        self,
        user_id: str,
        account_id: int,
        name: str,
        url: str,
        events: Sequence[str],
        cursor: tuple[int, int],
        now_ns: int,
    ) -> tuple[Webhook, str]:
        """Make a webhook that is told what follows on ``cursor``; with its secret, told once.

        Raises ``UserError``: ``invalid_url``, ``invalid_name``, ``too_many_webhooks``.
        """
        url, name = checked_url(url), _checked_name(name)
        most = self._limits.webhooks_per_account_max
        if len(self.of_account(account_id)) >= most:
            raise UserError(
                "too_many_webhooks",
                "",
                f"an account may have {most} webhooks",
                "delete one that is not used any more",
            )
        hook_id = str(UUID(bytes=self._random_bytes(_ID_BYTES), version=4))
        sealed, secret = self._new_secret(hook_id)
        made = Webhook(
            hook_id,
            user_id,
            account_id,
            name,
            url,
            tuple(events),
            sealed,
            HookState.ACTIVE,
            "",
            cursor,
            0,
            0,
            now_ns,
            now_ns,
        )
        marks = ", ".join("?" for _ in _COLUMNS.split(","))
        self._database.execute(
            f"INSERT INTO webhooks ({_COLUMNS}) VALUES ({marks})",
            (
                *(hook_id, user_id, account_id, name, url, " ".join(events), sealed),
                *(made.state, "", *cursor, 0, 0, now_ns, now_ns),
            ),
        )
        self._by_id[hook_id] = made
        return made, secret

    def change(
        self,
        account_id: int,
        hook_id: str,
        now_ns: int,
        *,
        name: str | None = None,
        url: str | None = None,
        events: Sequence[str] | None = None,
        active: bool | None = None,
    ) -> Webhook:
        """Change what is given. Made active, it forgets its failures, and goes on where it stopped.

        Raises ``UserError``: ``unknown_webhook``, ``invalid_url``, ``invalid_name``.
        """
        before = self.find(account_id, hook_id)
        after = msgspec.structs.replace(
            before,
            name=before.name if name is None else _checked_name(name),
            url=before.url if url is None else checked_url(url),
            events=before.events if events is None else tuple(events),
        )
        if active is not None:
            state = HookState.ACTIVE if active else HookState.PAUSED
            after = msgspec.structs.replace(
                after, state=state, reason="", failures=0, rest_until_ns=0
            )
        if after == before:
            return before
        after = msgspec.structs.replace(after, updated_ns=now_ns)
        self._database.execute(
            "UPDATE webhooks SET name = ?, url = ?, events = ?, state = ?, reason = ?,"
            " failures = ?, rest_until_ns = ?, updated_ns = ? WHERE id = ?",
            (
                *(after.name, after.url, " ".join(after.events), after.state, after.reason),
                *(after.failures, after.rest_until_ns, now_ns, after.id),
            ),
        )
        self._by_id[after.id] = after
        return after

    def renew_secret(self, account_id: int, hook_id: str, now_ns: int) -> tuple[Webhook, str]:
        """Make another secret; the last one counts no more. Raises ``UserError``."""
        before = self.find(account_id, hook_id)
        sealed, secret = self._new_secret(before.id)
        after = msgspec.structs.replace(before, sealed=sealed, updated_ns=now_ns)
        self._database.execute(
            "UPDATE webhooks SET secret = ?, updated_ns = ? WHERE id = ?",
            (sealed, now_ns, after.id),
        )
        self._by_id[after.id] = after
        return after, secret

    def delete(self, account_id: int, hook_id: str) -> Webhook:
        """Forget a webhook and all that it was told. Raises ``UserError`` ``unknown_webhook``."""
        found = self.find(account_id, hook_id)

        def work(transaction: Database) -> None:
            transaction.execute("DELETE FROM webhook_deliveries WHERE webhook_id = ?", (found.id,))
            transaction.execute("DELETE FROM webhooks WHERE id = ?", (found.id,))

        self._database.transact(work)
        del self._by_id[found.id]
        return found

    def store_progress(
        self, transaction: Database, hook: Webhook, *, cursor: tuple[int, int] | None = None
    ) -> Webhook:
        """Write how far a webhook is, and how it is doing, inside a transaction; ``keep`` it after.

        What its owner changed meanwhile stays.
        """
        if cursor is not None:
            hook = msgspec.structs.replace(hook, cursor=cursor)
        transaction.execute(
            "UPDATE webhooks SET cursor_seq = ?, cursor_idx = ?, state = ?, reason = ?,"
            " failures = ?, rest_until_ns = ? WHERE id = ?",
            (*hook.cursor, hook.state, hook.reason, hook.failures, hook.rest_until_ns, hook.id),
        )
        return hook

    def keep(self, hook: Webhook) -> None:
        """Remember what was stored."""
        self._by_id[hook.id] = hook

    def store_erase(self, transaction: Database, user_id: str) -> None:
        """Delete all of a user's, inside a transaction."""
        transaction.execute(
            "DELETE FROM webhook_deliveries WHERE webhook_id IN"
            " (SELECT id FROM webhooks WHERE user_id = ?)",
            (user_id,),
        )
        transaction.execute("DELETE FROM webhooks WHERE user_id = ?", (user_id,))

    def erase(self, user_id: str) -> None:
        """Forget all of a user's."""
        kept = [one for one in self._by_id.values() if one.user_id != user_id]
        self._by_id = {one.id: one for one in kept}

    def _new_secret(self, hook_id: str) -> tuple[str, str]:
        """A fresh secret, sealed and as it is told."""
        text = b64encode(self._random_bytes(SECRET_BYTES)).decode()
        sealed = self._sealer.seal(text, WEBHOOK_SECRET.purpose_of(hook_id))
        return sealed, SECRET_PREFIX + text


def checked_events(words: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Kinds of events, each once, in the order of ``known``. Raises ``UserError``."""
    wanted, order = set(words), list(known)
    strange = sorted(wanted - set(order))
    if strange or not wanted:
        what = f"there is no event {strange[0][:60]!r}" if strange else "no event is named"
        raise UserError("invalid_events", "events", what, f"name some of {', '.join(order)}")
    return tuple([word for word in order if word in wanted])


def _checked_name(text: str) -> str:
    name = " ".join(text.split())
    if len(name) > NAME_LENGTH_MAX or not name.isprintable():
        raise UserError(
            "invalid_name",
            "name",
            f"the name has {len(name)} characters, or some that cannot be printed",
            f"use at most {NAME_LENGTH_MAX}",
        )
    return name
