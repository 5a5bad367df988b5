"""Goal: a mail that was put goes out once, or leaves a record of why it did not."""

import pytest

from stockyard.people.directory import People
from stockyard.people.errors import UserError
from stockyard.people.limits import SECOND_NS
from stockyard.people.outbox import Mail, MailLimits, MailState, Outbox, checked_subject
from stockyard.people.sealing import Sealer, SealError, new_key
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import Database
from tests.unit.people.given import NOW, CountedBytes

TO = "ann@example.com"
SEALER = Sealer((new_key(),))
SMALL = MailLimits(waiting_max=3, records_max=2, shown_max=2, pauses_s=(10, 60), life_s=200)


@pytest.fixture
def outbox(database: MemoryDatabase) -> Outbox:
    People(database, random_bytes=CountedBytes())
    return Outbox(database, CountedBytes(), SEALER, SMALL)


def only(outbox: Outbox) -> Mail:
    (found,) = outbox.latest(10)
    return found


def test_what_is_put_is_due_at_once_and_survives_a_restart(
    outbox: Outbox, disk: MemoryDisk
) -> None:
    mail_id = outbox.put(TO, "Hello", "the words", NOW, html="<p>the words")
    again = Outbox(MemoryDatabase(disk, "people"), CountedBytes(), SEALER, SMALL)
    (found,) = again.due(NOW, 10)
    assert (found.id, found.to, found.subject) == (mail_id, TO, "Hello")
    assert (found.text, found.html) == ("the words", "<p>the words")
    assert again.next_due_ns() == NOW


def test_a_mail_of_a_transaction_that_was_undone_never_goes_out(
    outbox: Outbox, database: MemoryDatabase
) -> None:
    def kept(transaction: Database) -> None:
        outbox.put(TO, "kept", "", NOW, transaction=transaction)

    def undone(transaction: Database) -> None:
        outbox.put(TO, "undone", "", NOW, transaction=transaction)
        raise RuntimeError

    database.transact(kept)
    with pytest.raises(RuntimeError):
        database.transact(undone)
    assert [mail.subject for mail in outbox.latest(10)] == ["kept"]


def test_a_sent_mail_keeps_its_record_without_its_words(outbox: Outbox) -> None:
    outbox.sent(outbox.put(TO, "Your link", "https://secret", NOW, html="secret"))
    found = only(outbox)
    assert (found.state, found.text, found.html) == (MailState.SENT, "", "")
    assert outbox.due(NOW, 10) == []
    assert outbox.next_due_ns() is None


def test_the_words_are_sealed_for_their_mail(outbox: Outbox, database: MemoryDatabase) -> None:
    outbox.put(TO, "one", "https://secret/link", NOW)
    outbox.put(TO, "two", "other", NOW + 1)
    rows = database.query("SELECT words FROM mails ORDER BY created_ns")
    assert not any("secret" in str(row) for row in rows)
    database.execute("UPDATE mails SET words = ? WHERE subject = 'two'", rows[0])
    with pytest.raises(SealError):
        outbox.due(NOW + 1, 10)


def test_tries_come_at_growing_pauses_until_the_mail_is_given_up(outbox: Outbox) -> None:
    outbox.put(TO, "Hello", "words", NOW)
    now, waits = NOW, []
    while True:
        (mail,) = outbox.due(now, 10)
        again = outbox.failed(mail, "450 busy", now, for_good=False)
        due = outbox.next_due_ns()
        if not again or due is None:
            break
        waits.append((due - now) // SECOND_NS)
        assert outbox.due(due - 1, 10) == []
        now = due
    assert waits == [10, 60, 60, 60]
    found = only(outbox)
    assert (found.state, found.error, found.text) == (MailState.GIVEN_UP, "450 busy", "")


def test_what_will_never_be_taken_is_given_up_at_once(outbox: Outbox) -> None:
    outbox.put(TO, "Hello", "words", NOW)
    assert not outbox.failed(only(outbox), "550 nobody" * 100, NOW, for_good=True)
    assert only(outbox).error == ("550 nobody" * 100)[:300]


def test_no_more_wait_than_may(outbox: Outbox) -> None:
    for _ in range(3):
        outbox.put(TO, "Hello", "", NOW)
    with pytest.raises(UserError, match="too_many_mails"):
        outbox.put(TO, "Hello", "", NOW)
    outbox.sent(outbox.due(NOW, 1)[0].id)
    outbox.put(TO, "Hello", "", NOW)


def test_of_what_is_done_the_newest_are_kept(outbox: Outbox) -> None:
    for number in range(4):
        outbox.sent(outbox.put(TO, f"sent {number}", "", NOW + number))
        outbox.shown(outbox.put(TO, f"shown {number}", "words", NOW + number))
    outbox.put(TO, "waiting", "", NOW - 1)
    outbox.purge()
    assert {mail.subject for mail in outbox.latest(20)} == {
        *("sent 2", "sent 3", "shown 2", "shown 3", "waiting")
    }
    assert outbox.counts() == {"sent": 2, "shown": 2, "waiting": 1}


@pytest.mark.parametrize("to", ["", "ann", "ann@example.com\r\nBcc: all@example.com", "a b@c.de"])
def test_a_recipient_is_one_address(outbox: Outbox, to: str) -> None:
    with pytest.raises(UserError, match="invalid_email"):
        outbox.put(to, "Hello", "", NOW)


def test_a_subject_is_one_line() -> None:
    assert checked_subject(" a\r\nBcc: x@y.de\x00 b\u2028c ") == "a Bcc: x@y.de b c"
    assert len(checked_subject("x" * 1000)) == 200


def test_whoever_sends_is_told_of_a_new_mail(outbox: Outbox) -> None:
    told: list[int] = []
    outbox.on_put = lambda: told.append(1)
    outbox.put(TO, "Hello", "", NOW)
    assert told == [1]
