"""Trading sessions inside the engine: which phase a calendar is in, and when that changes next.

Promises: a boundary is acted on before the first input at or after it, closes before opens,
calendars in the order of their ids. Must not know: holidays or time zones; sessions come in as
facts.
"""

from typing import Final

from stockyard.model.codes import Phase
from stockyard.model.facts import SessionsScheduled
from stockyard.model.instruments import Session

NEVER_NS: Final = 2**62 - 1


class Calendar:
    """One calendar: its phase, the session going on or coming next, and those after it.

    ``opened_ns``: when the phase began; kept while the calendar is shut.
    """

    def __init__(self, calendar_id: int, name: str) -> None:
        self.calendar_id = calendar_id
        self.name = name
        self.phase = 0
        self.opened_ns = 0
        self.sessions: list[Session] = []

    @property
    def is_open(self) -> bool:
        """Whether the regular session is going on."""
        return self.phase == Phase.OPEN

    def schedule(self, fact: SessionsScheduled, ts: int) -> None:
        """Take over sessions that are not over at ``ts``: known ones that end before them stay,
        unless the calendar is another from now on.

        A session going on that is thereby taken away, or whose phase begins later, is shut.
        """
        is_same = fact.name == self.name
        self.name = fact.name
        coming = [session for session in fact.sessions if session.ends_ns > ts]
        if not coming:
            return
        first = coming[0].begins_ns
        kept = [session for session in self.sessions if is_same and session.ends_ns <= first]
        for session in coming:
            _check(session)
            assert not kept or kept[len(kept) - 1].ends_ns <= session.begins_ns, "sessions overlap"
            kept.append(session)
        self.sessions = kept
        if self.phase != Phase.CLOSED and self._phase_begins_ns() > self.opened_ns:
            self.phase = Phase.CLOSED

    def _phase_begins_ns(self) -> int:
        """When the present phase begins in the session that is now the first."""
        session = self.sessions[0]
        if self.phase == Phase.PRE:
            return session.begins_ns
        return session.open_ns if self.phase == Phase.OPEN else session.close_ns

    def next_boundary_ns(self) -> int:
        """When the phase changes next."""
        if not self.sessions:
            return NEVER_NS
        session = self.sessions[0]
        if self.phase == Phase.CLOSED:
            return session.begins_ns
        if self.phase == Phase.PRE:
            return session.open_ns
        return session.close_ns if self.phase == Phase.OPEN else session.ends_ns

    def pass_boundary(self) -> None:
        """Go on to the next phase; a session that is over is forgotten."""
        boundary_ns, session = self.next_boundary_ns(), self.sessions[0]
        if self.phase == Phase.CLOSED and session.pre_open_ns:
            self.phase = Phase.PRE
        elif self.phase in (Phase.CLOSED, Phase.PRE):
            self.phase = Phase.OPEN
        elif self.phase == Phase.OPEN and session.post_close_ns:
            self.phase = Phase.POST
        else:
            self.phase = Phase.CLOSED
            del self.sessions[0]
            return
        self.opened_ns = boundary_ns

    def upcoming(self) -> Session | None:
        """The regular session that is going on or comes next; None when none is known."""
        at = 1 if self.phase == Phase.POST else 0
        return self.sessions[at] if at < len(self.sessions) else None

    def day_ends_ns(self, extended_hours: bool) -> int:
        """When a day order entered now expires; 0 when no session is known."""
        session = self.sessions[0] if extended_hours and self.sessions else self.upcoming()
        if session is None:
            return 0
        return session.ends_ns if extended_hours else session.close_ns


def _check(session: Session) -> None:
    assert session.open_ns < session.close_ns, "a session must end after it begins"
    early, late = session.pre_open_ns, session.post_close_ns
    assert early == 0 or early < session.open_ns, "early trading must begin before the open"
    assert late == 0 or late > session.close_ns, "late trading must end after the close"
