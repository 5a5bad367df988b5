"""A server that is killed again and again has on record whatever it did, acknowledged or not."""

from contextlib import suppress
from http.client import HTTPException
from threading import Thread
from time import sleep

import apsw
import msgspec

from stockyard.people.audit_log import FILE_NAME
from tests.e2e.running import Running

KILLS = 3
SOAK_KILLS = 50
CLIENTS = 6
PATH = "/api/v1/watchlists"


def change(server: Running, turn: int, who: int) -> None:
    """Make watchlists until the server dies."""
    client = server.connect()
    with suppress(OSError, HTTPException):
        for number in range(200):
            said = {"name": f"{turn}-{who}-{number}", "symbols": ["AAPL"]}
            status, made = client.ask("POST", PATH, said)
            assert status == 201, made
            client.ask("DELETE", f"{PATH}/{made['id']}")
    client.close()


def rows(server: Running, name: str, sql: str) -> list[tuple[str, ...]]:
    """What stands in one of the server's databases."""
    with apsw.Connection(str(server.data / name), flags=apsw.SQLITE_OPEN_READONLY) as database:
        found = [tuple(map(str, row)) for row in database.execute(sql)]
    database.close()
    return found


def check(server: Running, unnoted: set[str]) -> int:
    """What people.db holds, or holds no more, is in the log: in its own words, or found; how often
    the latter. ``unnoted``: lists that were found without words before.
    """
    lists = {found for (found,) in rows(server, "people.db", "SELECT id FROM watchlists")}
    payloads = rows(server, FILE_NAME, "SELECT payload FROM entries ORDER BY number")
    entries = [msgspec.json.decode(payload) for (payload,) in payloads]
    made, gone = (
        [entry["subject"] for entry in entries if entry["kind"] == f"watchlist.{what}"]
        for what in ("created", "deleted")
    )
    found = [entry["after"]["asked"] for entry in entries if entry["kind"] == "act.found"]
    assert len(made) == len(set(made))
    assert len(gone) == len(set(gone))
    unnoted |= lists - set(made)
    assert found.count(f"POST {PATH}") == len(unnoted)
    missing = [f"DELETE {PATH}/{one}" for one in {*made, *unnoted} - set(gone) - lists]
    assert sorted(missing) == sorted(one for one in found if one.startswith("DELETE"))
    assert rows(server, "people.db", "SELECT COUNT(*) FROM attempts") == [("0",)]
    return len(found)


def test_whatever_was_done_is_on_record_however_the_server_ended(
    server: Running, soak_factor: int
) -> None:
    unnoted: set[str] = set()
    found = 0
    for turn in range(KILLS if soak_factor == 1 else SOAK_KILLS):
        clients = [Thread(target=change, args=(server, turn, who)) for who in range(CLIENTS)]
        for one in clients:
            one.start()
        sleep(0.25 + 0.017 * (turn % 20))
        server.kill()
        for one in clients:
            one.join()
        server.start()
        found = check(server, unnoted)
        client = server.connect()
        for left in client.get(PATH):
            assert client.ask("DELETE", f"{PATH}/{left['id']}")[0] == 204
        client.close()
    assert server.stop() == 0
    print(f"{found} acts were found that nobody had noted")
    told = server.command("audit", "verify")
    assert told.returncode == 0, told.stdout
