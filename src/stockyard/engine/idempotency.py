"""Answered requests: the same key never makes the same thing happen twice.

Promises: a key with the same digest names the first answer; with another digest, or with none, it
is refused. A ``client_order_id`` of an order that was taken is kept for ever; a denial, and any
``Idempotency-Key``, for the configured time (24 h) of the world's clock; a denial without a digest
not at all. Must not know: what was answered.
"""

from typing import Final

from stockyard.engine.accounts import Account, Answer
from stockyard.engine.state import State
from stockyard.model.commands import NO_DIGEST

REUSED: Final = -1
"""A key was used before with another digest."""


def _live(account: Account, key: str, ts: int) -> Answer | None:
    answer = account.answers.get(key)
    if answer is None or (answer.expires_ns and answer.expires_ns <= ts):
        return None
    return answer


def find(
    account: Account, client_order_id: str, idempotency_key: str, digest: bytes, ts: int
) -> int:
    """Seq of the first answer to this request, 0 when it is new, or ``REUSED``."""
    answer: Answer | None = None
    if idempotency_key:
        answer = _live(account, "k" + idempotency_key, ts)
    if answer is None and client_order_id:
        answer = _live(account, "c" + client_order_id, ts)
    if answer is None:
        return 0
    if answer.digest == digest and digest != NO_DIGEST:
        return answer.first_seq
    return REUSED


def remember(
    state: State,
    account: Account,
    client_order_id: str,
    idempotency_key: str,
    digest: bytes,
    ts: int,
    taken: bool,
) -> None:
    """Keep the answer given by the current input under its keys."""
    limits = state.limits
    assert limits is not None
    expires_ns = ts + limits.key_ttl_ns
    if client_order_id and (taken or digest != NO_DIGEST):
        _keep(state, account, "c" + client_order_id, digest, 0 if taken else expires_ns, state.seq)
    if idempotency_key:
        _keep(state, account, "k" + idempotency_key, digest, expires_ns, state.seq)


def learn(
    state: State, account: Account, idempotency_key: str, digest: bytes, first_seq: int, ts: int
) -> None:
    """Keep the first answer also under a new key that a repeat of it brought along."""
    limits = state.limits
    assert limits is not None
    key = "k" + idempotency_key
    if idempotency_key and _live(account, key, ts) is None:
        _keep(state, account, key, digest, ts + limits.key_ttl_ns, first_seq)


def _keep(
    state: State, account: Account, key: str, digest: bytes, expires_ns: int, first_seq: int
) -> None:
    account.answers[key] = Answer(digest, first_seq, expires_ns)
    if expires_ns:
        state.key_expiries.append((expires_ns, account.account_id, key))


def forget_expired(state: State, ts: int) -> None:
    """Drop keys whose time is over; each is looked at once."""
    expiries = state.key_expiries
    while expiries and expiries[0][0] <= ts:
        expires_ns, account_id, key = expiries.popleft()
        account = state.accounts[account_id]
        answer = account.answers.get(key)
        if answer is not None and answer.expires_ns == expires_ns:
            del account.answers[key]
