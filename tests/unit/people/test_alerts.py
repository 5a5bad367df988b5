from collections.abc import Callable

import pytest

from stockyard.people.alerts import Alert, Alerts, AlertTerms, Arming, Firing
from stockyard.people.directory import People
from stockyard.people.errors import UserError
from stockyard.people.limits import PeopleLimits
from stockyard.people.outbox import MailLimits, Outbox
from stockyard.people.schema import migrate
from stockyard.people.users import UserStatus
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import Database, StorageUnavailable
from tests.unit.people.given import FULL, NOW, CountedBytes

ANN = 17
TERMS = AlertTerms("price", 1, "above", 2_000_000, "last", "", 0)
LIMITS = PeopleLimits(alerts_per_account_max=3, alerts_max=4, firings_per_account_max=2)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def alerts(database: MemoryDatabase, told: list[str]) -> Alerts:
    migrate(database)

    def tell(within: Database, alert: Alert, firing: Firing, now_ns: int) -> None:
        told.append(alert.id)

    return Alerts(database, LIMITS, CountedBytes(), tell)


def make(alerts: Alerts, account_id: int = ANN, seq: int = 1) -> Alert:
    return alerts.create("ann", account_id, TERMS, "", True, Arming(seq, NOW + seq))


def firing(alert: Alert) -> Firing:
    return Firing(alert.id, alert.arming, 7, NOW, "200", "title", "text")


def test_an_arming_fires_once(alerts: Alerts, database: MemoryDatabase, told: list[str]) -> None:
    made = make(alerts)
    assert len(alerts.fire([firing(made), firing(made)], NOW)) == 1
    assert alerts.fire([firing(made)], NOW) == []
    again = Alerts(database, LIMITS, CountedBytes(), lambda *_: None)
    assert again.fire([firing(made)], NOW) == []
    after = again.change(again.find(ANN, made.id), None, "", True, Arming(9, NOW + 9))
    assert (after.status, after.arming, after.armed_seq) == ("armed", 2, 9)
    assert again.fire([firing(made)], NOW) == []
    (fired,) = again.fire([firing(after)], NOW + 10)
    assert (fired.number, fired.arming, told) == (2, 2, [made.id])
    assert [one.arming for one in again.history(ANN, 10)] == [2, 1]


def test_one_that_is_off_or_gone_does_not_fire(alerts: Alerts) -> None:
    off, gone = make(alerts), make(alerts)
    assert alerts.switch_off(ANN, off.id).status == "off"
    assert alerts.switch_off(ANN, off.id).status == "off"
    alerts.delete(ANN, gone.id)
    assert alerts.fire([firing(off), firing(gone)], NOW) == []
    assert list(alerts.armed()) == []


def test_what_cannot_be_kept_has_not_fired(
    alerts: Alerts, disk: MemoryDisk, told: list[str]
) -> None:
    made = make(alerts)
    disk.fail_next(FULL)
    with pytest.raises(StorageUnavailable):
        alerts.fire([firing(made)], NOW)
    assert (alerts.find(ANN, made.id).status, alerts.history(ANN, 9)) == ("armed", [])
    assert len(alerts.fire([firing(made)], NOW)) == 1


def test_limits_are_told(alerts: Alerts) -> None:
    for count in range(3):
        make(alerts, seq=count)
    with pytest.raises(UserError, match="an account may have 3 alerts"):
        make(alerts)
    first = make(alerts, 18)
    with pytest.raises(UserError, match="this Stockyard keeps 4 alerts"):
        make(alerts, 18)
    alerts.delete(18, first.id)
    make(alerts, 18)


def test_the_oldest_history_gives_way(alerts: Alerts) -> None:
    made = make(alerts)
    for count in range(4):
        alerts.fire([firing(made)], NOW + count)
        made = alerts.change(made, None, "", True, Arming(count, NOW))
    assert [one.arming for one in alerts.history(ANN, 10)] == [4, 3]


def test_a_deleted_user_leaves_nothing(alerts: Alerts, database: MemoryDatabase) -> None:
    made = make(alerts)
    alerts.fire([firing(made)], NOW)
    database.transact(lambda transaction: alerts.forget_user("ann", transaction))
    assert (alerts.of_account(ANN), alerts.history(ANN, 9)) == ([], [])


@pytest.mark.parametrize("status", [UserStatus.ACTIVE, UserStatus.SUSPENDED])
def test_mail_goes_to_who_may_act_and_wants_it(
    people: People, add_user: Callable[..., str], status: str
) -> None:
    user_id = add_user()
    people.set_status(user_id, status)
    made = [people.alerts.create(user_id, ANN, TERMS, "", x < 2, Arming(x, NOW)) for x in range(3)]
    people.alerts.fire([firing(made[0]), firing(made[2])], NOW)
    people.telling.want_mail(user_id, False)
    people.alerts.fire([firing(made[1])], NOW)
    mails = people.outbox.due(NOW, 10)
    assert [mail.to for mail in mails] == ["ann@example.com"] * (status == UserStatus.ACTIVE)
    assert people.inbox.unread(user_id) == 3


def test_a_full_outbox_keeps_no_alert_from_firing(
    people: People, add_user: Callable[..., str], database: MemoryDatabase
) -> None:
    user_id = add_user()
    limits = MailLimits(waiting_max=1)
    people.telling.outbox = Outbox(database, CountedBytes(), people.sealer, limits)
    for count in range(2):
        made = people.alerts.create(user_id, ANN, TERMS, "", True, Arming(count, NOW))
        assert len(people.alerts.fire([firing(made)], NOW)) == 1
    assert len(people.outbox.due(NOW, 10)) == 1
    assert people.inbox.unread(user_id) == 2
