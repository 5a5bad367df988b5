"""Trading sessions inside the engine: which calendar is open, and when that changes next.

Promises: a boundary is acted on before the first input at or after it, closes before opens,
calendars in the order of their ids. Must not know: holidays or time zones; sessions come in as
facts.
"""

from stockyard.model.facts import SessionsScheduled

NEVER_NS = 2**62 - 1


class Calendar:
    """One calendar: the session going on or coming next, and those after it."""

    def __init__(self, calendar_id: int, name: str) -> None:
        self.calendar_id = calendar_id
        self.name = name
        self.is_open = False
        self.opened_ns = 0
        self.opens: list[int] = []
        self.closes: list[int] = []

    def schedule(self, fact: SessionsScheduled, ts: int) -> None:
        """Take over sessions that are not over at ``ts``: known ones that start earlier stay."""
        self.name = fact.name
        sessions = [session for session in fact.sessions if session.close_ns > ts]
        if not sessions:
            return
        first = sessions[0].open_ns
        keep = 0
        while keep < len(self.opens) and self.opens[keep] < first:
            keep += 1
        self.opens = self.opens[:keep]
        self.closes = self.closes[:keep]
        for session in sessions:
            assert session.open_ns < session.close_ns, "a session must end after it begins"
            assert not self.closes or self.closes[-1] <= session.open_ns, "sessions overlap"
            self.opens.append(session.open_ns)
            self.closes.append(session.close_ns)
        if self.is_open and (not self.opens or self.opens[0] > self.opened_ns):
            self.is_open = False

    def next_boundary_ns(self) -> int:
        """When this calendar opens or closes next."""
        if not self.opens:
            return NEVER_NS
        return self.closes[0] if self.is_open else self.opens[0]

    def pass_boundary(self) -> bool:
        """Open or close; True when it opened."""
        if self.is_open:
            self.is_open = False
            del self.opens[0]
            del self.closes[0]
            return False
        self.is_open = True
        self.opened_ns = self.opens[0]
        return True

    def day_ends_ns(self) -> int:
        """When a day order entered now expires; 0 when no session is known."""
        return self.closes[0] if self.closes else 0
