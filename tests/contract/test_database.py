"""What every ``Database`` promises."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from stockyard.storage.ports import ConstraintBroken, Database, Row, StorageUnavailable
from tests.contract.places import Place

SCHEMA = """
CREATE TABLE owners (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE);
CREATE TABLE coins (owner INTEGER NOT NULL REFERENCES owners (id), amount INTEGER NOT NULL);
"""
ADD = "INSERT INTO owners (id, email) VALUES (?, ?)"
EMAILS = "SELECT email FROM owners ORDER BY id"


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    database = place.database()
    database.script(SCHEMA)
    yield database
    database.close()


def test_rows_come_back_as_they_were_written(database: Database) -> None:
    database.execute("CREATE TABLE kinds (a TEXT, b BLOB, c INTEGER, d REAL, e TEXT)")
    row = ("ä'; --", b"\x00\xff", 2**62, 0.5, None)
    database.execute("INSERT INTO kinds VALUES (?, ?, ?, ?, ?)", row)
    assert database.query("SELECT * FROM kinds") == [row]
    assert database.query("SELECT * FROM kinds WHERE a = ?", ["other"]) == []


def test_many_rows_are_written_all_or_none(database: Database) -> None:
    database.executemany(ADD, [(1, "a@x"), [2, "b@x"]])
    with pytest.raises(ConstraintBroken):
        database.executemany(ADD, iter([(3, "c@x"), (4, "a@x")]))
    assert database.query(EMAILS) == [("a@x",), ("b@x",)]


def test_a_script_runs_whole_or_not_at_all(database: Database) -> None:
    with pytest.raises(ConstraintBroken):
        database.script(
            "INSERT INTO owners VALUES (1, 'a@x'); INSERT INTO owners VALUES (2, 'a@x');"
        )
    assert database.query(EMAILS) == []


def test_a_transaction_sees_its_own_rows_and_is_kept_when_it_returns(
    place: Place, database: Database
) -> None:
    seen = []

    def work(inner: Database) -> None:
        inner.execute(ADD, (1, "a@x"))
        inner.executemany(ADD, [(2, "b@x")])
        inner.script("INSERT INTO coins VALUES (1, 5); INSERT INTO coins VALUES (2, 6);")
        seen.extend(inner.query(EMAILS))

    database.transact(work)
    assert seen == database.query(EMAILS) == [("a@x",), ("b@x",)]
    place.crash()
    again = place.database()
    assert again.query("SELECT sum(amount) FROM coins") == [(11,)]


def test_what_was_only_shown_is_gone_after_a_crash(place: Place, database: Database) -> None:
    database.execute(ADD, (1, "a@x"))
    database.show(lambda inner: inner.execute(ADD, (2, "b@x")))
    assert database.query(EMAILS) == [("a@x",), ("b@x",)]
    place.crash()
    again = place.database()
    assert again.query(EMAILS) == [("a@x",)]
    again.execute(ADD, (2, "c@x"))
    assert again.query(EMAILS) == [("a@x",), ("c@x",)]


def test_a_transaction_that_raises_is_undone(database: Database) -> None:
    def work(inner: Database) -> None:
        inner.execute(ADD, (1, "a@x"))
        raise KeyError("changed my mind")

    with pytest.raises(KeyError):
        database.transact(work)
    assert database.query(EMAILS) == []
    database.execute(ADD, (1, "b@x"))
    assert database.query(EMAILS) == [("b@x",)]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda outer, inner: inner.transact(lambda _: None),
        lambda outer, inner: inner.close(),
        lambda outer, inner: outer.transact(lambda _: None),
        lambda outer, inner: outer.execute(ADD, (2, "b@x")),
        lambda outer, inner: outer.executemany(ADD, [(2, "b@x")]),
        lambda outer, inner: outer.query(EMAILS),
    ],
)
def test_inside_a_transaction_only_the_given_database_is_used(
    database: Database, wrong: Callable[[Database, Database], None]
) -> None:
    def work(inner: Database) -> None:
        inner.execute(ADD, (1, "a@x"))
        wrong(database, inner)

    with pytest.raises(AssertionError, match="transaction"):
        database.transact(work)
    assert database.query(EMAILS) == []


def test_a_transaction_is_not_used_after_its_end(database: Database) -> None:
    kept: list[Database] = []
    database.transact(kept.append)
    with pytest.raises(AssertionError, match="over"):
        kept[0].execute(ADD, (1, "a@x"))
    assert database.query(EMAILS) == []


@pytest.mark.parametrize(
    ("sql", "params"),
    [
        (ADD, (2, "a@x")),
        (ADD, (2, None)),
        ("INSERT INTO coins VALUES (?, ?)", (99, 5)),
    ],
)
def test_a_broken_constraint_keeps_nothing(
    database: Database, sql: str, params: tuple[int, str | None]
) -> None:
    database.execute(ADD, (1, "a@x"))
    with pytest.raises(ConstraintBroken, match="constraint"):
        database.execute(sql, params)
    assert database.query(EMAILS) == [("a@x",)]
    assert database.query("SELECT * FROM coins") == []


@pytest.mark.parametrize("in_transaction", [False, True])
def test_a_failing_disk_keeps_nothing_and_recovers(
    place: Place, database: Database, in_transaction: bool
) -> None:
    large = "x" * 100_000

    def write() -> None:
        if in_transaction:
            database.transact(lambda inner: inner.execute(ADD, (1, large)))
        else:
            database.execute(ADD, (1, large))

    place.break_disk(database)
    with pytest.raises(StorageUnavailable, match="full"):
        write()
    assert database.query(EMAILS) == []
    place.mend_disk(database)
    write()
    assert database.query(EMAILS) == [(large,)]


def test_a_query_only_reads(database: Database) -> None:
    with pytest.raises(AssertionError, match="only reads"):
        database.query(ADD + " RETURNING id", (1, "a@x"))
    assert database.query(EMAILS) == []
    database.execute(ADD, (1, "a@x"))
    rows: list[Row] = []
    database.transact(lambda inner: rows.extend(inner.query(ADD + " RETURNING id", (2, "b@x"))))
    assert rows == [(2,)]


def test_readers_beside_a_writer_never_see_half_a_transaction(database: Database) -> None:
    database.executemany(ADD, [(1, "a@x"), (2, "b@x")])
    database.executemany("INSERT INTO coins VALUES (?, ?)", [(1, 100), (2, 0)])

    def move(inner: Database) -> None:
        inner.execute("UPDATE coins SET amount = amount - 1 WHERE owner = 1")
        inner.execute("UPDATE coins SET amount = amount + 1 WHERE owner = 2")

    def write() -> None:
        for _ in range(60):
            database.transact(move)

    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write) for _ in range(2)]
        totals: set[int] = set()
        while not all(writer.done() for writer in writing):
            reading = [pool.submit(database.query, "SELECT sum(amount) FROM coins") for _ in "ab"]
            totals.update(reader.result()[0][0] for reader in reading)
        for writer in writing:
            writer.result()
    assert totals <= {100}
    rows = database.query("SELECT amount FROM coins ORDER BY owner")
    assert rows == [(-20,), (120,)]


def test_a_closed_database_is_found_again(place: Place) -> None:
    database = place.database()
    database.script(SCHEMA)
    database.execute(ADD, (1, "a@x"))
    database.close()
    again = place.database()
    assert again.query(EMAILS) == [("a@x",)]


def test_rows_given_as_json_are_inserted_or_replaced(database: Database) -> None:
    database.script("CREATE TABLE told (a BIGINT, b TEXT, c TEXT, PRIMARY KEY (a))")
    database.upsert_json("told", ("a", "b", "c"), "a", b'[[1, "x", [1, "y"]], [2, "2", null]]')
    database.upsert_json("told", ("a", "b", "c"), "a", b'[[2, "9007199254740993", {"k": 1}]]')
    assert database.query("SELECT a, b, c FROM told ORDER BY a") == [
        (1, "x", '[1,"y"]'),
        (2, "9007199254740993", '{"k":1}'),
    ]


def test_large_integers_in_json_rows_stay_exact(database: Database) -> None:
    database.script("CREATE TABLE told (a BIGINT, b BIGINT, PRIMARY KEY (a))")
    database.upsert_json("told", ("a", "b"), "a", b"[[1, 4611686018427387903], [2, -1]]")
    assert database.query("SELECT b FROM told ORDER BY a") == [(2**62 - 1,), (-1,)]


def test_what_is_synced_stays_and_can_be_added_to(database: Database) -> None:
    database.script("CREATE TABLE told (a BIGINT, PRIMARY KEY (a))")
    database.execute("INSERT INTO told VALUES (1)")
    database.sync()
    database.execute("INSERT INTO told VALUES (2)")
    database.sync()
    assert database.query("SELECT a FROM told ORDER BY a") == [(1,), (2,)]
