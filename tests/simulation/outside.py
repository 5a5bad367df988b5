"""The outside of a simulated world: a mail server, and receivers of webhooks.

Promises: remembers over every crash of the process what reached it; draws from a generator of its
own; now and then it does not answer, or takes something and does not say so. Must not know: what it
should be sent.
"""

from collections import Counter
from collections.abc import Sequence
from random import Random

from stockyard.people.deliveries import Outcome
from stockyard.people.outbox import Mail
from stockyard.runtime.mailer import Done, Refusal, Unreachable
from tests.simulation.faults import Fuse


class Outside:
    """Everybody who is told something: how often each mail came, what each receiver heard."""

    def __init__(self, seed: int, fuse: Fuse) -> None:
        self._random, self._fuse = Random(f"outside {seed}"), fuse
        self.mails: Counter[str] = Counter()
        self.told: dict[str, dict[str, str]] = {}

    async def deliver(self, mails: Sequence[Mail], done: Done) -> None:
        """Take mails, refuse some this time, or do not answer."""
        for mail in mails:
            draw = self._random.random()
            if draw < 0.1:
                raise Unreachable("nobody answers")
            if draw < 0.2:
                await done(mail, Refusal("451 not now", for_good=False))
                continue
            self.mails[mail.id] += 1
            self._fuse.cross("after a mail went out")
            await done(mail, None)

    async def send(self, url: str, delivery_id: str, secret: bytes, body: bytes) -> Outcome:
        """Be told something; a receiver may be out, or hang up after it has listened."""
        draw = self._random.random()
        if draw < 0.15:
            return Outcome(503, "503 not now", 5)
        heard = self.told.setdefault(url, {})
        words = heard.setdefault(delivery_id, body.decode())
        assert words == body.decode(), f"{delivery_id} says {body!r}, first it said {words}"
        self._fuse.cross("after a webhook was told")
        return Outcome(0, "hung up", 5) if draw < 0.25 else Outcome(200, "", 5)
