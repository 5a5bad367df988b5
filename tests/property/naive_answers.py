"""The naive twin's memory of what it answered under which key.

Promises: as in ``naive_twin``, of which this is a part. Must not know: how the engine works.
"""

from stockyard.model.denials import DenyCode
from stockyard.model.instruments import Limits
from tests.property.naive_things import NaiveAccount


class Answers:
    """What a twin does about keys it may have seen."""

    seq: int
    ts: int
    denied: int
    repeated: int
    limits: Limits | None
    accounts: dict[int, NaiveAccount]

    def _known(self, account_id: int, order_id: str, key: str, digest: bytes) -> bool:
        """Whether the answer is already given."""
        account = self.accounts.get(account_id)
        if account is None:
            self.denied = DenyCode.UNKNOWN_ACCOUNT
            return True
        for name in ("key " + key if key else "", "order " + order_id if order_id else ""):
            if name in account.answers:
                first_digest, first_seq, expires = account.answers[name]
                if not expires or self.ts < expires:
                    if first_digest == digest and any(digest):
                        self.repeated = first_seq
                        self._learn(account.answers, key, digest, first_seq)
                    else:
                        self.denied = DenyCode.KEY_REUSED
                    return True
        return False

    def _learn(
        self, answers: dict[str, tuple[bytes, int, int]], key: str, digest: bytes, first_seq: int
    ) -> None:
        """A key that came with a repeat names the first answer too, unless it does already."""
        assert self.limits is not None
        known = answers.get("key " + key)
        if key and (known is None or known[2] <= self.ts):
            answers["key " + key] = (digest, first_seq, self.ts + self.limits.key_ttl_ns)

    def _answer(self, account_id: int, order_id: str, key: str, digest: bytes, code: int) -> bool:
        """Remember the answer; whether the command was taken."""
        assert self.limits is not None
        answers, until = self.accounts[account_id].answers, self.ts + self.limits.key_ttl_ns
        if order_id and (any(digest) or not code):
            answers["order " + order_id] = (digest, self.seq, until if code else 0)
        if key:
            answers["key " + key] = (digest, self.seq, until)
        self.denied = code
        return not code
