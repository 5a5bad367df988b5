"""How a user is told that an alert fired: in the inbox, and by mail if the user wants it.

Promises: what is told is there exactly when the firing is; nobody who may not act gets mail; a full
outbox keeps no alert from firing. Must not know: how mail is sent.
"""

from contextlib import suppress
from typing import Final

from stockyard.people.alerts import Alert, Firing
from stockyard.people.errors import UserError
from stockyard.people.inbox import Inbox
from stockyard.people.outbox import Outbox
from stockyard.people.user_preferences import UserPreferences
from stockyard.people.users import Users, may_act
from stockyard.storage.ports import Database

KIND: Final = "alert"
LINK: Final = "/alerts"
MAIL_PREFERENCE: Final = "alerts_by_mail"
OFF: Final = "off"


class Telling:
    """Tells users of their alerts, inside the transactions in which those fire."""

    def __init__(
        self, users: Users, inbox: Inbox, outbox: Outbox, preferences: UserPreferences
    ) -> None:
        self._users, self._inbox, self.outbox = users, inbox, outbox
        self._preferences = preferences

    def wants_mail(self, user_id: str) -> bool:
        """Whether a user gets mail of alerts at all."""
        return self._preferences.get(user_id, MAIL_PREFERENCE) != OFF

    def want_mail(self, user_id: str, wanted: bool) -> None:
        """Send a user mail of alerts, or none."""
        self._preferences.store(user_id, MAIL_PREFERENCE, "on" if wanted else OFF)

    def forget_user(self, user_id: str, within: Database) -> None:
        """Drop what a user preferred, in the transaction that deletes the user."""
        self._preferences.forget_user(user_id, within)

    def tell(self, within: Database, alert: Alert, firing: Firing, now_ns: int) -> None:
        """Tell an alert's user of its firing, in the transaction."""
        self._inbox.put(alert.user_id, KIND, firing.title, firing.text, now_ns, LINK, within)
        user = self._users.get(alert.user_id)
        if user is None or not alert.email or not may_act(user):
            return
        if self._preferences.get(alert.user_id, MAIL_PREFERENCE, within) != OFF:
            with suppress(UserError):
                self.outbox.put(
                    user.email, firing.title, _letter(firing), now_ns, transaction=within
                )


def _letter(firing: Firing) -> str:
    return (
        f"{firing.title}\n\n{firing.text}\n\n"
        "You set this alert in Stockyard. It fires once; arm it again under Alerts, where mail of"
        " alerts can be switched off too.\n"
    )
